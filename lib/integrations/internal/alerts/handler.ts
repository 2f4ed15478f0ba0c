// The webhook: requests of Alertmanager, answered. 200 says that all alerts of the payload were accepted, and anything else that none
// was. Alertmanager sends again what is answered 5xx, until its group's next notification is due; with that comes what is
// answered otherwise, if it still fires.
import type { RefusalReason } from '../../../catalogs/alerting.js'
import type { HandledResponse } from '../../../index.js'
import { WebhookGuard } from './guard.js'
import { MalformedPayload, readPayload } from './payload.js'
import type { ReceiverCore } from './receiver.js'

/** What is needed of a request: Node's, or one that is made of it. */
export interface AlertRequest {
  method?: string | undefined
  url?: string | undefined
  headers: Record<string, string | string[] | undefined>
  /** What a framework has made of the body already: an object, or its text. */
  body?: unknown
  readonly readableEnded?: boolean
  readonly destroyed?: boolean
  /** What its chunks are texts by, where somebody has called `setEncoding()`. */
  readonly readableEncoding?: BufferEncoding | null
  on(event: 'data', listener: (chunk: Uint8Array | string) => void): unknown
  on(event: 'end' | 'close' | 'error', listener: () => void): unknown
  pause(): unknown
}

/** Answers a payload at its path; hands on any other request to `next`, or answers 404 where there is none. */
export type AlertHandler = (request: AlertRequest, response: HandledResponse, next?: () => void) => void

/** Bodies that are read at a time. Alertmanager sends one for each of its groups. */
const MOST_BODIES = 64
/** In seconds: Alertmanager goes by its own, others may listen. */
const RETRY_AFTER = '5'

/** A request that is refused. */
class Refused extends Error {
  readonly status: number
  readonly reason: RefusalReason

  constructor(status: number, reason: RefusalReason, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

function refusalOf(error: unknown): Refused {
  if (error instanceof Refused) return error
  if (error instanceof MalformedPayload) return new Refused(400, 'malformed', `Malformed: ${error.message}.`)
  return new Refused(500, 'failed', 'Failed: send again.')
}

function answer(response: HandledResponse, status: number, line: string): void {
  const text = `${line}\n`
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
  })
  response.end(text)
}

/** The path of a request's target, which may be a whole address (RFC 9112, section 3.2.2). */
function pathOf({ url = '' }: AlertRequest): string {
  const [path = ''] = url.replace(/^https?:\/\/[^/?]*\/?/i, '/').split('?')
  return path
}

function aborted(): Refused {
  return new Refused(400, 'aborted', 'The body did not come to its end.')
}

function isObject(body: unknown): body is object {
  return typeof body === 'object' && body !== null && !Buffer.isBuffer(body)
}

/** What somebody has made of the body; undefined where nobody has. Parsers of Express 4 leave `{}` where they have read nothing. */
function parsedOf({ body, readableEnded }: AlertRequest): unknown {
  return isObject(body) && !readableEnded && Object.keys(body).length === 0 ? undefined : body
}

/** The receiver's webhook. */
export class Webhook {
  readonly #core: ReceiverCore
  readonly #guard: WebhookGuard | undefined
  #bodies = 0

  constructor(core: ReceiverCore) {
    this.#core = core
    const { credentials } = core.settings
    this.#guard = credentials && new WebhookGuard(credentials)
  }

  readonly handle: AlertHandler = (request, response, next) => {
    if (response.headersSent) return
    if (pathOf(request) !== this.#core.settings.path) {
      if (next) next()
      else this.#notFound(request, response)
      return
    }
    this.#take(request)
      .then(
        () => answer(response, 200, 'Accepted.'),
        (error: unknown) => this.#refuse(request, response, error),
      )
      // Somebody else has answered meanwhile: nothing can be told any more, and nothing of ours may end the program.
      .catch(() => {})
  }

  async #take(request: AlertRequest): Promise<void> {
    this.#checkHead(request)
    const payload = await this.#payloadOf(request)
    const { alerts, truncated } = readPayload(payload)
    const refusal = this.#core.accept(alerts)
    if (refusal === 'closed') throw new Refused(503, 'closed', 'Closing: send again.')
    if (refusal === 'backlog') throw new Refused(503, 'backlog', 'Too much is pending: send again.')
    if (truncated > 0) this.#core.refuse('alertmanager', 'truncated')
  }

  /** In an order that tells nothing to whom may not know. */
  #checkHead({ method, headers }: AlertRequest): void {
    if (this.#guard?.admits(headers.authorization as string | undefined) === false) {
      throw new Refused(401, 'unauthenticated', 'Unauthorized: credentials are missing or wrong.')
    }
    if (method !== 'POST') throw new Refused(405, 'method', 'Method not allowed: POST.')
    const [type = ''] = String(headers['content-type'] ?? '').split(';')
    if (type.trim().toLowerCase() !== 'application/json' || headers['content-encoding'] !== undefined) {
      throw new Refused(415, 'content_type', 'Unsupported: application/json, uncompressed.')
    }
    this.#checkSize(Number(headers['content-length'] ?? 0))
  }

  #checkSize(bytes: number): void {
    const { maxBodyBytes } = this.#core.settings
    if (!(bytes <= maxBodyBytes)) throw new Refused(413, 'oversized', `Too large: at most ${maxBodyBytes} bytes.`)
  }

  async #payloadOf(request: AlertRequest): Promise<unknown> {
    const body = parsedOf(request)
    if (isObject(body)) return body
    const text = body === undefined ? await this.#read(request) : String(body)
    try {
      return JSON.parse(text)
    } catch {
      throw new MalformedPayload('the payload: expected JSON')
    }
  }

  async #read(request: AlertRequest): Promise<string> {
    if (request.readableEnded) {
      throw new Refused(500, 'consumed', 'The body was read already, and is not at request.body.')
    }
    // Gone before it came here: nothing of it will be heard any more.
    if (request.destroyed) throw aborted()
    if (this.#bodies >= MOST_BODIES) throw new Refused(503, 'busy', 'Too many at a time: send again.')
    this.#bodies++
    try {
      return await this.#readAll(request)
    } finally {
      this.#bodies--
    }
  }

  #readAll(request: AlertRequest): Promise<string> {
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = []
      let bytes = 0
      // What a listener throws would end the program.
      const take = (step: () => void) => {
        try {
          step()
        } catch (error) {
          chunks.length = 0
          request.pause()
          reject(error)
        }
      }
      request.on('data', (chunk) =>
        take(() => {
          const part = typeof chunk === 'string' ? Buffer.from(chunk, request.readableEncoding ?? 'utf8') : chunk
          bytes += part.length
          this.#checkSize(bytes)
          chunks.push(part)
        }),
      )
      request.on('end', () => take(() => resolve(Buffer.concat(chunks).toString())))
      for (const event of ['error', 'close'] as const) request.on(event, () => reject(aborted()))
    })
  }

  /** An address that is wrong loses alerts, one that is probed does not. */
  #notFound({ method }: AlertRequest, response: HandledResponse): void {
    if (method === 'POST') this.#core.refuse('alertmanager', 'path')
    answer(response, 404, `Not found. Alerts go to ${this.#core.settings.path}.`)
  }

  #refuse(request: AlertRequest, response: HandledResponse, error: unknown): void {
    const { status, reason, message } = refusalOf(error)
    this.#core.refuse('alertmanager', reason)
    if (response.headersSent) return
    if (status === 401) response.setHeader('www-authenticate', this.#guard?.challenge ?? '')
    if (status === 405) response.setHeader('allow', 'POST')
    if (status === 503) response.setHeader('retry-after', RETRY_AFTER)
    // What comes behind the head of the request is not read.
    const isUnread = !request.readableEnded && parsedOf(request) === undefined
    if (isUnread || reason === 'closed') response.setHeader('connection', 'close')
    answer(response, status, message)
  }
}
