// The reliability catalog: health checks as series, recovery, degradation, and whether anything has become slower. Planning
// document 003.
import { registry as defaultRegistry, type HealthReport, health, type Registry } from '../index.js'
import { FAMILIES, THRESHOLD_CLASSES, type ThresholdClass } from './families/reliability.js'
import { type Catalog, type CatalogOptions, defineFamilies, type Instruments } from './shared/catalog.js'
import { checkInterval } from './shared/interval.js'
import { amountOrNoNumber, isAmount, NO_NUMBER } from './shared/recording.js'
import { detectSlowdown, type SampleSummary, type SlowdownVerdict, summarize } from './shared/regression.js'

export { detectSlowdown, type SampleSummary, type SlowdownVerdict, summarize, THRESHOLD_CLASSES, type ThresholdClass }

const DEFAULT_INTERVAL_MS = 5000
const MIN_INTERVAL_MS = 10
const MAX_INTERVAL_MS = 3_600_000

/** The catalog as data. */
export const reliability: Catalog = {
  name: 'reliability',
  about: 'Health checks and their time, recovery from errors, degradation, performance regressions.',
  families: FAMILIES,
}

/** Options of `watchHealth()`. */
export interface WatchHealthOptions {
  /** How often reports are looked at, an integer of 10 to 3 600 000. Default 5000, as often as checks are run. */
  intervalMs?: number | undefined
}

/** Health that is being watched. */
export interface HealthWatch {
  /** Idempotent. */
  stop(): void
}

/** Reliability metrics of a registry. Recording never throws: what cannot be recorded is dropped and counted. */
export interface ReliabilityMetrics extends Instruments<typeof FAMILIES> {
  /** @param seconds - that the run took; undefined where nobody measured it */
  recordHealthCheck(component: string, success: boolean, seconds?: number): void
  /**
   * Records what a report tells of each check: of one that the program registered each run once, its time and success; of a
   * built-in one, which has no runs, how it is now. What is unavailable is not recorded. Failed is what failed, be it
   * spared as `degraded` for the first times; what is degraded without having failed is a success.
   *
   * @param report - default: that of the registry now
   */
  recordHealthReport(report?: HealthReport): void
  /**
   * Records a report again and again on this thread, without keeping the program alive. Runs between two looks are seen as
   * one.
   *
   * @throws `ERR_NANOTALLY_INVALID_VALUE` for `intervalMs`
   */
  watchHealth(options?: WatchHealthOptions): HealthWatch
  /** @param errorType - a short fixed text, such as an error's code */
  recordErrorRecovery(errorType: string, milliseconds: number): void
  /**
   * @param trigger - a short fixed text: `cache_miss_ratio`
   * @param threshold - the share at which it degrades, which enters by its class
   */
  recordDegradation(trigger: string, threshold: number): void
  /**
   * Whether the current measurements show that it is more than 5 % slower than the baseline: `detectSlowdown()`. Where a
   * sample is none, less than 5 measurements say, nothing is set, and it is counted.
   *
   * @param metric - what was measured, a short fixed text: `latency`
   */
  recordPerformance(
    metric: string,
    baseline: SampleSummary | ArrayLike<number>,
    current: SampleSummary | ArrayLike<number>,
  ): SlowdownVerdict | undefined
}

/** The class of a share; undefined where that is negative or no number. A tenth is its own class, as near as it can be written. */
export function thresholdClass(threshold: number): ThresholdClass | undefined {
  if (typeof threshold !== 'number' || !(threshold >= 0)) return undefined
  // 0.1 + 0.2 is of the class 0.3.
  const tenths = Math.ceil(threshold * 10 - 1e-9)
  return THRESHOLD_CLASSES[Math.min(Math.max(tenths, 1), THRESHOLD_CLASSES.length) - 1]
}

function summaryOf(sample: SampleSummary | ArrayLike<number> | undefined | null): SampleSummary | undefined {
  if (typeof sample !== 'object' || sample === null) return undefined
  return 'length' in sample ? summarize(sample) : sample
}

/** Undefined for a registry that is closed, where nothing can be recorded either. */
function reportOf(registry: Registry): HealthReport | undefined {
  try {
    return health.report(registry)
  } catch {
    return undefined
  }
}

/**
 * Defines the reliability families in a registry, or finds them there, and returns what records them.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = reliabilityMetrics()
 * const watch = metrics.watchHealth()
 * metrics.recordDegradation('cache_miss_ratio', 0.8)
 * metrics.recordPerformance('latency', { mean: 0.010, variance: 4e-6, count: 200 }, [0.011, 0.0125, 0.012, 0.0118, 0.0121])
 * watch.stop()
 */
export function reliabilityMetrics(options: CatalogOptions = {}): ReliabilityMetrics {
  const families = defineFamilies(FAMILIES, options)
  const registry: Registry = options.registry ?? defaultRegistry
  /** By the check: seconds since the Unix epoch. */
  const lastRuns = new Map<string, number>()

  const recordHealthCheck = (component: string, success: boolean, seconds?: number) => {
    const isOutcome = success === true || success === false
    const outcome = isOutcome ? (success ? 'success' : 'failure') : (undefined as unknown as string)
    if (seconds !== undefined && !isAmount(seconds)) {
      families.healthCheckDuration.observe({ component }, NO_NUMBER)
      return
    }
    families.healthChecks.inc({ component, outcome })
    if (seconds !== undefined && isOutcome) families.healthCheckDuration.observe({ component }, seconds * 1000)
  }
  const recordChecks = (report: HealthReport | undefined) => {
    for (const { name, status, consecutiveFailures = 0, durationSeconds, lastRun } of report?.checks ?? []) {
      if (status === 'unavailable') continue
      if (lastRun === undefined) {
        recordHealthCheck(name, status !== 'unhealthy')
        continue
      }
      // Before its first run a check is unhealthy without having failed.
      const hasRun = status !== 'unhealthy' || consecutiveFailures > 0
      if (!hasRun || lastRun <= (lastRuns.get(name) ?? 0)) continue
      lastRuns.set(name, lastRun)
      recordHealthCheck(name, consecutiveFailures === 0, durationSeconds)
    }
  }
  return {
    ...families,
    recordHealthCheck,
    recordHealthReport: (report = reportOf(registry)) => recordChecks(report),
    watchHealth: ({ intervalMs = DEFAULT_INTERVAL_MS } = {}) => {
      checkInterval(intervalMs, MIN_INTERVAL_MS, MAX_INTERVAL_MS)
      const timer = setInterval(() => {
        const report = reportOf(registry)
        if (report === undefined) clearInterval(timer)
        else recordChecks(report)
      }, intervalMs)
      timer.unref()
      return { stop: () => clearInterval(timer) }
    },
    recordErrorRecovery: (error_type, milliseconds) =>
      families.errorRecovery.observe({ error_type }, amountOrNoNumber(milliseconds)),
    recordDegradation: (trigger, threshold) => {
      // What has no class has no label, and is dropped and counted for it.
      families.gracefulDegradation.inc({ trigger, threshold: thresholdClass(threshold) as ThresholdClass })
    },
    recordPerformance: (metric, baseline, current) => {
      const [before, now] = [summaryOf(baseline), summaryOf(current)]
      const verdict = before && now && detectSlowdown(before, now)
      const significance = '5_percent'
      families.performanceRegression.set({ metric, significance }, verdict ? Number(verdict.isRegression) : NO_NUMBER)
      return verdict
    },
  }
}
