// The system overview of planning document 004: health, what the process takes of the machine and of its container, and the machine.
import { dashboard } from './library/dashboard.js'
import { gauge, graph, heat, stat, table } from './library/panels.js'

export const system = dashboard({
  name: 'system',
  title: 'System',
  about:
    'Health and performance of the whole: checks, CPU, memory, disk, network, control groups, pressure, degradation; the machine.',
  sections: [
    {
      title: 'Health',
      panels: [
        stat('Health checks', ['nanotally_health_check_status'], { width: 12, to: ['nanotally'] }),
        stat('Consecutive failures', ['nanotally_health_check_consecutive_failures']),
        stat('Up since', ['process_start_time_seconds']),
        graph('Success of health checks', ['engram_health_check_success_ratio']),
        graph('Time of health checks', [
          'engram_health_check_duration_ms',
          { of: 'nanotally_health_check_duration_seconds', legend: 'last: {{check}}' },
        ]),
        graph('Degradation', ['engram_graceful_degradation_events']),
        graph('Recovery from errors', ['engram_error_recovery_duration_ms']),
        table('Performance regressions', {
          of: 'engram_performance_regression_detected',
          query: 'max by (metric, significance) (engram_performance_regression_detected)',
        }),
      ],
    },
    {
      title: 'Process',
      panels: [
        graph('CPU', [
          { of: 'process_cpu_seconds_total', legend: 'all' },
          { of: 'process_cpu_user_seconds_total', legend: 'user' },
          { of: 'process_cpu_system_seconds_total', legend: 'system' },
        ]),
        graph('Memory', [
          { of: 'process_resident_memory_bytes', legend: 'resident' },
          { of: 'process_resident_memory_anonymous_bytes', legend: 'anonymous' },
          { of: 'process_resident_memory_peak_bytes', legend: 'peak' },
          { of: 'process_swap_bytes', legend: 'swapped' },
        ]),
        gauge('Open files', ['process_open_fds']),
        graph('Threads', ['process_threads']),
        graph('Disk', [
          { of: 'process_disk_read_bytes_total', legend: 'read' },
          { of: 'process_disk_written_bytes_total', legend: 'written' },
        ]),
        graph('Reads and writes', [
          { of: 'process_io_reads_total', legend: 'reads' },
          { of: 'process_io_writes_total', legend: 'writes' },
        ]),
        graph('Page faults', ['process_page_faults_total']),
        graph('Context switches', ['process_context_switches_total']),
      ],
    },
    {
      title: 'Network',
      panels: [
        graph('Traffic', [
          { of: 'process_network_receive_bytes_total', legend: 'received: {{interface}}' },
          { of: 'process_network_transmit_bytes_total', legend: 'sent: {{interface}}' },
        ]),
        graph('Errors and drops', [
          { of: 'process_network_receive_errors_total', legend: 'errors in receiving: {{interface}}' },
          { of: 'process_network_transmit_errors_total', legend: 'errors in sending: {{interface}}' },
          { of: 'process_network_receive_drops_total', legend: 'dropped in receiving: {{interface}}' },
          { of: 'process_network_transmit_drops_total', legend: 'dropped in sending: {{interface}}' },
        ]),
        graph('TCP connections', ['process_network_tcp_connections']),
        graph('TCP retransmissions', [
          { of: 'process_network_tcp_retransmitted_segments_total', legend: 'retransmitted' },
        ]),
      ],
    },
    {
      title: 'Container and pressure',
      panels: [
        graph('Pressure', ['process_pressure_stalled_seconds_total']),
        graph('Pressure on memory, of the last 10 s', ['process_pressure_ratio']),
        graph('CPU throttling', [
          { of: 'process_cgroup_cpu_throttled_periods_total', legend: 'throttled, of all periods' },
          { of: 'process_cgroup_cpu_throttled_seconds_total', legend: 'throttled, of the time' },
        ]),
        graph('Memory of the control group', [
          { of: 'process_cgroup_memory_usage_bytes', legend: 'usage' },
          {
            of: 'process_cgroup_memory_working_set_bytes',
            query: 'process_cgroup_memory_working_set_bytes',
            measure: 'bytes',
            legend: 'working set',
          },
          { of: 'process_cgroup_memory_limit_bytes', legend: 'limit' },
        ]),
        graph('Memory in use, of the limit', ['process_cgroup_memory_working_set_bytes']),
        graph('CPU, of the quota', ['process_cgroup_cpu_seconds_total']),
        stat('Killed for memory', ['process_cgroup_memory_events_total']),
        stat('Tasks, of the limit', ['process_cgroup_pids']),
        stat('Headroom', ['process_cgroup_memory_headroom_bytes']),
      ],
    },
    {
      title: 'The machine, from its exporter',
      panels: [
        stat('Disk space left', [{ of: 'node_filesystem_avail_bytes', legend: '{{mountpoint}}' }], { width: 12 }),
        stat('Memory available', ['node_memory_MemAvailable_bytes']),
        stat('CPUs in use', ['node_cpu_seconds_total']),
        graph('Disk space left, over time', [{ of: 'node_filesystem_avail_bytes', legend: '{{mountpoint}}' }]),
        graph('Memory of the machine', [
          {
            of: 'node_memory_MemAvailable_bytes',
            query: 'node_memory_MemAvailable_bytes',
            measure: 'bytes',
            legend: 'available',
          },
          { of: 'node_memory_MemTotal_bytes', legend: 'all' },
        ]),
        graph(
          'CPU of the machine',
          [
            {
              of: 'node_cpu_seconds_total',
              query: 'sum by (instance, mode) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))',
              measure: 'CPUs',
            },
          ],
          { stacked: true },
        ),
        graph('Load of the machine', ['node_load1']),
        graph('Disks of the machine', [
          { of: 'node_disk_read_bytes_total', legend: 'read: {{device}}' },
          { of: 'node_disk_written_bytes_total', legend: 'written: {{device}}' },
        ]),
        graph('Disks that are busy', ['node_disk_io_time_seconds_total']),
        graph('Network of the machine', [
          { of: 'node_network_receive_bytes_total', legend: 'received: {{device}}' },
          { of: 'node_network_transmit_bytes_total', legend: 'sent: {{device}}' },
        ]),
      ],
    },
    {
      title: 'Distributions',
      panels: [
        heat('Time of health checks, as a distribution', 'engram_health_check_duration_ms'),
        heat('Time of recoveries', 'engram_error_recovery_duration_ms'),
      ],
    },
  ],
})
