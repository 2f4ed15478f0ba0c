// Cognition, planning document 003: two learning systems, consolidation, pattern completion, false memories, and the graph and
// index under them.
import { dashboard } from './library/dashboard.js'
import { gauge, graph, heat, stat } from './library/panels.js'
import { quantiles } from './library/queries.js'

export const cognitive = dashboard({
  name: 'cognitive',
  title: 'Cognitive',
  about:
    'Complementary learning systems, consolidation, pattern completion and false memories; the graph and its index.',
  sections: [
    {
      title: 'Two learning systems',
      panels: [
        graph('Hippocampal share', [
          {
            of: 'engram_cls_hippocampal_weight_ratio',
            query: 'avg by (consolidation_state) (engram_cls_hippocampal_weight_ratio)',
            measure: 'ratio',
          },
        ]),
        graph('Neocortical share', ['engram_cls_neocortical_weight_ratio']),
        stat('Difference of the shares', ['engram_cls_hippocampal_weight_ratio']),
        graph('Recent weights', ['engram_cls_recent_weight'], { width: 18 }),
      ],
    },
    {
      title: 'Consolidation and completion',
      panels: [
        graph('Consolidation', [
          { of: 'engram_consolidation_transition_duration_ms', legend: 'all' },
          {
            of: 'engram_consolidation_transition_duration_ms',
            query: 'sum by (from_state, to_state) (rate(engram_consolidation_transition_duration_ms_count[5m]))',
            measure: 'transitions per second',
          },
        ]),
        heat('Time in a state', 'engram_consolidation_transition_duration_ms', {
          note: 'The vertical axis is in milliseconds.',
        }),
        graph('Plausibility of completions', ['engram_pattern_completion_plausibility']),
        heat('Plausibility, as a distribution', 'engram_pattern_completion_plausibility'),
        gauge('False memories', [
          {
            of: 'engram_false_memory_generation_rate',
            query: 'max by (paradigm, plausibility_threshold) (engram_false_memory_generation_rate)',
          },
        ]),
        graph('Completions that the share is of', ['engram_false_memory_recent_weight']),
      ],
    },
    {
      title: 'Spreading',
      panels: [
        graph('Depth', ['engram_spreading_activation_depth_hops']),
        graph('Coverage', ['engram_spreading_activation_coverage_ratio'], { to: ['spreading'] }),
        graph('Nodes', [
          { of: 'engram_spreading_activated_nodes_total', legend: 'activated: {{network_size}}' },
          { of: 'engram_spreading_network_nodes_total', legend: 'in reach: {{network_size}}' },
        ]),
      ],
    },
    {
      title: 'Graph and index',
      panels: [
        graph('Hops of a search', ['engram_hnsw_traversal_hops']),
        graph('Locality', [
          'engram_hnsw_cache_locality_ratio',
          { of: 'engram_hnsw_near_edges_total', legend: 'near edges' },
          { of: 'engram_hnsw_far_edges_total', legend: 'far edges' },
        ]),
        graph('Edges in memory', [
          { of: 'engram_graph_edge_raw_bytes', legend: 'raw: {{encoding}}' },
          { of: 'engram_graph_edge_encoded_bytes', legend: 'encoded: {{encoding}}' },
          'engram_graph_edge_compression_ratio',
        ]),
        graph('Batches', [
          'engram_batch_operation_items_total',
          { of: 'engram_batch_operation_throughput', legend: 'last minute: {{operation}}' },
        ]),
        graph('Back-pressure of batches', ['engram_streaming_batch_backpressure_events']),
        graph('Operations', quantiles('engram_operation_duration_seconds', [0.5, 0.99], ['operation'])),
        heat('Operations, as a distribution', 'engram_operation_duration_seconds'),
      ],
    },
  ],
})
