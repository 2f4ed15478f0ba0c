// The runtime catalog: the two gauges of its own. What it tells of families of others is held against them in exposed.test.ts.
import { Registry } from 'nanotally'
import { CpuWindow, runtime, runtimeMetrics } from 'nanotally/catalogs/runtime'
import { expect, test } from 'vitest'
import { read, scrape } from '../../support/registry.js'
import { until } from '../../support/until.js'

/** A clock and CPU time that the test sets. */
function windowOf() {
  const now = { at: 1000, cpuMs: 500 }
  const window = new CpuWindow(
    () => now.at,
    () => now.cpuMs,
  )
  /** Lets time pass, `share` of it on CPUs. */
  const pass = (ms: number, share: number) => {
    now.at += ms
    now.cpuMs += ms * share
  }
  return { window, pass }
}

test('nothing is told of less than a second', () => {
  const { window, pass } = windowOf()
  expect(window.percent()).toBeUndefined()
  pass(999, 1)
  expect(window.percent()).toBeUndefined()
  pass(1, 1)
  expect(window.percent()).toBe(100)
})

test('of the last minute, however often it is asked', () => {
  for (const interval of [100, 1000, 7000]) {
    const { window, pass } = windowOf()
    for (let at = 0; at < 120_000; at += interval) {
      pass(interval, 2.5)
      window.percent()
    }
    expect(window.percent()).toBeCloseTo(250, 9)
    // The minute before is forgotten.
    for (let at = 0; at < 70_000; at += interval) {
      pass(interval, 0.5)
      window.percent()
    }
    expect([interval, window.percent()]).toEqual([interval, expect.closeTo(50, 9)])
  }
})

test('asked seldom, it tells of the time since it was asked last', () => {
  const { window, pass } = windowOf()
  pass(600_000, 1)
  window.percent()
  pass(600_000, 0.25)
  expect(window.percent()).toBeCloseTo(25, 9)
})

test('two who ask see the same', () => {
  const { window, pass } = windowOf()
  pass(30_000, 1.5)
  const first = window.percent()
  expect(window.percent()).toBe(first)
  expect(first).toBeCloseTo(150, 9)
})

test('in a scrape they are what the process says', async () => {
  const registry = new Registry()
  runtimeMetrics({ registry })
  expect(await read(registry, 'process_cpu_usage_percent')).toBeUndefined()
  const rss = process.memoryUsage.rss()
  const memory = (await read(registry, 'process_memory_bytes')) as number
  expect(memory).toBeGreaterThan(rss * 0.8)
  expect(memory).toBeLessThan(rss * 1.25)
  const percent = await until('a second to pass', async () => {
    for (const end = performance.now() + 50; performance.now() < end; );
    return read(registry, 'process_cpu_usage_percent')
  })
  // It was busy most of the time, and this machine has not more CPUs than that.
  expect(percent).toBeGreaterThan(1)
  expect(percent).toBeLessThan(100_000)
  const families = await scrape(registry)
  const told = Object.values(runtime.families).filter(({ exposedBy }) => exposedBy === undefined)
  expect([...families.keys()].toSorted()).toEqual(told.map(({ name }) => name).toSorted())
  for (const { name, type, help } of told) expect(families.get(name)).toMatchObject({ type, help })
  // Found again, they are the same.
  expect(runtimeMetrics({ registry }).processMemory).toBe(runtimeMetrics({ registry }).processMemory)
})
