// The exporter's server: sockets and limits. Runs in the exporter's worker thread.
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ListenSettings } from './settings.js'
import { listenOnFile } from './socket-file.js'
import { ListenError, type Troubles } from './troubles.js'

/**
 * How often the limits of requests under way are looked at, at least; else four times within one. More often costs: twice a second
 * took a thread that idles 0.05 % of a core.
 */
const LONGEST_CHECK_MS = 5000
const HEADER_BYTES = 16 * 1024

/** The connections of a server, also those that node:http does not know: which are in a TLS handshake. */
export class Connections {
  readonly #sockets = new Set<Socket>()

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
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

/**
 * A server that listens. Rejects with a `ListenError`.
 *
 * Requests: their heads have at most 16 KiB and come within `requestTimeoutMs`, or are seen to be late within a quarter of that
 * or 5 s; TLS handshakes come within it. Connections: one on
 * which nothing moves ends after `idleTimeoutMs`; those past `maxConnections` are dropped.
 */
export async function listen(
  settings: ListenSettings,
  handle: RequestListener,
  troubles: Troubles,
): Promise<{ server: Server; connections: Connections }> {
  const { socketPath, host, port, tls, requestTimeoutMs, idleTimeoutMs, maxConnections } = settings
  const limits: ServerOptions = {
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.min(requestTimeoutMs / 4, LONGEST_CHECK_MS),
    maxHeaderSize: HEADER_BYTES,
  }
  const server =
    tls === undefined
      ? createServer(limits, handle)
      : (require('./tls-server.js') as typeof import('./tls-server.js')).createTlsServer(
          limits,
          requestTimeoutMs,
          tls,
          handle,
          troubles,
        )
  const connections = new Connections(server)
  server.maxConnections = maxConnections
  server.setTimeout(idleTimeoutMs)
  server.on('drop', () => troubles.dropped('limit'))
  if (socketPath === undefined) await listenOn(server, { host, port })
  else await listenOnFile(socketPath, () => listenOn(server, { path: socketPath }))
  // What accept(2) says when the process has no descriptors left, say: the next connection may do better.
  server.on('error', (error: NodeJS.ErrnoException) => troubles.dropped(error.code ?? 'accept'))
  return { server, connections }
}

/** The port of a server that listens; 0 where it has none. */
export function portOf(server: Server): number {
  const address = server.address() as AddressInfo | string
  return typeof address === 'string' ? 0 : address.port
}
