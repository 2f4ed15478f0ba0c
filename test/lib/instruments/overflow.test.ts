// maxSeries: what exceeds it goes to one overflow series, exactly counted, and costs no memory.
import { counter, gauge, histogram, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { assertEnded, runChild } from '../../support/children.js'
import { read, scrape } from '../../support/registry.js'

/** Bytes of heap at three moments of a run, and how much of it was counted anywhere. */
interface Sizes {
  before: number
  middle: number
  end: number
  recorded: number
}

const OVERFLOW = { otel_metric_overflow: 'true' }

test('the first maxSeries label sets have series of their own, the rest share one', async () => {
  const registry = new Registry()
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 3, registry })
  for (let round = 0; round < 2; round++) for (let i = 0; i < 10; i++) c.inc({ l: i })
  expect((await scrape(registry)).get('c_total')?.samples.map(({ labels, value }) => [labels, value])).toEqual([
    [{ l: '0' }, 2],
    [{ l: '1' }, 2],
    [{ l: '2' }, 2],
    [OVERFLOW, 14],
  ])
  expect(await read(registry, 'nanotally_overflowed_total', { metric: 'c_total' })).toBe(14)
})

test('without an overflow there is no overflow series', async () => {
  const registry = new Registry()
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 3, registry })
  for (let i = 0; i < 3; i++) c.inc({ l: i })
  expect((await scrape(registry)).get('c_total')?.samples).toHaveLength(3)
  expect((await scrape(registry)).has('nanotally_overflowed_total')).toBe(false)
})

test('2000 by default', async () => {
  const registry = new Registry()
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
  for (let i = 0; i < 2500; i++) c.inc({ l: i })
  expect((await scrape(registry)).get('c_total')?.samples).toHaveLength(2001)
  expect(await read(registry, 'c_total', OVERFLOW)).toBe(500)
})

test('label values cannot name the overflow series', async () => {
  const registry = new Registry()
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 1, registry })
  c.inc({ l: 'a' })
  c.inc({ l: 'b' })
  c.inc({ l: '",otel_metric_overflow="true' })
  expect(await read(registry, 'c_total', OVERFLOW)).toBe(2)
})

test('bound handles of overflowed label sets lead to the overflow series too', async () => {
  const registry = new Registry()
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 1, registry })
  const own = c.labels('a')
  const over = c.labels('b')
  expect(c.labels('c')).toBe(over)
  own.inc()
  over.inc(2)
  c.labels('d').inc(3)
  expect(await read(registry, 'c_total', { l: 'a' })).toBe(1)
  expect(await read(registry, 'c_total', OVERFLOW)).toBe(5)
})

test('gauges and both kinds of histograms', async () => {
  const registry = new Registry()
  const g = gauge({ name: 'g', help: 'h', labels: ['l'], maxSeries: 1, registry })
  const exponential = histogram({ name: 'exponential', help: 'h', labels: ['l'], maxSeries: 1, registry })
  const explicit = histogram({ name: 'explicit', help: 'h', labels: ['l'], maxSeries: 1, buckets: [1], registry })
  for (let l = 0; l < 5; l++) {
    g.inc({ l })
    exponential.observe({ l }, l)
    explicit.observe({ l }, l)
  }
  expect(await read(registry, 'g', { l: '0' })).toBe(1)
  expect(await read(registry, 'g', OVERFLOW)).toBe(4)
  for (const name of ['exponential', 'explicit']) {
    expect(await read(registry, `${name}_count`, { l: '0' })).toBe(1)
    expect(await read(registry, `${name}_count`, OVERFLOW)).toBe(4)
    expect(await read(registry, `${name}_sum`, OVERFLOW)).toBe(10)
  }
})

describe('memory stays flat in the second half', () => {
  const script = new URL('../fixtures/label-memory.mjs', import.meta.url)
  // V8 compiles at the same call in each run, not whenever a thread of its own gets a processor: what it compiles while
  // nobody looks is heap, too, and on a busy machine it was 1.3 % of the second half.
  const nodeFlags = ['--expose-gc', '--single-threaded']

  test.each(['overflow', 'lone surrogates', 'rejected', 'disabled'])('%s', async (what) => {
    const result = await runChild(script, { args: [what], nodeFlags })
    assertEnded(result)
    const { before, middle, end, recorded } = result.messages[0] as Sizes
    expect(recorded).toBeGreaterThanOrEqual(what === 'disabled' ? 0 : 200_000)
    expect(end / middle).toBeLessThan(1.01)
    expect(before).toBeGreaterThan(0)
  })

  test('and the check sees a leak', async () => {
    const result = await runChild(script, { args: ['leak'], nodeFlags })
    assertEnded(result)
    const { middle, end } = result.messages[0] as Sizes
    expect(end / middle).toBeGreaterThan(1.01)
  })
})
