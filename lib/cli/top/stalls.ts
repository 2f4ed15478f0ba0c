// The line of `nanotally top` about threads whose event loop stands.
import { printable } from '../text.js'
import type { TopModel } from './model.js'
import type { Note } from './view.js'

export function stallNote({ stalled, watchedThreads }: Pick<TopModel, 'stalled' | 'watchedThreads'>): Note {
  if (stalled.length > 0) {
    const threads = stalled.map(({ thread, seconds }) => `${printable(thread)} for ${seconds.toFixed(1)} s`)
    return { text: `STALLED: ${threads.join(', ')}`, alarms: true }
  }
  const text =
    watchedThreads === 0
      ? 'stalled threads: not told (there is no nodejs_eventloop_stall_seconds)'
      : `no stalled threads (${watchedThreads} watched)`
  return { text, alarms: false }
}
