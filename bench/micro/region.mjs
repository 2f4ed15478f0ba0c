// A measured region of code: what measuring costs, with counters that the kernel reads and with those that the thread reads by
// itself, beside a region that counts nothing and the call alone.
import { expectSum } from '../harness/exposition.mjs'
import { loadLibrary, OURS } from '../harness/libraries.mjs'

const RUNS = 'perf_region_runs_total'
const EMPTY = 'nanotally, a region without events'

const nothing = () => 1

export const cases = [
  {
    name: 'region measure() of an empty function',
    note: 'Each group of events is read at the beginning and at the end; what is not offered here is left out.',
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
      [EMPTY]: () => measuring([]),
      'nanotally, one software event': () => measuring(['task_clock_seconds']),
      [OURS]: () => measuring(undefined),
    },
  },
]

async function measuring(events) {
  const library = await loadLibrary(OURS)
  const { perf } = await import('nanotally/hardware')
  const region = perf.region('bench', { events })
  return {
    batch(count) {
      let sum = 0
      for (let i = 0; i < count; i++) sum += region.measure(nothing)
      return sum
    },
    verify: async (recorded) => expectSum(await library.text(), RUNS, recorded),
  }
}
