// Hardware and NUMA, planning document 003: what kernels know of themselves, memory, nodes, and the processor's counters.
import { dashboard } from './library/dashboard.js'
import { bar, graph, heat, stat, table } from './library/panels.js'

export const hardware = dashboard({
  name: 'hardware',
  title: 'Hardware and NUMA',
  about: 'SIMD, caches, branches and stalls; memory pools, alignment and contention; NUMA nodes; hardware counters.',
  sections: [
    {
      title: 'What kernels know of themselves',
      panels: [
        graph('SIMD', [
          { of: 'engram_simd_instructions_total', legend: 'instructions: {{operation}}' },
          { of: 'engram_simd_cycles_total', legend: 'cycles: {{operation}}' },
        ]),
        graph('SIMD utilization, AVX-512', ['engram_simd_utilization_percent']),
        graph('SIMD instructions by width', ['engram_simd_instructions_per_second']),
        graph('Cache hits, L1', [
          { of: 'engram_cache_hit_ratio', legend: 'L1' },
          {
            of: 'engram_cache_hits_total',
            query:
              'sum by (level) (rate(engram_cache_hits_total[5m])) / (sum by (level) (rate(engram_cache_hits_total[5m])) + sum by (level) (rate(engram_cache_misses_total[5m])))',
            measure: 'of all accesses',
          },
        ]),
        graph('Branch prediction', ['engram_branch_prediction_accuracy']),
        graph('Pipeline stalls', ['engram_pipeline_stalls_total']),
        graph('Records of kernels: SIMD', ['hardware_simd_instructions_per_cycle']),
        graph('Records of kernels: caches and branches', [
          'hardware_cache_hit_ratio',
          { of: 'hardware_branch_accuracy_ratio', legend: 'branches that were predicted' },
        ]),
        graph('Records of kernels: local accesses', [{ of: 'hardware_numa_local_ratio', legend: 'local' }]),
      ],
    },
    {
      title: 'Memory',
      panels: [
        graph('Pools in use', ['engram_memory_pool_utilization']),
        graph('Pools: capacity', ['engram_memory_pool_capacity_bytes'], { stacked: true }),
        graph('Pools: allocated and freed', [
          { of: 'engram_memory_pool_allocated_bytes_total', legend: 'allocated: {{pool_type}}' },
          { of: 'engram_memory_pool_freed_bytes_total', legend: 'freed: {{pool_type}}' },
        ]),
        graph('Fragmentation', ['engram_memory_pool_fragmentation_ratio']),
        graph('Aligned allocations', ['engram_cache_aligned_allocations_percent']),
        graph('Allocations where there must be none', ['engram_zero_allocation_violations']),
        graph('Contention', ['engram_lock_free_contentions_total']),
        graph('Atomic operations', ['engram_atomic_operation_contention']),
        graph('Adaptations to pressure', ['engram_memory_pressure_adaptation_events']),
      ],
    },
    {
      title: 'NUMA',
      panels: [
        bar('Memory by node', [
          { of: 'engram_numa_memory_allocation_bytes', legend: 'engine: {{node}}' },
          { of: 'nanotally_arena_node_bytes', legend: 'nanotally: {{node}}' },
        ]),
        graph('Remote accesses', [{ of: 'engram_numa_remote_access_ratio', orZero: true }]),
        graph('Threads away from their memory', ['numa_thread_samples_total']),
        graph('Migrations', [
          { of: 'engram_numa_thread_migration_count', legend: 'by the engine: {{reason}}' },
          { of: 'numa_thread_migrations_total', legend: '{{thread}}: {{kind}}' },
        ]),
        stat('Imbalance of nodes', [
          { of: 'engram_numa_node_imbalance_ratio', legend: 'engine' },
          { of: 'numa_imbalance_ratio', legend: 'machine' },
        ]),
        graph('Memory that is left on a node', ['numa_node_memory_bytes']),
        graph('Pages from another node', ['numa_node_allocations_total']),
      ],
    },
    {
      title: 'Counting',
      panels: [
        table('Events, and why some are not counted', {
          of: 'perf_event_available',
          query: 'max by (event, reason) (perf_event_available)',
          measure: '1 while it is counted',
        }),
        graph('Events of the kernel', [
          {
            of: 'perf_events_total',
            query: 'sum by (event) (rate(perf_events_total{event=~"context_switches|cpu_migrations|page_faults"}[5m]))',
            measure: 'per second',
          },
        ]),
        graph('Runs of regions', ['perf_region_runs_total']),
        graph('Time of a region', ['perf_region_seconds_total']),
      ],
    },
  ],
  needsPmu: [
    graph('Instructions per cycle', [
      { of: 'perf_events_total', legend: 'process' },
      'perf_region_instructions_per_cycle',
    ]),
    graph('L1 hits', [{ of: 'perf_cache_hit_ratio', legend: 'process' }, 'perf_region_l1d_hit_ratio']),
    graph('Caches of regions', [
      { of: 'perf_region_l2_hit_ratio', legend: 'L2: {{region}}' },
      { of: 'perf_region_llc_hit_ratio', legend: 'last level: {{region}}' },
      { of: 'perf_region_dtlb_hit_ratio', legend: 'data TLB: {{region}}' },
    ]),
    graph('Branches', [{ of: 'perf_branch_accuracy_ratio', legend: 'process' }, 'perf_region_branch_accuracy_ratio']),
    graph('Stalls', [
      'perf_stall_ratio',
      { of: 'perf_region_frontend_stall_ratio', legend: 'front end: {{region}}' },
      { of: 'perf_region_backend_stall_ratio', legend: 'back end: {{region}}' },
    ]),
    graph('SIMD, of all instructions', ['perf_simd_ratio', 'perf_region_simd_ratio']),
    graph('Multiplexing', [{ of: 'perf_multiplexing_ratio', legend: 'process' }, 'perf_region_multiplexing_ratio']),
    graph('By CPU', ['perf_cpu_events_total']),
    graph('Memory traffic', ['perf_memory_bytes_total']),
    graph('Traffic between sockets', ['perf_socket_link_bytes_total']),
  ],
  planned: [
    heat('Latency of cache misses', 'engram_cache_miss_latency_ns'),
    graph('Bandwidth between sockets', ['engram_numa_cross_socket_bandwidth_gbps']),
    graph('Queues of metric updates', ['engram_lock_free_queue_utilization']),
  ],
})
