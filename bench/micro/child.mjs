// Times one contender of one recording case in this process: warm-up, many batches, then proof that it recorded.
//
// By hand, for a profile: node --cpu-prof bench/micro/child.mjs '{"group":"counter","case":"...","contender":"..."}'
import { Bench } from 'tinybench'
import { childTask, release, report } from '../harness/child.mjs'
import { quantile, summarize } from '../harness/statistics.mjs'
import { BATCH } from './subjects.mjs'

const { group, case: name, contender, timeMs = 200, warmupMs = 80 } = childTask()
const { cases } = await import(new URL(`${group}.mjs`, import.meta.url).href)
const subject = await findSetup(cases)()

let recorded = 0
// What a batch returns is kept, so that no loop is dead code.
let kept
const bench = new Bench({
  time: timeMs,
  warmupTime: warmupMs,
  warmupIterations: 50,
  retainSamples: true,
  throws: true,
  timestampProvider: 'hrtimeNow',
})
bench.add(
  contender,
  () => {
    kept = subject.batch(BATCH)
    recorded += BATCH
  },
  { async: false },
)
bench.runSync()

await subject.verify(recorded)
const perOperation = bench.tasks[0].result.latency.samples.map((milliseconds) => (milliseconds * 1e6) / BATCH)
const { median, q1, q3, min, max, count } = summarize(perOperation)
await report({
  measures: { nanoseconds: median },
  detail: {
    batches: count,
    batch: BATCH,
    recorded,
    min,
    q1,
    q3,
    max,
    p99: quantile(perOperation, 0.99),
    kept: typeof kept,
  },
})
release()

function findSetup(all) {
  const found = all.find((case_) => case_.name === name)?.contenders[contender]
  if (!found)
    throw new TypeError(`expected a case of ${group}.mjs and a contender of it, received '${name}', '${contender}'`)
  return found.setup ?? found
}
