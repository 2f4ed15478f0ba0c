// Metrics without labels, recorded on the metric itself.
import { expectSum } from '../harness/exposition.mjs'
import { latencies } from '../harness/random.mjs'
import { BATCH, emptyLoop, everyLibrary, RAW_ADD, rawAdd, TWO_RAW_ADDS, twoRawAdds } from './subjects.mjs'

const VALUES = latencies(1024, 19)

export const cases = [
  {
    name: 'unlabelled counter inc()',
    contenders: {
      'empty loop': emptyLoop,
      [RAW_ADD]: rawAdd,
      ...everyLibrary((library) => {
        const counter = library.counter({ name: 'bench_events_total' })
        return {
          batch(count) {
            for (let i = 0; i < count; i++) counter.inc()
          },
          verify: async (recorded) => expectSum(await library.text(), 'bench_events_total', recorded),
        }
      }),
    },
  },
  {
    name: 'unlabelled gauge set(value), 1024 values',
    contenders: {
      [RAW_ADD]: rawAdd,
      ...everyLibrary((library) => {
        const gauge = library.gauge({ name: 'bench_level' })
        return {
          batch(count) {
            for (let i = 0; i < count; i++) {
              gauge.set(VALUES[i & 1023])
            }
          },
          verify: async () => expectSum(await library.text(), 'bench_level', VALUES[(BATCH - 1) & 1023]),
        }
      }),
    },
  },
  {
    name: 'unlabelled histogram observe(), 1024 latencies',
    contenders: {
      [TWO_RAW_ADDS]: twoRawAdds,
      ...everyLibrary((library) => {
        const histogram = library.histogram({ name: 'bench_duration_seconds' })
        return {
          batch(count) {
            for (let i = 0; i < count; i++) {
              histogram.observe(VALUES[i & 1023])
            }
          },
          verify: async (recorded) => expectSum(await library.text(), 'bench_duration_seconds_count', recorded),
        }
      }),
    },
  },
]
