// Observing with exemplars on and off. A process that is timed never returns to its event loop, where octaves and buckets are
// armed anew: after the first of each, its observations are the ones that are not sampled.
import { DEFAULT_BUCKETS, loadLibrary, OURS } from '../harness/libraries.mjs'
import { latencies } from '../harness/random.mjs'
import { expectObserved } from './histogram.mjs'
import { sumOfBatches, TWO_RAW_ADDS, twoRawAdds } from './subjects.mjs'

const NAME = 'bench_latency_seconds'
const VARIED = latencies(1024, 17)
const EXEMPLAR = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }
const WITH_SOURCE = 'nanotally, a source is set'

const unsampled = {
  of: WITH_SOURCE,
  against: OURS,
  by: 'difference',
  atMost: 1,
  source: 'an observation that is not sampled',
}

export const cases = [
  {
    name: 'exemplars: bound exponential histogram observe(), one handle, 1024 latencies',
    note: 'nanotally: without a source.',
    budgets: [unsampled],
    contenders: { [TWO_RAW_ADDS]: twoRawAdds, ...onAndOff() },
  },
  {
    name: 'exemplars: bound histogram with 11 buckets observe(), one handle, 1024 latencies',
    note: 'nanotally: without a source.',
    budgets: [unsampled],
    contenders: { [TWO_RAW_ADDS]: twoRawAdds, ...onAndOff(DEFAULT_BUCKETS) },
  },
]

function onAndOff(buckets) {
  return {
    [OURS]: () => observing(buckets, () => {}),
    [WITH_SOURCE]: () => observing(buckets, ({ setExemplarSource }) => setExemplarSource(() => EXEMPLAR)),
    'nanotally, an exemplar given each time': () => observing(buckets, () => {}, { exemplar: EXEMPLAR }),
  }
}

async function observing(buckets, prepare, options) {
  const library = await loadLibrary(OURS)
  const handle = library.histogram({ name: NAME, ...(buckets && { buckets }) }).labels()
  prepare(library.module)
  const given = (count) => {
    for (let i = 0; i < count; i++) handle.observe(VARIED[i & 1023], options)
  }
  const plain = (count) => {
    for (let i = 0; i < count; i++) handle.observe(VARIED[i & 1023])
  }
  return {
    batch: options ? given : plain,
    verify: async (recorded) => expectObserved(await library.text(), recorded, sumOfBatches(recorded, VARIED)),
  }
}
