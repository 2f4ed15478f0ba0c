// The engine's own health checks, on the main thread. Each run is counted: in nanotally's catalog of reliability, and in the
// engine's books.
import { health } from 'nanotally'
import { reliabilityMetrics, thresholdClass } from 'nanotally/catalogs/reliability'
import { CHECKS, SLOTS } from '../books/tally.mjs'
import { checkSpread } from '../cognition/health.mjs'
import { stealAbove } from './batching.mjs'

const CHECK_EVERY_MS = 2000
/** Thieves that have nothing to do are busy for less of the time than this, in percent. */
const IDLE_PERCENT = 20
/** The share of nodes that have to be reached for an index to be sound: below, nothing is inserted. */
const SOUND_SHARE = 0.99

/**
 * @typedef {object} Checked
 * @property {boolean} isHealthy
 * @property {string} message
 */

/**
 * Whether thieves do what they are there for: it is not healthy that one queue is long enough to steal from while another
 * worker has little to do. Seen twice in a row, as a batch takes its time.
 */
export class StealingCheck {
  #queues
  #busyPercent
  #missed = 0

  /**
   * @param {readonly { observations: number, observationCapacity: number }[]} queues
   * @param {(worker: number) => number} busyPercent how busy a worker was of late
   */
  constructor(queues, busyPercent) {
    this.#queues = queues
    this.#busyPercent = busyPercent
  }

  /** @returns {Checked} */
  check() {
    const long = this.#queues.findIndex((queue) => queue.observations > 2 * stealAbove(queue.observationCapacity))
    const idle = this.#queues.findIndex((_, worker) => worker !== long && this.#busyPercent(worker) < IDLE_PERCENT)
    this.#missed = long >= 0 && idle >= 0 ? this.#missed + 1 : 0
    if (this.#missed < 2) return { isHealthy: true, message: 'no queue is long while a worker is idle' }
    return { isHealthy: false, message: `worker ${idle} is idle while the queue of worker ${long} is long` }
  }
}

/** Runs the checks, and tells of what was broken and how long it took to mend. */
export class EngineHealth {
  #reliability = reliabilityMetrics()
  #tally
  #registered
  /** When the index was found broken, in the milliseconds of performance.now(). @type {number | undefined} */
  #brokenAtMs

  /**
   * @param {object} parts
   * @param {import('../books/tally.mjs').Tally} parts.tally
   * @param {StealingCheck} parts.stealing
   * @param {import('./vector-store.mjs').VectorStore} [parts.store] default: there is no index
   */
  constructor({ tally, stealing, store }) {
    this.#tally = tally
    this.#reliability.gracefulDegradation.labels('hnsw_integrity', String(thresholdClass(SOUND_SHARE)))
    this.#reliability.errorRecovery.labels('hnsw_integrity')
    /** @type {Record<string, (() => Checked) | undefined>} */
    const checks = {
      spreading: () => {
        const { status, message } = checkSpread()
        return { isHealthy: status === 'healthy', message }
      },
      work_stealing: () => stealing.check(),
      hnsw_integrity: store && (() => this.#integrity(store.checkIntegrity())),
      simd_correctness: store && (() => store.checkKernels()),
    }
    this.#registered = Object.entries(checks).flatMap(([name, check]) => {
      if (check === undefined) return []
      // Failures are there at 0, so that a rate sees the first one.
      for (const outcome of ['success', 'failure']) this.#reliability.healthChecks.labels(name, outcome)
      this.#reliability.healthCheckDuration.labels(name)
      const options = { intervalMs: CHECK_EVERY_MS, failAfter: 1, critical: name === 'spreading' }
      return [health.register(name, () => this.#run(name, check), options)]
    })
  }

  /** @param {string} name @param {() => Checked} check @returns {import('nanotally').HealthCheckOutcome} */
  #run(name, check) {
    const startMs = performance.now()
    const { isHealthy, message } = check()
    this.#reliability.recordHealthCheck(name, isHealthy, (performance.now() - startMs) / 1000)
    const slots = SLOTS.healthChecks[CHECKS.indexOf(name)]
    this.#tally.add(slots.runs)
    this.#tally.add(isHealthy ? slots.success : slots.failure)
    return { status: isHealthy ? 'healthy' : 'unhealthy', message }
  }

  /** @param {Checked} checked @returns {Checked} the same */
  #integrity(checked) {
    if (!checked.isHealthy && this.#brokenAtMs === undefined) {
      this.#brokenAtMs = performance.now()
      this.#reliability.recordDegradation('hnsw_integrity', SOUND_SHARE)
      this.#tally.add(SLOTS.degradations)
    } else if (checked.isHealthy && this.#brokenAtMs !== undefined) {
      this.#reliability.recordErrorRecovery('hnsw_integrity', performance.now() - this.#brokenAtMs)
      this.#tally.add(SLOTS.recoveries)
      this.#brokenAtMs = undefined
    }
    return checked
  }

  stop() {
    for (const check of this.#registered) check.stop()
  }
}
