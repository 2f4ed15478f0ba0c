// Metrics of a Fastify application.
import {
  checkHttpOptions,
  type HttpServerOptions,
  type RequestLike,
  type ResponseLike,
} from './internal/http-recorder.js'
import { checkFunction } from './internal/options.js'

export type { HttpNames } from './internal/http-series.js'
export type { HttpServerOptions, RequestLike, ResponseLike }

/** What is needed of a request: Fastify's. */
export interface FastifyRequestLike {
  readonly raw: RequestLike
  readonly is404: boolean
  readonly routeOptions: { readonly url?: string | undefined }
}

/** Options of `fastifyMetrics`. */
export interface FastifyMetricsOptions<Request = FastifyRequestLike> extends HttpServerOptions<Request> {
  /**
   * Another text in place of a route's template, one of a fixed set: never a path as it came. It is given the template,
   * undefined where no route was taken; where it returns undefined the request is recorded as `(unmatched)`. Asked once the
   * request has been answered.
   */
  route?: ((request: Request, template: string | undefined) => string | undefined) | undefined
}

/** What is needed of an application: Fastify's. */
export interface FastifyLike {
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequestLike, reply: { readonly raw: ResponseLike }, done: () => void) => void,
  ): unknown
}

function register(app: FastifyLike, options: FastifyMetricsOptions, done: (error?: Error) => void): void {
  try {
    const { recorder, ignores } = checkHttpOptions(options, ['route', 'prefix', 'logLevel', 'logSerializers'])
    const route = checkFunction('route', options.route)
    app.addHook('onRequest', (request, reply, next) => {
      if (!ignores(request)) {
        recorder.begin(request.raw, reply.raw, () => {
          const template = request.is404 ? undefined : request.routeOptions.url
          return route === undefined ? template : route(request, template)
        })
      }
      next()
    })
    done()
  } catch (error) {
    done(error as Error)
  }
}

/**
 * A plugin that records each request of an application: see the catalogs `http` and `http-semantic`. Register it first. The
 * route is the template with its prefixes, `/api/users/:id`. Registered twice it records once into each registry. What Fastify
 * refuses before its hooks is not recorded, such as a path that cannot be decoded.
 *
 * Registering fails with `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, and as `counter()`.
 *
 * @example
 * const app = fastify()
 * await app.register(fastifyMetrics)
 * app.get('/users/:id', async (request) => ({ id: request.params.id }))
 */
export const fastifyMetrics = Object.assign(register, {
  // Fastify's own mark of plugins whose hooks are the application's and not their own context's.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'nanotally',
})
