// From the first collectRuntimeMetrics() to the last stop(): threads, registries, conflicts, and nothing left behind.
import { collectRuntimeMetrics, counter, gauge, Registry } from 'nanotally'
import { describe, expect, onTestFinished, test } from 'vitest'
import { assertEnded, runChild } from '../../support/children.js'
import { refusal, scrape } from '../../support/registry.js'
import { until } from '../../support/until.js'
import { Actor } from '../../workers/actor.js'
import { turns } from './turns.js'

const HISTOGRAMS = [
  'nodejs_eventloop_delay_seconds',
  'nodejs_gc_duration_seconds',
  'nodejs_threadpool_queue_wait_seconds',
]

/** Names of families with samples. */
async function told(registry: Registry): Promise<string[]> {
  const families = [...(await scrape(registry)).values()]
  return families.filter(({ samples }) => samples.length > 0).map(({ name }) => name)
}

/** What is there without the histograms, whose counts stay, and what a registry tells of itself. */
const live = async (registry: Registry) =>
  (await told(registry)).filter((name) => !HISTOGRAMS.includes(name) && !name.startsWith('nanotally_'))

/** The threads that a family tells of. */
async function threadsOf(registry: Registry, name: string): Promise<string[]> {
  return (await scrape(registry)).get(name)?.samples.map(({ labels }) => labels.thread as string) ?? []
}

test('stop() takes away all but what was counted', async () => {
  const registry = new Registry()
  expect(await told(registry)).toEqual([])
  const runtime = collectRuntimeMetrics({ registry })
  expect((await live(registry)).length).toBeGreaterThan(40)
  runtime.stop()
  runtime.stop()
  expect(await live(registry)).toEqual(['nodejs_version_info'])
  const before = turns(registry).count
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
  expect(turns(registry).count).toBe(before)
})

test('two starts are one, and take two stops; a new start goes on counting', async () => {
  const registry = new Registry()
  const [first, second] = [collectRuntimeMetrics({ registry }), collectRuntimeMetrics({ registry })]
  first.stop()
  first.stop()
  expect((await live(registry)).length).toBeGreaterThan(40)
  const one = turns(registry).count
  await new Promise((resolve) => setImmediate(resolve))
  const immediate = await new Promise<number>((resolve) => setImmediate(() => resolve(turns(registry).count)))
  expect(immediate - one).toBeLessThanOrEqual(3) // a turn is recorded once
  second.stop()
  expect(await live(registry)).toEqual(['nodejs_version_info'])
  const third = collectRuntimeMetrics({ registry })
  expect((await live(registry)).length).toBeGreaterThan(40)
  await until('more turns', () => turns(registry).count > immediate)
  third.stop()
})

test('what the program removes is gone, and nothing else; a new start tells it again', async () => {
  const registry = new Registry()
  const runtime = collectRuntimeMetrics({ registry })
  const heap = async () => (await live(registry)).filter((name) => /^nodejs_(heap|external)_/.test(name))
  const all = await heap()
  expect(all).toHaveLength(8)
  const removed = ['nodejs_heap_size_used_bytes', 'nodejs_heap_space_size_used_bytes']
  for (const name of removed) expect(registry.remove(name)).toBe(true)
  expect(await heap()).toEqual(all.filter((name) => !removed.includes(name)))
  expect((await scrape(registry)).get('nanotally_rejected_total')?.samples ?? []).toEqual([])
  runtime.stop()
  expect(await live(registry)).toEqual(['nodejs_version_info'])
  registry.remove('nodejs_heap_size_total_bytes') // whose callback reads for all
  const again = collectRuntimeMetrics({ registry })
  expect(await heap()).toEqual(all)
  again.stop()
})

test('registries are apart', async () => {
  const registries = [new Registry(), new Registry(), new Registry()] as const
  const [one, two] = registries.slice(0, 2).map((registry) => collectRuntimeMetrics({ registry }))
  expect(await told(registries[2])).toEqual([])
  one?.stop()
  expect(await live(registries[0])).toEqual(['nodejs_version_info'])
  expect((await live(registries[1])).length).toBeGreaterThan(40)
  two?.stop()
})

test('a worker is told by its name, and is gone when it has ended', async () => {
  const registry = new Registry('threads')
  onTestFinished(() => registry.close())
  const runtime = collectRuntimeMetrics({ registry })
  onTestFinished(() => runtime.stop())
  for (const end of ['end', 'terminate'] as const) {
    const worker = new Actor()
    await worker.run((n) => void n.collectRuntimeMetrics({ registry: new n.Registry('threads') }))
    const own = (thread: string) => /^worker-\d+$/.test(thread)
    for (const name of [
      'nodejs_heap_size_used_bytes',
      'nodejs_eventloop_utilization_ratio',
      'thread_cpu_seconds_total',
    ]) {
      const threads = await until(`${name} of the worker`, async () => {
        const found = await threadsOf(registry, name)
        return found.some(own) && found
      })
      expect(threads.filter((thread) => thread !== 'main').every(own)).toBe(true)
      expect(threads).toContain('main')
    }
    await worker[end]()
    await until('the worker to be gone', async () => {
      const families = [...(await scrape(registry)).values()].filter(({ name }) => !HISTOGRAMS.includes(name))
      return families.every(({ samples }) => !samples.some(({ labels }) => own(labels.thread ?? '')))
    })
    expect((await threadsOf(registry, 'nodejs_eventloop_delay_seconds')).some(own)).toBe(true)
  }
  expect((await threadsOf(registry, 'nodejs_heap_size_used_bytes')).length).toBe(1)
})

test('what the process tells stays as long as one thread collects', async () => {
  const registry = new Registry('last')
  onTestFinished(() => registry.close())
  const runtime = collectRuntimeMetrics({ registry })
  const worker = new Actor()
  await worker.run((n, state) => {
    state.runtime = n.collectRuntimeMetrics({ registry: new n.Registry('last') })
  })
  runtime.stop()
  const names = await live(registry)
  expect(names).toContain('process_cpu_seconds_total')
  expect(await threadsOf(registry, 'nodejs_heap_size_used_bytes')).not.toContain('main')
  await worker.run((_, state) => state.runtime.stop())
  expect(await live(registry)).toEqual(['nodejs_version_info'])
})

describe('a name that is taken', () => {
  test.each([
    'nodejs_version_info',
    'nodejs_heap_size_total_bytes',
    'nodejs_heap_space_size_used_bytes',
    'nodejs_gc_duration_seconds',
    'nodejs_eventloop_delay_seconds',
    'nodejs_threadpool_queue_wait_seconds',
    'nodejs_eventloop_lag_seconds',
    'process_open_fds',
  ])('%s: a coded error, and nothing is left behind', async (name) => {
    const registry = new Registry()
    gauge({ name, help: 'Mine.', registry }).set(7)
    expect(refusal(() => collectRuntimeMetrics({ registry })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
    expect([...(await scrape(registry)).values()]).toEqual([
      { name, help: 'Mine.', type: 'gauge', samples: [{ name, labels: {}, value: 7 }] },
    ])
    // Once it is free again all of it works.
    registry.remove(name)
    const runtime = collectRuntimeMetrics({ registry })
    expect((await live(registry)).length).toBeGreaterThan(40)
    runtime.stop()
  })

  test('by us: the other is refused', () => {
    const registry = new Registry()
    const runtime = collectRuntimeMetrics({ registry })
    onTestFinished(() => runtime.stop())
    for (const name of [
      'process_cpu_seconds_total',
      'nodejs_heap_size_used_bytes',
      'nodejs_eventloop_idle_seconds_total',
    ]) {
      expect(refusal(() => counter({ name, help: 'h', registry })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
    }
  })
})

test('what is no registry, and a closed one', async () => {
  expect(refusal(() => collectRuntimeMetrics({ registry: {} as Registry })).code).toBe('ERR_NANOTALLY_INVALID_TYPE')
  const registry = new Registry()
  const runtime = collectRuntimeMetrics({ registry })
  registry.close()
  expect(refusal(() => collectRuntimeMetrics({ registry })).code).toBe('ERR_NANOTALLY_REGISTRY_CLOSED')
  runtime.stop()
  const other = new Registry()
  const again = collectRuntimeMetrics({ registry: other })
  expect((await live(other)).length).toBeGreaterThan(40)
  again.stop()
})

test('disabled: nothing is exposed, and the loop is left alone', async () => {
  const result = await runChild(new URL('fixtures/disabled.mjs', import.meta.url), { env: { NANOTALLY_DISABLED: '1' } })
  assertEnded(result)
  expect(result.messages).toEqual([{ text: '', statuses: { database: 'unhealthy' } }])
})
