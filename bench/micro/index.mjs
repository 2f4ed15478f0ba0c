// The suite `micro`: what one record costs, beside an empty loop, raw adds, a hand-written rival and the peers.
import { fileURLToPath } from 'node:url'
import { OURS } from '../harness/libraries.mjs'

const GROUPS = [
  'counter',
  'gauge',
  'histogram',
  'exemplars',
  'unlabelled',
  'labels',
  'timer',
  'hardware',
  'catalogs-hardware',
  'region',
  'catalogs-streaming',
  'catalogs-engine',
  'program',
]
const groups = await Promise.all(
  GROUPS.map(async (group) => ({ group, cases: (await import(`./${group}.mjs`)).cases })),
)
const script = fileURLToPath(new URL('child.mjs', import.meta.url))

export const rounds = 9

/** @param {{ short: boolean }} options */
export function makeCases({ short }) {
  const times = short ? { timeMs: 40, warmupMs: 30 } : { timeMs: 200, warmupMs: 80 }
  return groups.flatMap(({ group, cases }) =>
    cases.map((case_) => ({
      name: case_.name,
      note: case_.note,
      script,
      reference: OURS,
      contenders: Object.fromEntries(
        Object.entries(case_.contenders).map(([contender, { env }]) => [
          contender,
          { task: { group, case: case_.name, contender, ...times }, env },
        ]),
      ),
      measures: [{ key: 'nanoseconds', title: 'one operation', unit: 'ns', budgets: case_.budgets }],
    })),
  )
}
