// Streaming: the eleven panels of planning document 001, in its order, then latencies as distributions.
import { BACKPRESSURE_STATES } from 'nanotally/catalogs/streaming'
import { dashboard } from './library/dashboard.js'
import { familyOf } from './library/families.js'
import { bar, cells, gauge, graph, heat, stat, states } from './library/panels.js'
import { quantiles } from './library/queries.js'

const OBSERVATIONS = 'engram_streaming_observations_total'
const REJECTED = 'engram_streaming_observations_rejected_total'
const QUEUE_DEPTH = 'engram_streaming_queue_depth'
const ACTIVATIONS = 'engram_streaming_backpressure_activations_total'
const COLORS = ['green', 'yellow', 'orange', 'red']

const batchSizes = heat('Batch size distribution', 'engram_streaming_batch_size')

export const streaming = dashboard({
  name: 'streaming',
  title: 'Streaming',
  about:
    'Observations that stream through queues with priorities: throughput, waiting, workers, back-pressure, errors.',
  // Not of observations, of which those that have stored none have no series.
  instancesOf: 'engram_streaming_queue_capacity',
  refresh: '5s',
  sections: [
    {
      title: 'Streaming',
      panels: [
        stat(
          'System overview',
          [
            { of: OBSERVATIONS, legend: 'observations per second' },
            { of: QUEUE_DEPTH, query: `sum(${QUEUE_DEPTH})`, measure: 'observations', legend: 'waiting' },
            { of: 'engram_streaming_active_sessions_total', legend: 'sessions' },
          ],
          { width: 24, height: 5, to: ['overview', 'system'] },
        ),
        graph(
          'Observation rate by space',
          [
            {
              of: OBSERVATIONS,
              query: `sum by (memory_space) (rate(${OBSERVATIONS}[1m]))`,
              measure: 'per second',
            },
          ],
          { stacked: true },
        ),
        gauge('Queue depth by priority', [
          {
            of: QUEUE_DEPTH,
            query: `sum by (priority) (${QUEUE_DEPTH}) / sum by (priority) (engram_streaming_queue_capacity)`,
          },
        ]),
        cells(
          'Worker utilization heatmap',
          {
            of: 'engram_streaming_worker_utilization',
            query: 'engram_streaming_worker_utilization',
            measure: 'percent',
          },
          { to: ['node-runtime'] },
        ),
        graph(
          'Observation latency distribution',
          quantiles('engram_streaming_observation_latency_seconds', [0.5, 0.99, 0.999]),
        ),
        graph('Backpressure events', [
          {
            of: ACTIVATIONS,
            query: `sum by (level) (rate(${ACTIVATIONS}[5m]))`,
          },
        ]),
        states(
          'Backpressure state timeline',
          'engram_streaming_backpressure_state',
          BACKPRESSURE_STATES.map((text, i) => ({ text, color: COLORS[i] ?? 'red' })),
        ),
        graph('Recall latency', quantiles('engram_streaming_recall_latency_seconds', [0.99]), { to: ['spreading'] }),
        graph('Batch processing stats', [
          {
            of: 'engram_streaming_batches_processed_total',
            query: 'sum by (worker_id, instance) (rate(engram_streaming_batches_processed_total[1m]))',
          },
          { of: 'engram_streaming_work_stolen_total', legend: 'stolen, of all batches', orZero: true },
        ]),
        batchSizes,
        graph(
          'Error rate',
          [
            {
              of: REJECTED,
              // Born with the first rejection: before it, none of those that were stored.
              query: `${familyOf(REJECTED).query} or 0 * sum(rate(${OBSERVATIONS}[5m]))`,
              legend: 'rejected, of all observations',
            },
            {
              of: REJECTED,
              query: `sum by (reason) (rate(${REJECTED}[5m]))`,
              measure: 'per second',
              legend: 'rejected: {{reason}}',
            },
            {
              of: 'engram_streaming_batch_failures_total',
              query: 'sum by (error_type) (rate(engram_streaming_batch_failures_total[5m]))',
              measure: 'per second',
              legend: 'failed batches: {{error_type}}',
            },
          ],
          { to: ['cognitive'] },
        ),
      ],
    },
    {
      title: 'Latencies as distributions',
      panels: [
        heat('Observation latency', 'engram_streaming_observation_latency_seconds'),
        heat('Recall latency, as a distribution', 'engram_streaming_recall_latency_seconds'),
        heat('Wait in the queue', 'engram_streaming_queue_wait_time_seconds'),
        graph('Wait in the queue by priority', ['engram_streaming_queue_wait_time_seconds']),
        bar('Queue memory', ['engram_streaming_queue_memory_bytes']),
        graph('Difference between workers', ['engram_streaming_worker_utilization']),
      ],
    },
  ],
})
