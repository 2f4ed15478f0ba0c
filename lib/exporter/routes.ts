// What is answered to HTTP requests, whichever server they come from.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { textOfThrown } from '../errors.js'
import { reportOf } from '../health/report.js'
import type { HealthCheckResult, NativeRenderRequest } from '../native.js'
import { warnOnce } from '../warnings.js'
import { isCompressed } from './content-coding.js'
import type { Credentials, Guard } from './credentials.js'
import { Events, type Feed } from './events.js'
import { PAGE_HEADERS, PAGE_PATHS, type PagePath, pageFile } from './page.js'
import { type RenderAll, Scrapes, TooManyScrapes } from './scrapes.js'
import type { RouteName, RouteSettings } from './settings.js'

/** What the routes read. */
export interface Source {
  readonly renderAll: RenderAll
  /** Of the process. */
  readHealth(): HealthCheckResult[]
  openFeed(): Feed
}

const NAME_PARAMETER = 'name[]'
const JSON_TYPE = 'application/json'
/** A process whose event loops turn is alive, whatever else it lacks: to start it again would not mend that. */
const LIVENESS_CHECK = 'event_loops'
const PLAIN_TEXT = 'text/plain; charset=utf-8'

type Answer = (request: IncomingMessage, response: ServerResponse, query: string) => Promise<void>

function answer(response: ServerResponse, status: number, contentType: string, body: Uint8Array | string): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
  response.end(body) // node:http leaves the body out of an answer to HEAD
}

/** With a line of text. */
function refuse(response: ServerResponse, status: number, line: string): void {
  answer(response, status, PLAIN_TEXT, `${line}\n`)
}

function namesOf(query: string): string[] {
  return new URLSearchParams(query).getAll(NAME_PARAMETER)
}

/** Whether the request has a body, which none of ours does. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function answerPage(path: PagePath, response: ServerResponse): void {
  const { contentType, body } = pageFile(path)
  for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value)
  // Another version of nanotally may be behind the same address tomorrow.
  response.setHeader('cache-control', 'no-cache')
  answer(response, 200, contentType, body)
}

/** Required here, as to load node:crypto would make every exporter start later. */
function guardOf(credentials: Credentials): Guard {
  const { Guard } = require('./credentials.js') as typeof import('./credentials.js')
  return new Guard(credentials)
}

/** The routes over one source. */
export class Routes {
  readonly #source: Source
  readonly #settings: RouteSettings
  readonly #guard: Guard | undefined
  readonly #scrapes: Scrapes
  readonly #events: Events
  readonly #answers = new Map<string, Answer>()

  constructor(source: Source, settings: RouteSettings) {
    this.#source = source
    this.#settings = settings
    this.#guard = settings.credentials && guardOf(settings.credentials)
    this.#scrapes = new Scrapes(source.renderAll)
    this.#events = new Events(this.#scrapes, () => source.openFeed(), settings.eventsIntervalMs)
    const answers: [RouteName, string, Answer][] = [
      ['metrics', '/metrics', (...asked) => this.#answerMetrics(...asked)],
      ['health', '/health', async (_, response) => this.#answerHealth(response)],
      ['healthz', '/healthz', async (_, response) => this.#answerHealth(response)],
      ['readyz', '/readyz', async (_, response) => this.#answerHealth(response, ({ critical }) => critical)],
      ['livez', '/livez', async (_, response) => this.#answerHealth(response, ({ name }) => name === LIVENESS_CHECK)],
      ['snapshot', '/snapshot.json', (...asked) => this.#answerSnapshot(...asked)],
      ['events', '/events', (request, response) => this.#answerEvents(request, response)],
    ]
    for (const path of PAGE_PATHS) answers.push(['page', path, async (_, response) => answerPage(path, response)])
    for (const [route, path, one] of answers) if (settings.routes.includes(route)) this.#answers.set(path, one)
  }

  /**
   * Answers a request for `path`, which is where it leads to below the routes' own prefix, without a query. False, and
   * nothing done, where no route is there.
   */
  handle(request: IncomingMessage, response: ServerResponse, path: string, query: string): boolean {
    const route = this.#answers.get(path)
    if (route === undefined) return false
    // By a time-out of the server's, say.
    if (response.headersSent) return true
    response.setHeader('x-content-type-options', 'nosniff')
    if (this.#guard?.admits(request.headers.authorization) === false) {
      response.setHeader('www-authenticate', this.#guard.challenge)
      refuse(response, 401, 'Unauthorized: credentials are missing or wrong.')
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      // What comes behind the head of this request is not read.
      response.setHeader('connection', 'close')
      refuse(response, 405, 'Method not allowed: GET or HEAD.')
    } else if (hasBody(request)) {
      response.setHeader('connection', 'close')
      refuse(response, 400, 'A body is not expected.')
    } else {
      route(request, response, query).catch((error) => this.#fail(response, error))
    }
    return true
  }

  /** The path and the query of a request's target, which may be a whole address (RFC 9112, section 3.2.2). */
  static originForm(target = ''): string {
    return target.replace(/^https?:\/\/[^/?]*\/?/i, '/')
  }

  /** Answers what no route is for. */
  static notFound(response: ServerResponse): void {
    if (!response.headersSent) refuse(response, 404, 'Not found. Metrics are at /metrics.')
  }

  /** Ends what would go on for ever. */
  close(): void {
    this.#events.close()
  }

  /** Never throws. What was begun meanwhile is another's answer: nothing of ours fails once its head is written. */
  #fail(response: ServerResponse, error: unknown): void {
    if (response.headersSent) return
    try {
      if (error instanceof TooManyScrapes) {
        response.setHeader('retry-after', error.retryAfterSeconds)
        refuse(response, error.status, 'Too many different scrapes wait: ask again.')
        return
      }
      refuse(response, 500, `Failed: ${error instanceof Error ? error.message : error}`)
    } catch (refused) {
      warnOnce('response', `nanotally cannot answer through this response: ${textOfThrown(refused)}`)
    }
  }

  #answerMetrics(request: IncomingMessage, response: ServerResponse, query: string): Promise<void> {
    response.setHeader('vary', this.#settings.compress ? 'Accept, Accept-Encoding' : 'Accept')
    return this.#answerScrape(request, response, [request.headers.accept ?? '', namesOf(query)])
  }

  #answerSnapshot(request: IncomingMessage, response: ServerResponse, query: string): Promise<void> {
    if (this.#settings.compress) response.setHeader('vary', 'Accept-Encoding')
    return this.#answerScrape(request, response, [null, namesOf(query)])
  }

  async #answerScrape(request: IncomingMessage, response: ServerResponse, what: NativeRenderRequest): Promise<void> {
    const scrape = await this.#scrapes.get(...what)
    if (response.headersSent) return
    let { body } = scrape
    const acceptEncoding = request.headers['accept-encoding']?.toString()
    if (this.#settings.compress && isCompressed(acceptEncoding, body.length)) {
      body = scrape.compressed()
      response.setHeader('content-encoding', 'gzip')
    }
    response.setHeader('cache-control', 'no-store')
    answer(response, 200, scrape.contentType, body)
  }

  /** 503 where the checks that count come to `unhealthy`, as probes of Kubernetes want it. */
  #answerHealth(response: ServerResponse, counts: (check: HealthCheckResult) => boolean = () => true): void {
    const report = reportOf(this.#source.readHealth().filter(counts))
    response.setHeader('cache-control', 'no-store')
    answer(response, report.status === 'unhealthy' ? 503 : 200, JSON_TYPE, JSON.stringify(report))
  }

  async #answerEvents(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('cache-control', 'no-store')
    if (request.method === 'HEAD') answer(response, 200, 'text/event-stream; charset=utf-8', '')
    else if (this.#events.isFull) refuse(response, 503, 'Too many listen to the events already.')
    else await this.#events.listen(response)
  }
}
