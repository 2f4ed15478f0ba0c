// Metrics of an Express application, 4 or 5.
import { type ExpressRequestLike, routeTemplate } from './internal/express-route.js'
import {
  checkHttpOptions,
  type HttpServerOptions,
  type RequestLike,
  type ResponseLike,
} from './internal/http-recorder.js'
import { checkFunction } from './internal/options.js'

export type { HttpNames } from './internal/http-series.js'
export type { ExpressRequestLike, HttpServerOptions, RequestLike, ResponseLike }

/** What is needed of a request. */
export type MeasuredExpressRequest = RequestLike & ExpressRequestLike

/** Options of `expressMetrics()`. */
export interface ExpressMetricsOptions<Request = MeasuredExpressRequest> extends HttpServerOptions<Request> {
  /**
   * Another text in place of a route's template, one of a fixed set: never a path as it came. It is given the template that was
   * found, undefined where no route was taken; where it returns undefined the request is recorded as `(unmatched)`. Asked once
   * the request has been answered.
   */
  route?: ((request: Request, template: string | undefined) => string | undefined) | undefined
}

/** A middleware of Express. */
export type ExpressMiddleware<Request = MeasuredExpressRequest> = (
  request: Request,
  response: ResponseLike,
  next: () => void,
) => void

/**
 * A middleware that records each request that passes through it: see the catalogs `http` and `http-semantic`. Use it first, on
 * the app. The route is a template, of mounted routers too: `/api/users/:id`. Of a regular expression it is that, of a list of
 * paths all of them. A request that passes through several of these is recorded once into each registry.
 *
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, and as `counter()`
 *
 * @example
 * const app = express()
 * app.use(expressMetrics())
 * app.get('/users/:id', (request, response) => response.json({ id: request.params.id }))
 */
export function expressMetrics<Request extends MeasuredExpressRequest = MeasuredExpressRequest>(
  options: ExpressMetricsOptions<Request> = {},
): ExpressMiddleware<Request> {
  const { recorder, ignores } = checkHttpOptions(options, ['route'])
  const route = checkFunction('route', options.route)
  return function nanotally(request, response, next) {
    if (!ignores(request)) {
      const { app } = request
      recorder.begin(request, response, () => {
        const template = routeTemplate(request, app)
        return route === undefined ? template : route(request, template)
      })
    }
    next()
  }
}
