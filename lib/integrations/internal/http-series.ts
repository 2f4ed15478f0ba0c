// The series that a request's end is recorded in, bound once for each method, route and outcome and kept.

import { httpMetrics, OTHER_METHOD, STATUS_CLASSES, UNMATCHED_ROUTE } from '../../catalogs/http.js'
import { httpSemanticMetrics } from '../../catalogs/http-semantic.js'
import type { BoundCounter, BoundGauge, BoundHistogram, Registry } from '../../index.js'

/** Which names: those of the catalog `http`, or of `http-semantic`. */
export const NAMES = ['red', 'opentelemetry'] as const
export type HttpNames = (typeof NAMES)[number]

/** How a request ended, beside its status code. */
export type Ending = 'finished' | 'aborted' | 'upgraded'

/** One label set. */
export interface EndSeries {
  readonly requests: BoundCounter | undefined
  readonly duration: BoundHistogram
  readonly requestSize: BoundHistogram
  readonly responseSize: BoundHistogram
}

/** Those of one method and scheme. */
export interface MethodSeries {
  readonly method: string
  readonly secure: boolean
  readonly inFlight: BoundGauge
  /** route -> outcome -> series */
  readonly ends: Map<string, Map<number, EndSeries>>
}

/** What is bound is kept up to here: past it a program's routes are no templates, and its series overflow. */
const MAX_KEPT = 2000
const NO_STATUS = 0
const CLASSES = Object.fromEntries(STATUS_CLASSES.map((name, i) => [name, i])) as Record<
  (typeof STATUS_CLASSES)[number],
  number
>

/** The series of one registry, under one kind of names. */
export abstract class HttpSeries {
  readonly #known: ReadonlySet<string>
  readonly #plain = new Map<string, MethodSeries>()
  readonly #secure = new Map<string, MethodSeries>()
  #kept = 0

  constructor(knownMethods: Iterable<string>) {
    this.#known = new Set(knownMethods)
  }

  /** Those of a request's method: an unknown one is `_OTHER`. */
  ofMethod(given: string, secure: boolean): MethodSeries {
    const methods = secure ? this.#secure : this.#plain
    const found = methods.get(given)
    if (found !== undefined) return found
    const method = this.#known.has(given) ? given : OTHER_METHOD
    let series = methods.get(method)
    if (series === undefined) {
      series = { method, secure, inFlight: this.bindInFlight(method, secure), ends: new Map() }
      methods.set(method, series)
    }
    return series
  }

  /** Those of a request's end. `status` is 0 where none was sent. */
  ofEnd(methodSeries: MethodSeries, route: string, status: number, ending: Ending): EndSeries {
    const outcome = this.outcomeOf(status, ending)
    let outcomes = methodSeries.ends.get(route)
    const found = outcomes?.get(outcome)
    if (found !== undefined) return found
    const bound = this.bindEnd(methodSeries, route, outcome)
    if (this.#kept < MAX_KEPT) {
      if (outcomes === undefined) {
        outcomes = new Map()
        methodSeries.ends.set(route, outcomes)
      }
      outcomes.set(outcome, bound)
      this.#kept++
    }
    return bound
  }

  protected abstract bindInFlight(method: string, secure: boolean): BoundGauge
  /** A number for each kind of end that the names tell apart. */
  protected abstract outcomeOf(status: number, ending: Ending): number
  protected abstract bindEnd(methodSeries: MethodSeries, route: string, outcome: number): EndSeries
}

class RedSeries extends HttpSeries {
  readonly #metrics: ReturnType<typeof httpMetrics>

  constructor(registry: Registry, knownMethods: Iterable<string>) {
    super(knownMethods)
    this.#metrics = httpMetrics({ registry })
  }

  protected override bindInFlight(method: string): BoundGauge {
    return this.#metrics.inFlight.labels(method)
  }

  protected override outcomeOf(status: number, ending: Ending): number {
    if (ending !== 'finished') return CLASSES[ending]
    return status < 600 ? Math.floor(status / 100) - 1 : CLASSES.other
  }

  protected override bindEnd({ method }: MethodSeries, route: string, outcome: number): EndSeries {
    const statusClass = STATUS_CLASSES[outcome] ?? 'other'
    const { requests, duration, requestSize, responseSize } = this.#metrics
    return {
      requests: requests.labels(method, route, statusClass),
      duration: duration.labels(method, route, statusClass),
      requestSize: requestSize.labels(method, route, statusClass),
      responseSize: responseSize.labels(method, route, statusClass),
    }
  }
}

/** The outcome of a request whose response was lost is its status code and this. */
const ABORTED = 1000

class SemanticSeries extends HttpSeries {
  readonly #metrics: ReturnType<typeof httpSemanticMetrics>

  constructor(registry: Registry, knownMethods: Iterable<string>) {
    super(knownMethods)
    this.#metrics = httpSemanticMetrics({ registry })
  }

  protected override bindInFlight(method: string, secure: boolean): BoundGauge {
    return this.#metrics.activeRequests.labels(method, secure ? 'https' : 'http')
  }

  protected override outcomeOf(status: number, ending: Ending): number {
    if (ending === 'upgraded') return NO_STATUS
    return ending === 'aborted' ? status + ABORTED : status
  }

  protected override bindEnd({ method, secure }: MethodSeries, route: string, outcome: number): EndSeries {
    const status = outcome % ABORTED
    const failed = outcome >= ABORTED ? 'aborted' : status >= 500 ? String(status) : undefined
    const labels = {
      http_request_method: method,
      url_scheme: secure ? 'https' : 'http',
      http_route: route === UNMATCHED_ROUTE ? undefined : route,
      http_response_status_code: status === NO_STATUS ? undefined : status,
      error_type: failed,
    }
    const { duration, requestBodySize, responseBodySize } = this.#metrics
    return {
      requests: undefined,
      duration: duration.labels(labels),
      requestSize: requestBodySize.labels(labels),
      responseSize: responseBodySize.labels(labels),
    }
  }
}

export function makeSeries(names: HttpNames, registry: Registry, knownMethods: Iterable<string>): HttpSeries {
  return names === 'red' ? new RedSeries(registry, knownMethods) : new SemanticSeries(registry, knownMethods)
}
