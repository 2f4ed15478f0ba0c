// The alert status of planning document 004: what fires and since when, the groups of rules, what is notified; and correlation
// groups, escalations and notifications, which are those of nanotally's receiver.
import { dashboard } from './library/dashboard.js'
import { graph, heat, stat, table } from './library/panels.js'
import { quantiles } from './library/queries.js'
import { CRITICAL, WARNING } from './library/thresholds.js'

const count = (matchers: string) => ({
  of: 'ALERTS',
  query: `count(ALERTS{${matchers}}) or vector(0)`,
})

export const alertStatus = dashboard({
  name: 'alert-status',
  title: 'Alert status',
  about:
    'What fires and since when; rules; notifications, as Prometheus, Alertmanager and nanotally’s receiver count them.',
  refresh: '10s',
  sections: [
    {
      title: 'Now',
      panels: [
        stat('Critical', [
          {
            ...count('alertstate="firing", severity="critical"'),
            figures: { expected: [0, 0], critical: { above: 0 } },
            legend: 'firing',
          },
        ]),
        stat('Warnings', [{ ...count('alertstate="firing", severity="warning"'), legend: 'firing' }]),
        stat('Pending', [{ ...count('alertstate="pending"'), measure: 'alerts', legend: 'pending' }]),
        stat('Longest', [
          {
            of: 'ALERTS_FOR_STATE',
            query: 'max(time() - ALERTS_FOR_STATE) or vector(0)',
            legend: 'since its condition holds',
          },
        ]),
        table(
          'Alerts',
          {
            of: 'ALERTS',
            query: 'label_replace(ALERTS, "runbook", "$1", "alertname", "(.*)")',
            measure: 'alerts',
          },
          { runbooks: 'runbook' },
        ),
      ],
    },
    {
      title: 'Over time',
      panels: [
        graph('Firing, by severity', ['ALERTS'], { stacked: true, colors: { critical: CRITICAL, warning: WARNING } }),
        graph('Firing, by component', [
          { of: 'ALERTS', query: 'count by (component) (ALERTS{alertstate="firing"})', measure: 'alerts' },
        ]),
        graph('How long', ['ALERTS_FOR_STATE']),
        graph('Targets', ['up'], { to: ['nanotally'] }),
      ],
    },
    {
      title: 'Groups of rules',
      panels: [
        graph('Time of an evaluation', ['prometheus_rule_group_last_duration_seconds']),
        stat('Rules', ['prometheus_rule_group_rules'], { height: 8 }),
        stat('Rules that failed', ['prometheus_rule_evaluation_failures_total'], { height: 8 }),
      ],
    },
    {
      title: 'Notifications: from Prometheus to Alertmanager',
      panels: [
        graph('Sent', [
          'prometheus_notifications_sent_total',
          { of: 'prometheus_notifications_errors_total', legend: 'failed: {{alertmanager}}' },
        ]),
        stat('Dropped', ['prometheus_notifications_dropped_total']),
        stat('Waiting', ['prometheus_notifications_queue_length']),
      ],
    },
    {
      title: 'Notifications: from Alertmanager to receivers, where it is scraped, too',
      panels: [
        graph('Notifications', [
          'alertmanager_notifications_total',
          { of: 'alertmanager_notifications_failed_total', legend: 'failed: {{integration}}' },
        ]),
        stat('Groups', ['alertmanager_dispatcher_aggregation_groups']),
        stat('Alerts that it holds', ['alertmanager_alerts']),
        stat('Silences', ['alertmanager_silences']),
      ],
    },
    {
      title: 'Our receiver: alerts as objects',
      panels: [
        stat('Firing, as the receiver has them', ['alerting_alerts_firing']),
        stat('Open groups', ['alerting_groups_open']),
        stat('Oldest alert', ['alerting_oldest_alert_age_seconds']),
        stat('Escalations within an hour', ['alerting_escalations_total']),
        graph('Received', [
          'alerting_alerts_received_total',
          { of: 'alerting_alerts_deduplicated_total', legend: 'told before, of all' },
        ]),
        graph('Refused', ['alerting_refusals_total']),
        graph('Expired', ['alerting_alerts_expired_total']),
        graph('Groups, by the gravest of each', [
          { of: 'alerting_groups_open', query: 'sum by (severity) (alerting_groups_open)', measure: 'groups' },
        ]),
        graph('Escalations', [
          {
            of: 'alerting_escalations_total',
            query: 'sum by (severity, level) (increase(alerting_escalations_total[1h]))',
            measure: 'in an hour',
          },
        ]),
      ],
    },
    {
      title: 'Our receiver: notifications',
      panels: [
        graph('Attempts', [
          {
            of: 'alerting_notifications_total',
            query: 'sum by (dispatcher, outcome) (rate(alerting_notifications_total[5m]))',
            measure: 'per second',
          },
        ]),
        graph('Failed attempts', [{ of: 'alerting_notifications_total', orZero: true }]),
        graph('Not delivered yet', ['alerting_notifications_pending']),
        graph('Superseded', ['alerting_alerts_superseded_total']),
        graph('Attempts that had failed before', ['alerting_notification_retries_total']),
        graph('Time to deliver', quantiles('alerting_delivery_duration_seconds', [0.5, 0.99], ['dispatcher'])),
        heat('Time to deliver, as a distribution', 'alerting_delivery_duration_seconds'),
      ],
    },
    {
      title: 'Thresholds that are watched in the process',
      panels: [
        graph('Time of an evaluation of all', quantiles('alerting_watch_duration_seconds', [0.5, 0.99])),
        heat('Time of an evaluation of all, as a distribution', 'alerting_watch_duration_seconds'),
        graph('How late evaluations begin', quantiles('alerting_watch_lag_seconds', [0.5, 0.99])),
        heat('How late evaluations begin, as a distribution', 'alerting_watch_lag_seconds'),
        graph('Evaluations', [
          {
            of: 'alerting_watch_evaluations_total',
            query: 'sum by (outcome) (rate(alerting_watch_evaluations_total[1m]))',
            measure: 'per second',
          },
        ]),
        graph('Found past a threshold', [
          {
            of: 'alerting_watch_violations_total',
            query: 'sum by (catalog, severity) (rate(alerting_watch_violations_total[1m]))',
            measure: 'per second',
          },
        ]),
        stat('Series whose past is kept', ['alerting_watch_series']),
        stat('Restarts of the watch', ['alerting_watch_restarts_total']),
      ],
    },
  ],
})
