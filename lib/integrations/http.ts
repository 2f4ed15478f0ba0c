// Metrics of a node:http or node:https server (or node:http2's, through Node's compatibility API), upgrades included.
import {
  checkHttpOptions,
  type HttpServerOptions,
  type RequestLike,
  type ResponseLike,
} from './internal/http-recorder.js'
import { checkFunction, invalidType } from './internal/options.js'
import { type Instrumentation, once, wrap } from './internal/wrap.js'

export type { HttpNames } from './internal/http-series.js'
export type { HttpServerOptions, Instrumentation, RequestLike, ResponseLike }

/** Options of `instrumentServer()`. */
export interface InstrumentServerOptions<Request = RequestLike> extends HttpServerOptions<Request> {
  /**
   * The template of the route that a request takes, such as `/users/:id`, one of a fixed set: never a path as it came.
   * Undefined for requests that take none, which are recorded as `(unmatched)`, as all of them are by default. Asked once the
   * request has been answered. Express' and Fastify's own integrations take precedence for the requests that pass through them.
   */
  route?: ((request: Request) => string | undefined) | undefined
}

/** What is needed of a server: Node's. */
export interface ServerLike {
  emit(event: string, ...args: never[]): boolean
}

/** Events that bring a request and its response. */
const REQUESTS: readonly unknown[] = ['request', 'checkContinue', 'checkExpectation']
/** Events that bring a request and its connection, which is the program's from then on. */
const UPGRADES: readonly unknown[] = ['upgrade', 'connect']

/**
 * Records each request of a server, from when Node hands it to the program: see the catalogs `http` and `http-semantic`. The
 * same server is recorded once into the same registry, however often this is called. `stop()` ends that; requests that have
 * begun are recorded still.
 *
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, and as `counter()`
 *
 * @example
 * const server = createServer((request, response) => response.end('hello'))
 * const instrumented = instrumentServer(server, { route: ({ url }) => (url === '/' ? '/' : undefined) })
 * instrumented.stop()
 */
export function instrumentServer<Request extends RequestLike = RequestLike>(
  server: ServerLike,
  options: InstrumentServerOptions<Request> = {},
): Instrumentation {
  const { recorder, ignores } = checkHttpOptions(options, ['route'])
  const route = checkFunction('route', options.route)
  if (typeof server?.emit !== 'function') throw invalidType('server', 'a server of node:http', server)
  return once(server, recorder.key, () =>
    wrap(server, 'emit', (emit) => {
      return function (this: unknown, event: unknown, ...args: unknown[]) {
        if (REQUESTS.includes(event)) {
          const [request, response] = args as [Request, ResponseLike]
          if (!ignores(request)) recorder.begin(request, response, () => route?.(request))
        } else if (UPGRADES.includes(event)) {
          const [request] = args as [Request]
          if (!ignores(request)) recorder.upgrade(request, () => route?.(request))
        }
        return emit.call(this, event, ...args)
      }
    }),
  )
}
