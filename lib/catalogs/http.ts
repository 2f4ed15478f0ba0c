// The catalog of HTTP servers by rate, errors and duration (RED), as the integrations record it. Planning document 004.
// The same requests under OpenTelemetry's names: http-semantic.ts.
import type { Catalog, CatalogFamilies, Instruments } from './shared/catalog.js'
import { type CatalogOptions, defineFamilies } from './shared/catalog.js'

/**
 * How requests end: the class of the response's status code; `aborted`, when the connection was lost before the response was
 * sent whole; `upgraded`, when the connection was handed over to another protocol; `other`, a status code past 599.
 */
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'aborted', 'upgraded', 'other'] as const
export type StatusClass = (typeof STATUS_CLASSES)[number]

/** The methods of RFC 9110, and PATCH. */
export const HTTP_METHODS = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'] as const
/** What stands for every other method, as OpenTelemetry has it. */
export const OTHER_METHOD = '_OTHER'
/** The route of requests that no route of the program matched. */
export const UNMATCHED_ROUTE = '(unmatched)'

const LABELS = ['method', 'route', 'status_class'] as const
const VALUES = { method: [...HTTP_METHODS, OTHER_METHOD], status_class: STATUS_CLASSES } as const

const FAMILIES = {
  requests: {
    name: 'http_requests_total',
    type: 'counter',
    help: 'Requests that ended, by how they did.',
    labels: LABELS,
    values: VALUES,
    query:
      'sum(rate(http_requests_total{status_class="5xx"}[5m])) / sum(rate(http_requests_total{status_class!="aborted"}[5m]))',
    queryUnit: 'of all answers',
    expected: [0, 0.001],
    warning: { above: 0.01, forSeconds: 300 },
    critical: { above: 0.05, forSeconds: 120 },
    source: 'the integrations express, fastify and http, when a response has been sent or its connection is gone',
    documents: ['004'],
  },
  duration: {
    name: 'http_request_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from the head of a request until its response was handed to the system, or was lost.',
    labels: LABELS,
    values: VALUES,
    query: 'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))',
    expected: [0.001, 0.5],
    warning: { above: 1, forSeconds: 300 },
    critical: { above: 5, forSeconds: 300 },
    source: 'the integrations express, fastify and http, together with the request',
    documents: ['004'],
  },
  inFlight: {
    name: 'http_requests_in_flight',
    type: 'gauge',
    help: 'Requests that wait for the end of their response.',
    labels: ['method'],
    values: { method: VALUES.method },
    aggregate: 'sum',
    // What a thread that ended had not answered is answered no more.
    onExit: 'drop',
    query: 'sum(http_requests_in_flight)',
    expected: [0, 100],
    warning: { above: 500, forSeconds: 300 },
    source: 'the integrations express, fastify and http, when a request begins and when it ends',
    documents: ['004'],
  },
  requestSize: {
    name: 'http_request_size_bytes',
    type: 'histogram',
    unit: 'bytes',
    help: 'Bytes of requests’ bodies, as Content-Length declares them; bodies of undeclared length are left out.',
    labels: LABELS,
    values: VALUES,
    query: 'histogram_quantile(0.99, sum by (le) (rate(http_request_size_bytes_bucket[5m])))',
    expected: [0, 2 ** 20],
    source: 'the integrations express, fastify and http, from the request’s head',
    documents: ['004'],
  },
  responseSize: {
    name: 'http_response_size_bytes',
    type: 'histogram',
    unit: 'bytes',
    help: 'Bytes of responses after their heads, as they were written to the connection.',
    labels: LABELS,
    values: VALUES,
    query: 'histogram_quantile(0.99, sum by (le) (rate(http_response_size_bytes_bucket[5m])))',
    expected: [0, 10 * 2 ** 20],
    source: 'the integrations express, fastify and http, from what the connection has written',
    documents: ['004'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const http: Catalog = {
  name: 'http',
  about: 'Requests to HTTP servers: rate, errors, duration, sizes.',
  families: FAMILIES,
}

/** One request that ended. */
export interface EndedRequest {
  /** One of a few: what is in no list of methods is `_OTHER`. */
  method: string
  /** A template such as `/users/:id`, never a path; `(unmatched)` where there is none. */
  route: string
  statusClass: StatusClass
  durationSeconds: number
  /** Left out where it is not known. */
  requestBytes?: number | undefined
  responseBytes?: number | undefined
}

/** HTTP metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface HttpMetrics extends Instruments<typeof FAMILIES> {
  /** Of a request that was counted by `updateInFlight` that is the caller's to take back. */
  recordRequest(request: EndedRequest): void
  /** @param change - such as 1 at a request's begin and -1 at its end */
  updateInFlight(method: string, change: number): void
}

/**
 * Defines the families of HTTP servers in a registry, or finds them there, and returns what records them. The integrations
 * do that by themselves: this is for servers that there is none for.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = httpMetrics()
 * metrics.recordRequest({ method: 'GET', route: '/users/:id', statusClass: '2xx', durationSeconds: 0.004 })
 */
export function httpMetrics(options: CatalogOptions = {}): HttpMetrics {
  const families = defineFamilies(FAMILIES, options)
  return {
    ...families,
    recordRequest({ method, route, statusClass: status_class, durationSeconds, requestBytes, responseBytes }) {
      families.requests.inc({ method, route, status_class })
      families.duration.observe({ method, route, status_class }, durationSeconds)
      if (requestBytes !== undefined) families.requestSize.observe({ method, route, status_class }, requestBytes)
      if (responseBytes !== undefined) families.responseSize.observe({ method, route, status_class }, responseBytes)
    },
    updateInFlight: (method, change) => families.inFlight.inc({ method }, change),
  }
}
