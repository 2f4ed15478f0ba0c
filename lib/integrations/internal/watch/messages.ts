// What a watch and its worker thread say to each other.
import type { PlannedThreshold } from './plan.js'
import type { WatchAlert } from './thresholds.js'

/** `workerData` of the watch's worker. */
export interface WatchSetup {
  readonly registry: string
  readonly thresholds: readonly PlannedThreshold[]
  /** That fire already. */
  readonly known: readonly WatchAlert[]
  readonly intervalMs: number
  readonly collectTimeoutMs: number
  readonly maxSeries: number
}

export type ToWatchWorker = { readonly type: 'close' }

export type FromWatchWorker =
  /** The first evaluation is done. */
  | { readonly type: 'watching' }
  | { readonly type: 'alerts'; readonly alerts: readonly WatchAlert[] }
  | {
      readonly type: 'given-up'
      readonly thresholds: readonly Pick<PlannedThreshold, 'catalog' | 'name' | 'severity' | 'query'>[]
      readonly reason: string
    }
  /** The registry was closed: there is nothing left to watch. */
  | { readonly type: 'ended' }
