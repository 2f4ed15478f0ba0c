// The allocation catalog: what each function records, as a scrape shows it, and what is dropped.
import { Registry } from 'nanotally'
import { allocation, allocationMetrics } from 'nanotally/catalogs/allocation'
import { expect, test } from 'vitest'
import { read, rejections, scrape } from '../../support/registry.js'

function open() {
  const registry = new Registry()
  return { registry, metrics: allocationMetrics({ registry }) }
}

test('requests, successes and failures; the time is in seconds', async () => {
  const { registry, metrics } = open()
  metrics.recordAllocation(0.25, true)
  metrics.recordAllocation(0.5, true)
  metrics.recordAllocation(0.125, false)
  expect(await read(registry, 'allocations_total')).toBe(3)
  expect(await read(registry, 'allocation_successes_total')).toBe(2)
  expect(await read(registry, 'allocation_failures_total')).toBe(1)
  expect(await read(registry, 'allocation_duration_count')).toBe(3)
  expect(await read(registry, 'allocation_duration_sum')).toBe(0.875)
})

test('columns, their utilisation, memory and convergence', async () => {
  const { registry, metrics } = open()
  expect((await scrape(registry)).get('allocation_column_utilization_ratio')?.samples).toEqual([])
  metrics.updateColumns(40, 160)
  metrics.updateMemoryUsage(4096)
  metrics.recordConvergence(0.5)
  expect(await read(registry, 'active_columns')).toBe(40)
  expect(await read(registry, 'allocation_columns')).toBe(160)
  expect(await read(registry, 'allocation_column_utilization_ratio')).toBe(0.25)
  expect(await read(registry, 'memory_usage_bytes')).toBe(4096)
  expect(await read(registry, 'allocation_convergence_seconds_sum')).toBe(0.5)
})

test('what cannot be recorded is dropped as a whole, and counted', async () => {
  const { registry, metrics } = open()
  for (const seconds of [-1, Number.NaN, Infinity, '1', undefined]) metrics.recordAllocation(seconds as number, true)
  metrics.recordAllocation(1, 'yes' as unknown as boolean)
  metrics.updateColumns(3, 2)
  metrics.updateColumns(-1, 2)
  metrics.updateMemoryUsage(Number.NaN)
  metrics.recordConvergence(-0.5)
  expect(await read(registry, 'allocations_total')).toBe(0)
  expect(await read(registry, 'allocation_successes_total')).toBe(0)
  expect(await read(registry, 'allocation_duration_count')).toBe(0)
  expect(await read(registry, 'active_columns')).toBeUndefined()
  expect(await read(registry, 'allocation_columns')).toBeUndefined()
  expect(await read(registry, 'memory_usage_bytes')).toBeUndefined()
  expect(await read(registry, 'allocation_convergence_seconds_count')).toBe(0)
  expect(await rejections(registry, 'allocation_duration')).toEqual({ not_a_number: 5 })
  expect(await rejections(registry, 'allocations_total')).toEqual({ not_a_number: 1 })
  expect(await rejections(registry, 'active_columns')).toEqual({ not_a_number: 2 })
  expect(await rejections(registry, 'memory_usage_bytes')).toEqual({ not_a_number: 1 })
  expect(await rejections(registry, 'allocation_convergence_seconds')).toEqual({ not_a_number: 1 })
})

test('every family is the one that the data tell, and found again', async () => {
  const { registry, metrics } = open()
  expect(allocationMetrics({ registry }).allocations).toBe(metrics.allocations)
  const families = await scrape(registry)
  const told = Object.values(allocation.families)
  expect([...families.keys()].toSorted()).toEqual(told.map(({ name }) => name).toSorted())
  for (const { name, type, help } of told) expect(families.get(name)).toMatchObject({ type, help })
})
