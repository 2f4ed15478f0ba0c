/** @type {import('./build.mjs').FileSource} */
export const numa = {
  file: 'numa',
  component: 'numa',
  about: 'Alerts on NUMA nodes (document 003).',
  groups: [
    {
      name: 'engram_numa_performance',
      intervalSeconds: 45,
      rules: [
        {
          alert: 'NUMARemoteAccessRatioHigh',
          family: 'engram_numa_remote_access_ratio',
          severity: 'warning',
          subsystem: 'numa_topology',
          summary: 'Memory of other NUMA nodes is used much',
          description:
            '{{ $value | humanizePercentage }} of the accesses of {{ $labels.instance }} from node {{ $labels.source_node }} to node {{ $labels.target_node }} are remote',
          measure: 'remote accesses in all accesses from a node to a node, over 5 min',
          documents: ['003'],
          differs: 'Document 003 compares the ratio since the start, which late trouble hardly moves.',
        },
        {
          alert: 'NUMANodeImbalance',
          family: 'engram_numa_node_imbalance_ratio',
          severity: 'critical',
          subsystem: 'numa_topology',
          summary: 'Memory lies on few NUMA nodes',
          description:
            'The imbalance of memory among the nodes of {{ $labels.instance }} is {{ $value | humanizePercentage }}',
          measure: 'the imbalance of memory allocation among nodes',
          documents: ['003'],
        },
        {
          alert: 'CrossSocketBandwidthSaturation',
          family: 'engram_numa_cross_socket_bandwidth_gbps',
          severity: 'warning',
          subsystem: 'interconnect',
          summary: 'The link between sockets is nearly saturated',
          description:
            'Cross-socket bandwidth of {{ $labels.instance }} ({{ $labels.direction }}) is {{ $value | humanize }} GB/s',
          measure: 'the bandwidth between sockets in a direction',
          documents: ['003'],
          differs: 'Document 003 looks at reads only. SocketLinkSaturated tells the same of what the PMU counts.',
        },
        {
          alert: 'SocketLinkSaturated',
          family: 'perf_socket_link_bytes_total',
          severity: 'warning',
          subsystem: 'interconnect',
          summary: 'The link between sockets is nearly saturated',
          description:
            '{{ $value | humanize }}B/s cross the link of node {{ $labels.node }} of {{ $labels.instance }} ({{ $labels.direction }})',
          measure: 'bytes over the link of a socket in a direction, over 5 min',
          documents: ['003'],
          differs: 'CrossSocketBandwidthSaturation of document 003, over the family that has a source.',
        },
      ],
    },
  ],
}
