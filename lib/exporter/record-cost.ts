// Measures what one recording costs in this process, now and then, so that the overhead can be checked in production.
import type { counter } from '../instruments/counter.js'
import type { histogram } from '../instruments/histogram.js'
import { native } from '../native.js'
import type { Registry } from '../registry.js'

const EVERY_MS = 60_000
/** V8 compiles the code that is measured meanwhile. */
const SETTLING_MS = 1000
const WARM_UP_BATCHES = 200
const BATCHES = 31
/** As many calls as a busy program makes between two other things: longer loops are optimised in ways that programs are not. */
const BATCH = 500

/** Seconds for one call, by the median batch. */
function costOf(recordBatch: () => void): number {
  const batches: number[] = []
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = process.hrtime.bigint()
    recordBatch()
    batches.push(Number(process.hrtime.bigint() - start))
  }
  batches.sort((a, b) => a - b)
  return (batches[BATCHES >> 1] as number) / BATCH / 1e9
}

/** Does that work once in each of so many turns of the event loop: the thread may be the program's own. */
export async function inTurns(turns: number, work: () => void): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    // Not by setImmediate: one that keeps no process alive waits until something else wakes the loop.
    await new Promise<void>((resolve) => void setTimeout(resolve, 0).unref())
    work()
  }
}

/** What is measured, ready to be. */
async function prepare(): Promise<() => void> {
  // Required here, as the exporter's thread starts without them.
  const load = {
    counter: require('../instruments/counter.js').counter as typeof counter,
    histogram: require('../instruments/histogram.js').histogram as typeof histogram,
    Registry: require('../registry.js').Registry as typeof Registry,
  }
  const registry = new load.Registry()
  const count = load.counter({ name: 'measured_total', help: 'Measured.', registry }).labels({})
  const distribution = load.histogram({ name: 'measured_seconds', help: 'Measured.', registry }).labels({})
  const countBatch = () => {
    for (let i = 0; i < BATCH; i++) count.inc()
  }
  const observeBatch = () => {
    for (let i = 0; i < BATCH; i++) distribution.observe(0.001 * (1 + (i & 15)))
  }
  await inTurns(WARM_UP_BATCHES, () => {
    countBatch()
    observeBatch()
  })
  await new Promise<void>((resolve) => void setTimeout(resolve, SETTLING_MS).unref())
  return () => native.setRecordCost(costOf(countBatch), costOf(observeBatch))
}

let measure: (() => void) | undefined
let due = 0

async function run(): Promise<void> {
  measure ??= await prepare()
  measure()
}

/**
 * Measures soon, after what is under way, unless that was done within the last minute: a tenth of a millisecond, and at first
 * as much in each of some turns of the event loop.
 */
export function measureRecordCostIfDue(): void {
  const now = performance.now()
  if (now < due) return
  due = now + EVERY_MS
  setTimeout(() => {
    // No descriptors to read its modules by, say, or no memory: again when it is next due.
    run().catch(() => {})
  }, 0).unref()
}
