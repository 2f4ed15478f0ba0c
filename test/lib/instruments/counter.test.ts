// Counters: what inc adds, what it refuses, and that it never throws.
import { counter, Registry } from 'nanotally'
import { expect, test } from 'vitest'
import { read, rejections, scrape } from '../../support/registry.js'

test('without labels: exposed as 0 from its definition, 1 by default', async () => {
  const registry = new Registry()
  const jobs = counter({ name: 'jobs_total', help: 'Jobs.', registry })
  expect((await scrape(registry)).get('jobs_total')).toEqual({
    name: 'jobs_total',
    help: 'Jobs.',
    type: 'counter',
    samples: [{ name: 'jobs_total', labels: {}, value: 0 }],
  })
  jobs.inc()
  jobs.inc(2)
  jobs.inc(0)
  jobs.inc(undefined)
  jobs.labels().inc(0.5)
  expect(await read(registry, 'jobs_total')).toBe(4.5)
})

test('with labels: resolved on each call, or bound once by object or by position', async () => {
  const registry = new Registry()
  const requests = counter({ name: 'requests_total', help: 'h', labels: ['method', 'status'], registry })
  expect((await scrape(registry)).get('requests_total')?.samples).toEqual([])
  requests.inc({ method: 'GET', status: 200 })
  requests.inc({ status: 200, method: 'GET' }, 2)
  requests.inc({ method: 'GET', status: 404 }, 0)
  const bound = requests.labels({ method: 'GET', status: 200 })
  bound.inc()
  bound.inc(3)
  expect(requests.labels('GET', 200)).toBe(bound)
  expect(requests.labels('GET', '200')).toBe(bound)
  expect((await scrape(registry)).get('requests_total')?.samples).toEqual([
    { name: 'requests_total', labels: { method: 'GET', status: '200' }, value: 7 },
    { name: 'requests_total', labels: { method: 'GET', status: '404' }, value: 0 },
  ])
})

test('sums are kept as float64', async () => {
  const registry = new Registry()
  const bytes = counter({ name: 'bytes_total', help: 'h', registry })
  let expected = 0
  for (let i = 0; i < 1000; i++) {
    bytes.inc(0.1)
    expected += 0.1
  }
  bytes.inc(2 ** 53)
  bytes.inc(1e300)
  expect(await read(registry, 'bytes_total')).toBe(expected + 2 ** 53 + 1e300)
  bytes.inc(Number.MAX_VALUE)
  bytes.inc(Number.MAX_VALUE)
  expect(await read(registry, 'bytes_total')).toBe(Number.POSITIVE_INFINITY)
})

test.each<[unknown, string]>([
  [-1, 'negative'],
  [-Number.MIN_VALUE, 'negative'],
  [Number.NEGATIVE_INFINITY, 'negative'],
  [Number.POSITIVE_INFINITY, 'infinite'],
  [Number.NaN, 'not_a_number'],
  ['1', 'not_a_number'],
  [1n, 'not_a_number'],
  [true, 'not_a_number'],
  [null, 'not_a_number'],
  [Symbol('s'), 'not_a_number'],
  [() => 1, 'not_a_number'],
  [[1], 'not_a_number'],
  [{ valueOf: () => 1 }, 'not_a_number'],
  [Object.create(null), 'not_a_number'],
])('an amount of %s is dropped and counted as %s', async (amount, reason) => {
  const registry = new Registry()
  const bound = counter({ name: 'a_total', help: 'h', registry }).labels()
  bound.inc(amount as number)
  counter({ name: 'b_total', help: 'h', labels: ['l'], registry }).inc({ l: 1 }, amount as number)
  expect(await read(registry, 'a_total')).toBe(0)
  expect(await rejections(registry, 'a_total')).toEqual({ [reason]: 1 })
  expect(await read(registry, 'b_total', { l: '1' })).toBe(0)
  expect(await rejections(registry, 'b_total')).toEqual({ [reason]: 1 })
})

test('-0 adds nothing and is no negative amount', async () => {
  const registry = new Registry()
  counter({ name: 'a_total', help: 'h', registry }).inc(-0)
  expect(await rejections(registry, 'a_total')).toEqual({})
  expect(Object.is(await read(registry, 'a_total'), 0)).toBe(true)
})

test('what is dropped does not disturb the next record', async () => {
  const registry = new Registry()
  const a = counter({ name: 'a_total', help: 'h', registry })
  for (let i = 0; i < 10; i++) {
    a.inc(-1)
    a.inc()
  }
  expect(await read(registry, 'a_total')).toBe(10)
  expect(await rejections(registry, 'a_total')).toEqual({ negative: 10 })
})
