// Runs one case: every contender in each round, in a fresh process, in an order that turns from round to round.
import { requireMeasures, runChild } from './child.mjs'
import { Neighbours } from './neighbours.mjs'

/**
 * @typedef {object} Measure
 * @property {string} key     Its key in the children's results.
 * @property {string} title   Such as 'time per operation'.
 * @property {string} unit    Such as 'ns'.
 * @property {boolean} [ratio] False for measures that have no meaningful ratio; default true.
 * @property {import('./budgets.mjs').Budget[]} [budgets]
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {string} [note]      What a reader must know to read the rows.
 * @property {string} script      Absolute path of the child.
 * @property {Record<string, { task: unknown, env?: Record<string, string>, execArgv?: string[] }>} contenders
 * @property {string} reference   The contender that the ratio column divides by.
 * @property {Measure[]} measures
 * @property {(names: string[], options: object, round: number) => Promise<Map<string, object>>} [runRound] For cases in
 *   which the contenders of a round must run at the same time; default one child after the other.
 */

/**
 * @param {Case} case_
 * @param {{ rounds: number, node?: string, contenders?: RegExp, short?: boolean }} options
 * @param {(round: number, contender: string) => void} [onProgress]
 * @returns {Promise<{ case: Case, results: Map<string, object[]>, failures: { contender: string, error: Error }[],
 *   neighbours: number | undefined }>} One result per round for every contender that failed in no round. A contender that
 *   fails is not run again. `neighbours`: how many processors other processes kept busy; unknown for cases with a runRound.
 */
export async function runRounds(case_, options, onProgress = () => {}) {
  let names = Object.keys(case_.contenders).filter((name) => options.contenders?.test(name) ?? true)
  const results = new Map(names.map((name) => [name, []]))
  const failures = []
  const neighbours = new Neighbours()
  const drop = (contender, error) => {
    failures.push({ contender, error })
    results.delete(contender)
    names = names.filter((name) => name !== contender)
  }
  for (let round = 0; round < options.rounds && names.length > 0; round++) {
    const order = turn(names, round)
    if (case_.runRound) {
      onProgress(round, order.join(', '))
      try {
        for (const [name, result] of await case_.runRound(order, options, round)) {
          results.get(name).push(requireMeasures(result, name))
        }
      } catch (error) {
        for (const name of order) drop(name, error)
      }
      continue
    }
    for (const name of order) {
      onProgress(round, name)
      const { task, env, execArgv } = case_.contenders[name]
      try {
        const result = await runChild(case_.script, task, { node: options.node, env, execArgv })
        neighbours.addChild(result.processorMilliseconds)
        results.get(name).push(result)
      } catch (error) {
        drop(name, error)
      }
    }
  }
  // The processes of a whole round report no processor time of their own.
  return { case: case_, results, failures, neighbours: case_.runRound ? undefined : neighbours.processors() }
}

/**
 * The samples of one measure: contender -> one value per round.
 * @param {Map<string, object[]>} results
 * @param {string} key
 * @returns {Map<string, number[]>}
 */
export function samplesOf(results, key) {
  const samples = new Map()
  for (const [contender, rounds] of results) {
    // A contender may lack a measure altogether (a floor has no bytes), never in some rounds only.
    if (rounds.length === 0 || rounds.every(({ measures }) => measures[key] === undefined)) continue
    samples.set(
      contender,
      rounds.map(({ measures }) => measures[key]),
    )
  }
  return samples
}

/** Turns by one each round and runs backwards in every other one, so that no contender always comes first or after another. */
function turn(names, round) {
  const start = round % names.length
  const base = round % 2 === 0 ? names : names.toReversed()
  return [...base.slice(start), ...base.slice(0, start)]
}
