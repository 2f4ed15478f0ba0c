// metricsHandler(): the exporter's routes in the user's own HTTP server.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { invalidType, invalidValue } from '../errors.js'
import { type Exposition, native } from '../native.js'
import { measureRecordCostIfDue } from './record-cost.js'
import { Routes } from './routes.js'
import { checkServing, type ServingOptions } from './settings.js'

/** Options of `metricsHandler()`. */
export interface MetricsHandlerOptions extends ServingOptions {
  /**
   * Where the routes are, such as `/ops`: `/ops/metrics` and so on. Default: at the top, which is right as well where the
   * framework takes the prefix off, as Express' `app.use('/ops', ...)`.
   */
  prefix?: string | undefined
}

/** What a handler needs of a request: Node's, or one that is made of it. */
export interface HandledRequest {
  method?: string | undefined
  url?: string | undefined
  headers: Record<string, string | string[] | undefined>
}

/** What a handler needs of a response, all of it: Node's `ServerResponse`, or one that is made of it. */
export interface HandledResponse {
  readonly headersSent: boolean
  /** What waits to be sent, in bytes. */
  readonly writableLength: number
  setHeader(name: string, value: string): unknown
  writeHead(status: number, headers: Record<string, string | number>): unknown
  write(chunk: Uint8Array | string): unknown
  end(chunk?: Uint8Array | string): unknown
  once(event: 'close', listener: () => void): unknown
  destroy(): unknown
}

/**
 * Answers a request for one of the routes, unless that is answered already; hands on any other to `next`, or answers 404
 * where there is none.
 */
export interface MetricsHandler {
  (request: HandledRequest, response: HandledResponse, next?: () => void): void
  /** Ends what goes on until the client goes: `/events`. Before the server's own `close()`. */
  close(): void
}

function checkPrefix(prefix: unknown): string {
  if (typeof prefix !== 'string') throw invalidType('prefix', 'a path', prefix)
  if (!/^(\/[^/?#]+)*\/?$/.test(prefix)) throw invalidValue('prefix', 'a path such as /ops', prefix)
  return prefix.replace(/\/$/, '')
}

/** The page refers to its files by addresses beside its own, so that has to end with a slash. */
function redirectToFolder(response: ServerResponse, path: string): void {
  if (response.headersSent) return
  response.writeHead(308, { location: `./${path.slice(path.lastIndexOf('/') + 1)}/`, 'content-length': 0 })
  response.end()
}

/**
 * A handler that serves the exporter's routes in a server of your own: node:http, Express (`app.use(metricsHandler())`), or
 * Fastify through `reply.hijack()`. The calling thread is held while its own `collect` callbacks run and while it sends;
 * rendering is done on nanotally's own thread. It cannot answer while the calling thread is blocked: `startExporter()` can.
 * Bodies are not compressed: that is the server's to decide.
 *
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, `ERR_NANOTALLY_REGISTRY_CLOSED`
 *
 * @example
 * const server = createServer(metricsHandler({ prefix: '/ops' }))
 */
export function metricsHandler(options: MetricsHandlerOptions = {}): MetricsHandler {
  const { registry, collectTimeoutMs, routes: settings } = checkServing(options, false)
  registry._assertOpen()
  native.serve(registry._handle)
  const prefix = checkPrefix(options.prefix ?? '')
  const routes = new Routes(
    {
      renderAll: (requests) => {
        measureRecordCostIfDue()
        return registry._renderAll(requests, collectTimeoutMs)
      },
      readHealth: () => native.readHealth(registry._handle),
      openFeed: () => {
        const feed = native.openFeed(registry._handle)
        return {
          next: async () => {
            registry._assertOpen()
            const [changes] = await registry._changes(feed, collectTimeoutMs)
            return changes as Exposition
          },
          close: () => native.closeFeed(feed),
        }
      },
    },
    settings,
  )
  const handle = (from: HandledRequest, to: HandledResponse, next?: () => void) => {
    const [request, response] = [from, to] as unknown as [IncomingMessage & { originalUrl?: string }, ServerResponse]
    const [whole = '', ...query] = Routes.originForm(request.url).split('?')
    const inside = whole === prefix || whole.startsWith(`${prefix}/`)
    const path = whole.slice(prefix.length) || '/'
    const [original = ''] = Routes.originForm(request.originalUrl ?? request.url).split('?')
    if (inside && path === '/' && !original.endsWith('/') && settings.routes.includes('page')) {
      redirectToFolder(response, original)
    } else if (!inside || !routes.handle(request, response, path, query.join('?'))) {
      if (next) next()
      else Routes.notFound(response)
    }
  }
  return Object.assign(handle, { close: () => routes.close() })
}
