// The allocation catalog: an engine that answers requests by letting columns compete until one of them wins. Planning
// document 000. Whoever has such an engine records into it; nanotally has none.

import type { Catalog, CatalogFamilies, Instruments } from './shared/catalog.js'
import { type CatalogOptions, defineFamilies } from './shared/catalog.js'
import { amountOrNoNumber, isAmount, NO_NUMBER } from './shared/recording.js'

const FAMILIES = {
  allocations: {
    name: 'allocations_total',
    type: 'counter',
    help: 'Allocations that were asked for, whatever came of them.',
    query: 'sum(rate(allocations_total[5m]))',
    queryUnit: 'per second',
    expected: [1, 1_000_000],
    source: 'the engine, at the end of each request',
    documents: ['000'],
  },
  allocationSuccesses: {
    name: 'allocation_successes_total',
    type: 'counter',
    help: 'Allocations that succeeded.',
    query: 'sum(rate(allocation_successes_total[5m])) / sum(rate(allocations_total[5m]))',
    queryUnit: 'of all allocations',
    expected: [0.99, 1],
    source: 'the engine, with allocations_total',
    documents: ['000'],
  },
  allocationFailures: {
    name: 'allocation_failures_total',
    type: 'counter',
    help: 'Allocations that failed.',
    query: 'sum(rate(allocation_failures_total[5m])) / sum(rate(allocations_total[5m]))',
    queryUnit: 'of all allocations',
    expected: [0, 0.01],
    warning: { above: 0.01, forSeconds: 300 },
    source: 'the engine, with allocations_total',
    documents: ['000'],
  },
  activeColumns: {
    name: 'active_columns',
    type: 'gauge',
    help: 'Columns that take part in allocations.',
    aggregate: 'sum',
    query: 'active_columns',
    expected: [1, 1_000_000],
    source: 'the engine, when the number changes, each thread its own',
    documents: ['000'],
  },
  columns: {
    name: 'allocation_columns',
    type: 'gauge',
    help: 'Columns that there are.',
    aggregate: 'sum',
    query: 'allocation_columns',
    expected: [1, 1_000_000],
    source: 'the engine, with active_columns',
    documents: ['000'],
  },
  columnUtilization: {
    name: 'allocation_column_utilization_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of the columns that is active.',
    derived: { of: [{ family: 'activeColumns' }], to: [{ family: 'columns' }] },
    query: 'allocation_column_utilization_ratio',
    queryUnit: 'of all columns',
    expected: [0.01, 0.9],
    warning: { above: 0.95, forSeconds: 300 },
    source: 'computed from active_columns and allocation_columns',
    documents: ['000'],
  },
  allocationDuration: {
    name: 'allocation_duration',
    type: 'histogram',
    help: 'Time of an allocation, in seconds (the planning document recorded microseconds and compared milliseconds).',
    query: 'histogram_quantile(0.99, sum by (le) (rate(allocation_duration_bucket[5m])))',
    queryUnit: 'seconds',
    expected: [0.000_001, 0.1],
    warning: { above: 0.1, forSeconds: 300 },
    source: 'the engine, at the end of each request',
    documents: ['000'],
  },
  convergence: {
    name: 'allocation_convergence_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time until one column had won (winner-take-all).',
    query: 'histogram_quantile(0.99, sum by (le) (rate(allocation_convergence_seconds_bucket[5m])))',
    expected: [0.000_001, 0.05],
    warning: { above: 0.05, forSeconds: 300 },
    source: 'the engine, when a winner is found',
    documents: ['000'],
  },
  memoryUsage: {
    name: 'memory_usage_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory that the engine takes; that of the process is process_memory_bytes.',
    aggregate: 'sum',
    query: 'memory_usage_bytes',
    expected: [0, 2 ** 33],
    source: 'the engine, from the sizes of its structures, each thread its own',
    documents: ['000'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const allocation: Catalog = {
  name: 'allocation',
  about: 'Allocations by columns that compete: how many, how long they take, how many fail.',
  families: FAMILIES,
}

/** Allocation metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface AllocationMetrics extends Instruments<typeof FAMILIES> {
  /** One request. Without a time of 0 or more seconds nothing of it is recorded. */
  recordAllocation(seconds: number, success: boolean): void
  recordConvergence(seconds: number): void
  /** Of the calling thread; those of all threads are added up. Dropped where more are active than there are. */
  updateColumns(active: number, all: number): void
  /** Of the calling thread; that of all threads is added up. */
  updateMemoryUsage(bytes: number): void
}

/**
 * Defines the allocation families in a registry, or finds them there, and returns what records them.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = allocationMetrics()
 * metrics.recordAllocation(0.000_25, true)
 * metrics.updateColumns(40, 2048)
 */
export function allocationMetrics(options: CatalogOptions = {}): AllocationMetrics {
  const families = defineFamilies(FAMILIES, options)
  return {
    ...families,
    recordAllocation: (seconds, success) => {
      if (!isAmount(seconds)) {
        families.allocationDuration.observe(NO_NUMBER)
        return
      }
      if (success !== true && success !== false) {
        families.allocations.inc(Number.NaN)
        return
      }
      families.allocations.inc()
      families.allocationDuration.observe(seconds)
      if (success) families.allocationSuccesses.inc()
      else families.allocationFailures.inc()
    },
    recordConvergence: (seconds) => families.convergence.observe(amountOrNoNumber(seconds)),
    updateColumns: (active, all) => {
      const isPossible = isAmount(active) && isAmount(all) && active <= all
      families.activeColumns.set(isPossible ? active : NO_NUMBER)
      if (isPossible) families.columns.set(all)
    },
    updateMemoryUsage: (bytes) => families.memoryUsage.set(amountOrNoNumber(bytes)),
  }
}
