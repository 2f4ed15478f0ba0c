// Spreading activation: the five panels of planning document 002, of which one waits for its family, then what they consist of.
import { dashboard } from './library/dashboard.js'
import { gauge, graph, heat, stat, states } from './library/panels.js'
import { quantiles } from './library/queries.js'

const LATENCY = 'engram_spreading_latency'

export const spreading = dashboard({
  name: 'spreading',
  title: 'Spreading activation',
  about:
    'Activation that spreads through the graph: latency, throughput by tier, memory pools, cycles, the circuit breaker.',
  instancesOf: 'engram_spreads_per_second',
  sections: [
    {
      title: 'Spreading',
      panels: [
        graph('Spreading latency P95', [LATENCY, ...quantiles(LATENCY, [0.5])]),
        graph('Throughput by tier', ['engram_spreads_per_second'], { stacked: true }),
        gauge('Memory pool utilization', [
          {
            of: 'engram_memory_pool_utilization',
            query: 'max by (pool_type) (engram_memory_pool_utilization)',
          },
        ]),
        graph('Cycle detection rate', [
          {
            of: 'engram_cycle_detection_rate',
            query: 'sum by (status) (rate(engram_cycle_detection_rate[5m]))',
            measure: 'per second',
          },
          { of: 'engram_cycle_detection_rate', legend: 'cycles per spread' },
        ]),
      ],
    },
    {
      title: 'What they consist of',
      panels: [
        heat('Spreading latency', LATENCY),
        graph('Cache hits by tier', [
          'engram_spreading_cache_hit_rate',
          { of: 'engram_spreading_cache_lookups_total', legend: 'look-ups: {{tier}}' },
        ]),
        graph('Latency by hop', ['engram_spreading_hop_latency']),
        heat('Latency of hops, as a distribution', 'engram_spreading_hop_latency'),
        graph('Access to tiers', ['engram_spreading_tier_access_latency']),
        heat('Access to tiers, as a distribution', 'engram_spreading_tier_access_latency'),
        graph('Activations', [
          { of: 'engram_spreading_activations_processed_total', legend: 'activations' },
          { of: 'engram_spreading_confidence_aggregations_total', legend: 'confidences that were joined' },
        ]),
        heat('Confidence', 'engram_spreading_confidence_distribution'),
        stat('Hops of a spread', ['engram_spreading_average_hop_count']),
        stat('Spreads at once', ['engram_spreading_concurrent_spreads']),
        stat('Failures', [{ of: 'engram_spreading_failures', legend: 'per second' }], { to: ['alert-status'] }),
      ],
    },
  ],
  planned: [
    states(
      'Circuit breaker status',
      {
        of: 'engram_circuit_breaker_state',
        query: 'max by (instance) (engram_circuit_breaker_state)',
        measure: 'state',
      },
      [
        { text: 'Closed', color: 'green' },
        { text: 'Open', color: 'red' },
        { text: 'HalfOpen', color: 'yellow' },
      ],
    ),
  ],
})
