// Node itself: event loops, heaps, collections, libuv's pool, threads.
import { dashboard } from './library/dashboard.js'
import { gauge, graph, heat, stat } from './library/panels.js'
import { quantiles } from './library/queries.js'

export const nodeRuntime = dashboard({
  name: 'node-runtime',
  title: 'Node runtime',
  about:
    'Event loops and what blocks them, heaps and collections, libuv’s thread pool, threads and what they wait for.',
  instancesOf: 'nodejs_version_info',
  refresh: '10s',
  sections: [
    {
      title: 'Event loops',
      panels: [
        stat('Blocked now', ['nodejs_eventloop_stall_seconds']),
        stat('Busy', ['nodejs_eventloop_utilization_ratio']),
        stat('Heap, of its limit', ['nodejs_heap_size_used_bytes']),
        stat('Versions', ['nodejs_version_info']),
        graph('Delay, P99', ['nodejs_eventloop_delay_seconds']),
        heat('Delay', 'nodejs_eventloop_delay_seconds'),
        graph('Busy, by thread', ['nodejs_eventloop_active_seconds_total']),
        graph('Blocked, by thread', ['nodejs_eventloop_stall_seconds']),
        graph('Lag', [
          { of: 'nodejs_eventloop_lag_p99_seconds', legend: 'p99 {{thread}}' },
          { of: 'nodejs_eventloop_lag_p90_seconds', legend: 'p90 {{thread}}' },
          { of: 'nodejs_eventloop_lag_p50_seconds', legend: 'p50 {{thread}}' },
          { of: 'nodejs_eventloop_lag_mean_seconds', legend: 'mean {{thread}}' },
          { of: 'nodejs_eventloop_lag_max_seconds', legend: 'max {{thread}}' },
        ]),
        graph('Lag now', ['nodejs_eventloop_lag_seconds']),
        graph('Idle, by thread', ['nodejs_eventloop_idle_seconds_total']),
        graph('Handles and requests', ['nodejs_active_resources_total']),
      ],
    },
    {
      title: 'Heaps and collections',
      panels: [
        graph('Heaps', [
          {
            of: 'nodejs_heap_size_used_bytes',
            query: 'nodejs_heap_size_used_bytes',
            measure: 'bytes',
            legend: 'used: {{thread}}',
          },
          { of: 'nodejs_heap_size_total_bytes', legend: 'total: {{thread}}' },
          { of: 'nodejs_external_memory_bytes', legend: 'external: {{thread}}' },
        ]),
        graph(
          'Heap spaces',
          [
            {
              of: 'nodejs_heap_space_size_used_bytes',
              query: 'sum by (space) (nodejs_heap_space_size_used_bytes)',
            },
          ],
          { stacked: true },
        ),
        graph('Collections, of the time', ['nodejs_gc_duration_seconds']),
        graph('Pauses, P99', [
          {
            of: 'nodejs_gc_duration_seconds',
            query: 'histogram_quantile(0.99, sum by (le, kind) (rate(nodejs_gc_duration_seconds_bucket[5m])))',
            measure: 'seconds',
          },
        ]),
        heat('Pauses', 'nodejs_gc_duration_seconds'),
        // Of each instance one: the division leaves no state.
        gauge('Free within malloc’s heaps', [{ of: 'process_allocator_bytes', legend: '' }]),
      ],
    },
    {
      title: 'Threads',
      panels: [
        graph('CPU, by thread', ['thread_cpu_seconds_total'], { to: ['hardware'] }),
        graph('Waiting for a CPU', ['thread_run_queue_wait_seconds_total']),
        graph('Wait for libuv’s pool', [
          ...quantiles('nodejs_threadpool_queue_wait_seconds', [0.5, 0.99]),
          { of: 'nodejs_threadpool_waiting_seconds', legend: 'oldest now' },
        ]),
        heat('Wait for libuv’s pool, as a distribution', 'nodejs_threadpool_queue_wait_seconds'),
        graph('Context switches, by thread', ['thread_context_switches_total']),
        graph('Number of threads', [
          { of: 'process_threads', legend: 'all' },
          { of: 'nodejs_threadpool_threads', legend: 'of libuv’s pool' },
        ]),
      ],
    },
  ],
})
