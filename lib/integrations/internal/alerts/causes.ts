// Which alerts of a group are causes and which their symptoms: an order of kinds, as data.
import type { Alert } from './alert.js'

/** A kind of trouble. */
export interface CauseKind {
  readonly kind: string
  /** Words of alerts' names, in lower case, by which it is known. */
  readonly words: readonly string[]
}

/**
 * What brings on what: exhausted resources make things stand still, the work of those falls to others, queues fill, full queues
 * make things slow, what is slow fails. An alert is of the last kind that its name has a word of, as the others say of what it
 * is: `memory_operation_duration` is latency. To add kinds of your own: `[{ kind: 'deployment', words: ['deploy'] }, ...CAUSES]`.
 */
export const CAUSES: readonly CauseKind[] = [
  {
    kind: 'resource',
    words: (
      'memory heap cpu disk swap oom numa socket pool fragmentation cache branch simd bandwidth throttled fds descriptors ' +
      'connections cardinality certificate contention contentions pressure exhausted exhaustion saturated saturation resource'
    ).split(' '),
  },
  {
    kind: 'outage',
    words:
      'down absent unavailable stall stalled stale disconnected reconnecting reconnects restarted restarts failing'.split(
        ' ',
      ),
  },
  { kind: 'load', words: 'imbalance stealing'.split(' ') },
  { kind: 'queue', words: 'queue backlog backpressure pending piling waiting depth overflow overflowed'.split(' ') },
  {
    kind: 'latency',
    words: 'latency slow duration lag delay timeout regression throughput p95 p99'.split(' '),
  },
  {
    kind: 'errors',
    words: (
      'error errors failure failures failed rejected rejection rejections refused dropped drops lost violation violations false breaker ' +
      'degradation'
    ).split(' '),
  },
]

/** `QueueDepthHigh` and `queue_depth_high` alike, and `NUMANodeHigh`. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
}

/**
 * The place of an alert among the kinds, 0 being the first cause; their number where it is of none. The label `cause`, where it
 * names a kind, decides.
 */
export function causeRank({ name, labels }: Alert, causes: readonly CauseKind[]): number {
  const given = causes.findIndex(({ kind }) => kind === labels.cause)
  if (given >= 0) return given
  const own = wordsOf(name)
  const found = causes.findLastIndex(({ words }) => words.some((word) => own.includes(word)))
  return found < 0 ? causes.length : found
}
