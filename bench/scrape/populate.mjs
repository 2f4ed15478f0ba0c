// Fills a library with the series that the scrape cases render: two labels, seeded values.
import { expectSum, sumOf } from '../harness/exposition.mjs'
import { DEFAULT_BUCKETS } from '../harness/libraries.mjs'
import { latencies, uniform } from '../harness/random.mjs'

const COUNTER = 'bench_requests_total'
const HISTOGRAM = 'bench_latency_seconds'
const OBSERVATIONS = 20

/**
 * @param {import('../harness/libraries.mjs').Library} library
 * @param {{ series: number, histogramShare: number }} size `series` in all, of which a share are histograms with 11
 *   buckets in every library.
 * @returns {(text: string) => void} Fails unless a text holds all of it.
 */
export function populate(library, { series, histogramShare }) {
  const histograms = Math.round(series * histogramShare)
  const counters = series - histograms
  const random = uniform(31)
  const values = latencies(1024, 37)
  const labels = ['route', 'tenant']
  const labelsOf = (index) => ({
    route: `/api/v1/resource-${index % 100}`,
    tenant: `tenant-${Math.floor(index / 100)}`,
  })

  const counter = library.counter({ name: COUNTER, labels, maxSeries: counters })
  let total = 0
  for (let index = 0; index < counters; index++) {
    // Quarters: not all of them whole, as in real programs, and their sum is exact.
    const amount = (1 + Math.floor(random() * 4_000_000)) / 4
    counter.inc(labelsOf(index), amount)
    total += amount
  }
  if (histograms > 0) {
    const histogram = library.histogram({ name: HISTOGRAM, labels, buckets: DEFAULT_BUCKETS, maxSeries: histograms })
    for (let index = 0; index < histograms; index++) {
      const bound = histogram.labels(labelsOf(index))
      for (let i = 0; i < OBSERVATIONS; i++) bound.observe(values[(index + i * 13) & 1023])
    }
  }

  return (text) => {
    const { lines } = sumOf(text, COUNTER)
    if (lines !== counters) throw new Error(`expected ${counters} lines of ${COUNTER}, found ${lines}`)
    expectSum(text, COUNTER, total)
    if (histograms > 0) expectSum(text, `${HISTOGRAM}_count`, histograms * OBSERVATIONS)
  }
}
