// The application's performance, planning document 004: rate, errors and duration of HTTP requests.
import { dashboard } from './library/dashboard.js'
import { graph, heat, stat } from './library/panels.js'
import { type Ask, quantiles } from './library/queries.js'

const REQUESTS = 'http_requests_total'
const DURATION = 'http_request_duration_seconds'
const SEMANTIC = 'http_server_request_duration_seconds'

const rate = (query: string): Ask => ({ of: REQUESTS, query, measure: 'per second' })

export const application = dashboard({
  name: 'application',
  title: 'Application',
  about: 'HTTP requests: their rate, errors and duration, by route; bodies, requests in flight.',
  refresh: '10s',
  sections: [
    {
      title: 'Rate, errors, duration',
      panels: [
        stat('Requests', [{ ...rate(`sum(rate(${REQUESTS}[5m]))`), legend: 'per second' }]),
        stat('Errors', [{ of: REQUESTS, legend: 'of all answers', orZero: true }], { to: ['alert-status'] }),
        stat('Duration P99', [DURATION]),
        stat('In flight', ['http_requests_in_flight'], { to: ['node-runtime'] }),
        graph('Requests by route', [rate(`sum by (method, route) (rate(${REQUESTS}[5m]))`)], { stacked: true }),
        graph('Requests by class of status', [rate(`sum by (status_class) (rate(${REQUESTS}[5m]))`)], {
          stacked: true,
        }),
        graph('Errors by route', [
          {
            of: REQUESTS,
            query: `sum by (route) (rate(${REQUESTS}{status_class="5xx"}[5m])) / sum by (route) (rate(${REQUESTS}{status_class!="aborted"}[5m]))`,
            orZero: true,
          },
        ]),
        graph('Duration', quantiles(DURATION, [0.5, 0.9, 0.99])),
        graph('Duration by route, P99', quantiles(DURATION, [0.99], ['route']), { to: ['databases'] }),
        heat('Duration, as a distribution', DURATION),
      ],
    },
    {
      title: 'Bodies',
      panels: [
        heat('Requests’ bodies', 'http_request_size_bytes'),
        heat('Responses’ bodies', 'http_response_size_bytes'),
      ],
    },
    {
      title: 'The same under OpenTelemetry’s names, where the integrations record those',
      collapsed: true,
      panels: [
        graph('Requests, OpenTelemetry', [
          {
            of: SEMANTIC,
            query: `sum by (http_route) (rate(${SEMANTIC}_count[5m]))`,
            measure: 'per second',
          },
        ]),
        graph('Errors, OpenTelemetry', [{ of: SEMANTIC, legend: 'of all answers', orZero: true }]),
        graph('Duration, OpenTelemetry', [
          {
            of: SEMANTIC,
            query: `histogram_quantile(0.99, sum by (le, http_route) (rate(${SEMANTIC}_bucket[5m])))`,
            measure: 'seconds',
          },
        ]),
        graph('In flight, OpenTelemetry', ['http_server_active_requests']),
        heat('Distribution of durations, OpenTelemetry', SEMANTIC),
        heat('Requests’ bodies, OpenTelemetry', 'http_server_request_body_size_bytes'),
        heat('Responses’ bodies, OpenTelemetry', 'http_server_response_body_size_bytes'),
      ],
    },
  ],
})
