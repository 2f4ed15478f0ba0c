// The suite `memory`: bytes per series on the main thread and on each further thread.
import { fileURLToPath } from 'node:url'
import { OURS, PEERS } from '../harness/libraries.mjs'
import { ROUNDS_FOR_A_CONCLUSION } from '../harness/statistics.mjs'

const [PROM_CLIENT] = PEERS
const script = fileURLToPath(new URL('child.mjs', import.meta.url))
/** The young generation is kept small, so that its size is no part of what is measured. */
const execArgv = ['--expose-gc', '--max-semi-space-size=1']

/** Memory hardly varies: as many rounds as a conclusion needs. */
export const rounds = ROUNDS_FOR_A_CONCLUSION

/** @param {{ short: boolean }} options */
export function makeCases({ short }) {
  const series = short ? 50_000 : 100_000
  const contenders = (names, kind) =>
    Object.fromEntries(names.map((library) => [library, { task: { library, kind, series }, execArgv }]))
  return [
    {
      name: `memory of ${series} counter series with two labels`,
      ...common(
        [{ of: OURS, against: PROM_CLIENT, atMost: 1.5, source: 'DESIGN 9' }],
        [{ of: OURS, atMost: 150, source: 'DESIGN 9' }],
      ),
      contenders: contenders([OURS, ...PEERS], 'counter'),
    },
    {
      name: `memory of ${series} histogram series with two labels and 11 buckets`,
      ...common(),
      contenders: contenders([OURS, ...PEERS], 'buckets'),
    },
    {
      name: `memory of ${series} histogram series with two labels, three octaves at schema 3`,
      ...common(),
      note: 'The peers have their 11 buckets.',
      contenders: contenders([OURS, ...PEERS], 'threeOctaves'),
    },
    {
      name: `memory of ${series} histogram series with two labels, ten octaves at schema 3`,
      // All of a further thread's memory bounds its cells from above.
      ...common([], [{ of: OURS, atMost: 1536, source: 'DESIGN 9, for the cells alone' }]),
      note: 'The peers have their 11 buckets.',
      contenders: contenders([OURS, ...PEERS], 'tenOctaves'),
    },
  ]
}

function common(residentBudgets = [], furtherBudgets = []) {
  return {
    script,
    reference: OURS,
    measures: [
      { key: 'resident', title: 'resident, main thread', unit: 'bytes', budgets: residentBudgets },
      { key: 'heap', title: "V8's account, main thread", unit: 'bytes' },
      { key: 'further', title: 'resident, each further thread', unit: 'bytes', budgets: furtherBudgets },
    ],
  }
}
