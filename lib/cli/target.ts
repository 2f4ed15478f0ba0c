// What a user may write for a target, and what is sent with a request to it.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Arguments, CliError, EXIT, type OptionTable, usageError } from './command.js'
import { printable, withoutCredentials } from './text.js'

const DEFAULT_PORT = 9464
const DEFAULT_PATH = '/metrics'
const DEFAULT_TIMEOUT_SECONDS = 5
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024
/** What fits into one string with room to spare. */
const MAX_BYTES = 256 * 1024 * 1024
const USER_VARIABLE = 'NANOTALLY_USER'
const BEARER_VARIABLE = 'NANOTALLY_BEARER_FILE'

export interface Target {
  /** How messages name it: without credentials, and harmless to a terminal. */
  name: string
  url: URL
  /** Set for a unix socket; the URL's host means nothing then. */
  socketPath?: string
}

/** How a target is asked. */
export interface RequestSettings {
  timeoutMs: number
  maxBytes: number
  /** One that is given once is no array: node:http refuses some of those, such as `host`. */
  headers: Readonly<Record<string, string | string[]>>
  /** A certificate authority's certificates, PEM. */
  ca?: Buffer
  insecure: boolean
  /** Ends the request. */
  signal?: AbortSignal
}

export const TARGET_HELP = `URL is http://HOST:PORT/PATH or https://..., or in short HOST:PORT, HOST or :PORT. Without a path it
is /metrics, and 9464 is the port of a bare HOST. unix:/PATH/TO.sock is a socket, and with a path
unix:/PATH/TO.sock:/PATH.`

export const TARGET_OPTIONS: OptionTable = {
  timeout: { type: 'string', value: 'SECONDS', help: 'until the whole answer must be there (default 5)' },
  'max-bytes': { type: 'string', value: 'BYTES', help: 'the largest answer, decompressed (default 67108864: 64 MiB)' },
  header: { type: 'string', short: 'H', multiple: true, value: "'NAME: VALUE'", help: 'sent too; may be repeated' },
  'bearer-file': { type: 'string', value: 'FILE', help: `holds the bearer token (default: $${BEARER_VARIABLE})` },
  user: { type: 'string', value: 'NAME:PASSWORD', help: `basic credentials (default: $${USER_VARIABLE})` },
  ca: { type: 'string', value: 'FILE', help: 'certificates, PEM, to trust instead of the usual authorities' },
  insecure: { type: 'boolean', help: 'accept any certificate' },
}

/** @throws CliError for what is no target */
export function parseTarget(text: string): Target {
  if (text.trim() === '') throw usageError('the target is empty')
  const socket = /^unix:(?:\/\/)?([^:]+)(?::(\/.*))?$/.exec(text)
  if (socket?.[1] !== undefined) {
    const url = parseUrl(`http://localhost${socket[2] ?? DEFAULT_PATH}`, text)
    return { name: printable(text), url, socketPath: socket[1] }
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    throw usageError(`${printable(withoutCredentials(text))}: a target is http://, https:// or unix:, not ${scheme}://`)
  }
  const url = parseUrl(scheme === undefined ? expand(text) : text, text)
  if (url.pathname === '/') url.pathname = DEFAULT_PATH
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  return { name: printable(shown.href), url }
}

/** The URL that a short form means. */
function expand(text: string): string {
  if (/^\d+$/.test(text)) return `http://localhost:${text}`
  const [, authority = '', rest = ''] = /^([^/?#]*)(.*)$/s.exec(text) ?? []
  if (/^:\d+$/.test(authority)) return `http://localhost${authority}${rest}`
  if (/^[\da-f:.]*:[\da-f:.]*:[\da-f:.]*$/i.test(authority)) return `http://[${authority}]:${DEFAULT_PORT}${rest}`
  return /:\d+$/.test(authority) ? `http://${text}` : `http://${authority}:${DEFAULT_PORT}${rest}`
}

function parseUrl(url: string, text: string): URL {
  try {
    return new URL(url)
  } catch (error) {
    throw new CliError(EXIT.usage, `${printable(withoutCredentials(text))} is no address`, { cause: error })
  }
}

/** @throws CliError for options that cannot be used, and for files that cannot be read */
export function requestSettings(args: Arguments, url: URL): RequestSettings {
  const ca = args.text('ca')
  const settings = {
    timeoutMs: args.number('timeout', DEFAULT_TIMEOUT_SECONDS, { min: 0.001, max: 86_400 }) * 1000,
    maxBytes: maxBytesOf(args),
    headers: { ...authorization(args, url), ...headersOf(args.texts('header')) },
    insecure: args.flag('insecure'),
  }
  return ca === undefined ? settings : { ...settings, ca: readCertificates(ca) }
}

export function maxBytesOf(args: Arguments): number {
  return args.number('max-bytes', DEFAULT_MAX_BYTES, { min: 1, max: MAX_BYTES, integer: true })
}

/** node:tls takes a file without any for no authorities at all. */
function readCertificates(file: string): Buffer {
  const pem = readText(file)
  try {
    if (!pem.includes('-----BEGIN')) throw new TypeError('no PEM')
    new X509Certificate(pem)
  } catch (error) {
    throw new CliError(EXIT.usage, `--ca: ${printable(file)} holds no certificate in PEM`, { cause: error })
  }
  return pem
}

function headersOf(lines: readonly string[]): Record<string, string | string[]> {
  const headers = new Map<string, string | string[]>()
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? []
    if (name === undefined || value === undefined)
      throw usageError(`--header: expected 'Name: value', received ${printable(line)}`)
    const key = name.toLowerCase()
    const before = headers.get(key)
    if (before !== undefined && key === 'host') throw usageError('--header: give Host once')
    headers.set(key, before === undefined ? value : [before, value].flat())
  }
  return Object.fromEntries(headers)
}

function authorization(args: Arguments, { username, password }: URL): { authorization?: string } {
  const given = args.text('bearer-file')
  const inUrl = username === '' ? undefined : `${decoded(username)}:${decoded(password)}`
  const user = args.text('user') ?? inUrl
  if (given !== undefined && user !== undefined) throw usageError('give --bearer-file or --user, not both')
  const file = given ?? (user === undefined ? process.env[BEARER_VARIABLE] || undefined : undefined)
  if (file !== undefined) {
    const token = readText(file).toString().trim()
    if (!/^[\x21-\x7e]+$/.test(token)) throw usageError(`${printable(file)} holds no token of one word`)
    return { authorization: `Bearer ${token}` }
  }
  const credentials = user ?? process.env[USER_VARIABLE]
  if (credentials === undefined || credentials === '') return {}
  if (!credentials.includes(':')) throw usageError('--user: expected NAME:PASSWORD')
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    throw new CliError(EXIT.usage, "in a URL's name and password a % is written %25", { cause: error })
  }
}

/** @throws CliError where the file cannot be read */
export function readText(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw fileError(file, error)
  }
}

const FILE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
  EISDIR: 'it is a folder',
}

/** Why a file could not be read, by what node:fs threw. */
export function fileError(file: string, error: unknown, hint = ''): CliError {
  const { code = '', message } = error as NodeJS.ErrnoException
  const reason = FILE_REASONS[code] ?? (code || message)
  return new CliError(EXIT.unreachable, `${printable(file)}: ${reason}${hint}`, { cause: error })
}
