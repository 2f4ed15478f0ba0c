// The built-in checks in each of their states that can be brought about, their families, and the routes.
import { pbkdf2 } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  collectRuntimeMetrics,
  counter,
  type HealthCheckResult,
  type HealthReport,
  health,
  Registry,
  startExporter,
} from 'nanotally'
import { describe, expect, onTestFinished, test } from 'vitest'
import { assertEnded, Child } from '../../support/children.js'
import { samplesOf, scrape } from '../../support/registry.js'
import { temporaryFolder } from '../../support/temporary.js'
import { until } from '../../support/until.js'
import { Actor } from '../../workers/actor.js'

const NAMES = [
  'cgroup_memory',
  'event_loop_delay',
  'event_loops',
  'memory_pressure',
  'numa_imbalance',
  'rejected_recordings',
  'scrape_age',
  'thread_pool',
]

const SOON = { intervalMs: 10, failAfter: 1 }

/** A private registry that is served, and where. */
async function serve(): Promise<{ registry: Registry; base: string }> {
  const registry = new Registry()
  const exporter = await startExporter({ registry, port: 0 })
  onTestFinished(() => exporter.close())
  return { registry, base: exporter.url.replace('/metrics', '') }
}

function find(registry: Registry, name: string): HealthCheckResult {
  return health.report(registry).checks.find((one) => one.name === name) as HealthCheckResult
}

test('there are eight, of what is served alone; each says what it saw', async () => {
  expect(health.report(new Registry()).checks).toEqual([])
  const { registry } = await serve()
  const { checks } = health.report(registry)
  expect(checks.map(({ name }) => name)).toEqual(NAMES)
  for (const check of checks) {
    expect(check.message).not.toBe('')
    expect(check.lastRun).toBeUndefined()
  }
  registry.close()
  expect(() => health.report(registry)).toThrow(expect.objectContaining({ code: 'ERR_NANOTALLY_REGISTRY_CLOSED' }))
})

test('docs/health.md lists them, and their families', async () => {
  const text = readFileSync(new URL('../../../docs/health.md', import.meta.url), 'utf8')
  const tables = [...text.matchAll(/^\| `([a-z]+_[a-z_]+)` \| /gm)].map(([, name]) => name as string)
  expect(tables.filter((name) => !name.startsWith('nanotally_'))).toEqual(NAMES)
  const { registry } = await serve()
  const check = health.register('documented', () => {}, SOON)
  onTestFinished(() => check.stop())
  await until('a run', () => find(registry, 'documented').status === 'healthy')
  const told = [...(await scrape(registry)).keys()].filter((name) => name.startsWith('nanotally_health_'))
  expect(told.toSorted()).toEqual(tables.filter((name) => name.startsWith('nanotally_')).toSorted())
})

test('what cannot be told is unavailable, and then is told', async () => {
  const { registry, base } = await serve()
  for (const name of ['event_loop_delay', 'scrape_age', 'thread_pool']) {
    expect(find(registry, name).status).toBe('unavailable')
  }
  expect(health.report(registry).status).toBe('healthy')
  // The live page reads these, which is not what a dead Prometheus is missed by.
  await (await fetch(`${base}/snapshot.json`)).text()
  const events = (await fetch(`${base}/events`)).body?.getReader()
  await events?.read()
  await events?.cancel()
  expect(find(registry, 'scrape_age').status).toBe('unavailable')
  const asked = performance.now()
  await (await fetch(`${base}/metrics`)).text()
  const { status, message } = find(registry, 'scrape_age')
  expect(status).toBe('healthy')
  const age = Number(/^last scraped (\d+) s ago$/.exec(message)?.[1])
  // As printed: rounded.
  expect(age).toBeLessThanOrEqual(Math.round((performance.now() - asked) / 1000))
  const runtime = collectRuntimeMetrics({ registry })
  await until('turns', () => find(registry, 'event_loop_delay').status !== 'unavailable')
  await until('a probe', () => find(registry, 'thread_pool').status !== 'unavailable')
  runtime.stop()
  expect(find(registry, 'event_loop_delay').status).toBe('unavailable')
  expect(find(registry, 'thread_pool').status).toBe('unavailable')
})

test('numa_imbalance: as the kernel tells of nodes', async () => {
  const { registry } = await serve()
  const file = '/sys/devices/system/node/has_memory'
  const nodes = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
  const { status, message, critical } = find(registry, 'numa_imbalance')
  expect(critical).toBe(false)
  if (/^\d*$/.test(nodes)) expect(status).toBe('unavailable')
  if (status === 'unavailable') {
    expect(message).toContain('one NUMA node')
  } else {
    expect(['healthy', 'degraded']).toContain(status)
    expect(message).toMatch(/^NUMA node \d+ is \d+ % in use, NUMA node \d+ is \d+ % in use$/)
  }
})

test('event_loop_delay: degraded above 100 ms, unhealthy above 1 s, never critical', async () => {
  const { registry } = await serve()
  const runtime = collectRuntimeMetrics({ registry })
  onTestFinished(() => runtime.stop())
  const block = (ms: number) => {
    const end = performance.now() + ms
    while (performance.now() < end);
  }
  for (const [ms, statuses] of [
    [150, ['degraded', 'unhealthy']],
    [1200, ['unhealthy']],
  ] as const) {
    // One turn in a few: it is the 99th percentile that counts.
    await until(`a delay of ${ms} ms`, async () => {
      await new Promise((resolve) => setImmediate(resolve))
      block(ms)
      await new Promise((resolve) => setImmediate(resolve))
      return statuses.includes(find(registry, 'event_loop_delay').status as never)
    })
    expect(find(registry, 'event_loop_delay')).toMatchObject({ critical: false })
    expect(find(registry, 'event_loop_delay').message).toMatch(
      /^99 % of the turns of thread main take less than \d\.\d{3} s$/,
    )
  }
  expect(health.report(registry).status).toBe('degraded')
})

test('event_loops: a held worker is degraded, by its name', async () => {
  const { registry, base } = await serve()
  expect(find(registry, 'event_loops').status).toBe('healthy')
  const worker = new Actor()
  const flag = new Int32Array(new SharedArrayBuffer(4))
  await worker.run((n) => void n.counter({ name: 'of_the_worker_total', help: 'h' }))
  const held = worker.run((_, __, wait) => void Atomics.wait(wait, 0, 0), flag)
  const { message } = await until('a held thread', () => {
    const result = find(registry, 'event_loops')
    return result.status === 'degraded' && result
  })
  expect(message).toMatch(/^thread worker-\d+ is held for \d+\.\d s$/)
  const response = await fetch(`${base}/livez`)
  expect([response.status, ((await response.json()) as HealthReport).status]).toEqual([200, 'degraded'])
  Atomics.store(flag, 0, 1)
  Atomics.notify(flag, 0)
  await held
  await until('all to turn', () => find(registry, 'event_loops').status === 'healthy')
})

test('thread_pool: degraded while it has no free thread', async () => {
  const { registry } = await serve()
  const runtime = collectRuntimeMetrics({ registry })
  onTestFinished(() => runtime.stop())
  let saturated = true
  const job = async () => {
    while (saturated) await new Promise((resolve) => pbkdf2('password', 'salt', 300_000, 64, 'sha512', resolve))
  }
  const jobs = Promise.all(Array.from({ length: 16 }, job))
  await until('a saturated pool', () => find(registry, 'thread_pool').status === 'degraded')
  saturated = false
  await jobs
  await until('a free pool', () => find(registry, 'thread_pool').status === 'healthy')
  expect(find(registry, 'thread_pool')).toMatchObject({ critical: false, message: "libuv's pool has a free thread" })
})

test('rejected_recordings: degraded after a dropped one', async () => {
  const { registry } = await serve()
  const c = counter({ name: 'c_total', help: 'h', registry })
  c.inc()
  expect(find(registry, 'rejected_recordings').status).toBe('healthy')
  c.inc(Number.NaN)
  const { status, message, critical } = find(registry, 'rejected_recordings')
  expect({ status, critical }).toEqual({ status: 'degraded', critical: false })
  expect(message).toContain('1 in all: nanotally_rejected_total says which')
})

test('they are exposed as metrics, and select as others do', async () => {
  const { registry } = await serve()
  const mine = health.register('mine', () => false, { intervalMs: 10, failAfter: 2 })
  onTestFinished(() => mine.stop())
  await until('failures', () => (find(registry, 'mine').consecutiveFailures ?? 0) >= 2)
  // Before it is read: to render makes scrape_age available.
  const available = health.report(registry).checks.filter(({ status }) => status !== 'unavailable')
  const statuses = await samplesOf(registry, 'nanotally_health_check_status')
  expect(available.length).toBeGreaterThan(2)
  expect(Object.keys(statuses).toSorted()).toEqual(
    available.map(({ name }) => JSON.stringify({ check: name })).toSorted(),
  )
  expect(statuses['{"check":"mine"}']).toBe(0)
  expect(statuses['{"check":"event_loops"}']).toBe(1)
  for (const value of Object.values(statuses)) expect([0, 0.5, 1]).toContain(value)
  const failures = await samplesOf(registry, 'nanotally_health_check_consecutive_failures')
  expect(Object.keys(failures)).toEqual(['{"check":"mine"}'])
  expect(failures['{"check":"mine"}']).toBeGreaterThanOrEqual(2)
  expect(Object.keys(await samplesOf(registry, 'nanotally_health_check_duration_seconds'))).toEqual([
    '{"check":"mine"}',
  ])
  const { body } = await registry.render({ names: ['nanotally_health_check_duration_seconds'] })
  expect(body.toString().match(/^# TYPE .*/gm)).toEqual(['# TYPE nanotally_health_check_duration_seconds gauge'])
})

describe('routes', () => {
  const codes = async (base: string) => {
    const paths = ['/health', '/healthz', '/readyz', '/livez']
    return Promise.all(paths.map(async (path) => (await fetch(`${base}${path}`)).status))
  }

  test('an unhealthy critical check: not ready, but alive', async () => {
    const { registry, base } = await serve()
    let works = true
    const check = health.register('works', () => works, { intervalMs: 10, failAfter: 1 })
    onTestFinished(() => check.stop())
    await until('a healthy process', () => health.report(registry).status === 'healthy')
    expect(await codes(base)).toEqual([200, 200, 200, 200])
    works = false
    await until('an unhealthy process', () => health.report(registry).status === 'unhealthy')
    expect(await codes(base)).toEqual([503, 503, 503, 200])
    const ready = (await (await fetch(`${base}/readyz`)).json()) as HealthReport
    expect(ready.status).toBe('unhealthy')
    expect(ready.checks.map(({ name }) => name)).toContain('works')
    expect(ready.checks.filter(({ critical }) => !critical)).toEqual([])
    const alive = (await (await fetch(`${base}/livez`)).json()) as HealthReport
    expect(alive.checks.map(({ name }) => name)).toEqual(['event_loops'])
    works = true
    await until('a healthy process', () => health.report(registry).status === 'healthy')
    expect(await codes(base)).toEqual([200, 200, 200, 200])
  })

  test('a dependency that is gone from the start: never ready, though it takes failAfter to be unready again', async () => {
    const { registry, base } = await serve()
    let works = false
    const check = health.register('gone', () => works, { intervalMs: 10, failAfter: 1000 })
    onTestFinished(() => check.stop())
    await until('failures', async () => {
      expect(await codes(base)).toEqual([503, 503, 503, 200])
      return (find(registry, 'gone').consecutiveFailures as number) >= 3
    })
    works = true
    await until('a healthy process', () => health.report(registry).status === 'healthy')
    works = false
    await until('a failure', () => (find(registry, 'gone').consecutiveFailures as number) >= 1)
    expect(await codes(base)).toEqual([200, 200, 200, 200])
  })

  test('an unhealthy check that is not critical: ready, and degraded', async () => {
    const { registry, base } = await serve()
    const check = health.register('optional', () => false, { intervalMs: 10, failAfter: 1, critical: false })
    onTestFinished(() => check.stop())
    await until('a failure', () => find(registry, 'optional').status === 'unhealthy')
    const response = await fetch(`${base}/health`)
    expect([response.status, ((await response.json()) as HealthReport).status]).toEqual([200, 'degraded'])
    expect(await codes(base)).toEqual([200, 200, 200, 200])
  })
})

test('while the main thread is blocked: first not ready, then not alive; and back', async () => {
  const release = join(temporaryFolder(), 'release')
  const child = new Child(new URL('fixtures/blocked.mjs', import.meta.url), { args: [release] })
  const { base } = (await child.nextMessage()) as { base: string }
  const ask = async (path: string) => {
    const response = await fetch(`${base}${path}`)
    return { code: response.status, report: (await response.json()) as HealthReport }
  }
  expect((await ask('/readyz')).code).toBe(200)
  child.send('block')
  const { report } = await until('a process that is not ready', async () => {
    const asked = await ask('/readyz')
    return asked.code === 503 && asked
  })
  expect(report.checks.find(({ name }) => name === 'often')?.message).toContain('is the thread main stalled?')
  let alive = 0
  await until('a process that is not alive', async () => {
    const { code, report } = await ask('/livez')
    const held = Number(/^thread main is held for (\S+) s/.exec(report.checks[0]?.message ?? '')?.[1] ?? 0)
    // As printed: rounded.
    if (held > 0 && held < 9.9) {
      expect([code, report.status]).toEqual([200, 'degraded'])
      alive++
    }
    if (held > 10.1) expect(code).toBe(503)
    return code === 503
  })
  expect(alive).toBeGreaterThan(0)
  writeFileSync(release, '')
  for (const path of ['/livez', '/readyz']) await until(`${path} again`, async () => (await ask(path)).code === 200)
  child.send('end')
  assertEnded(await child.finished)
})
