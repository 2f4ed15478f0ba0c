// The exporter's server: sockets, TLS and limits. Runs in the exporter's worker thread.
import { lstatSync, readFileSync, unlinkSync, unwatchFile, watchFile } from 'node:fs'
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { ListenSettings, TlsOptions } from './settings.js'

/** How often the limits of requests under way are looked at. */
const CHECK_MS = 500
/** How often files of certificates are looked at. */
const CERTIFICATE_CHECK_MS = 2000
const HEADER_BYTES = 16 * 1024

/** Why the server could not begin. `code` is the system's where there is one. */
export class ListenError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function readPem(option: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new ListenError('TLS', `tls.${option}: ${messageOf(error)}`, { cause: error })
  }
}

function secureOptions({ certFile, keyFile, passphrase, clientCaFile }: TlsOptions): SecureContextOptions {
  const options: SecureContextOptions = {
    cert: readPem('certFile', certFile),
    key: readPem('keyFile', keyFile),
    passphrase,
    ca: clientCaFile === undefined ? undefined : readPem('clientCaFile', clientCaFile),
  }
  try {
    createSecureContext(options)
  } catch (error) {
    throw new ListenError('TLS', `tls: ${messageOf(error)} (${certFile}, ${keyFile})`, { cause: error })
  }
  return options
}

/** Gives the server its certificate anew whenever one of its files has changed. `failed` is told of what cannot be used. */
function renewCertificates(
  server: Server,
  tls: TlsOptions,
  renew: (options: SecureContextOptions) => void,
  failed: (why: string) => void,
): void {
  const files = [tls.certFile, tls.keyFile, tls.clientCaFile].filter((file) => file !== undefined)
  const read = () => {
    try {
      renew(secureOptions(tls))
    } catch (error) {
      failed(`goes on with the certificate that it had: ${messageOf(error)}`)
    }
  }
  for (const file of files) watchFile(file, { interval: CERTIFICATE_CHECK_MS, persistent: false }, read)
  server.once('close', () => {
    for (const file of files) unwatchFile(file, read)
  })
}

/** Whether nobody listens on the socket of that path: a dead process has left it. Throws where another file is there. */
async function isAbandoned(path: string): Promise<boolean> {
  // To connect to such a file is refused as well.
  if (!lstatSync(path).isSocket()) throw new ListenError('EEXIST', 'a file that is no socket is there')
  return await new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}

function listenOn(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(new ListenError(error.code ?? '', error.message))
    server.once('error', failed)
    server.listen(where, () => {
      server.off('error', failed)
      resolve()
    })
  })
}

/** What goes wrong while it serves. */
export interface Troubles {
  /** A connection was not served, for a reason of a word or a system's error code. */
  dropped(reason: string): void
  warning(message: string): void
}

/**
 * A server that listens. Rejects with a `ListenError`.
 *
 * Requests: their heads have at most 16 KiB and come within `requestTimeoutMs`, as do TLS handshakes. Connections: one on which nothing moves ends
 * after `idleTimeoutMs`; those past `maxConnections` are dropped.
 */
export async function listen(settings: ListenSettings, handle: RequestListener, troubles: Troubles): Promise<Server> {
  const { socketPath, host, port, tls, requestTimeoutMs, idleTimeoutMs, maxConnections } = settings
  const limits: ServerOptions = {
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, requestTimeoutMs),
    maxHeaderSize: HEADER_BYTES,
  }
  let server: Server
  if (tls === undefined) {
    server = createServer(limits, handle)
  } else {
    const asksClients = tls.clientCaFile !== undefined
    const options = { ...limits, ...secureOptions(tls), requestCert: asksClients, handshakeTimeout: requestTimeoutMs }
    const secure = createTlsServer(options, handle)
    secure.on('tlsClientError', (error: NodeJS.ErrnoException) => troubles.dropped(error.code ?? 'tls'))
    renewCertificates(
      secure,
      tls,
      (options) => secure.setSecureContext(options),
      (why) => troubles.warning(`nanotally's exporter ${why}`),
    )
    server = secure
  }
  server.maxConnections = maxConnections
  server.setTimeout(idleTimeoutMs)
  server.on('drop', () => troubles.dropped('limit'))
  const where = socketPath === undefined ? { host, port } : { path: socketPath }
  try {
    await listenOn(server, where)
  } catch (error) {
    const { code } = error as ListenError
    if (socketPath === undefined || code !== 'EADDRINUSE' || !(await isAbandoned(socketPath))) throw error
    unlinkSync(socketPath)
    await listenOn(server, where)
  }
  // What accept(2) says when the process has no descriptors left, say: the next connection may do better.
  server.on('error', (error: NodeJS.ErrnoException) => troubles.dropped(error.code ?? 'accept'))
  return server
}

/** The port of a server that listens; 0 where it has none. */
export function portOf(server: Server): number {
  const address = server.address() as AddressInfo | string
  return typeof address === 'string' ? 0 : address.port
}
