// Serves the built live page with events that its caller scripts: what comes when, and when the connection breaks.
// The answers are those of the exporter: same paths, same Content-Security-Policy.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LIVE = fileURLToPath(new URL('../../dist/live', import.meta.url))

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'"

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/live.js': ['live.js', 'text/javascript; charset=utf-8'],
  '/live.css': ['live.css', 'text/css; charset=utf-8'],
}

export class LiveServer {
  /** The document that each connection begins with. Before there is one, a connection is silent. */
  first = undefined
  /** Whether /events is answered with 503 now. */
  refusing = false
  /** How often /events was asked for. */
  asked = 0
  #streams = new Set()
  #server
  #retryMs

  constructor(server, retryMs) {
    this.#server = server
    this.#retryMs = retryMs
  }

  /**
   * @param {{ prefix?: string, retryMs?: number }} [options] a path to serve below, without a slash at its end, and when a
   * client that lost its connection tries again
   */
  static async start({ prefix = '', retryMs = 50 } = {}) {
    const server = createServer((request, response) => live.#answer(request.url.slice(prefix.length), response))
    const live = new LiveServer(server, retryMs)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    live.url = `http://127.0.0.1:${server.address().port}${prefix}/`
    return live
  }

  /** How many clients listen. */
  get listening() {
    return this.#streams.size
  }

  /** Sends a `changes` event to all who listen. */
  changes(document) {
    for (const stream of this.#streams) stream.write(`event: changes\ndata: ${JSON.stringify(document)}\n\n`)
  }

  /** Breaks the connections of all who listen. */
  disconnect() {
    for (const stream of this.#streams) stream.destroy()
  }

  async [Symbol.asyncDispose]() {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #answer(path, response) {
    response.setHeader('content-security-policy', POLICY)
    if (path === '/events') this.#stream(response)
    else if (FILES[path]) {
      const [name, type] = FILES[path]
      response.setHeader('content-type', type).end(readFileSync(join(LIVE, name)))
    } else response.writeHead(404).end()
  }

  #stream(response) {
    this.asked++
    if (this.refusing) {
      response.writeHead(503).end()
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`retry: ${this.#retryMs}\n\n`)
    if (this.first) response.write(`event: snapshot\ndata: ${JSON.stringify(this.first)}\n\n`)
    this.#streams.add(response)
    response.on('close', () => this.#streams.delete(response))
  }
}
