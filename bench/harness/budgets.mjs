// A budget is a bound on one contender's measure, alone or against another's; here it is judged.
import { estimate, estimateDifference, estimateRatio, ROUNDS_FOR_A_CONCLUSION } from './statistics.mjs'

/**
 * @typedef {object} Budget
 * @property {string} of       The contender that is bounded.
 * @property {string} [against] The contender it is compared with; without one the measure itself is bounded.
 * @property {'ratio' | 'difference'} [by] How the two are compared; default 'ratio'.
 * @property {number} [atMost]  Inclusive; exactly one of `atMost` and `atLeast` is given.
 * @property {number} [atLeast] Inclusive.
 * @property {string} source   Where the bound comes from, such as 'DESIGN 9'.
 * @property {boolean} [needsIdle] A busy machine resolves nothing about it: it compares contenders that need different
 *   numbers of processors, by the clock.
 */

/**
 * Judges a budget by the whole interval, never by the median alone: an interval with the bound inside it is not resolved.
 * @param {Budget} budget
 * @param {Map<string, number[]>} samples Contender -> one value per round.
 * @param {boolean} [busy] Whether other processes kept the machine busy meanwhile.
 * @returns {{ budget: Budget, verdict: 'met' | 'MISSED' | 'not resolved' | 'not run', estimate?: object }}
 */
export function judge(budget, samples, busy = false) {
  if ((budget.atMost === undefined) === (budget.atLeast === undefined)) {
    throw new TypeError('expected a budget with exactly one of atMost and atLeast')
  }
  const of = samples.get(budget.of)
  const against = budget.against === undefined ? undefined : samples.get(budget.against)
  if (of === undefined || (budget.against !== undefined && against === undefined)) return { budget, verdict: 'not run' }
  const measured = measure(budget, of, against)
  const unresolved = busy && budget.needsIdle
  return { budget, estimate: measured, verdict: unresolved ? 'not resolved' : verdictOn(budget, measured) }
}

/** A budget in words, such as `nanotally <= 1.25 x raw add`. */
export function describe(budget, unit) {
  const sign = budget.atMost === undefined ? '>=' : '<='
  const bound = budget.atMost ?? budget.atLeast
  if (budget.against === undefined) return `${budget.of} ${sign} ${round(bound)} ${unit}`
  if (budget.by === 'difference') return `${budget.of} - ${budget.against} ${sign} ${round(bound)} ${unit}`
  // Bounds far below 1 are fractions in the design, and read better as such.
  const factor = bound < 0.5 ? `1/${round(1 / bound)} of` : `${round(bound)} x`
  return `${budget.of} ${sign} ${factor} ${budget.against}`
}

function measure(budget, of, against) {
  if (against === undefined) return estimate(of)
  return budget.by === 'difference' ? estimateDifference(of, against) : estimateRatio(of, against)
}

function verdictOn(budget, { low, high, rounds }) {
  if (rounds < ROUNDS_FOR_A_CONCLUSION) return 'not resolved'
  const within = budget.atMost === undefined ? low >= budget.atLeast : high <= budget.atMost
  const beyond = budget.atMost === undefined ? high < budget.atLeast : low > budget.atMost
  if (within) return 'met'
  return beyond ? 'MISSED' : 'not resolved'
}

function round(value) {
  return Number(value.toPrecision(4)).toString()
}
