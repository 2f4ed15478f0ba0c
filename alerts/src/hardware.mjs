const PERCENT = 'Document 003 prints the percentage with humanizePercentage, which makes 2500 % of 25.'

/** @type {import('./build.mjs').FileSource} */
export const hardware = {
  file: 'hardware',
  component: 'hardware',
  about: 'Alerts on what a program records of its kernels, caches and branches (document 003).',
  groups: [
    {
      name: 'engram_hardware_performance',
      intervalSeconds: 15,
      rules: [
        {
          alert: 'SIMDUtilizationLow',
          family: 'engram_simd_utilization_percent',
          severity: 'warning',
          subsystem: 'simd_operations',
          summary: 'SIMD units are little used',
          description:
            'AVX-512 utilisation of {{ $labels.operation }} on {{ $labels.instance }} is {{ $value | humanize }} %',
          measure: 'AVX-512 instructions for each cycle of an operation, in percent, over 5 min',
          documents: ['003'],
          differs: `Document 003 compares the utilisation since the start, which late trouble hardly moves. ${PERCENT}`,
        },
        {
          alert: 'CacheHitRatioDeterioration',
          family: 'engram_cache_hit_ratio',
          severity: 'critical',
          subsystem: 'memory_hierarchy',
          summary: 'The L1 cache misses often',
          description:
            '{{ $value | humanizePercentage }} of the accesses of {{ $labels.instance }} are hits in the L1 cache',
          measure: 'hits in all accesses of the L1 cache, over 5 min',
          documents: ['003'],
          differs: 'Document 003 compares the ratio since the start, which late trouble hardly moves.',
        },
        {
          alert: 'BranchPredictionDegradation',
          family: 'engram_branch_prediction_accuracy',
          frees: ['component'],
          severity: 'warning',
          subsystem: 'cpu_pipeline',
          summary: 'Branches are mispredicted',
          description:
            '{{ $value | humanizePercentage }} of the branches of {{ $labels.exported_component }} on {{ $labels.instance }} are predicted',
          measure: 'predicted branches in all branches of a component, over 5 min',
          documents: ['003'],
          differs:
            'Document 003 compares the accuracy since the start, and of hnsw_traversal only. The label component of the series makes way for the one of the alert, without which two components would be one alert and the rule an error.',
        },
      ],
    },
  ],
}
