// The HTTP side of the exporter: GET and HEAD /metrics over node:http. Runs in the exporter's worker thread.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { constants, gzipSync } from 'node:zlib'
import type { Exposition } from '../registry.js'
import { isCompressed } from './content-coding.js'

/** Renders what an `Accept` header and `name[]` parameters ask for; both may be empty. */
export type Render = (accept: string, names: readonly string[]) => Exposition

const METRICS_PATH = '/metrics'
const NAME_PARAMETER = 'name[]'
const PLAIN_TEXT = 'text/plain; charset=utf-8'
/** The fastest level: a quarter of the default level's time or less, for a fifth more bytes, measured on 10 000 series. */
const GZIP_LEVEL = constants.Z_BEST_SPEED

function answer(response: ServerResponse, status: number, contentType: string, body: Uint8Array | string): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
  response.end(body) // node:http leaves the body out of an answer to HEAD
}

function answerMetrics(request: IncomingMessage, response: ServerResponse, query: string, render: Render): void {
  let { contentType, body } = render(request.headers.accept ?? '', new URLSearchParams(query).getAll(NAME_PARAMETER))
  response.setHeader('vary', 'Accept, Accept-Encoding')
  if (isCompressed(request.headers['accept-encoding']?.toString(), body.length)) {
    body = gzipSync(body, { level: GZIP_LEVEL })
    response.setHeader('content-encoding', 'gzip')
  }
  answer(response, 200, contentType, body)
}

function handle(request: IncomingMessage, response: ServerResponse, render: Render): void {
  const [path, ...rest] = (request.url ?? '').split('?')
  const query = rest.join('?')
  if (path !== METRICS_PATH) {
    answer(response, 404, PLAIN_TEXT, `Not found. Metrics are at ${METRICS_PATH}.\n`)
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    answer(response, 405, PLAIN_TEXT, 'Method not allowed: GET or HEAD.\n')
  } else {
    try {
      answerMetrics(request, response, query, render)
    } catch (error) {
      response.removeHeader('content-encoding')
      answer(response, 500, PLAIN_TEXT, `Rendering failed: ${error instanceof Error ? error.message : error}\n`)
    }
  }
}

/**
 * How long an idle connection is kept: longer than the usual time between two scrapes, so that the scraper's next request
 * finds it open and does not race its end.
 */
const KEEP_ALIVE_MS = 75_000

/** A server, not yet listening. `render` is synchronous: its thread has nothing else to do. */
export function createMetricsServer(render: Render): Server {
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => handle(request, response, render))
}
