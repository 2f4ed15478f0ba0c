// The catalog of HTTP servers under the names of OpenTelemetry's semantic conventions for HTTP metrics (stable since 1.23; the
// sizes and the active requests are still in development there). Dots are underscores, units are in the names, as
// OpenTelemetry's exporter for Prometheus writes them. The shorter names: http.ts.

import { HTTP_METHODS, OTHER_METHOD } from './http.js'
import type { Catalog, CatalogFamilies, Instruments } from './shared/catalog.js'
import { type CatalogOptions, defineFamilies } from './shared/catalog.js'

/** What the conventions advise for durations, in seconds. */
const ADVISED_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const

const REQUIRED = ['http_request_method', 'url_scheme'] as const
/** Required there under a condition: that there is a route, that a status was sent, that the request failed. */
const CONDITIONAL = ['http_route', 'http_response_status_code', 'error_type'] as const
const VALUES = { http_request_method: [...HTTP_METHODS, OTHER_METHOD], url_scheme: ['http', 'https'] } as const

const FAMILIES = {
  duration: {
    name: 'http_server_request_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Duration of HTTP server requests.',
    labels: REQUIRED,
    optionalLabels: CONDITIONAL,
    values: VALUES,
    buckets: ADVISED_BOUNDARIES,
    query:
      'sum(rate(http_server_request_duration_seconds_count{error_type=~"5.."}[5m])) / sum(rate(http_server_request_duration_seconds_count{error_type!="aborted"}[5m]))',
    queryUnit: 'of all answers',
    expected: [0, 0.001],
    warning: { above: 0.01, forSeconds: 300 },
    critical: { above: 0.05, forSeconds: 120 },
    source: 'the integrations express, fastify and http with names: opentelemetry, at the end of a request',
    documents: ['004'],
  },
  activeRequests: {
    name: 'http_server_active_requests',
    type: 'gauge',
    help: 'Number of active HTTP server requests.',
    labels: REQUIRED,
    values: VALUES,
    aggregate: 'sum',
    // What a thread that ended had not answered is answered no more.
    onExit: 'drop',
    query: 'sum(http_server_active_requests)',
    expected: [0, 100],
    warning: { above: 500, forSeconds: 300 },
    source: 'the integrations express, fastify and http, when a request begins and when it ends',
    documents: ['004'],
  },
  requestBodySize: {
    name: 'http_server_request_body_size_bytes',
    type: 'histogram',
    unit: 'bytes',
    help: 'Size of HTTP server request bodies, as Content-Length declares them.',
    labels: REQUIRED,
    optionalLabels: CONDITIONAL,
    values: VALUES,
    query: 'histogram_quantile(0.99, sum by (le) (rate(http_server_request_body_size_bytes_bucket[5m])))',
    expected: [0, 2 ** 20],
    source: 'the integrations express, fastify and http, from the request’s head',
    documents: ['004'],
  },
  responseBodySize: {
    name: 'http_server_response_body_size_bytes',
    type: 'histogram',
    unit: 'bytes',
    help: 'Size of HTTP server response bodies, as they were written to the connection.',
    labels: REQUIRED,
    optionalLabels: CONDITIONAL,
    values: VALUES,
    query: 'histogram_quantile(0.99, sum by (le) (rate(http_server_response_body_size_bytes_bucket[5m])))',
    expected: [0, 10 * 2 ** 20],
    source: 'the integrations express, fastify and http, from what the connection has written',
    documents: ['004'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const httpSemantic: Catalog = {
  name: 'http-semantic',
  about: 'Requests to HTTP servers, under the names of OpenTelemetry’s semantic conventions.',
  families: FAMILIES,
}

/** One request that ended. */
export interface EndedSemanticRequest {
  /** One of a few: what is in no list of methods is `_OTHER`. */
  method: string
  scheme: 'http' | 'https'
  /** A template such as `/users/:id`, never a path; left out where there is none. */
  route?: string | undefined
  /** Left out where none was sent. */
  statusCode?: number | undefined
  /** A short fixed text where the request failed: the status code from 500 on, `aborted`, or an error's name. */
  errorType?: string | undefined
  durationSeconds: number
  /** Left out where it is not known. */
  requestBytes?: number | undefined
  responseBytes?: number | undefined
}

/** HTTP metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface HttpSemanticMetrics extends Instruments<typeof FAMILIES> {
  recordRequest(request: EndedSemanticRequest): void
  /** @param change - such as 1 at a request's begin and -1 at its end */
  updateActiveRequests(method: string, scheme: 'http' | 'https', change: number): void
}

/**
 * Defines these families in a registry, or finds them there, and returns what records them. The integrations do that by
 * themselves, with `names: 'opentelemetry'`: this is for servers that there is none for.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = httpSemanticMetrics()
 * metrics.recordRequest({ method: 'GET', scheme: 'http', route: '/users/:id', statusCode: 200, durationSeconds: 0.004 })
 */
export function httpSemanticMetrics(options: CatalogOptions = {}): HttpSemanticMetrics {
  const families = defineFamilies(FAMILIES, options)
  return {
    ...families,
    recordRequest(request) {
      const labels = {
        http_request_method: request.method,
        url_scheme: request.scheme,
        http_route: request.route,
        http_response_status_code: request.statusCode,
        error_type: request.errorType,
      }
      families.duration.observe(labels, request.durationSeconds)
      if (request.requestBytes !== undefined) families.requestBodySize.observe(labels, request.requestBytes)
      if (request.responseBytes !== undefined) families.responseBodySize.observe(labels, request.responseBytes)
    },
    updateActiveRequests: (http_request_method, url_scheme, change) =>
      families.activeRequests.inc({ http_request_method, url_scheme }, change),
  }
}
