// The HTTP side of the exporter: GET and HEAD /metrics over node:http. Runs in the exporter's worker thread.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Exposition } from '../registry.js'

const METRICS_PATH = '/metrics'
const PLAIN_TEXT = 'text/plain; charset=utf-8'

function answer(response: ServerResponse, status: number, contentType: string, body: Buffer | string): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
  response.end(body) // node:http leaves the body out of an answer to HEAD
}

function handle(request: IncomingMessage, response: ServerResponse, render: () => Exposition): void {
  const path = request.url?.split('?', 1)[0]
  if (path !== METRICS_PATH) {
    answer(response, 404, PLAIN_TEXT, `Not found. Metrics are at ${METRICS_PATH}.\n`)
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    answer(response, 405, PLAIN_TEXT, 'Method not allowed: GET or HEAD.\n')
  } else {
    let exposition: Exposition
    try {
      exposition = render()
    } catch (error) {
      answer(response, 500, PLAIN_TEXT, `Rendering failed: ${error instanceof Error ? error.message : error}\n`)
      return
    }
    answer(response, 200, exposition.contentType, exposition.body)
  }
}

/**
 * How long an idle connection is kept: longer than the usual time between two scrapes, so that the scraper's next request
 * finds it open and does not race its end.
 */
const KEEP_ALIVE_MS = 75_000

/** A server, not yet listening. `render` is synchronous: its thread has nothing else to do. */
export function createMetricsServer(render: () => Exposition): Server {
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => handle(request, response, render))
}
