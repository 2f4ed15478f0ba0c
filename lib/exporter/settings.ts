// The options of what serves a registry, and what they are once they were looked at: plain data, which a worker can be given.
import { BlockList, isIP } from 'node:net'
import { invalidType, invalidValue, NanotallyError } from '../errors.js'
import { checkRegistry } from '../instruments/definition.js'
import type { Registry } from '../registry.js'
import type { Credentials } from './credentials.js'

const DEFAULT_PORT = 9464
const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_COLLECT_TIMEOUT_MS = 25
const DEFAULT_EVENTS_INTERVAL_MS = 1000
const DEFAULT_REQUEST_TIMEOUT_MS = 10_000
const DEFAULT_IDLE_TIMEOUT_MS = 75_000
const DEFAULT_MAX_CONNECTIONS = 1000
/** sun_path of unix(7), less its end. */
const LONGEST_SOCKET_PATH = 107

/** What can be switched off, each by itself. `page` is `/` and its files, `snapshot` is `/snapshot.json`. */
export const ROUTE_NAMES = ['metrics', 'health', 'livez', 'readyz', 'healthz', 'snapshot', 'events', 'page'] as const
export type RouteName = (typeof ROUTE_NAMES)[number]

/** Options of `metricsHandler()`, and of `startExporter()` besides others. */
export interface ServingOptions {
  /** Default: the process-wide default registry. */
  registry?: Registry | undefined
  /** How long a scrape waits for `collect` callbacks of other threads, in milliseconds, 0 to 60000. Default 25. */
  collectTimeoutMs?: number | undefined
  /** `false` switches a route off. Default: all are on. */
  routes?: Partial<Record<RouteName, boolean>> | undefined
  /** What every request has to bring: a bearer token, or a name (without a colon) and a password. Default: nothing. */
  credentials?: Credentials | undefined
  /** How often `/events` tells what has changed, in milliseconds, 100 to 60000. Default 1000. */
  eventsIntervalMs?: number | undefined
}

/** What TLS is made of: paths of PEM files, which are read again within seconds of a change. */
export interface TlsOptions {
  /** The certificate, followed by those that lead to its issuer. */
  certFile: string
  keyFile: string
  /** Of the key, where it is encrypted. */
  passphrase?: string | undefined
  /** Certificates of the authorities of which clients must have one. Default: clients need none. */
  clientCaFile?: string | undefined
}

/** Options of `startExporter()`. */
export interface ExporterOptions extends ServingOptions {
  /** 0 to 65535; 0 takes any free port. Default 9464. */
  port?: number | undefined
  /** The address to listen on. Default 127.0.0.1. One that other machines can reach needs `credentials`. */
  host?: string | undefined
  /** The path of a Unix domain socket to listen on in place of an address. A file that a dead process left is replaced. */
  socketPath?: string | undefined
  /** Default: plain HTTP. */
  tls?: TlsOptions | undefined
  /**
   * `true` lets anyone read everything who reaches an address that is not loopback, and on loopback whoever asks by a name of the
   * public DNS, as pages in browsers might. Default false.
   */
  allowUnauthenticated?: boolean | undefined
  /**
   * How long the head of a request may take to come, in milliseconds, 100 to 600000. One that is late is cut off within a
   * quarter of that more, 5 s at most. Default 10000.
   */
  requestTimeoutMs?: number | undefined
  /**
   * How long a connection is kept on which nothing moves, in milliseconds, 100 to 3600000; more than `eventsIntervalMs`,
   * unless `/events` is off. Default 75000.
   */
  idleTimeoutMs?: number | undefined
  /** Connections at a time, 1 to 65535; further ones are dropped and counted. Default 1000. */
  maxConnections?: number | undefined
  /** `true` lets the process end while the exporter runs. Default false. */
  unref?: boolean | undefined
  /**
   * `true` closes the exporter on SIGINT and SIGTERM, then raises the signal again unless the program listens for it too: so
   * the process ends as it would have. Several exporters are closed together. Refused in a worker, which hears no signals.
   * Default false: signals are the program's.
   */
  closeOnSignals?: boolean | undefined
}

/** What the routes are told; can be cloned into a worker. */
export interface RouteSettings {
  routes: readonly RouteName[]
  credentials: Credentials | undefined
  eventsIntervalMs: number
  /** Whether large expositions are compressed for those who take gzip. */
  compress: boolean
}

/** Where and how the exporter listens. */
export interface ListenSettings {
  /** Undefined: host and port. */
  socketPath: string | undefined
  host: string
  /** 0: any free one. */
  port: number
  tls: TlsOptions | undefined
  requestTimeoutMs: number
  idleTimeoutMs: number
  maxConnections: number
  /** Whether requests are refused that name a host of the public DNS. */
  onlyPrivateHosts: boolean
}

function checkInteger(name: string, value: unknown, lowest: number, highest: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'an integer', value)
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    throw invalidValue(name, `an integer of ${lowest} to ${highest}`, value)
  }
  return value
}

function checkText(name: string, expected: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw invalidType(name, expected, value)
  return value
}

function checkObject(name: string, expected: string, value: unknown): object {
  if (typeof value !== 'object' || value === null) throw invalidType(name, expected, value)
  return value
}

function checkRoutes(routes: ServingOptions['routes'] = {}): RouteName[] {
  checkObject('routes', 'an object of booleans by route', routes)
  for (const [name, on] of Object.entries(routes)) {
    if (!ROUTE_NAMES.includes(name as RouteName)) throw invalidValue('routes', `one of ${ROUTE_NAMES.join(', ')}`, name)
    if (on !== undefined && typeof on !== 'boolean') throw invalidType(`routes.${name}`, 'a boolean', on)
  }
  return ROUTE_NAMES.filter((name) => routes[name] !== false)
}

/** A token of RFC 6750, section 2.1; a name has no colon (RFC 7617, section 2). */
function checkCredentials(credentials: ServingOptions['credentials']): Credentials | undefined {
  if (credentials === undefined) return undefined
  checkObject('credentials', '{ bearer } or { username, password }', credentials)
  if ('bearer' in credentials) {
    const bearer = checkText('credentials.bearer', 'a token', credentials.bearer)
    if (!/^[A-Za-z0-9._~+/-]+=*$/.test(bearer)) {
      throw invalidValue('credentials.bearer', 'letters, digits and -._~+/', '(not shown)')
    }
    return { bearer }
  }
  const username = checkText('credentials.username', 'a name', credentials.username)
  if (username.includes(':')) throw invalidValue('credentials.username', 'a name without a colon', username)
  return { username, password: checkText('credentials.password', 'a password', credentials.password) }
}

function checkTls(tls: ExporterOptions['tls']): TlsOptions | undefined {
  if (tls === undefined) return undefined
  const { certFile, keyFile, passphrase, clientCaFile } = checkObject('tls', '{ certFile, keyFile }', tls) as TlsOptions
  return {
    certFile: checkText('tls.certFile', 'the path of a PEM file', certFile),
    keyFile: checkText('tls.keyFile', 'the path of a PEM file', keyFile),
    passphrase: passphrase === undefined ? undefined : checkText('tls.passphrase', 'a string', passphrase),
    clientCaFile:
      clientCaFile === undefined ? undefined : checkText('tls.clientCaFile', 'the path of a PEM file', clientCaFile),
  }
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')
loopback.addSubnet('::ffff:127.0.0.0', 104, 'ipv6')

/** Whether only this machine can reach that address. A name other than `localhost` may lead anywhere. */
function isLoopback(host: string): boolean {
  const family = isIP(host)
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4')
}

function checkSocketPath(path: unknown): string | undefined {
  if (path === undefined) return undefined
  const text = checkText('socketPath', 'a path', path)
  if (Buffer.byteLength(text) > LONGEST_SOCKET_PATH) {
    throw invalidValue('socketPath', `a path of at most ${LONGEST_SOCKET_PATH} bytes`, text)
  }
  return text
}

/** The registry, how long to wait for its callbacks, and what its routes are told. */
export function checkServing(options: ServingOptions, compress: boolean) {
  const { collectTimeoutMs = DEFAULT_COLLECT_TIMEOUT_MS, eventsIntervalMs = DEFAULT_EVENTS_INTERVAL_MS } = options
  const routes: RouteSettings = {
    routes: checkRoutes(options.routes),
    credentials: checkCredentials(options.credentials),
    eventsIntervalMs: checkInteger('eventsIntervalMs', eventsIntervalMs, 100, 60_000),
    compress,
  }
  return {
    registry: checkRegistry(options.registry),
    collectTimeoutMs: checkInteger('collectTimeoutMs', collectTimeoutMs, 0, 60_000),
    routes,
  }
}

/** Between two events nothing moves on the connection of a listener. */
function checkIdleTimeout(
  idleTimeoutMs: number,
  { eventsIntervalMs = DEFAULT_EVENTS_INTERVAL_MS, routes }: ServingOptions,
) {
  if (idleTimeoutMs <= eventsIntervalMs && routes?.events !== false) {
    throw invalidValue('idleTimeoutMs', `more than eventsIntervalMs, which is ${eventsIntervalMs}`, idleTimeoutMs)
  }
}

/** Where to listen. Throws `ERR_NANOTALLY_UNAUTHENTICATED` for an address that needs credentials and has none. */
export function checkListening(options: ExporterOptions): ListenSettings {
  const {
    host = DEFAULT_HOST,
    requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS,
    idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS,
    maxConnections = DEFAULT_MAX_CONNECTIONS,
  } = options
  const settings = {
    socketPath: checkSocketPath(options.socketPath),
    host: checkText('host', 'an address', host),
    port: checkInteger('port', options.port ?? DEFAULT_PORT, 0, 65_535),
    tls: checkTls(options.tls),
    requestTimeoutMs: checkInteger('requestTimeoutMs', requestTimeoutMs, 100, 600_000),
    idleTimeoutMs: checkInteger('idleTimeoutMs', idleTimeoutMs, 100, 3_600_000),
    maxConnections: checkInteger('maxConnections', maxConnections, 1, 65_535),
  }
  checkIdleTimeout(settings.idleTimeoutMs, options)
  const isGuarded = options.credentials !== undefined || settings.tls?.clientCaFile !== undefined
  const isOpen = settings.socketPath === undefined && !isGuarded && options.allowUnauthenticated !== true
  if (isOpen && !isLoopback(host)) {
    throw new NanotallyError(
      'ERR_NANOTALLY_UNAUTHENTICATED',
      `${host} can be reached from other machines: give credentials, or say allowUnauthenticated: true`,
    )
  }
  // Over TLS a browser sees that the certificate is another name's.
  return { ...settings, onlyPrivateHosts: isOpen && settings.tls === undefined }
}
