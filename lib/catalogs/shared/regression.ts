// Whether something has become slower than it was: Welch's test of two samples whose variances may differ (Welch, "The
// generalization of 'Student's' problem when several different population variances are involved", Biometrika 34, 1947).

/** What a test needs to know of a number of measurements. */
export interface SampleSummary {
  mean: number
  /** Of the sample, with n - 1. */
  variance: number
  count: number
}

/** What `detectSlowdown()` found. */
export interface SlowdownVerdict {
  /** Whether the slowdown is shown to be more than `MIN_SLOWDOWN`. */
  isRegression: boolean
  /** Means compared: 0.08 is 8 % slower, negative is faster. */
  slowdown: number
  /** How many of its standard errors the current mean is above the baseline's, `MIN_SLOWDOWN` added to that. */
  t: number
  /** Welch and Satterthwaite's. */
  degreesOfFreedom: number
  /** What t must be above. */
  criticalT: number
}

/** A slowdown up to this is none: 5 %. */
export const MIN_SLOWDOWN = 0.05
/** The 95 % quantile of the normal distribution: the level of the test is 5 %, one-sided. */
const Z = 1.644_853_626_951_472_2
/** With fewer measurements on a side nothing is said. With so many there are at least 4 degrees of freedom. */
export const MIN_COUNT = 5

/** Mean and variance of measurements, in one pass (Welford, Technometrics 4, 1962). */
export function summarize(measurements: ArrayLike<number>): SampleSummary {
  let mean = 0
  let squares = 0
  for (let i = 0; i < measurements.length; i++) {
    const value = measurements[i] as number
    const before = value - mean
    mean += before / (i + 1)
    squares += before * (value - mean)
  }
  const count = measurements.length
  return { mean, variance: squares / (count - 1), count }
}

/**
 * The 95 % quantile of Student's t distribution, by its expansion in 1/n around the normal one (Abramowitz and Stegun,
 * 26.7.5): too small by 0.011 % at 4 degrees of freedom, by less from there on; by 5 % at 1.
 */
export function t95(degreesOfFreedom: number): number {
  const n = degreesOfFreedom
  const z = Z
  const z3 = z ** 3
  const z5 = z ** 5
  const z7 = z ** 7
  const z9 = z ** 9
  return (
    z +
    (z3 + z) / (4 * n) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * n ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n ** 3) +
    (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92_160 * n ** 4)
  )
}

function isUsable(sample: SampleSummary | undefined | null): sample is SampleSummary {
  if (sample === undefined || sample === null) return false
  const { mean, variance, count } = sample
  return (
    Number.isInteger(count) && count >= MIN_COUNT && mean > 0 && mean < Infinity && variance >= 0 && variance < Infinity
  )
}

/**
 * Whether measurements (times, say: what is worse when it is more) show that something is more than 5 % slower than its
 * baseline. The hypothesis that is to be refuted is a slowdown of 5 % at most, at the 5 % level, one-sided: of tests of what
 * is exactly 5 % slower one in twenty says that there is a regression, of what is as fast as it was hardly any. What is 10 %
 * slower is told once there are measurements enough.
 *
 * Measurements are to be independent, and so many, or so near to a normal distribution, that their means are.
 *
 * @returns undefined where a sample is none: less than 5 measurements, a mean that is not positive, a variance that is
 *   negative or not finite
 */
export function detectSlowdown(baseline: SampleSummary, current: SampleSummary): SlowdownVerdict | undefined {
  if (!isUsable(baseline) || !isUsable(current)) return undefined
  const allowed = 1 + MIN_SLOWDOWN
  const before = (allowed ** 2 * baseline.variance) / baseline.count
  const now = current.variance / current.count
  const squaredError = before + now
  const excess = current.mean - allowed * baseline.mean
  const t = squaredError === 0 ? (excess > 0 ? Infinity : -Infinity) : excess / Math.sqrt(squaredError)
  // By the baseline's share of the error: squares of what is tiny already could be 0.
  const share = squaredError === 0 ? 0.5 : before / squaredError
  const degreesOfFreedom = 1 / (share ** 2 / (baseline.count - 1) + (1 - share) ** 2 / (current.count - 1))
  const criticalT = t95(degreesOfFreedom)
  return { isRegression: t > criticalT, slowdown: current.mean / baseline.mean - 1, t, degreesOfFreedom, criticalT }
}
