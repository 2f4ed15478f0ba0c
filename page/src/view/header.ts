// The top of the page: the connection, stalled threads, and the controls.
import { formatTime, formatValue } from '../model/format.js'
import type { Model } from '../model/model.js'
import type { ConnectionState } from './connection.js'
import { byId, element, setText } from './dom.js'

/** For how long one callback has held each thread's event loop; while it turns, less than one turn and 0.05. */
const STALL_FAMILY = 'nodejs_eventloop_stall_seconds'
/** A turn of 0.15 s is no news. */
const STALLED = 0.2

const connection = () => byId('connection')

export function showHost(): void {
  setText(byId('host'), location.host)
  document.title = `${location.host} · nanotally`
}

export function showConnection(state: ConnectionState): void {
  connection().dataset.kind = state.kind
  setText(connection(), describe(state))
}

function describe(state: ConnectionState): string {
  if (state.kind === 'connecting') return 'connecting'
  if (state.kind === 'live') return 'live'
  if (state.kind === 'stale') return `stale: no news since ${formatTime(state.since)}`
  if (state.since === undefined) return 'no connection, trying again'
  return `reconnecting, lost since ${formatTime(state.since)}`
}

/** Names the threads that are stalled now, the longest stalled first; also while the page is paused. */
export function showStalls(model: Model): void {
  const series = [...(model.families.get(STALL_FAMILY)?.series.values() ?? [])]
  const stalled = series
    .filter(({ endedTick }) => endedTick === undefined)
    .map(({ labels, samples }) => ({ thread: labels.thread ?? '', seconds: samples.at(-1)?.value ?? 0 }))
    .filter(({ seconds }) => seconds >= STALLED)
    .sort((a, b) => b.seconds - a.seconds)
  const box = byId('stalls')
  box.hidden = stalled.length === 0
  // Screen readers are told of the threads once, and not of each second that goes by.
  const names = JSON.stringify(stalled.map(({ thread }) => thread))
  if (box.dataset.names !== names) {
    box.dataset.names = names
    box.replaceChildren(
      ...stalled.map(({ thread }) => {
        const seconds = element('span', 'seconds')
        seconds.setAttribute('aria-hidden', 'true')
        return element('span', 'stall', element('strong', '', thread), ' stalled ', seconds)
      }),
    )
  }
  box.querySelectorAll('.seconds').forEach((each, i) => {
    setText(each, `for ${formatValue(stalled[i]?.seconds ?? Number.NaN, 'seconds')}`)
  })
}

/** How many series there are, or where a paused page stands. */
export function showSummary(model: Model, pausedTick: number | undefined): void {
  const count = [...model.families.values()].reduce((sum, { series }) => sum + series.size, 0)
  const paused =
    pausedTick === undefined ? '' : `paused at ${formatTime(model.time(Math.max(pausedTick, model.oldest)))} · `
  setText(byId('summary'), `${paused}${count} series in ${model.families.size} families`)
  const button = byId<HTMLButtonElement>('pause')
  button.setAttribute('aria-pressed', String(pausedTick !== undefined))
  setText(button, pausedTick === undefined ? 'Pause' : 'Resume')
}
