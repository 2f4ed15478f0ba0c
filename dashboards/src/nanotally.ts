// nanotally itself: what it costs, what it holds, what was lost.
import { dashboard } from './library/dashboard.js'
import { graph, heat, stat, table } from './library/panels.js'

export const nanotally = dashboard({
  name: 'nanotally',
  title: 'nanotally itself',
  about:
    'What measuring costs and holds: series, memory, scrapes, the exporter; what was rejected, overflowed or expired.',
  instancesOf: 'nanotally_series',
  sections: [
    {
      title: 'Scrapes',
      panels: [
        stat('Series', ['nanotally_series']),
        stat('Memory', ['nanotally_arena_bytes']),
        stat('Time to render', ['nanotally_render_seconds_total']),
        stat('Restarts of the exporter', ['nanotally_exporter_restarts_total']),
        graph('Series by state', [
          { of: 'nanotally_series', query: 'sum by (state) (nanotally_series)', measure: 'series' },
        ]),
        graph('Expositions', [{ of: 'nanotally_renders_total', legend: 'per second' }]),
        graph('Size of an exposition', [{ of: 'nanotally_rendered_bytes_total', legend: 'bytes' }]),
        graph('Scrapes, as Prometheus sees them', [
          { of: 'scrape_duration_seconds', legend: 'time: {{job}} {{instance}}' },
          { of: 'scrape_samples_scraped', legend: 'samples: {{job}} {{instance}}' },
        ]),
        graph('Exports, P99', ['engram_metrics_export_duration_ms']),
        heat('Exports', 'engram_metrics_export_duration_ms'),
      ],
    },
    {
      title: 'What is lost or late',
      panels: [
        graph('Rejected', ['nanotally_rejected_total']),
        graph('Overflowed', ['nanotally_overflowed_total']),
        table('Expired series', 'nanotally_expired', { width: 12 }),
        graph('Age of what is collected', ['nanotally_collect_age_seconds']),
        graph('Connections that were dropped', ['nanotally_exporter_dropped_connections_total']),
        stat('Certificate', ['nanotally_exporter_certificate_expiry_seconds']),
        stat('Health', ['nanotally_health_check_status'], { to: ['system'] }),
        graph('Cost of recording', ['nanotally_record_seconds']),
        graph('Memory by node', ['nanotally_arena_node_bytes'], { to: ['hardware'] }),
      ],
    },
  ],
  planned: [graph('Lag of aggregation', ['engram_streaming_aggregation_lag_ms'])],
})
