import { failures, observed } from './least.mjs'

/** @type {import('./build.mjs').FileSource} */
export const allocation = {
  file: 'allocation',
  component: 'allocation',
  about: 'Alerts on an engine that allocates by columns which compete (document 000).',
  groups: [
    {
      name: 'neuromorphic_alerts',
      intervalSeconds: 30,
      rules: [
        {
          alert: 'HighAllocationLatency',
          family: 'allocation_duration',
          severity: 'warning',
          subsystem: 'latency',
          summary: 'Allocations are slow',
          description:
            'One in a hundred allocations of {{ $labels.instance }} takes {{ $value | humanizeDuration }} or longer',
          least: observed('allocation_duration', 'allocations'),
          measure: 'the 99th percentile of allocation times over 5 min',
          documents: ['000'],
          differs:
            'Document 000 takes the quantile of the buckets since the start, which late slowness hardly moves, and compares microseconds with a hundred milliseconds: here it is of the last five minutes, in seconds.',
        },
        {
          alert: 'HighAllocationErrorRate',
          family: 'allocation_failures_total',
          severity: 'warning',
          subsystem: 'errors',
          summary: 'Allocations fail',
          description: '{{ $value | humanizePercentage }} of the allocations of {{ $labels.instance }} fail',
          least: failures('allocation_failures_total', 'failures'),
          measure: 'failed allocations in all allocations, over 5 min',
          documents: ['000'],
          differs: 'Document 000 asks for it (errors above 1 %) and gives no rule.',
        },
        {
          alert: 'AllocationColumnsExhausted',
          family: 'allocation_column_utilization_ratio',
          severity: 'warning',
          subsystem: 'resources',
          summary: 'Nearly all columns are active',
          description: '{{ $value | humanizePercentage }} of the columns of {{ $labels.instance }} are active',
          measure: 'the share of the columns that is active',
          documents: ['000'],
          differs:
            'Document 000 asks for alerts on resource exhaustion and gives no rule; those of the process are in runtime.yml.',
        },
      ],
    },
  ],
}
