/**
 * Where nothing comes in, or nothing ever came, there is nothing to consolidate. An engine without streaming metrics does not
 * tell.
 */
const whileObserved = (/** @type {string} */ query, /** @type {number} */ limit) =>
  [
    `${query} < ${limit}`,
    'unless on (job, instance) (',
    '  sum by (job, instance) (rate(engram_streaming_observations_total[5m])) == 0',
    '  or engram_streaming_queue_capacity unless on (job, instance) engram_streaming_observations_total',
    ')',
  ].join('\n')

/** @type {import('./build.mjs').FileSource} */
export const cognitive = {
  file: 'cognitive',
  component: 'cognitive',
  about: 'Alerts on complementary learning systems (document 003).',
  groups: [
    {
      name: 'engram_cognitive_performance',
      intervalSeconds: 30,
      rules: [
        {
          alert: 'CLSSystemImbalance',
          family: 'engram_cls_hippocampal_weight_ratio',
          severity: 'warning',
          subsystem: 'cognitive_architecture',
          summary: 'The complementary learning systems are out of balance',
          description:
            'The shares of the two systems of {{ $labels.instance }} differ by {{ $value | humanizePercentage }}',
          measure:
            'the difference of the two systems’ shares in recalls, each the average over the states of consolidation',
          documents: ['003'],
          differs:
            'Document 003 compares within each state of consolidation. There a healthy system is one-sided: recent memories are hippocampal, remote ones neocortical.',
        },
        {
          alert: 'FalseMemoryGenerationSpike',
          family: 'engram_false_memory_generation_rate',
          severity: 'critical',
          subsystem: 'pattern_completion',
          summary: 'More false memories than a mind would have',
          description:
            '{{ $value | humanizePercentage }} of the late completions of {{ $labels.instance }} in the DRM paradigm are false memories',
          measure: 'false memories in the last twenty or so completions of the DRM paradigm',
          documents: ['003'],
        },
        {
          alert: 'ConsolidationStalled',
          family: 'engram_consolidation_transition_duration_ms',
          expr: whileObserved,
          severity: 'warning',
          subsystem: 'memory_consolidation',
          summary: 'No memory is consolidated',
          description: 'Memories of {{ $labels.instance }} change their state {{ $value | humanize }} times a second',
          measure:
            'transitions of consolidation, over 5 min (one alone is 0.0033 a second), where observations are stored or nothing tells of them',
          documents: ['003'],
          differs:
            'Document 003 takes the rate of the histogram itself, which has no sample of that name: that would never be 0, but absent. Its _count is what has a rate. Where nobody writes nothing is to be consolidated: an engine whose streaming metrics say so is not told of. One without them is told of at any time.',
        },
      ],
    },
  ],
}
