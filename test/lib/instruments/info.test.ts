// Info metrics: facts that are 1, what defines them and what they refuse.
import { counter, registry as defaultRegistry, gauge, info, Registry, record } from 'nanotally'
import { expect, test } from 'vitest'
import { refusal, rejections, samplesOf, scrape } from '../../support/registry.js'

test('a fact is 1 from when it is told', async () => {
  const registry = new Registry()
  const build = info({ name: 'build_info', help: 'h', labels: ['version'], optionalLabels: ['commit'], registry })
  expect((await scrape(registry)).get('build_info')).toMatchObject({ type: 'gauge', help: 'h', samples: [] })
  build.set({ version: '1.2.3' })
  build.set({ version: '1.2.3' })
  build.set({ version: 2, commit: 'abc' })
  expect(await samplesOf(registry, 'build_info')).toEqual({
    '{"version":"1.2.3"}': 1,
    '{"version":"2","commit":"abc"}': 1,
  })
})

test('a fact can be taken back, and told again', async () => {
  const registry = new Registry()
  const build = info({ name: 'build_info', help: 'h', labels: ['version'], registry })
  build.set({ version: 1 })
  build.set({ version: 2 })
  expect(build.remove({ version: 1 })).toBe(true)
  expect(build.remove({ version: 1 })).toBe(false)
  expect(await samplesOf(registry, 'build_info')).toEqual({ '{"version":"2"}': 1 })
  build.set({ version: 1 })
  expect(await samplesOf(registry, 'build_info')).toEqual({ '{"version":"2"}': 1, '{"version":"1"}': 1 })
  expect(refusal(() => build.remove({} as never)).code).toBe('ERR_NANOTALLY_INVALID_LABEL')
})

test('without labels', async () => {
  const registry = new Registry()
  const plain = info({ name: 'plain_info', help: 'h', registry })
  expect(await samplesOf(registry, 'plain_info')).toEqual({})
  plain.set()
  expect(await samplesOf(registry, 'plain_info')).toEqual({ '{}': 1 })
})

test('unusable labels are dropped and counted', async () => {
  const registry = new Registry()
  const build = info({ name: 'build_info', help: 'h', labels: ['version'], registry })
  const bad = [undefined, null, {}, { version: {} }, { version: 1, other: 2 }]
  for (const labels of bad) build.set(labels as never)
  expect(await rejections(registry, 'build_info')).toEqual({ labels: 5 })
  expect(await samplesOf(registry, 'build_info')).toEqual({})
  registry.remove('build_info')
  build.set({ version: 1 })
  expect((await scrape(registry)).has('build_info')).toBe(false)
})

test('the same definition is the same metric; a gauge of that name is another', () => {
  const registry = new Registry()
  const build = info({ name: 'build_info', help: 'h', labels: ['version'], registry })
  expect(info({ name: 'build_info', help: 'h', labels: ['version'], registry })).toBe(build)
  const options = { name: 'build_info', help: 'h', labels: ['version'], registry }
  for (const make of [
    () => gauge({ ...options, aggregate: 'max', onExit: 'keep' }),
    () => counter(options),
    () => info({ ...options, labels: ['commit'] }),
  ]) {
    expect(refusal(make).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
  }
})

test.each<[string, object, string]>([
  ['a name without the suffix', { name: 'build' }, 'INVALID_NAME'],
  ['the suffix alone', { name: '_info' }, 'INVALID_NAME'],
  ['a name that is no string', { name: 5 }, 'INVALID_TYPE'],
  ['a unit', { unit: 'seconds' }, 'INVALID_VALUE'],
  ['no help', { help: undefined }, 'INVALID_TYPE'],
  ['a reserved label', { labels: ['__name__'] }, 'RESERVED_LABEL'],
])('%s is refused', async (_, wrong, code) => {
  const registry = new Registry()
  const error = refusal(() => info({ name: 'x_info', help: 'h', registry, ...wrong } as never))
  expect(error.code).toBe(`ERR_NANOTALLY_${code}`)
  expect((await scrape(registry)).size).toBe(0)
})

test('disabled, nothing is exposed or counted', async () => {
  const registry = new Registry()
  const off = info({ name: 'x_info', help: 'h', labels: ['a'], enabled: false, registry })
  off.set({ a: 1 })
  off.set({} as never)
  expect((await scrape(registry)).size).toBe(0)
})

test('record() does not tell facts', async () => {
  info({ name: 'told_info', help: 'h', labels: ['a'] })
  record('told_info', 1, { a: 1 })
  expect(await samplesOf(defaultRegistry, 'told_info')).toEqual({})
  expect(await rejections(defaultRegistry, 'told_info')).toEqual({ definition: 1 })
})
