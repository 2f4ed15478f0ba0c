// A server of its own for a receiver of alerts.
import { createServer, type Server } from 'node:http'
import { type AddressInfo, BlockList, isIP } from 'node:net'
import { NanotallyError } from '../../../index.js'
import type { AlertHandler, AlertRequest } from './handler.js'

const REQUEST_TIMEOUT_MS = 10_000
/** How often Node looks for what has taken longer. */
const CHECK_MS = 1000
/** How long what is under way may take when the server is closed. */
const CLOSE_GRACE_MS = 1000
const HEADER_BYTES = 16 * 1024
const MAX_CONNECTIONS = 1000

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Whether only this machine can reach that address. A name other than `localhost` may lead anywhere. */
export function isLoopback(host: string): boolean {
  const family = isIP(host)
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4')
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): NanotallyError {
  const where = `port ${port} on ${host}`
  if (error.code === 'EADDRINUSE') {
    return new NanotallyError('ERR_NANOTALLY_PORT_IN_USE', `${where} is in use: take another, or 0 for any free one`)
  }
  if (error.code === 'EACCES') {
    return new NanotallyError('ERR_NANOTALLY_PORT_DENIED', `${where} may not be used: take a port from 1024 on`)
  }
  return new NanotallyError('ERR_NANOTALLY_LISTEN', `cannot listen on ${where}: ${error.message}`, { cause: error })
}

/** Rejects with `ERR_NANOTALLY_PORT_IN_USE`, `ERR_NANOTALLY_PORT_DENIED`, `ERR_NANOTALLY_LISTEN`. */
export function listen(handle: AlertHandler, host: string, port: number): Promise<Server> {
  const server = createServer(
    {
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_MS,
      maxHeaderSize: HEADER_BYTES,
    },
    (request, response) => handle(request as AlertRequest, response),
  )
  server.maxConnections = MAX_CONNECTIONS
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(listenError(error, host, port))
    server.once('error', failed)
    server.listen({ host, port }, () => {
      server.off('error', failed)
      // What accept(2) says when the process has no descriptors left, say: the next connection may do better.
      server.on('error', () => {})
      resolve(server)
    })
  })
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** Resolves once all that was asked is answered, or cut off: a connection that asks nothing would stay for ever. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
    server.close(() => {
      clearTimeout(cutOff)
      resolve()
    })
    server.closeIdleConnections()
  })
}
