// The worst label values, help texts and numbers: promtool accepts the exposition, and the real Prometheus returns the same,
// from text 0.0.4 and from OpenMetrics.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { counter, gauge, histogram, Registry, startExporter } from 'nanotally'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Prometheus, startPrometheus } from '../support/prometheus.js'
import { checkMetrics } from '../support/promtool.js'
import { DEADLINE_MS, until } from '../support/until.js'

const LABEL_VALUES = [
  'plain',
  '"',
  '\\',
  '\n',
  '\\n',
  '\\"',
  '"}\nfake_total 1\n#',
  '",value="',
  'trailing backslash\\',
  '\r\n',
  '\t',
  ' ',
  '{}=,~!|',
  '\u0085\u2028\u2029',
  'ä ß 漢字 \u0301',
  '😀👩‍👩‍👧',
  'lone \ud800 high',
  'lone \udfff low',
  '\udc00\ud800 swapped',
  '\ufeffbyte order mark',
  '\uffff\ufffe',
  '\x01\x1b\x7f',
  'a\0b',
  'x'.repeat(10_000),
  '漢"\\\n😀'.repeat(1_000),
]
const NUMBERS = [
  0,
  -0,
  1,
  0.1,
  -1.5,
  1 / 3,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  5e-324,
  -5e-324,
  2.2250738585072009e-308,
  2.2250738585072014e-308,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 63),
  1e21,
  1e-7,
  1e308,
  -1e308,
  Number.MAX_VALUE,
  Number.EPSILON,
]
/** What UTF-8 cannot carry, and the NUL at which Prometheus' parser would stop, are shown as U+FFFD. */
const carried = (text: string) => text.replace(/[\0\ud800-\udfff]/gu, '\ufffd')

const registry = new Registry()
const labels = counter({
  name: 'worst_labels_total',
  help: 'Help with "quotes", a \\ backslash,\na line feed, \r, a \0, 😀 and a lone \ud800 surrogate \\n.',
  labels: ['index', 'value'],
  registry,
})
for (const [index, value] of LABEL_VALUES.entries()) labels.inc({ index, value }, index + 0.5)
const numbers = gauge({ name: 'worst_numbers', help: 'Numbers.', labels: ['index'], registry })
for (const [index, value] of NUMBERS.entries()) numbers.set({ index }, value)
const big = counter({ name: 'worst_counters_total', help: 'Large totals.', labels: ['index'], registry })
for (const [index, value] of NUMBERS.entries()) big.inc({ index }, Math.abs(value))
const exponential = histogram({ name: 'worst_exponential', help: 'h', labels: ['index'], registry })
const explicit = histogram({
  name: 'worst_explicit',
  help: 'h',
  labels: ['index'],
  buckets: [-1e308, 0, 5e-324, 1e308],
  registry,
})
for (const [index, value] of NUMBERS.entries()) {
  exponential.observe({ index }, value)
  explicit.observe({ index }, value)
}

test('promtool accepts it', async () => {
  expect(await checkMetrics(await registry.metrics())).toEqual([])
})

test('and would not accept an unescaped quote', async () => {
  const text = (await registry.metrics()).replace('value="\\""', 'value="""')
  expect(await checkMetrics(text)).not.toEqual([])
})

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0'

/** The exporter answers Prometheus with OpenMetrics, which it prefers; a server that knows no Accept, with text. */
async function serve(format: string): Promise<{ port: number; close(): unknown }> {
  if (format === 'OpenMetrics') return await startExporter({ port: 0, registry })
  const server = createServer(async (_, response) => {
    const { contentType, body } = await registry.render()
    response.writeHead(200, { 'content-type': contentType }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

describe.each(['text 0.0.4', 'OpenMetrics'])('%s', (format) => {
  const isOpenMetrics = format === 'OpenMetrics'
  let served: Awaited<ReturnType<typeof serve>>
  let prometheus: Prometheus
  beforeAll(async () => {
    served = await serve(format)
    prometheus = await startPrometheus({ targets: [`127.0.0.1:${served.port}`] })
    await prometheus.untilScraped()
  })
  afterAll(async () => {
    await prometheus?.stop()
    await served?.close()
  })

  /** The values of a metric by the number in its label `index`. */
  async function byIndex(query: string): Promise<Map<number, number>> {
    return new Map((await prometheus.query(query)).map(({ labels, value }) => [Number(labels.index), value]))
  }

  test('Prometheus found nothing wrong', async () => {
    const targets = () => prometheus.targets()
    await expect
      .poll(targets, { timeout: DEADLINE_MS })
      .toEqual([expect.objectContaining({ health: 'up', lastError: '' })])
    // All of it was stored: no sample was dropped as a duplicate or for its labels.
    const rendered = async () => {
      const { body } = await registry.render(isOpenMetrics ? { accept: OPEN_METRICS } : {})
      const lines = body.toString().split('\n')
      return lines.filter((line) => line !== '' && !line.startsWith('#')).length
    }
    // nanotally tells more of itself after a while.
    const samples = await until('a scrape between two renders that are alike', async () => {
      const before = await rendered()
      await prometheus.untilScraped()
      return before === (await rendered()) && before
    })
    const [stored] = await prometheus.query('scrape_samples_post_metric_relabeling')
    expect(stored?.value).toBe(samples)
  })

  test('label values come back as they were', async () => {
    const results = await prometheus.query('worst_labels_total')
    expect(results).toHaveLength(LABEL_VALUES.length)
    for (const { labels, value } of results) {
      const index = Number(labels.index)
      expect(labels.value).toBe(carried(LABEL_VALUES[index] as string))
      expect(value).toBe(index + 0.5)
    }
  })

  test('numbers come back to the last bit', async () => {
    const values = await byIndex('worst_numbers')
    expect(values.size).toBe(NUMBERS.length)
    for (const [index, value] of NUMBERS.entries()) expect(values.get(index), String(value)).toBe(value)
  })

  test('totals too; what a counter does not take was dropped', async () => {
    const values = await byIndex('worst_counters_total')
    for (const [index, value] of NUMBERS.entries()) {
      expect(values.get(index), String(value)).toBe(Number.isFinite(value) ? Math.abs(value) : 0)
    }
    const [rejected] = await prometheus.query('sum(nanotally_rejected_total{metric="worst_counters_total"})')
    expect(rejected?.value).toBe(3)
  })

  describe.each(['worst_exponential', 'worst_explicit'])('%s', (name) => {
    test('each observation is in its count and sum', async () => {
      const counts = await byIndex(`${name}_count`)
      const sums = await byIndex(`${name}_sum`)
      const infinite = await byIndex(`${name}_bucket{le="+Inf"}`)
      for (const [index, value] of NUMBERS.entries()) {
        expect(infinite.get(index), String(value)).toBe(1)
        // OpenMetrics wants them to be counters; one of worst_explicit's bounds is negative.
        const isCounter = !isOpenMetrics || (name === 'worst_exponential' && value >= 0)
        expect(counts.get(index), String(value)).toBe(isCounter ? 1 : undefined)
        // A sum starts at 0, and 0 + -0 is 0.
        expect(sums.get(index), String(value)).toBe(isCounter ? value + 0 : undefined)
      }
    })

    test('each boundary counts what is at or below it', async () => {
      const buckets = await prometheus.query(`${name}_bucket`)
      expect(buckets.length).toBeGreaterThan(4 * NUMBERS.length)
      for (const { labels, value } of buckets) {
        const observed = NUMBERS[Number(labels.index)] as number
        const le = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
        // To an exponential histogram magnitudes up to 2^-128 are zeros, below its first boundary.
        const counted = name === 'worst_exponential' && Math.abs(observed) <= 2 ** -128 ? 0 : observed
        expect(value, `${observed} <= ${le}`).toBe(counted <= le || le === Number.POSITIVE_INFINITY ? 1 : 0)
      }
    })
  })
})
