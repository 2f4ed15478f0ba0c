// The figures of document 001 under its names. Alerts do without them, so that any file of rules can be loaded alone.

/** @type {import('./build.mjs').FileSource} */
export const recording = {
  file: 'recording',
  component: 'streaming',
  about:
    'Recording rules of document 001, by instance: for queries over days, as the planning of capacity asks them, and for dashboards of your own; those of the package ask the families themselves. Quantiles cannot be averaged: ask the buckets for one of several instances. While nothing is observed there is none.',
  groups: [
    {
      name: 'engram_streaming_recording',
      intervalSeconds: 15,
      rules: [
        {
          record: 'streaming:observation_rate:1m',
          family: 'engram_streaming_observations_total',
          measure: 'observations stored per second, over 1 min',
          documents: ['001'],
        },
        {
          record: 'streaming:queue_utilization:ratio',
          family: 'engram_streaming_queue_depth',
          measure: 'observations that wait in the fullest lane, in what it has room for, 0 to 1',
          documents: ['001'],
        },
        {
          record: 'streaming:worker_utilization:avg',
          expr: 'avg by (job, instance) (engram_streaming_worker_utilization)',
          measure: 'how busy the workers are on average, in percent',
          documents: ['001'],
        },
        {
          record: 'streaming:observation_latency:p99',
          family: 'engram_streaming_observation_latency_seconds',
          measure: 'the 99th percentile of observation latency over 5 min, in seconds',
          documents: ['001'],
        },
        {
          record: 'streaming:recall_latency:p99',
          family: 'engram_streaming_recall_latency_seconds',
          measure: 'the 99th percentile of recall latency over 5 min, in seconds',
          documents: ['001'],
        },
      ],
    },
  ],
}
