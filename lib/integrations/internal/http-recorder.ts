// What the integrations of HTTP servers share: a request is followed from its beginning to its one end, which is the first of:
// its response was handed to the system whole ('finish'); its connection is gone; it became another protocol.
//
// The connection is watched and not only the response: a response that waits behind another one on its connection (HTTP
// pipelining) hears nothing of its end. Nothing here throws into the program.

import { HTTP_METHODS, UNMATCHED_ROUTE } from '../../catalogs/http.js'
import type { Registry } from '../../index.js'
import { type Ending, type HttpNames, type HttpSeries, type MethodSeries, makeSeries, NAMES } from './http-series.js'
import { checkFunction, checkOptions, checkRegistry, invalidType, invalidValue } from './options.js'

/** Options that all integrations of HTTP servers have. */
export interface HttpServerOptions<Request> {
  /** Default: the process-wide default registry. */
  registry?: Registry | undefined
  /**
   * `red`: `http_requests_total` and its like, by `method`, `route` and `status_class` (the catalog `http`). `opentelemetry`:
   * the semantic conventions' names, `http_server_request_duration_seconds` and its like (`http-semantic`). Default `red`.
   */
  names?: HttpNames | undefined
  /**
   * Methods that are told apart, in capitals; all others are `_OTHER`. Default: those of RFC 9110, and PATCH.
   */
  knownMethods?: readonly string[] | undefined
  /** Requests for which it returns true are not recorded, such as those for metrics. Asked at a request's beginning. */
  ignore?: ((request: Request) => boolean) | undefined
}

/** What is needed of a connection. */
export interface ConnectionLike {
  readonly bytesWritten?: number | undefined
  once(event: 'close', listener: () => void): unknown
}

/** What is needed of a request: Node's. */
export interface RequestLike {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersionMajor: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly socket: ConnectionLike
}

/** What is needed of a response: Node's. */
export interface ResponseLike {
  readonly statusCode: number
  readonly headersSent: boolean
  prependListener(event: 'finish' | 'close', listener: () => void): unknown
}

/** Node's, beyond its types. */
interface NodeRequest extends RequestLike {
  readonly upgrade?: boolean | null
}
interface NodeConnection extends ConnectionLike {
  readonly encrypted?: boolean
  [OPEN]?: Set<Exchange>
}
interface NodeResponse extends ResponseLike {
  /** The head as it was sent, over HTTP/1. */
  readonly _header?: string | null
  getHeader(name: string): unknown
  /** Over HTTP/2. */
  readonly writableEnded: boolean
  readonly stream?: { readonly rstCode?: number }
  [EXCHANGE]?: Exchange
}

// One symbol for all recorders, known where the code is compiled: a property by a symbol in a variable costs a microsecond.
/** The last exchange that a response has had, with the ones of other recorders behind it. */
const EXCHANGE = Symbol('nanotally.http.exchange')
/** The exchanges on a connection that have not ended. */
const OPEN = Symbol('nanotally.http.open')

/** Finds a request's route once it has been answered; undefined where there is none. */
export type RouteOf = () => string | undefined

const COMMON_OPTIONS = ['registry', 'names', 'knownMethods', 'ignore']
interface Recorders {
  /** One for each kind of names, whichever methods are known: they record the same requests. */
  readonly keys: Map<HttpNames, symbol>
  readonly byOptions: Map<string, HttpRecorder>
}
const recorders = new WeakMap<Registry, Recorders>()

/** Checks the options, those in `more` included. @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE` */
export function checkHttpOptions<Request>(
  options: HttpServerOptions<Request>,
  more: readonly string[],
): { recorder: HttpRecorder; ignores: (request: Request) => boolean } {
  checkOptions(options, [...COMMON_OPTIONS, ...more])
  const registry = checkRegistry(options.registry)
  const { names = 'red', knownMethods = HTTP_METHODS } = options
  if (!NAMES.includes(names)) throw invalidValue('names', `one of ${NAMES.join(', ')}`, names)
  if (!Array.isArray(knownMethods)) throw invalidType('knownMethods', 'an array of methods', knownMethods)
  for (const method of knownMethods) {
    if (typeof method !== 'string') throw invalidType('knownMethods', 'methods', method)
    if (!/^[A-Z][A-Z-]*$/.test(method)) throw invalidValue('knownMethods', 'methods in capitals', method)
  }
  const ignore = checkFunction('ignore', options.ignore)
  return { recorder: HttpRecorder.of(registry, names, knownMethods), ignores: guarded(ignore) }
}

function guarded<Request>(ignore: ((request: Request) => boolean) | undefined): (request: Request) => boolean {
  if (ignore === undefined) return () => false
  return (request) => {
    try {
      return ignore(request) === true
    } catch {
      return false
    }
  }
}

/** Records the requests of any number of servers into one registry. There is one for the same options. */
export class HttpRecorder {
  readonly series: HttpSeries
  /** Of its exchanges, so that none is counted twice. */
  readonly key: symbol

  private constructor(series: HttpSeries, key: symbol) {
    this.series = series
    this.key = key
  }

  static of(registry: Registry, names: HttpNames, knownMethods: readonly string[]): HttpRecorder {
    let ofRegistry = recorders.get(registry)
    if (ofRegistry === undefined) {
      ofRegistry = { keys: new Map(), byOptions: new Map() }
      recorders.set(registry, ofRegistry)
    }
    const { keys, byOptions } = ofRegistry
    const options = [names, ...[...knownMethods].sort()].join()
    let recorder = byOptions.get(options)
    if (recorder === undefined) {
      const key = keys.get(names) ?? Symbol(`nanotally.http.${names}`)
      keys.set(names, key)
      recorder = new HttpRecorder(makeSeries(names, registry, knownMethods), key)
      byOptions.set(options, recorder)
    }
    return recorder
  }

  /** Follows an exchange. One that is followed already is told of a better way to find its route. */
  begin(request: RequestLike, response: ResponseLike, routeOf: RouteOf): void {
    const ours = response as NodeResponse
    const last = ours[EXCHANGE]
    let exchange = last
    while (exchange !== undefined && exchange.key !== this.key) exchange = exchange.before
    if (exchange !== undefined) {
      exchange.routeOf = routeOf
    } else if ((request as NodeRequest).upgrade === true) {
      this.upgrade(request, routeOf)
    } else {
      ours[EXCHANGE] = new Exchange(this, request, ours, routeOf, last)
    }
  }

  /** Counts a request whose connection is handed over to another protocol. It is never in flight. */
  upgrade(request: RequestLike, routeOf: RouteOf): void {
    const { secure, method } = headOf(request)
    const series = this.series.ofEnd(this.series.ofMethod(method, secure), routeText(routeOf), 0, 'upgraded')
    series.requests?.inc()
    series.duration.observe(0)
  }
}

function headOf({ method = '', socket }: RequestLike): { method: string; secure: boolean } {
  return { method, secure: (socket as NodeConnection).encrypted === true }
}

function routeText(routeOf: RouteOf): string {
  let route: unknown
  try {
    route = routeOf()
  } catch {
    // As if there were none: a route is the program's to find.
  }
  return typeof route === 'string' && route !== '' ? route : UNMATCHED_ROUTE
}

/** A request and its response. Its end is recorded once, whoever tells of it first. */
class Exchange {
  routeOf: RouteOf
  readonly key: symbol
  readonly before: Exchange | undefined
  readonly #recorder: HttpRecorder
  readonly #methodSeries: MethodSeries
  readonly #request: RequestLike
  readonly #response: NodeResponse
  readonly #connection: NodeConnection | undefined
  readonly #start = performance.now()
  /** What the connection had written before this response. */
  #writtenBefore: number
  #ended = false

  constructor(
    recorder: HttpRecorder,
    request: RequestLike,
    response: NodeResponse,
    routeOf: RouteOf,
    before: Exchange | undefined,
  ) {
    const { method, secure } = headOf(request)
    this.routeOf = routeOf
    this.key = recorder.key
    this.before = before
    this.#recorder = recorder
    this.#request = request
    this.#response = response
    this.#methodSeries = recorder.series.ofMethod(method, secure)
    this.#methodSeries.inFlight.inc()
    // A connection of HTTP/2 has many responses at once: each one's own stream tells of its end.
    const connection = request.httpVersionMajor < 2 ? (request.socket as NodeConnection) : undefined
    this.#connection = connection
    this.#writtenBefore = connection?.bytesWritten ?? Number.NaN
    if (connection === undefined) {
      response.prependListener('close', () => this.#end(this.#wasSentByStream() ? 'finished' : 'aborted'))
    } else {
      openOn(connection).add(this)
      response.prependListener('finish', () => this.#end('finished'))
    }
  }

  abort(): void {
    this.#end('aborted')
  }

  #wasSentByStream(): boolean {
    return this.#response.writableEnded && (this.#response.stream?.rstCode ?? 0) === 0
  }

  #end(ending: Ending): void {
    if (this.#ended) return
    this.#ended = true
    this.#methodSeries.inFlight.dec()
    const seconds = (performance.now() - this.#start) / 1000
    const { statusCode, headersSent } = this.#response
    const status = ending === 'finished' || headersSent ? statusCode : 0
    const series = this.#recorder.series.ofEnd(this.#methodSeries, routeText(this.routeOf), status, ending)
    series.requests?.inc()
    series.duration.observe(seconds)
    const received = declaredLength(this.#request.headers)
    if (received !== undefined) series.requestSize.observe(received)
    const sent = this.#bytesSent()
    if (sent !== undefined) series.responseSize.observe(sent)
    const open = this.#connection?.[OPEN]
    open?.delete(this)
    if (open !== undefined && open.size > 0) this.#tellOthers(open)
  }

  /** What follows the head on the connection; undefined where that cannot be known. */
  #bytesSent(): number | undefined {
    const { _header: head, headersSent } = this.#response
    const written = (this.#connection?.bytesWritten ?? Number.NaN) - this.#writtenBefore
    if (!Number.isNaN(written)) return headersSent ? Math.max(0, written - (head?.length ?? 0)) : 0
    const declared = Number(this.#response.getHeader('content-length'))
    return Number.isInteger(declared) && declared >= 0 ? declared : undefined
  }

  /** Responses that wait for their turn on the connection begin after this one. */
  #tellOthers(open: Set<Exchange>): void {
    for (const other of open) {
      if (other.#response !== this.#response) other.#writtenBefore = this.#connection?.bytesWritten ?? Number.NaN
    }
  }
}

/** The exchanges of a connection, whose end is theirs. */
function openOn(connection: NodeConnection): Set<Exchange> {
  const existing = connection[OPEN]
  if (existing !== undefined) return existing
  const open = new Set<Exchange>()
  connection[OPEN] = open
  connection.once('close', () => {
    for (const exchange of open) exchange.abort()
  })
  return open
}

/** Bytes of the body; undefined where it is sent in chunks, as its length is told nowhere. */
function declaredLength(headers: RequestLike['headers']): number | undefined {
  const { 'content-length': declared } = headers
  if (typeof declared === 'string') {
    const length = Number(declared)
    return Number.isInteger(length) && length >= 0 ? length : undefined
  }
  return headers['transfer-encoding'] === undefined ? 0 : undefined
}
