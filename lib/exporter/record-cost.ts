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

/** What is measured, ready to be. */
function prepare(): () => void {
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
  for (let batch = 0; batch < WARM_UP_BATCHES; batch++) {
    countBatch()
    observeBatch()
  }
  return () => native.setRecordCost(costOf(countBatch), costOf(observeBatch))
}

let measure: (() => void) | undefined
let due = 0

/** Measures soon, after what is under way, unless that was done within the last minute: a tenth of a millisecond. */
export function measureRecordCostIfDue(): void {
  const now = Date.now()
  if (now < due) return
  due = now + EVERY_MS
  setTimeout(() => {
    if (measure !== undefined) {
      measure()
      return
    }
    try {
      measure = prepare()
    } catch {
      // No descriptors to read its modules by, say, or no memory: again when it is next due.
      return
    }
    setTimeout(measure, SETTLING_MS).unref()
  }, 0).unref()
}
