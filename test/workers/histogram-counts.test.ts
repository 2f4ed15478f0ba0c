// While four workers observe, each histogram's _count equals its +Inf bucket in every scrape.
import { expect, test } from 'vitest'
import { assertEnded, runChild } from '../support/children.js'
import { parseTextFormat } from '../support/text-format.js'

test('_count equals +Inf, and buckets are cumulative, in every scrape', async () => {
  const result = await runChild(new URL('fixtures/histograms.mjs', import.meta.url), { timeoutMs: 170_000 })
  assertEnded(result)
  const scrapes = result.messages[0] as { source: string; before: number[]; after: number[]; text: string }[]
  let series = 0
  for (const { text } of scrapes) {
    // The strict parser refuses buckets that are not cumulative; the equality is what is shown here, so it is spelled out.
    for (const { name, samples } of parseTextFormat(text).values()) {
      const by = (suffix: string) => samples.filter((sample) => sample.name === name + suffix)
      const infinite = by('_bucket').filter(({ labels }) => labels.le === '+Inf')
      for (const count of by('_count')) {
        expect(infinite.find(({ labels }) => labels.l === count.labels.l)?.value).toBe(count.value)
        series++
      }
    }
  }
  for (const source of ['exporter', 'render']) {
    expect(scrapes.filter((scrape) => scrape.source === source).length).toBeGreaterThanOrEqual(300)
  }
  expect(series).toBe(scrapes.length * 8)
  // The workers recorded during these scrapes.
  const busy = scrapes.filter(({ before, after }) => (after[0] as number) > (before[0] as number))
  expect(busy.length).toBeGreaterThanOrEqual(300)
})

test('and the check sees a count that is off by one', () => {
  const head = '# HELP h h\n# TYPE h histogram\n'
  const text = (count: number) => `${head}h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count ${count}\n`
  expect(parseTextFormat(text(2)).size).toBe(1)
  expect(() => parseTextFormat(text(3))).toThrow('_count 3 differs from +Inf 2')
})
