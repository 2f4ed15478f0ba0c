// record(): the type that a name stands for, labels from the first call, and what it drops.
import { counter, gauge, histogram, type LabelValue, record, registry } from 'nanotally'
import { expect, test } from 'vitest'
import { read, rejections, scrape } from '../../support/registry.js'

test('_total is a counter, _seconds a histogram in seconds, anything else a gauge', async () => {
  for (let i = 1; i <= 3; i++) {
    record('inferred_total', i)
    record('inferred_seconds', i)
    record('inferred_bytes', i)
  }
  const families = await scrape(registry)
  expect(families.get('inferred_total')).toMatchObject({ type: 'counter', help: 'Recorded as inferred_total.' })
  expect(families.get('inferred_seconds')?.type).toBe('histogram')
  expect(families.get('inferred_bytes')?.type).toBe('gauge')
  expect(await read(registry, 'inferred_total')).toBe(6)
  expect(await read(registry, 'inferred_seconds_sum')).toBe(6)
  expect(await read(registry, 'inferred_seconds_count')).toBe(3)
  expect(await read(registry, 'inferred_bytes')).toBe(3)
  // What it inferred is what this definition says.
  histogram({ name: 'inferred_seconds', help: 'h', unit: 'seconds' })
})

test('labels are the keys of the first call', async () => {
  record('jobs_total', 1, { kind: 'x', host: 1 })
  record('jobs_total', 2, { host: '1', kind: 'x' })
  record('jobs_total', 1, { kind: 'y', host: true })
  expect(await read(registry, 'jobs_total', { kind: 'x', host: '1' })).toBe(3)
  expect(await read(registry, 'jobs_total', { kind: 'y', host: 'true' })).toBe(1)
  record('jobs_total', 1)
  record('jobs_total', 1, { kind: 'x' })
  record('jobs_total', 1, { kind: 'x', host: 1, more: 1 })
  expect(await rejections(registry, 'jobs_total')).toEqual({ labels: 3 })
})

test('a metric that is defined already is used as it is', async () => {
  gauge({ name: 'odd_total', help: 'Odd.', labels: ['l'] })
  record('odd_total', 5, { l: 1 })
  record('odd_total', 4, { l: 1 })
  expect((await scrape(registry)).get('odd_total')).toMatchObject({ type: 'gauge', help: 'Odd.' })
  expect(await read(registry, 'odd_total', { l: '1' })).toBe(4)
  counter({ name: 'odd', help: 'h' })
  record('odd', 5)
  record('odd', 4)
  expect(await read(registry, 'odd')).toBe(9)
})

test('names that need quotes are recorded into when they are defined', async () => {
  counter({ name: 'http.requests', help: 'h', labels: ['http.route'] })
  record('http.requests', 2, { 'http.route': '/' })
  record('http.requests', 1, { 'http.route': '/' })
  record('http.requests', 1, { route: '/' })
  const { body } = await registry.render({ accept: 'text/plain; version=1.0.0; escaping=allow-utf-8' })
  expect(body.toString()).toContain('"http.route"="/"} 3\n')
  expect(body.toString()).toContain('nanotally_rejected_total{metric="http.requests",reason="labels"} 1\n')
  registry.remove('http.requests')
  const before = (await rejections(registry)).definition ?? 0
  record('http.requests', 1)
  record('errors_total', 1, { 'http.route': '/' })
  expect((await rejections(registry)).definition).toBe(before + 2)
})

test('a removed metric is inferred anew', async () => {
  record('again', 5)
  registry.remove('again')
  record('again', 1, { now: 'labelled' })
  expect(await read(registry, 'again', { now: 'labelled' })).toBe(1)
})

test('bad values are dropped and counted', async () => {
  record('bad_total', -1)
  record('bad_total', '1' as never)
  record('bad', undefined as never)
  record('bad_seconds', {} as never)
  expect(await rejections(registry, 'bad_total')).toEqual({ negative: 1, not_a_number: 1 })
  expect(await rejections(registry, 'bad')).toEqual({ not_a_number: 1 })
  expect(await rejections(registry, 'bad_seconds')).toEqual({ not_a_number: 1 })
})

const throwingProxy = new Proxy(
  {},
  {
    ownKeys() {
      throw Object.create(null)
    },
  },
)
test.each<[string, unknown, unknown]>([
  ['a name that is no string', 5, {}],
  ['a symbol as name', Symbol('s'), {}],
  ['no name', undefined, {}],
  ['a bad name', 'a-b', {}],
  ['a bad label', 'fine_total', { 'a-b': 1 }],
  ['a reserved label', 'fine_total', { __name__: 1 }],
  ['a proxy whose trap throws', 'fine_total', throwingProxy],
])('%s defines nothing and is counted', async (_, name, labels) => {
  const before = (await rejections(registry)).definition ?? 0
  record(name as string, 1, labels as Record<string, LabelValue>)
  expect((await rejections(registry)).definition).toBe(before + 1)
  expect((await scrape(registry)).has('fine_total')).toBe(false)
})

test.each([5, 'abc', null, true, Symbol('s')])('labels that are %s are dropped and counted', async (labels) => {
  record('misused_total', 1, labels as never)
  expect((await scrape(registry)).has('misused_total')).toBe(false)
  counter({ name: 'plain_total', help: 'h' })
  const before = (await rejections(registry, 'plain_total')).labels ?? 0
  record('plain_total', 1, labels as never)
  expect(await read(registry, 'plain_total')).toBe(0)
  expect((await rejections(registry, 'plain_total')).labels).toBe(before + 1)
})
