// A measured region of code: what measuring costs, with a counter that the kernel reads and one that the thread reads by itself,
// beside a region that counts nothing, two readings of the clock, and the call alone.
import { expectSum } from '../harness/exposition.mjs'
import { loadLibrary, OURS } from '../harness/libraries.mjs'

const RUNS = 'perf_region_runs_total'
const NAME = 'bench'

const nothing = () => 1

const measure = (region) => (count) => {
  let sum = 0
  for (let i = 0; i < count; i++) sum += region.measure(nothing)
  return sum
}

const beginAndEnd = (region) => (count) => {
  for (let i = 0; i < count; i++) {
    region.begin()
    region.end()
  }
}

/** Found by its name at each run. */
const named = (_, perf) => (count) => {
  let sum = 0
  for (let i = 0; i < count; i++) sum += perf.region(NAME).measure(nothing)
  return sum
}

/** @param events What is counted; undefined: what a region counts by default. */
async function measured(makeBatch, events) {
  const library = await loadLibrary(OURS)
  const { perf } = await import('nanotally/hardware')
  return {
    batch: makeBatch(perf.region(NAME, { events }), perf),
    verify: async (recorded) => expectSum(await library.text(), RUNS, recorded),
  }
}

/** An event that a thread reads without a system call, or why there is none. */
async function userRead() {
  const { perfEvents } = await import('nanotally/hardware')
  const events = perfEvents()
  const event = events.find(({ available, userReads }) => available && userReads)
  if (event !== undefined) return { event: event.name }
  const { available, message } = events.find(({ name }) => name === 'instructions')
  return { reason: available ? 'the kernel lets no thread read its counters by itself.' : message }
}

const { event, reason } = await userRead()
const note = [
  'Counters are read at the beginning and at the end, a group of events at a time; nanotally: the default events.',
  event === undefined ? `Read in user space: not available here: ${reason}` : `Read in user space: ${event}.`,
].join('\n   ')

const regions = (makeBatch) => ({
  'nanotally, a region without events': () => measured(makeBatch, []),
  'nanotally, one event, read by system calls': () => measured(makeBatch, ['task_clock_seconds']),
  ...(event && { 'nanotally, one event, read in user space': () => measured(makeBatch, [event]) }),
  [OURS]: () => measured(makeBatch, undefined),
})

export const cases = [
  {
    name: 'region measure() of an empty function',
    note,
    contenders: {
      'the call alone': () => ({
        batch(count) {
          let sum = 0
          for (let i = 0; i < count; i++) sum += nothing()
          return sum
        },
        verify() {},
      }),
      'two reads of performance.now() and the call': () => ({
        batch(count) {
          let sum = 0
          for (let i = 0; i < count; i++) {
            const start = performance.now()
            nothing()
            sum += performance.now() - start
          }
          return sum
        },
        verify() {},
      }),
      ...regions(measure),
      'nanotally, without events, found by its name': () => measured(named, []),
    },
  },
  { name: 'region begin() and end()', note, contenders: regions(beginAndEnd) },
]
