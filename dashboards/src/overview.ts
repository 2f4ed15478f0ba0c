// The neuromorphic overview of planning document 000: allocations, columns, resources, and the engine at a glance.
import { dashboard } from './library/dashboard.js'
import { gauge, graph, heat, stat } from './library/panels.js'
import { quantiles } from './library/queries.js'

const memory = [
  { of: 'memory_usage_bytes', legend: 'engine' },
  { of: 'process_memory_bytes', legend: 'process' },
]

export const overview = dashboard({
  name: 'overview',
  title: 'Neuromorphic overview',
  about:
    'The knowledge graph at a glance: allocations by columns that compete, memory and CPU, throughput and latency.',
  sections: [
    {
      title: 'At a glance',
      panels: [
        stat('Allocation rate', ['allocations_total']),
        stat('Failed allocations', ['allocation_failures_total']),
        stat('Observations', ['engram_streaming_observations_total'], { to: ['streaming'] }),
        stat('Recall latency P99', ['engram_streaming_recall_latency_seconds'], { to: ['spreading'] }),
        stat('Memory', memory, { to: ['system'] }),
        stat('CPU', ['process_cpu_usage_percent'], { to: ['system', 'node-runtime'] }),
        stat(
          'Firing alerts',
          [
            {
              of: 'ALERTS',
              query: 'count(ALERTS{alertstate="firing", severity="critical"}) or vector(0)',
              figures: { expected: [0, 0], critical: { above: 0 } },
              legend: 'critical',
            },
            { of: 'ALERTS', query: 'count(ALERTS{alertstate="firing"}) or vector(0)', legend: 'all' },
          ],
          { to: ['alert-status'] },
        ),
        stat('Targets that are scraped', [
          { of: 'up', query: 'count(up == 1) or vector(0)', measure: 'targets', legend: 'up' },
          {
            of: 'up',
            query: 'count(up == 0) or vector(0)',
            measure: 'targets',
            figures: { expected: [0, 0], critical: { above: 0, forSeconds: 300 } },
            legend: 'down',
          },
        ]),
      ],
    },
    {
      title: 'Allocations',
      panels: [
        graph('Allocations, failures', [
          { of: 'allocations_total', legend: 'asked for' },
          {
            of: 'allocation_failures_total',
            query: 'sum(rate(allocation_failures_total[5m]))',
            measure: 'per second',
            legend: 'failed',
          },
          { of: 'allocation_successes_total', legend: 'succeeded, of all' },
        ]),
        graph('Allocation latency', quantiles('allocation_duration', [0.5, 0.99])),
        heat('Allocation latency, as a distribution', 'allocation_duration'),
        heat('Winner-take-all convergence', 'allocation_convergence_seconds'),
        graph('Convergence time', quantiles('allocation_convergence_seconds', [0.5, 0.99])),
        gauge('Column utilization', ['allocation_column_utilization_ratio']),
        graph('Columns', [
          { of: 'active_columns', legend: 'active' },
          { of: 'allocation_columns', legend: 'all' },
        ]),
        graph('Memory over time', memory),
      ],
    },
  ],
})
