// Which families collectRuntimeMetrics() tells: those of prom-client, those of the documentation, each with a plausible value.
import { readFileSync } from 'node:fs'
import { collectRuntimeMetrics, Registry } from 'nanotally'
import { collectDefaultMetrics, Registry as PeerRegistry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { scrape } from '../../support/registry.js'
import type { Family } from '../../support/text-format.js'
import { until } from '../../support/until.js'

/** By the type of each handle: to tell it, Node walks all of them, on the thread that they belong to. */
const LEFT_OUT = ['nodejs_active_handles', 'nodejs_active_requests', 'nodejs_active_resources']
/** What this kernel need not tell. */
const NOT_EVERYWHERE = /^(process_(cgroup|pressure|network|allocator|disk|io)_|thread_run_queue_|process_swap_bytes)/
/** prom-client's types, where ours are others. */
const HISTOGRAM_LABELS = { nodejs_gc_duration_seconds: ['kind', 'thread'] } as Record<string, string[]>

function collect(): Registry {
  const registry = new Registry()
  const runtime = collectRuntimeMetrics({ registry })
  onTestFinished(() => runtime.stop())
  return registry
}

/** All of them: a turn of the loop, a garbage collection and a probe of the thread pool have been seen. */
function allFamilies(registry: Registry): Promise<Map<string, Family>> {
  return until('all families to have samples', async () => {
    Array.from({ length: 100_000 }, () => ({}))
    const families = await scrape(registry)
    const hasSamples = (name: string) => (families.get(name)?.samples.length ?? 0) > 0
    const late = [
      'nodejs_gc_duration_seconds',
      'nodejs_eventloop_lag_seconds',
      'nodejs_threadpool_queue_wait_seconds',
      'nodejs_threadpool_waiting_seconds',
    ]
    return late.every(hasSamples) && families
  })
}

/** Since 2.33 it tells in 64 bits. */
function hasMallinfo2(): boolean {
  const { glibcVersionRuntime = '0.0' } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } })
    .header
  const [major = 0, minor = 0] = glibcVersionRuntime.split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 33)
}

// However Node was linked: in a program that is not position-independent malloc's address is the program's.
test("glibc's allocator is told wherever glibc can tell it", async () => {
  const told = (await scrape(collect())).get('process_allocator_bytes')?.samples ?? []
  expect(told.length > 0).toBe(hasMallinfo2())
  for (const { value } of told) expect(value).toBeGreaterThanOrEqual(0)
})

test("prom-client's families are there, with its types and labels", async () => {
  const theirs = new PeerRegistry()
  collectDefaultMetrics({ register: theirs })
  const families = await allFamilies(collect())
  const expected = await theirs.getMetricsAsJSON()
  const left = expected.filter(({ name }) => !families.has(name)).map(({ name }) => name)
  expect(left.toSorted()).toEqual(LEFT_OUT)
  let compared = 0
  for (const { name, type, values } of expected) {
    const family = families.get(name)
    if (family === undefined) continue
    expect(`${name} ${family.type}`).toBe(`${name} ${type}`)
    const own = Object.keys(family.samples[0]?.labels ?? {}).filter((label) => label !== 'thread' && label !== 'le')
    const wanted = HISTOGRAM_LABELS[name]?.filter((label) => label !== 'thread') ?? Object.keys(values[0]?.labels ?? {})
    expect([name, ...own]).toEqual([name, ...wanted])
    compared++
  }
  expect(compared).toBeGreaterThanOrEqual(26)
})

test("the spaces of the heap are called as prom-client's", async () => {
  const theirs = new PeerRegistry()
  collectDefaultMetrics({ register: theirs })
  const name = 'nodejs_heap_space_size_used_bytes'
  const metric = (await theirs.getMetricsAsJSON()).find((one) => one.name === name)
  const spaces = metric?.values.map(({ labels }) => (labels as { space: string }).space)
  const own = (await scrape(collect())).get(name)?.samples.map(({ labels }) => labels.space)
  expect(own?.length).toBeGreaterThan(4)
  expect(own).toEqual(spaces)
})

test('each family has a plausible value', async () => {
  const families = await allFamilies(collect())
  const value = (name: string, labels: Record<string, string> = {}) => {
    const found = families
      .get(name)
      ?.samples.find((sample) => Object.entries(labels).every(([label, text]) => sample.labels[label] === text))
    return found?.value ?? Number.NaN
  }
  const between = (name: string, least: number, most: number) => {
    const found = value(name, name.startsWith('nodejs_e') || name.startsWith('nodejs_a') ? { thread: 'main' } : {})
    expect(found, `${name} is ${found}`).toBeGreaterThanOrEqual(least)
    expect(found, `${name} is ${found}`).toBeLessThanOrEqual(most)
  }
  const cpu = process.cpuUsage()
  between('process_cpu_user_seconds_total', 0.01, cpu.user / 1e6)
  between('process_cpu_system_seconds_total', 0.0001, cpu.system / 1e6)
  between('process_start_time_seconds', 1.7e9, Date.now() / 1000)
  // The kernel brings its highest mark up to date now and then.
  between('process_resident_memory_bytes', 2 ** 24, process.resourceUsage().maxRSS * 1024 * 1.05)
  between('process_virtual_memory_bytes', value('process_resident_memory_bytes'), 2 ** 47)
  between('process_heap_bytes', 2 ** 20, value('process_virtual_memory_bytes'))
  between('process_max_fds', value('process_open_fds'), 2 ** 31)
  between('process_open_fds', 3, 10_000)
  between('process_threads', 5, 1000)
  between('nodejs_threadpool_threads', Number(process.env.UV_THREADPOOL_SIZE ?? 4), 1024)
  between('nodejs_active_handles_total', 1, 1000)
  between('nodejs_active_requests_total', 0, 1000)
  between('nodejs_active_resources_total', value('nodejs_active_handles_total', { thread: 'main' }), 2000)
  between('nodejs_eventloop_utilization_ratio', 0, 1)
  between('nodejs_eventloop_active_seconds_total', 0.001, process.uptime())
  between('nodejs_eventloop_idle_seconds_total', 0, process.uptime())
  const lag = (part: string) => value(`nodejs_eventloop_lag_${part}seconds`, { thread: 'main' })
  const ascending = [lag('min_'), lag('p50_'), lag('p90_'), lag('p99_'), lag('max_')]
  expect(ascending[0]).toBeGreaterThanOrEqual(0)
  expect(ascending).toEqual(ascending.toSorted((a, b) => a - b))
  between('nodejs_eventloop_lag_mean_seconds', lag('min_'), lag('max_'))
  between('nodejs_eventloop_lag_stddev_seconds', 0, lag('max_'))
  between('nodejs_eventloop_lag_seconds', 0, process.uptime())
  expect(families.get('nodejs_version_info')?.samples[0]?.labels.version).toBe(process.version)
  // Nothing is told that makes no sense.
  const samples = [...families.values()].flatMap((family) => family.samples)
  expect(samples.length).toBeGreaterThan(100)
  expect(samples.filter((sample) => !(sample.value >= 0))).toEqual([])
})

test('docs/runtime-metrics.md lists each family of Node, with its type and labels', async () => {
  const families = await allFamilies(collect())
  const text = readFileSync(new URL('../../../docs/runtime-metrics.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\w+) \| ([\w, ]*)\| /gm)].map(([, name = '', type, labels = '']) => ({
    name,
    type,
    labels: labels.split(',').flatMap((label) => label.trim() || []),
  }))
  const documented = new Map(rows.map((row) => [row.name, row]))
  const own = [...families.values()].filter(({ name }) => name.startsWith('nodejs_'))
  expect(own.length).toBeGreaterThan(25)
  for (const { name, type, samples } of own) {
    const labels = Object.keys(samples[0]?.labels ?? {}).filter((label) => label !== 'le')
    expect({ ...documented.get(name), labels: documented.get(name)?.labels.toSorted() }).toEqual({
      name,
      type,
      labels: labels.toSorted(),
    })
  }
  const told = rows.map(({ name }) => name).filter((name) => !NOT_EVERYWHERE.test(name))
  // The stall of a loop is told by what is served.
  expect(told.filter((name) => !families.has(name))).toEqual(['nodejs_eventloop_stall_seconds'])
})
