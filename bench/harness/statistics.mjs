// Medians, spreads and seeded bootstrap intervals over the rounds of a bench. Pure functions, no I/O.
import { uniform } from './random.mjs'

/**
 * Fewer rounds than this allow no conclusion: the widest interval that the median of five samples can have (smallest to
 * largest) covers the true median in 93.75 % of cases, that of six in 96.9 %.
 */
export const ROUNDS_FOR_A_CONCLUSION = 6

/** The intervals' nominal coverage. */
export const CONFIDENCE = 0.95

const RESAMPLES = 2000
const SEED = 20240229

/**
 * The q-quantile by linear interpolation between order statistics.
 * @param {readonly number[]} values At least one finite number, in any order.
 * @param {number} q In [0, 1].
 */
export function quantile(values, q) {
  requireFinite(values)
  return sortedQuantile(
    [...values].sort((a, b) => a - b),
    q,
  )
}

/** @param {readonly number[]} values */
export function median(values) {
  return quantile(values, 0.5)
}

/**
 * Median, quartiles and extremes.
 * @param {readonly number[]} values
 */
export function summarize(values) {
  requireFinite(values)
  const sorted = [...values].sort((a, b) => a - b)
  return {
    count: sorted.length,
    min: sorted[0],
    q1: sortedQuantile(sorted, 0.25),
    median: sortedQuantile(sorted, 0.5),
    q3: sortedQuantile(sorted, 0.75),
    max: sorted[sorted.length - 1],
  }
}

/**
 * The median of one value per round, with its percentile bootstrap interval. The resampling is seeded: equal samples give
 * equal intervals.
 * @param {readonly number[]} perRound
 * @returns {{ value: number, low: number, high: number, rounds: number }}
 */
export function estimate(perRound) {
  requireFinite(perRound)
  const random = uniform(SEED)
  const medians = new Array(RESAMPLES)
  const resample = new Array(perRound.length)
  for (let index = 0; index < RESAMPLES; index++) {
    for (let pick = 0; pick < resample.length; pick++) resample[pick] = perRound[Math.floor(random() * resample.length)]
    medians[index] = sortedQuantile(resample.toSorted(ascending), 0.5)
  }
  medians.sort(ascending)
  return {
    value: median(perRound),
    low: sortedQuantile(medians, (1 - CONFIDENCE) / 2),
    high: sortedQuantile(medians, (1 + CONFIDENCE) / 2),
    rounds: perRound.length,
  }
}

/**
 * The ratio of two contenders, taken within each round, so that what slowed a whole round down cancels out.
 * @param {readonly number[]} of
 * @param {readonly number[]} against All above zero.
 */
export function estimateRatio(of, against) {
  requirePairs(of, against)
  if (against.some((value) => value <= 0)) throw new RangeError('expected a positive denominator in every round')
  return estimate(of.map((value, round) => value / against[round]))
}

/**
 * The difference of two contenders, taken within each round.
 * @param {readonly number[]} of
 * @param {readonly number[]} against
 */
export function estimateDifference(of, against) {
  requirePairs(of, against)
  return estimate(of.map((value, round) => value - against[round]))
}

/**
 * What a ratio says in words. An interval that spans 1, or too few rounds for one, allows no claim.
 * @param {{ value: number, low: number, high: number, rounds: number }} ratio
 * @returns {'no measurable difference' | 'too few rounds' | 'more' | 'less'}
 */
export function compare(ratio) {
  if (ratio.rounds < ROUNDS_FOR_A_CONCLUSION) return 'too few rounds'
  if (ratio.low <= 1 && ratio.high >= 1) return 'no measurable difference'
  return ratio.low > 1 ? 'more' : 'less'
}

function ascending(a, b) {
  return a - b
}

function sortedQuantile(sorted, q) {
  const position = (sorted.length - 1) * q
  const below = Math.floor(position)
  const above = Math.ceil(position)
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below)
}

function requireFinite(values) {
  if (values.length === 0) throw new RangeError('expected at least one sample, received none')
  const bad = values.find((value) => !Number.isFinite(value))
  if (bad !== undefined) throw new RangeError(`expected finite samples, received ${bad}`)
}

function requirePairs(of, against) {
  if (of.length !== against.length) {
    throw new RangeError(
      `expected as many samples as rounds on both sides, received ${of.length} and ${against.length}`,
    )
  }
}
