// Asks a target for its metrics over node:http or node:https: one GET, a deadline, a size limit, no redirects.
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

import { CliError, EXIT } from './command.js'
import type { RequestSettings, Target } from './target.js'
import { plural, printable } from './text.js'
import { packageVersion } from './version.js'

export interface Answer {
  /** Decompressed. */
  body: Buffer
  /** Empty where there is no such header. */
  contentType: string
}

const CONNECTION_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: connection refused',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be resolved now',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
  ENOENT: 'there is no such socket',
  EACCES: 'the socket may not be used',
  ECONNRESET: 'the connection was closed without an answer',
  EPIPE: 'the connection was closed without an answer',
  EPROTO: 'it does not speak TLS: try http://',
}

/** Ends a request when its time is over or its caller wants it so. AbortSignal.any() would keep something of each request. */
class Deadline {
  passed = false
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #outer: AbortSignal | undefined
  readonly #abort = () => this.#controller.abort()

  constructor({ timeoutMs, signal }: RequestSettings) {
    this.#timer = setTimeout(() => {
      this.passed = true
      this.#abort()
    }, timeoutMs)
    this.#outer = signal
    if (signal?.aborted) this.#abort()
    signal?.addEventListener('abort', this.#abort)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#abort)
  }
}

/**
 * Fetches a target's metrics.
 *
 * @param accept the `Accept` header
 * @throws CliError, `unreachable` or `notMetrics`, with a message of one line
 */
export async function fetchMetrics(target: Target, settings: RequestSettings, accept: string): Promise<Answer> {
  const deadline = new Deadline(settings)
  const seconds = `${settings.timeoutMs / 1000} s`
  let response: IncomingMessage
  try {
    response = await send(target, settings, accept, deadline.signal)
  } catch (error) {
    deadline.clear()
    if (deadline.passed) throw unreachable(target, `no answer within ${seconds}`, error)
    throw connectionError(target, error as NodeJS.ErrnoException)
  }
  try {
    checkStatus(target, response)
    return { body: await readBody(target, response, settings), contentType: response.headers['content-type'] ?? '' }
  } catch (error) {
    if (error instanceof CliError) throw error
    if (deadline.passed) throw unreachable(target, `the answer was not complete within ${seconds}`, error)
    throw notMetrics(target, `the answer broke off: ${printable((error as Error).message)}`, error)
  } finally {
    deadline.clear()
    response.destroy()
  }
}

function send(
  target: Target,
  settings: RequestSettings,
  accept: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { url, socketPath } = target
  return new Promise((resolve, reject) => {
    const options = {
      method: 'GET',
      path: url.pathname + url.search,
      headers: {
        accept,
        'accept-encoding': 'gzip',
        'user-agent': `nanotally/${packageVersion()}`,
        ...settings.headers,
      },
      agent: false as const,
      signal,
      ...(socketPath === undefined ? { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port } : { socketPath }),
    }
    const tls = { rejectUnauthorized: !settings.insecure, ...(settings.ca && { ca: settings.ca }) }
    const request: ClientRequest =
      url.protocol === 'https:' ? requestHttps({ ...options, ...tls }, resolve) : requestHttp(options, resolve)
    request.on('error', reject)
    request.end()
  })
}

function connectionError(target: Target, error: NodeJS.ErrnoException): CliError {
  const { code = '', message } = error
  if (code === 'HPE_HEADER_OVERFLOW') return notMetrics(target, 'the headers of its answer are too large', error)
  if (code.startsWith('HPE_')) return notMetrics(target, `it does not answer in HTTP (${code})`, error)
  if (/CERT|SIGNATURE|ISSUER|ALTNAME/.test(code)) {
    return unreachable(target, `its certificate is not trusted (${code}): give --ca FILE, or --insecure`, error)
  }
  return unreachable(target, CONNECTION_REASONS[code] ?? printable(message || code), error)
}

function checkStatus(target: Target, { statusCode = 0, statusMessage = '', headers }: IncomingMessage): void {
  if (statusCode === 200) return
  const status = printable(`${statusCode} ${statusMessage}`.trim())
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    const location = printable(headers.location)
    throw notMetrics(target, `redirects to ${location} (${status}); redirects are not followed`)
  }
  const hint = statusCode === 401 || statusCode === 403 ? ': give --bearer-file or --user' : ''
  throw notMetrics(target, `answered ${status}${hint}`)
}

async function readBody(target: Target, response: IncomingMessage, { maxBytes }: RequestSettings): Promise<Buffer> {
  const coding = response.headers['content-encoding']?.toLowerCase() ?? 'identity'
  if (!/^(identity|(x-)?gzip)$/.test(coding)) {
    throw notMetrics(target, `answered in the content coding ${printable(coding)}, which was not asked for`)
  }
  let body: Readable = response
  if (coding !== 'identity') {
    const gunzip = createGunzip()
    response.on('error', (error) => gunzip.destroy(error)).pipe(gunzip)
    body = gunzip
  }
  const bytes = await readAll(body, maxBytes)
  if (bytes === undefined) {
    throw notMetrics(target, `the answer is larger than ${plural(maxBytes, 'byte')}: see --max-bytes`)
  }
  return bytes
}

/** All that a stream gives; undefined, and the stream ended, as soon as that is more than `maxBytes`. */
export async function readAll(stream: Readable, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function unreachable(target: Target, reason: string, cause?: unknown): CliError {
  return new CliError(EXIT.unreachable, `${target.name}: ${reason}`, { cause })
}

export function notMetrics(target: Target, reason: string, cause?: unknown): CliError {
  return new CliError(EXIT.notMetrics, `${target.name}: ${reason}`, { cause })
}
