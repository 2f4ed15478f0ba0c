// Timers, whose clock reads dwarf the record, and record(), which finds its metric by name.
import { expectSum } from '../harness/exposition.mjs'
import { loadLibrary, NAIVE, OURS, PEERS } from '../harness/libraries.mjs'
import { everyLibrary } from './subjects.mjs'

const LATENCY = 'bench_latency_seconds'
const JOBS = 'bench_jobs_total'

export const cases = [
  {
    name: 'bound histogram startTimer() and stop()',
    note: 'A closure and two clock reads in every library; the floor is the reads.',
    contenders: {
      'two reads of process.hrtime.bigint()': () => ({
        batch(count) {
          let total = 0n
          for (let i = 0; i < count; i++) {
            const start = process.hrtime.bigint()
            total += process.hrtime.bigint() - start
          }
          return total
        },
        verify() {},
      }),
      'two reads of performance.now()': () => ({
        batch(count) {
          let total = 0
          for (let i = 0; i < count; i++) {
            const start = performance.now()
            total += performance.now() - start
          }
          return total
        },
        verify() {},
      }),
      ...everyLibrary((library) => {
        const handle = library.histogram({ name: LATENCY, labels: ['space'] }).labels({ space: 'a' })
        return {
          batch(count) {
            let seconds = 0
            for (let i = 0; i < count; i++) {
              const stop = handle.startTimer()
              seconds += stop()
            }
            return seconds
          },
          verify: async (recorded) => expectSum(await library.text(), `${LATENCY}_count`, recorded),
        }
      }),
    },
  },
  {
    name: 'record(name, 1, labels), one label, 8 kinds',
    note: 'The others look their metric up by name and record on it.',
    contenders: {
      [OURS]: async () => {
        const library = await loadLibrary(OURS)
        const { record } = library.module
        return {
          batch(count) {
            for (let i = 0; i < count; i++) record(JOBS, 1, { kind: KINDS[i & 7] })
          },
          verify: async (recorded) => expectSum(await library.text(), JOBS, recorded),
        }
      },
      ...everyLibrary(
        (library) => {
          library.counter({ name: JOBS, labels: ['kind'] })
          return {
            batch(count) {
              for (let i = 0; i < count; i++) library.find(JOBS).inc({ kind: KINDS[i & 7] }, 1)
            },
            verify: async (recorded) => expectSum(await library.text(), JOBS, recorded),
          }
        },
        [NAIVE, ...PEERS],
      ),
    },
  },
]

const KINDS = Array.from({ length: 8 }, (_, index) => `kind-${index}`)
