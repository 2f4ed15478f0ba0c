// The exemplars that were given come back from Prometheus 2.42, in protobuf and in OpenMetrics, and none does that was not.
import { histogram, Registry, startExporter } from 'nanotally'
import { expect, test } from 'vitest'
import { startPrometheus } from '../support/prometheus.js'

const GIVEN = [0.3, 1.5, 3, 6, 40].map((value, i) => ({
  value,
  traceId: (i + 1).toString(16).padStart(32, 'e'),
  spanId: (i + 1).toString(16).padStart(16, 'd'),
}))

test.each([
  // Of a native histogram 2.42 takes the exemplar of the lowest bucket that has one. Newer ones take all of them.
  { features: 'native-histograms,exemplar-storage', ofExponential: GIVEN.slice(0, 1) },
  { features: 'exemplar-storage', ofExponential: GIVEN },
])('with $features', async ({ features, ofExponential }) => {
  const registry = new Registry()
  const before = Date.now() / 1000 - 0.001
  const series = [
    histogram({ name: 'exponential', help: 'h', labels: ['l'], registry }).labels('"ü"'),
    histogram({ name: 'explicit', help: 'h', labels: ['l'], buckets: [1, 2, 4, 8], registry }).labels('"ü"'),
  ]
  for (const one of series) {
    for (const { value, traceId, spanId } of GIVEN) one.observe(value, { exemplar: { traceId, spanId } })
    one.observe(1000)
  }
  const after = Date.now() / 1000 + 0.001
  const exporter = await startExporter({ port: 0, registry })
  try {
    await using prometheus = await startPrometheus({
      targets: [`127.0.0.1:${exporter.port}`],
      flags: [`--enable-feature=${features}`],
    })
    await prometheus.untilScraped()
    for (const [name, expected] of [
      ['exponential', ofExponential],
      ['explicit', GIVEN],
    ] as const) {
      const found = await prometheus.exemplars(`{__name__=~"${name}(_bucket)?"}`)
      const shown = found.map(({ value, labels }) => ({ value, traceId: labels.trace_id, spanId: labels.span_id }))
      expect(shown.sort((a, b) => a.value - b.value)).toEqual(expected)
      for (const { seriesLabels, timestampSeconds } of found) {
        expect(seriesLabels.l).toBe('"ü"')
        expect(timestampSeconds).toBeGreaterThanOrEqual(before)
        expect(timestampSeconds).toBeLessThanOrEqual(after)
      }
    }
  } finally {
    await exporter.close()
  }
})
