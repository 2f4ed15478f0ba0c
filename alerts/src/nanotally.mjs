import { failures } from './least.mjs'
import { twoLevels } from './levels.mjs'

/** There are few: one that fails is tried again, and with the third of them somebody may have missed something. */
const LEAST_ATTEMPTS = 3

/** @type {import('./build.mjs').FileSource} */
export const nanotally = {
  file: 'nanotally',
  component: 'nanotally',
  about: 'Alerts on the metrics themselves: whether they are scraped, whole and cheap.',
  groups: [
    {
      name: 'nanotally_scrapes',
      intervalSeconds: 15,
      rules: [
        ...twoLevels(
          {
            alert: 'ScrapeFailing',
            expr: 'up == 0',
            forSeconds: 60,
            subsystem: 'telemetry',
            summary: 'A target cannot be scraped',
            description: 'Prometheus cannot scrape {{ $labels.instance }} of {{ $labels.job }} (up is {{ $value }})',
            measure: 'a target that Prometheus cannot scrape',
            documents: ['004'],
            differs:
              'Without it a process that is gone would raise nothing: its series only end. An instance that is replaced may be away for minutes: that is a warning, which holds back what else is told of the instance, and wakes nobody.',
          },
          { forSeconds: 300 },
        ),
        {
          alert: 'ExporterRestarted',
          family: 'nanotally_exporter_restarts_total',
          firstIncrease: true,
          severity: 'warning',
          subsystem: 'telemetry',
          summary: 'The exporter was restarted',
          description:
            'The exporter of {{ $labels.instance }} was restarted {{ $value | humanize }} times within 15 minutes',
          measure: 'restarts of the exporter’s thread within 15 min',
          differs:
            'The counter appears with the first restart, of which an increase sees nothing: a new series counts as one, too.',
        },
        {
          alert: 'ExporterConnectionsDropped',
          family: 'nanotally_exporter_dropped_connections_total',
          severity: 'warning',
          subsystem: 'telemetry',
          summary: 'The exporter turns connections away',
          description:
            '{{ $value | printf "%.2f" }} connections a second to the exporter of {{ $labels.instance }} are dropped ({{ $labels.reason }})',
          measure: 'connections to the exporter that were dropped, over 5 min',
        },
        ...twoLevels({
          alert: 'ExporterCertificateExpiring',
          family: 'nanotally_exporter_certificate_expiry_seconds',
          subsystem: 'telemetry',
          summary: 'The certificate of the exporter ends',
          description:
            'The certificate of the exporter of {{ $labels.instance }} ends in {{ $value | printf "%.1f" }} days',
          measure: 'days until the exporter’s certificate ends',
        }),
      ],
    },
    {
      name: 'nanotally_records',
      intervalSeconds: 30,
      rules: [
        {
          alert: 'RecordsRejected',
          family: 'nanotally_rejected_total',
          severity: 'warning',
          subsystem: 'telemetry',
          summary: 'Records are dropped',
          description:
            '{{ $value | humanize }} records of {{ $labels.metric }} of {{ $labels.instance }} were dropped within 5 minutes ({{ $labels.reason }})',
          measure: 'records that were dropped, over 5 min',
        },
        {
          alert: 'SeriesOverflowed',
          family: 'nanotally_overflowed_total',
          severity: 'warning',
          subsystem: 'telemetry',
          summary: 'A metric has more series than it may',
          description:
            '{{ $value | humanize }} look-ups of labels of {{ $labels.metric }} of {{ $labels.instance }} led to its overflow series within 5 minutes',
          measure: 'look-ups of labels that led to an overflow series, over 5 min',
        },
        {
          alert: 'CardinalityHigh',
          family: 'nanotally_series',
          severity: 'warning',
          subsystem: 'telemetry',
          summary: 'There are very many series',
          description: '{{ $labels.instance }} exposes {{ $value | humanize }} series',
          measure: 'live series of a process',
        },
        {
          alert: 'MetricsCollectStale',
          family: 'nanotally_collect_age_seconds',
          severity: 'warning',
          subsystem: 'telemetry',
          summary: 'A thread does not collect its gauges',
          description:
            'What thread {{ $labels.thread }} of {{ $labels.instance }} collects is {{ $value | humanizeDuration }} old',
          measure: 'the age of what a thread’s collect functions gave',
          documents: ['003'],
          differs: 'MetricsAggregationLag of document 003, of what can lag in nanotally.',
        },
        {
          alert: 'MetricsExportSlow',
          family: 'nanotally_render_seconds_total',
          severity: 'warning',
          subsystem: 'telemetry',
          summary: 'Expositions are slow',
          description: 'An exposition of {{ $labels.instance }} takes {{ $value | humanize }} ms',
          measure: 'the time of an exposition, over 5 min',
        },
      ],
    },
    {
      name: 'nanotally_alerting',
      intervalSeconds: 15,
      rules: [
        ...twoLevels({
          alert: 'AlertNotificationsFailing',
          family: 'alerting_notifications_total',
          subsystem: 'alerting',
          summary: 'Notifications of alerts fail',
          description:
            '{{ $value | humanizePercentage }} of the attempts of {{ $labels.instance }} to notify by {{ $labels.dispatcher }} fail',
          least: failures('alerting_notifications_total{outcome!="delivered"}', 'failures', {
            by: ['dispatcher'],
            count: LEAST_ATTEMPTS,
          }),
          measure: 'attempts to notify that failed in all attempts, over 5 min, by dispatcher',
          documents: ['004'],
        }),
        ...twoLevels(
          {
            alert: 'AlertsRefused',
            family: 'alerting_refusals_total',
            firstIncrease: true,
            subsystem: 'alerting',
            summary: 'The receiver of alerts refuses some',
            description:
              '{{ $labels.instance }} refused {{ $value | humanize }} payloads or alerts of {{ $labels.source }} within 5 minutes ({{ $labels.reason }})',
            measure: 'payloads and alerts that the receiver refused within 5 min',
            documents: ['004'],
          },
          { firstIncrease: false },
        ),
      ],
    },
  ],
}
