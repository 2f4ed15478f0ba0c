// The engine's own health checks: when stealing is at fault, and that each run, a broken index and its repair are in both books.
import { health, registry } from 'nanotally'
import { afterEach, expect, test } from 'vitest'
import { compare } from '../../../examples/engram/books/compare.mjs'
import { CHECKS, Tally } from '../../../examples/engram/books/tally.mjs'
import { EngineHealth, StealingCheck } from '../../../examples/engram/engine/health.mjs'
import type { VectorStore } from '../../../examples/engram/engine/vector-store.mjs'
import { Scrape } from '../../../examples/engram/view/exposition.mjs'
import { until } from '../../support/until.js'

const queueOf = (observations: number) => ({ observations, observationCapacity: 3072 })

test('one long queue beside an idle worker is unhealthy, when it is seen twice', () => {
  const queues = [queueOf(0), queueOf(0)]
  const busy = [90, 5]
  const check = new StealingCheck(queues, (worker) => busy[worker] as number)
  const isHealthy = () => check.check().isHealthy
  expect(isHealthy()).toBe(true)
  // The largest batch and another one are left to the owner; twice as much is long.
  queues[0] = queueOf(257)
  expect([isHealthy(), isHealthy()]).toEqual([true, false])
  expect(check.check().message).toBe('worker 1 is idle while the queue of worker 0 is long')
  busy[1] = 60
  expect([isHealthy(), isHealthy()]).toEqual([true, true])
  busy[1] = 5
  queues[0] = queueOf(256)
  expect([isHealthy(), isHealthy()]).toEqual([true, true])
})

test('a worker that is idle itself is not at fault for its own queue', () => {
  const check = new StealingCheck([queueOf(3000)], () => 0)
  expect([check.check(), check.check()].every(({ isHealthy }) => isHealthy)).toBe(true)
})

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

test('each run is counted, and a broken index until it is mended', async () => {
  const tally = new Tally(Tally.createBuffer(1), 1, 0)
  let isSound = true
  const store = {
    checkIntegrity: () => ({ isHealthy: isSound, message: isSound ? 'sound' : 'edges to no node' }),
    checkKernels: () => ({ isHealthy: true, message: 'right' }),
  } as unknown as VectorStore
  const checks = new EngineHealth({ tally, stealing: new StealingCheck([], () => 0), store })
  stops.push(() => checks.stop())

  const scrape = async () => new Scrape(await registry.metrics())
  const sum = async (name: string, labels = {}) => (await scrape()).sum(name, labels)
  await until('each check', async () => (await sum('engram_health_checks_total', { outcome: 'success' })) >= 4)
  isSound = false
  await until('a failure', async () => (await sum('engram_graceful_degradation_events')) === 1)
  const { checks: reported } = health.report()
  expect(reported.find(({ name }) => name === 'hnsw_integrity')).toMatchObject({
    status: 'unhealthy',
    message: 'edges to no node',
  })
  isSound = true
  await until('the repair', async () => (await sum('engram_error_recovery_duration_ms_count')) === 1)
  checks.stop()

  const scraped = await scrape()
  expect(
    scraped.sum('engram_health_checks_total', { component: 'hnsw_integrity', outcome: 'failure' }),
  ).toBeGreaterThan(0)
  expect(scraped.sum('engram_graceful_degradation_events')).toBe(1)
  const own = compare(tally.read(), scraped).filter(({ name }) => /health|degradation|recovery/.test(name))
  expect(own.filter(({ equal }) => !equal)).toEqual([])
  expect(own.filter(({ tally: value }) => Number(value) > 0).length).toBeGreaterThanOrEqual(2 * CHECKS.length)
  expect(health.report().checks.filter(({ name }) => CHECKS.includes(name))).toEqual([])
})
