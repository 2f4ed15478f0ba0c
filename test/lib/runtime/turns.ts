// What a registry tells of the turns of this thread's event loop.
import { type HistogramSnapshot, histogram, type Registry } from 'nanotally'

/** The same definition as the native one: it reads that one's series. */
export function turns(registry: Registry): HistogramSnapshot {
  return histogram({
    name: 'nodejs_eventloop_delay_seconds',
    help:
      'How long the event loop took for one turn, less its waiting: as long as an event may have to wait for its ' +
      'callback.',
    unit: 'seconds',
    labels: ['thread'],
    classicBuckets: Array.from({ length: 19 }, (_, i) => 2 ** (i - 16)),
    idleTimeoutMs: 15 * 60_000,
    registry,
  }).snapshot({ thread: 'main' })
}
