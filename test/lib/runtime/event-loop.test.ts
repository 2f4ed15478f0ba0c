// Event loops: turns in their buckets, waiting left out, utilisation, and that no scrape changes any of it.
import { setTimeout as delay } from 'node:timers/promises'
import { collectRuntimeMetrics, Registry } from 'nanotally'
import { expect, onTestFinished, test } from 'vitest'
import { read, scrape } from '../../support/registry.js'
import { until } from '../../support/until.js'
import { Actor } from '../../workers/actor.js'
import { turns } from './turns.js'

function collect(): Registry {
  const registry = new Registry()
  const runtime = collectRuntimeMetrics({ registry })
  onTestFinished(() => runtime.stop())
  return registry
}

/** Longer than a busy machine keeps a turn waiting that blocks for nothing. */
const LONG_MS = 500

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('a block is one turn, in its bucket', async () => {
  const registry = collect()
  await nextTurn()
  const before = turns(registry)
  await nextTurn()
  const start = performance.now()
  await nextTurn()
  block(LONG_MS)
  await nextTurn()
  const end = performance.now()
  await nextTurn()
  const after = turns(registry)
  // The turn began after `start` and was over before `end`.
  const risen = after.buckets.filter(({ lower, upper, count }) => {
    const was = before.buckets.find((bucket) => bucket.upper === upper)?.count ?? 0
    return count > was && upper >= LONG_MS / 1000 && lower <= (end - start) / 1000
  })
  expect(risen.map(({ count }) => count)).toEqual([1])
  expect(after.sum - before.sum).toBeGreaterThanOrEqual(LONG_MS / 1000)
  expect(after.count).toBeGreaterThan(before.count + 2)
})

test('no scrape resets it, whoever asks and how often', async () => {
  const registry = collect()
  await nextTurn()
  block(50)
  await nextTurn()
  await nextTurn()
  const long = () =>
    turns(registry)
      .buckets.filter(({ upper }) => upper > 0.05)
      .reduce((sum, { count }) => sum + count, 0)
  const first = long()
  expect(first).toBeGreaterThanOrEqual(1)
  const lags = new Set<number | undefined>()
  for (let i = 0; i < 5; i++) {
    await Promise.all([
      registry.metrics(),
      registry.render(),
      registry.render({ accept: 'application/openmetrics-text' }),
    ])
    lags.add((await read(registry, 'nodejs_eventloop_lag_max_seconds', { thread: 'main' })) as number)
    expect(long()).toBeGreaterThanOrEqual(first)
  }
  for (const lag of lags) expect(lag).toBeGreaterThanOrEqual(0.05)
})

test('waiting is not counted: what is, is what Node calls active', async () => {
  const registry = collect()
  const label = { thread: 'main' }
  const reading = async () => ({
    turned: turns(registry).sum,
    idle: (await read(registry, 'nodejs_eventloop_idle_seconds_total', label)) as number,
    active: (await read(registry, 'nodejs_eventloop_active_seconds_total', label)) as number,
    elu: performance.eventLoopUtilization(),
  })
  await nextTurn()
  const before = await reading()
  await delay(2000)
  const after = await reading()
  const elu = performance.eventLoopUtilization(after.elu, before.elu)
  const idle = elu.idle / 1000
  const active = elu.active / 1000
  expect(idle).toBeGreaterThan(0.1)
  // Readings of one moment are some turns apart. Were waiting counted, it would be off by all of it.
  expect(Math.abs(after.turned - before.turned - active)).toBeLessThan(idle / 2)
  expect(Math.abs(after.active - before.active - active)).toBeLessThan(idle / 2)
  expect(Math.abs(after.idle - before.idle - idle)).toBeLessThan(idle / 2)
})

test('idle and active time never fall, whoever reads them how often', async () => {
  const registry = collect()
  const worker = new Actor()
  await worker.run(() => {})
  const names = ['nodejs_eventloop_idle_seconds_total', 'nodejs_eventloop_active_seconds_total']
  const last = new Map<string, number>()
  for (let i = 0; i < 300; i++) {
    const families = await scrape(registry)
    for (const name of names) {
      for (const { labels, value } of families.get(name)?.samples ?? []) {
        const series = `${name} ${labels.thread}`
        expect(value, series).toBeGreaterThanOrEqual(last.get(series) ?? 0)
        last.set(series, value)
      }
    }
  }
  expect(last.size).toBeGreaterThanOrEqual(4)
})

test('utilisation: of the last ten seconds, also where nobody has asked meanwhile', async () => {
  const registry = collect()
  await nextTurn()
  block(2000)
  await delay(11_500)
  expect(await read(registry, 'nodejs_eventloop_utilization_ratio', { thread: 'main' })).toBeLessThan(0.15)
})

/** The one thread that is neither this one nor of earlier tests. */
async function utilizationOf(registry: Registry, known: ReadonlySet<string>): Promise<number | undefined> {
  const samples = (await scrape(registry)).get('nodejs_eventloop_utilization_ratio')?.samples ?? []
  return samples.find(({ labels }) => !known.has(labels.thread ?? ''))?.value
}

async function threadsOf(registry: Registry): Promise<Set<string>> {
  const samples = (await scrape(registry)).get('nodejs_eventloop_utilization_ratio')?.samples ?? []
  return new Set(samples.map(({ labels }) => labels.thread ?? ''))
}

test('utilisation: near 0 for an idle worker', async () => {
  const registry = collect()
  const known = await threadsOf(registry)
  const worker = new Actor()
  await worker.run(() => {})
  await until('an idle worker', async () => ((await utilizationOf(registry, known)) ?? 1) < 0.05)
})

test('utilisation: near 1 for a busy one; it is held, and so its lag grows', async () => {
  const registry = new Registry('busy')
  onTestFinished(() => registry.close())
  const runtime = collectRuntimeMetrics({ registry })
  onTestFinished(() => runtime.stop())
  const known = await threadsOf(registry)
  const worker = new Actor()
  const shared = new Int32Array(new SharedArrayBuffer(4))
  await worker.run(async (n, state) => {
    state.runtime = n.collectRuntimeMetrics({ registry: new n.Registry('busy') })
    // Its loop has turned once when it answers.
    await new Promise((resolve) => setTimeout(resolve, 5))
  })
  const done = worker.run((_, __, flag) => {
    while (Atomics.load(flag, 0) === 0);
  }, shared)
  try {
    await until('a busy worker', async () => ((await utilizationOf(registry, known)) ?? 0) > 0.95)
    const [thread] = [...(await threadsOf(registry))].filter((name) => !known.has(name))
    await until('a lag as long as the stall', async () => {
      const lag = await read(registry, 'nodejs_eventloop_lag_seconds', { thread: thread as string })
      return (lag ?? 0) > 0.5
    })
  } finally {
    Atomics.store(shared, 0, 1)
  }
  await done
})
