// collectHardwareMetrics(): what the kernel counts for the process, from the first start to the last stop.
import { readdirSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { gauge, Registry } from 'nanotally'
import { collectHardwareMetrics, type HardwareMetricsOptions, perfEvents, perfMachine } from 'nanotally/hardware'
import { describe, expect, test } from 'vitest'
import { refusal, scrape } from '../../support/registry.js'

const offered = new Map(perfEvents().map((event) => [event.name, event]))
const isOffered = (name: string) => offered.get(name)?.available === true

/** Values of a family by one label. */
async function valuesBy(registry: Registry, family: string, label: string): Promise<Map<string, number>> {
  const samples = (await scrape(registry)).get(family)?.samples ?? []
  return new Map(samples.map(({ labels, value }) => [labels[label] ?? '', value]))
}

const openFiles = () => readdirSync('/proc/self/fd').length

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  test('each event that was asked for is told as counted, or why it is not', async () => {
    const registry = new Registry()
    const hardware = collectHardwareMetrics({ registry })
    const families = await scrape(registry)
    const available = families.get('perf_event_available')?.samples ?? []
    expect(available.length).toBeGreaterThan(10)
    const counted = new Set(families.get('perf_events_total')?.samples.map(({ labels }) => labels.event))
    for (const { labels, value } of available) {
      const event = offered.get(labels.event ?? '')
      if (event === undefined) throw new Error(`no event ${labels.event}`)
      expect([labels.event, value, labels.reason]).toEqual(
        event.available ? [event.name, 1, undefined] : [event.name, 0, event.reason],
      )
      if (event.kind !== 'uncore') expect([event.name, counted.has(event.name)]).toEqual([event.name, event.available])
    }
    hardware.stop()
  })

  test('counts agree with getrusage, those of threads that are started later included', async ({ skip }) => {
    if (!isOffered('page_faults') || !isOffered('task_clock_seconds')) skip('the kernel counts no page faults here')
    const registry = new Registry()
    const busy = () => new Worker("require('node:crypto').pbkdf2Sync('a', 'b', 100_000, 64, 'sha512')", { eval: true })
    const hardware = collectHardwareMetrics({ registry, events: ['page_faults', 'task_clock_seconds'] })
    const before = process.resourceUsage()
    const first = await valuesBy(registry, 'perf_events_total', 'event')
    await new Promise((resolve) => busy().once('exit', resolve))
    const second = await valuesBy(registry, 'perf_events_total', 'event')
    const after = process.resourceUsage()
    const since = (event: string) => (second.get(event) ?? 0) - (first.get(event) ?? 0)
    const faults = after.minorPageFault + after.majorPageFault - before.minorPageFault - before.majorPageFault
    const seconds = (after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime) / 1_000_000
    expect(faults).toBeGreaterThan(100)
    expect(Math.abs(since('page_faults') - faults)).toBeLessThan(0.2 * faults)
    expect(Math.abs(since('task_clock_seconds') - seconds)).toBeLessThan(0.2 * seconds)
    hardware.stop()
  })

  test('files are open while somebody collects, and no longer', async ({ skip }) => {
    if (!isOffered('page_faults')) skip('the kernel counts no page faults here')
    const registry = new Registry()
    const before = openFiles()
    const first = collectHardwareMetrics({ registry, events: ['page_faults'] })
    const open = openFiles()
    expect(open - before).toBeGreaterThanOrEqual(readdirSync('/proc/self/task').length - 2)
    const second = collectHardwareMetrics({ registry, events: ['page_faults'] })
    expect(openFiles()).toBe(open)
    first.stop()
    first.stop()
    expect(openFiles()).toBe(open)
    expect((await valuesBy(registry, 'perf_events_total', 'event')).size).toBe(1)
    second.stop()
    expect(openFiles()).toBe(before)
    expect((await scrape(registry)).size).toBe(0)
  })

  test('a registry that is closed, and a thread that ends, let go of them', async ({ skip }) => {
    if (!isOffered('page_faults')) skip('the kernel counts no page faults here')
    const before = openFiles()
    const registry = new Registry()
    const hardware = collectHardwareMetrics({ registry, events: ['page_faults'] })
    expect(openFiles()).toBeGreaterThan(before)
    registry.close()
    expect(openFiles()).toBe(before)
    hardware.stop()

    const shared = new Registry('hardware')
    const collecting = `
      const { Registry } = require('nanotally')
      require('nanotally/hardware').collectHardwareMetrics({ registry: new Registry('hardware') })
      require('node:worker_threads').parentPort.postMessage('started')
      setInterval(() => {}, 1000)`
    const worker = new Worker(collecting, { eval: true })
    await new Promise((resolve) => worker.once('message', resolve))
    expect((await scrape(shared)).has('perf_event_available')).toBe(true)
    await worker.terminate()
    expect((await scrape(shared)).has('perf_event_available')).toBe(false)
    shared.close()
  })

  test('each CPU, where that is allowed', async () => {
    const registry = new Registry()
    const hardware = collectHardwareMetrics({ registry, events: ['context_switches'], perCpu: true })
    const samples = (await scrape(registry)).get('perf_cpu_events_total')?.samples ?? []
    if (perfMachine().cpuCounting && isOffered('context_switches')) {
      expect(samples.length).toBeGreaterThan(0)
      expect(new Set(samples.map(({ labels }) => labels.cpu)).size).toBe(samples.length)
      const sum = async () => {
        const told = (await scrape(registry)).get('perf_cpu_events_total')?.samples ?? []
        return told.reduce((total, { value }) => total + value, 0)
      }
      const before = await sum()
      // Another thread runs for it: there is at least one switch.
      await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => new Worker('', { eval: true }).once('exit', resolve))
      expect(await sum()).toBeGreaterThan(before)
    } else {
      expect(samples).toEqual([])
    }
    hardware.stop()
  })
})

test('several registries have counters of their own', async () => {
  const [a, b] = [new Registry(), new Registry()]
  const first = collectHardwareMetrics({ registry: a, events: ['page_faults'] })
  const second = collectHardwareMetrics({ registry: b, events: ['context_switches', 'page_faults'] })
  expect((await valuesBy(a, 'perf_event_available', 'event')).size).toBe(1)
  first.stop()
  expect((await scrape(a)).size).toBe(0)
  expect((await valuesBy(b, 'perf_event_available', 'event')).size).toBe(2)
  second.stop()
})

test('other options for the same registry are refused, as is a name that is taken', async () => {
  const registry = new Registry()
  const hardware = collectHardwareMetrics({ registry, events: ['page_faults', 'cycles'] })
  const same = collectHardwareMetrics({ registry, events: ['cycles', 'page_faults', 'cycles'] })
  const start = (options: HardwareMetricsOptions) => refusal(() => collectHardwareMetrics({ registry, ...options }))
  expect(start({})).toMatchObject({ code: 'ERR_NANOTALLY_METRIC_CONFLICT' })
  expect(start({ events: ['page_faults', 'cycles'], perCpu: true })).toMatchObject({
    code: 'ERR_NANOTALLY_METRIC_CONFLICT',
  })
  same.stop()
  hardware.stop()
  collectHardwareMetrics({ registry }).stop()

  gauge({ name: 'perf_stall_ratio', help: 'taken', registry })
  expect(start({})).toMatchObject({ code: 'ERR_NANOTALLY_METRIC_CONFLICT' })
})

test.each([
  [{ events: ['nothing'] }, 'ERR_NANOTALLY_INVALID_VALUE'],
  [{ events: [] }, 'ERR_NANOTALLY_INVALID_VALUE'],
  [{ events: 'cycles' }, 'ERR_NANOTALLY_INVALID_TYPE'],
  [{ events: [1] }, 'ERR_NANOTALLY_INVALID_TYPE'],
  [{ perCpu: 1 }, 'ERR_NANOTALLY_INVALID_TYPE'],
  [{ registry: {} }, 'ERR_NANOTALLY_INVALID_TYPE'],
  [null, 'ERR_NANOTALLY_INVALID_TYPE'],
])('%j is refused with %s', (options, code) => {
  expect(refusal(() => collectHardwareMetrics(options as HardwareMetricsOptions))).toMatchObject({ code })
})

test('a closed registry is refused', () => {
  const registry = new Registry()
  registry.close()
  expect(refusal(() => collectHardwareMetrics({ registry }))).toMatchObject({ code: 'ERR_NANOTALLY_REGISTRY_CLOSED' })
})
