import { failures, observed } from './least.mjs'

/** Workers run, though all that they get is refused. */
const BATCHES_END =
  'sum by (job, instance) (rate(engram_streaming_observations_total[2m])) > 0 or sum by (job, instance) (rate(engram_streaming_batch_failures_total[2m])) > 0'

/**
 * Of one worker's part of the queue. In examples/engram a worker that hangs leaves 2 to 4 % of it, as others steal what is more;
 * where all work, some 0.1 % wait.
 */
const LEAST_WAITING = 0.01
const WORKER = 'job, instance, worker_id'

/**
 * What was told goes on: a window over the metrics ends while they are still gone. One over the alert outlasts up to an hour
 * without Prometheus, and while it fires a scrape that fails, as in a restart, is no end of it.
 */
const ABSENT = 'ALERTS{alertname="StreamingMetricsAbsent", alertstate="firing"}'

/** The counter appears with the first observation: who has stored none stores 0 a second. */
const orNothing = (/** @type {string} */ rate, /** @type {number} */ limit) =>
  [
    '(',
    `  ${rate}`,
    '  or 0 * sum by (job, instance) (engram_streaming_queue_capacity)',
    '    unless on (job, instance) engram_streaming_observations_total',
    `) < ${limit}`,
  ].join('\n')

/** @type {import('./build.mjs').FileSource} */
export const streaming = {
  file: 'streaming',
  component: 'streaming',
  about: 'Alerts on an engine that takes observations through a queue (document 001).',
  groups: [
    {
      name: 'engram_streaming_capacity',
      intervalSeconds: 15,
      rules: [
        {
          alert: 'HighQueueDepth',
          family: 'engram_streaming_queue_depth',
          severity: 'warning',
          subsystem: 'capacity',
          summary: 'The queue fills up',
          description: 'The fullest lane of {{ $labels.instance }} is {{ $value | humanizePercentage }} full',
          measure: 'observations that wait in the fullest lane, in what it has room for',
          documents: ['001'],
          differs:
            'Document 001 compares with a capacity that it does not expose: engram_streaming_queue_capacity does. It speaks of one queue; a priority has a lane of its own, which refuses when it is full, and in the sum of all one full lane of three would be a third.',
        },
        {
          alert: 'CriticalQueueDepth',
          family: 'engram_streaming_queue_depth',
          severity: 'critical',
          subsystem: 'capacity',
          summary: 'The queue is about to refuse observations',
          description: 'The fullest lane of {{ $labels.instance }} is {{ $value | humanizePercentage }} full',
          measure: 'observations that wait in the fullest lane, in what it has room for',
          documents: ['001'],
        },
        {
          alert: 'WorkerDown',
          expr: [
            `sum by (${WORKER}) (rate(engram_streaming_batches_processed_total[1m])) == 0`,
            `unless on (${WORKER}) sum by (${WORKER}) (rate(engram_streaming_batch_failures_total[1m])) > 0`,
            'and on (job, instance) sum by (job, instance) (engram_streaming_queue_depth)',
            `  > ${LEAST_WAITING} * sum by (job, instance) (engram_streaming_queue_capacity)`,
            '  / count by (job, instance) (engram_streaming_batches_processed_total)',
          ].join('\n'),
          forSeconds: 60,
          severity: 'critical',
          subsystem: 'capacity',
          summary: 'A worker does not respond',
          description:
            'Worker {{ $labels.worker_id }} of {{ $labels.instance }} stores {{ $value }} batches a second while observations wait',
          measure:
            'a worker of which within 1 min no batch ended, well or badly, while more waits than a hundredth of one worker’s part of the queue',
          documents: ['001'],
          differs:
            'Document 001 does not say how a worker shows that it is down. Its gauges stay as they were when it ended, so that only its work tells. A worker whose batches the index refuses is well, and so is an idle one while little waits.',
        },
        {
          alert: 'WorkerUtilizationImbalance',
          family: 'engram_streaming_worker_utilization',
          severity: 'warning',
          subsystem: 'capacity',
          summary: 'Some workers are busy, others are not',
          description:
            'The busiest worker of {{ $labels.instance }} is {{ $value | humanize }} percentage points busier than the idlest one',
          measure: 'the busiest worker less the idlest one',
          documents: ['001'],
        },
        {
          alert: 'HighQueueMemory',
          family: 'engram_streaming_queue_memory_bytes',
          severity: 'warning',
          subsystem: 'capacity',
          summary: 'The queue takes much memory',
          description: 'The queue of {{ $labels.instance }} takes {{ $value | humanize1024 }}B',
          measure: 'memory of the queue',
          documents: ['001'],
          differs:
            'Document 001 counts 14 rules and names 12. This is one of the two, its limit the end of what the catalog expects.',
        },
        {
          alert: 'StreamingMetricsAbsent',
          expr: [
            'group by (job, instance) (',
            '  present_over_time(engram_streaming_queue_capacity[1h])',
            `  or present_over_time(${ABSENT}[1h])`,
            ')',
            'unless on (job, instance) engram_streaming_queue_capacity',
            `and on (job, instance) (up == 1 or up and on (job, instance) ${ABSENT})`,
            'or absent(engram_streaming_queue_capacity)',
          ].join('\n'),
          forSeconds: 300,
          severity: 'critical',
          subsystem: 'telemetry',
          summary: 'There are no streaming metrics',
          description:
            '{{ with $labels.instance }}{{ . }} is scraped and exposes no streaming metrics any more{{ else }}Nothing exposes streaming metrics{{ end }} (value {{ $value }})',
          measure:
            'no target has streaming metrics, or one that had them within the hour before is scraped without them',
          documents: ['001'],
          differs:
            'Document 001 counts 14 rules and names 12. This is one of the two; absent() alone would see nothing while any other instance has the metrics. Of one instance it is told until it has them again, or is no target any more.',
        },
      ],
    },
    {
      name: 'engram_streaming_latency',
      intervalSeconds: 15,
      rules: [
        {
          alert: 'HighObservationLatency',
          family: 'engram_streaming_observation_latency_seconds',
          severity: 'warning',
          subsystem: 'latency',
          summary: 'Observations are late in the index',
          description:
            'One in a hundred observations of {{ $labels.instance }} is in the index after {{ $value | humanizeDuration }} or later',
          least: observed('engram_streaming_observation_latency_seconds', 'observations'),
          measure: 'the 99th percentile of observation latency over 5 min',
          documents: ['001'],
        },
        {
          alert: 'HighRecallLatency',
          family: 'engram_streaming_recall_latency_seconds',
          severity: 'warning',
          subsystem: 'latency',
          summary: 'Recalls are slow',
          description:
            'One in a hundred recalls of {{ $labels.instance }} takes {{ $value | humanizeDuration }} or longer',
          least: observed('engram_streaming_recall_latency_seconds', 'recalls'),
          measure: 'the 99th percentile of recall latency over 5 min',
          documents: ['001'],
        },
      ],
    },
    {
      name: 'engram_streaming_backpressure',
      intervalSeconds: 15,
      rules: [
        {
          alert: 'FrequentBackpressure',
          family: 'engram_streaming_backpressure_activations_total',
          severity: 'warning',
          subsystem: 'backpressure',
          summary: 'Back-pressure goes up and down',
          description: 'Back-pressure of {{ $labels.instance }} goes up {{ $value | humanize }} times a second',
          measure: 'times that back-pressure went up, over 5 min',
          documents: ['001'],
        },
        {
          alert: 'PersistentBackpressure',
          family: 'engram_streaming_backpressure_state',
          severity: 'warning',
          subsystem: 'backpressure',
          summary: 'Back-pressure does not go away',
          description:
            'Back-pressure of {{ $labels.instance }}, space {{ $labels.memory_space }}, is at level {{ $value }}',
          measure: 'the state of back-pressure of a memory space (0 is normal)',
          documents: ['001'],
        },
      ],
    },
    {
      name: 'engram_streaming_errors',
      intervalSeconds: 15,
      rules: [
        {
          alert: 'HighRejectionRate',
          family: 'engram_streaming_observations_rejected_total',
          severity: 'warning',
          subsystem: 'errors',
          summary: 'Observations are refused',
          description: '{{ $value | humanizePercentage }} of the observations of {{ $labels.instance }} are refused',
          least: failures('engram_streaming_observations_rejected_total', 'refusals'),
          measure: 'refused observations in all observations, over 5 min',
          documents: ['001'],
          differs:
            'Document 001 wants a share and has a total of those refused: all observations are those stored and those refused.',
        },
        {
          alert: 'BatchInsertionFailures',
          family: 'engram_streaming_batch_failures_total',
          firstIncrease: true,
          severity: 'critical',
          subsystem: 'errors',
          summary: 'The index refuses batches',
          description:
            '{{ $value | humanize }} batches of {{ $labels.instance }} failed with {{ $labels.error_type }} within 5 minutes',
          measure: 'batches that failed within 5 min',
          documents: ['001'],
          differs:
            'Document 001 wants any failure to tell. A rate of a counter that appears with its first failure is 0 until the second one: a new series counts as an increase, too.',
        },
        {
          alert: 'StreamingStalled',
          expr: `sum by (job, instance) (engram_streaming_queue_depth) > 0\nunless on (job, instance) (${BATCHES_END})`,
          forSeconds: 120,
          severity: 'critical',
          subsystem: 'deadlock',
          summary: 'Observations wait and none is stored',
          description: '{{ $value }} observations of {{ $labels.instance }} wait, and none was stored in 2 minutes',
          measure: 'observations wait, and within 2 min no batch ended, well or badly',
          documents: ['000'],
          differs:
            'Document 000 asks for the detection of deadlocks and gives no rule. Nothing can look into a lock; work that waits while none ends is how one shows.',
        },
      ],
    },
    {
      name: 'engram_streaming_throughput',
      intervalSeconds: 30,
      rules: [
        {
          alert: 'LowThroughput',
          family: 'engram_streaming_observations_total',
          level: 'warning',
          expr: orNothing,
          severity: 'info',
          subsystem: 'throughput',
          summary: 'Few observations come in',
          description: '{{ $labels.instance }} stores {{ $value | printf "%.1f" }} observations a second',
          measure: 'observations stored, over 1 min; 0 of an engine with a queue that has not stored any',
          documents: ['001'],
        },
        {
          alert: 'ExcessiveWorkStealing',
          family: 'engram_streaming_work_stolen_total',
          level: 'warning',
          severity: 'info',
          subsystem: 'throughput',
          summary: 'Workers live on the work of others',
          description: '{{ $value | humanizePercentage }} of the batches of {{ $labels.instance }} are stolen',
          least: failures('engram_streaming_work_stolen_total', 'stolen batches'),
          measure: 'stolen batches in all batches, over 5 min',
          documents: ['001'],
        },
      ],
    },
  ],
}
