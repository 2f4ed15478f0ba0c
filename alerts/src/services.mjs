import { failures, observed } from './least.mjs'
import { twoLevels } from './levels.mjs'

const DIFFERS =
  'Document 004 asks for alerts on requests, errors and durations and on the databases, and gives no rules.'

/** @param {Omit<import('./build.mjs').AlertSource, 'severity'>} source @param {Partial<import('./build.mjs').AlertSource>} [critical] */
const ofBothLevels = (source, critical) => twoLevels({ documents: ['004'], differs: DIFFERS, ...source }, critical)

const WAITING = 'sum by (job, instance, pool) (postgres_pool_waiting_requests)'
/** Of so many connections four fifths, the limit of the warning, are all but one. */
const SMALL_POOL = 5

/** @type {import('./build.mjs').FileSource} */
export const services = {
  file: 'services',
  component: 'services',
  about: 'Alerts on HTTP requests and on the clients of PostgreSQL and Redis (document 004).',
  groups: [
    {
      name: 'nanotally_http',
      intervalSeconds: 15,
      rules: [
        ...ofBothLevels({
          alert: 'HttpErrorRateHigh',
          family: 'http_requests_total',
          subsystem: 'http',
          summary: 'Requests fail',
          description: '{{ $value | humanizePercentage }} of the requests to {{ $labels.instance }} fail',
          least: failures('http_requests_total{status_class="5xx"}', 'such answers'),
          measure: 'requests that were answered with 5xx in all that were answered, over 5 min',
        }),
        ...ofBothLevels({
          alert: 'HttpLatencyHigh',
          family: 'http_request_duration_seconds',
          subsystem: 'http',
          summary: 'Requests are slow',
          description:
            'One in a hundred requests to {{ $labels.instance }} takes {{ $value | humanizeDuration }} or longer',
          least: observed('http_request_duration_seconds', 'requests'),
          measure: 'the 99th percentile of request durations over 5 min',
        }),
        {
          alert: 'HttpRequestsPilingUp',
          family: 'http_requests_in_flight',
          severity: 'warning',
          subsystem: 'http',
          summary: 'Requests wait for their answers',
          description: '{{ $value }} requests to {{ $labels.instance }} wait for the end of their response',
          measure: 'requests that wait for the end of their response',
          documents: ['004'],
          differs: `${DIFFERS} What hangs ends neither well nor late: rates and quantiles see nothing of it.`,
        },
      ],
    },
    {
      name: 'nanotally_databases',
      intervalSeconds: 15,
      rules: [
        ...ofBothLevels({
          alert: 'PostgresErrorRateHigh',
          family: 'postgres_query_errors_total',
          subsystem: 'postgres',
          summary: 'Queries fail',
          description: '{{ $value | humanizePercentage }} of the queries of {{ $labels.instance }} fail',
          least: failures('postgres_query_errors_total', 'failures'),
          measure: 'queries that failed in all queries, over 5 min',
        }),
        ...ofBothLevels({
          alert: 'PostgresLatencyHigh',
          family: 'postgres_query_duration_seconds',
          subsystem: 'postgres',
          summary: 'Queries are slow',
          description:
            'One in a hundred queries {{ $labels.operation }} of {{ $labels.instance }} takes {{ $value | humanizeDuration }} or longer',
          least: observed('postgres_query_duration_seconds', 'queries', { by: ['operation'] }),
          measure: 'the 99th percentile of query durations over 5 min, by operation',
        }),
        ...ofBothLevels({
          alert: 'PostgresConnectionsFailing',
          family: 'postgres_pool_acquire_failures_total',
          subsystem: 'postgres',
          summary: 'A pool gives no connections',
          description:
            '{{ $value | humanizePercentage }} of the requests of {{ $labels.instance }} for a connection of pool {{ $labels.pool }} fail',
          least: failures('postgres_pool_acquire_failures_total', 'failures', { by: ['pool'] }),
          measure: 'requests for a connection of a pool that failed in all of them, over 5 min',
        }),
        ...ofBothLevels(
          {
            alert: 'PostgresPoolNearlyExhausted',
            family: 'postgres_pool_connections',
            subsystem: 'postgres',
            expr: (used, limit) =>
              `${used} > ${limit}\nand on (job, instance, pool) (\n  ${WAITING} > 0\n  or sum by (job, instance, pool) (postgres_pool_max_connections) > ${SMALL_POOL}\n)`,
            summary: 'A pool has few connections left',
            description:
              '{{ $value | humanizePercentage }} of the connections of pool {{ $labels.pool }} of {{ $labels.instance }} are in use',
            measure: 'connections of a pool that are in use in those that it may have',
            differs: `${DIFFERS} A pool of few is used up whenever it works, which harms when somebody waits: it is told of then only, and so is the critical limit of all. The warning about pools of more than ${SMALL_POOL} comes before.`,
          },
          { expr: (used, limit) => `${used} > ${limit}\nand on (job, instance, pool) ${WAITING} > 0` },
        ),
        ...ofBothLevels({
          alert: 'RedisDisconnected',
          family: 'redis_connections',
          subsystem: 'redis',
          summary: 'A client of Redis is not connected',
          description:
            '{{ $value | humanizePercentage }} of the connections that client {{ $labels.client }} of {{ $labels.instance }} wants are ready',
          measure:
            'connections of a client that are ready in all that it wants: neither closed, nor waiting for their first command',
        }),
        {
          alert: 'RedisReconnecting',
          family: 'redis_reconnects_total',
          severity: 'warning',
          subsystem: 'redis',
          summary: 'A client of Redis connects again and again',
          description:
            'Client {{ $labels.client }} of {{ $labels.instance }} set out to connect again {{ $value | humanize }} times within 5 minutes',
          measure: 'times that a client set out to connect again, within 5 min',
          documents: ['004'],
          differs: `${DIFFERS} Connections that break and are back before the next scrape are not seen by RedisDisconnected.`,
        },
        {
          alert: 'RedisCommandsPending',
          family: 'redis_pending_commands',
          severity: 'warning',
          subsystem: 'redis',
          summary: 'Commands of Redis wait for their replies',
          description:
            '{{ $value }} commands of client {{ $labels.client }} of {{ $labels.instance }} were sent and wait for their replies',
          measure: 'commands of a client that were sent and wait for their replies',
          documents: ['004'],
          differs: `${DIFFERS} A server that stands still leaves connections ready and ends no command, well or badly.`,
        },
        ...ofBothLevels({
          alert: 'RedisErrorRateHigh',
          family: 'redis_command_errors_total',
          subsystem: 'redis',
          summary: 'Commands of Redis fail',
          description: '{{ $value | humanizePercentage }} of the commands of {{ $labels.instance }} to Redis fail',
          least: failures('redis_command_errors_total', 'failures'),
          measure: 'commands that failed in all commands, over 5 min',
        }),
        ...ofBothLevels({
          alert: 'RedisLatencyHigh',
          family: 'redis_command_duration_seconds',
          subsystem: 'redis',
          summary: 'Commands of Redis are slow',
          description:
            'One in a hundred commands {{ $labels.command_class }} of {{ $labels.instance }} takes {{ $value | humanizeDuration }} or longer',
          least: observed('redis_command_duration_seconds', 'commands', { by: ['command_class'] }),
          measure: 'the 99th percentile of command durations over 5 min',
        }),
      ],
    },
  ],
}
