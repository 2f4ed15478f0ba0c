import { failures } from './least.mjs'
import { inAnHour } from './prediction.mjs'

/** Below, fragmentation costs nothing worth a warning. */
const MIN_FRAGMENTED_BYTES = 2 ** 20

/** @type {import('./build.mjs').FileSource} */
export const memory = {
  file: 'memory',
  component: 'memory',
  about: 'Alerts on memory pools and allocations (documents 002 and 003).',
  groups: [
    {
      name: 'engram_memory_pools',
      intervalSeconds: 30,
      rules: [
        {
          alert: 'MemoryPoolUtilizationHigh',
          family: 'engram_memory_pool_utilization',
          severity: 'warning',
          subsystem: 'memory_allocation',
          summary: 'A memory pool is nearly full',
          description:
            'Pool {{ $labels.pool_type }} on node {{ $labels.numa_node }} of {{ $labels.instance }} is {{ $value | humanizePercentage }} full',
          measure: 'the share of a pool’s capacity that is in use',
          documents: ['002'],
          differs: 'Document 002 gives it as the threshold of a panel, without a rule.',
        },
        {
          alert: 'MemoryPoolFragmentation',
          family: 'engram_memory_pool_fragmentation_ratio',
          expr: (ratio, limit) =>
            `${ratio} > ${limit}\nand sum by (job, instance, pool_type) (engram_memory_pool_fragmented_bytes) > ${MIN_FRAGMENTED_BYTES}`,
          severity: 'warning',
          subsystem: 'memory_allocation',
          summary: 'A memory pool is fragmented',
          description:
            '{{ $value | humanizePercentage }} of pool {{ $labels.pool_type }} of {{ $labels.instance }} is fragmented',
          measure: 'the share of a pool’s bytes that could be fragmented which are, where these are more than 1 MiB',
          documents: ['003'],
          differs:
            'Document 003 looks at the share only. A pool that is nearly empty, as one that has just been made is, has little to be fragmented, and most of that is.',
        },
        {
          alert: 'ZeroAllocationViolation',
          family: 'engram_zero_allocation_violations',
          firstIncrease: true,
          frees: ['component'],
          severity: 'critical',
          subsystem: 'batch_processing',
          summary: 'Memory was allocated where none may be',
          description:
            '{{ $labels.exported_component }} of {{ $labels.instance }} allocated from the heap {{ $value | humanize }} times within a minute',
          measure: 'allocations from the heap of a component that must make none, over 1 min',
          documents: ['003'],
          differs:
            'An increase sees nothing of the first violation, with which the counter appears: a new series counts as one, too. The label component of the series makes way for the one of the alert.',
        },
        {
          alert: 'CacheAlignmentDegraded',
          family: 'engram_cache_aligned_allocations_percent',
          severity: 'warning',
          subsystem: 'memory_alignment',
          summary: 'Allocations are not aligned',
          description:
            '{{ $value | humanize }} % of the allocations of {{ $labels.instance }} that are to be aligned to {{ $labels.alignment }} are',
          least: failures('engram_checked_allocations_total{aligned="false"}', 'that are not', { by: ['alignment'] }),
          measure: 'allocations of an alignment that are aligned, in percent, over 5 min',
          documents: ['003'],
          differs:
            'Document 003 compares the percentage since the start, of 64 bytes only, and prints it with humanizePercentage, which makes 9000 % of 90.',
        },
      ],
    },
    {
      name: 'engram_memory_prediction',
      intervalSeconds: 60,
      rules: [
        {
          alert: 'MemoryPoolExhaustionPredicted',
          family: 'engram_memory_pool_utilization',
          level: 'warning',
          expr: (_, limit) => inAnHour('engram_memory_pool_utilization', limit),
          forSeconds: 600,
          severity: 'warning',
          subsystem: 'prediction',
          summary: 'A memory pool will be full within the hour',
          description:
            'At the pace of the last hour pool {{ $labels.pool_type }} on node {{ $labels.numa_node }} of {{ $labels.instance }} will be {{ $value | humanizePercentage }} full in an hour',
          measure:
            'the utilisation of a pool that the line through the last hour comes to in an hour, where three quarters of the limit are passed already',
          documents: ['002'],
          differs: 'Document 002 asks for predictive monitoring and gives no rule.',
        },
      ],
    },
  ],
}
