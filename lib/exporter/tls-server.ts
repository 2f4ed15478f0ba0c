// The exporter's server over TLS. A file of its own, as to load node:https would make every exporter start later.
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { RequestListener, Server, ServerOptions } from 'node:http'
import { createServer } from 'node:https'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { TlsOptions } from './settings.js'
import { ListenError, type Troubles } from './troubles.js'

/** How often files of certificates are looked at. */
const CERTIFICATE_CHECK_MS = 2000

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

/** A server, not yet listening. `handshakeTimeoutMs`: how long a handshake may take. Throws a `ListenError`. */
export function createTlsServer(
  limits: ServerOptions,
  handshakeTimeoutMs: number,
  tls: TlsOptions,
  handle: RequestListener,
  troubles: Troubles,
): Server {
  const options = {
    ...limits,
    ...secureOptions(tls),
    requestCert: tls.clientCaFile !== undefined,
    handshakeTimeout: handshakeTimeoutMs,
  }
  const server = createServer(options, handle)
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => troubles.dropped(error.code ?? 'tls'))
  renewCertificates(
    server,
    tls,
    (renewed) => server.setSecureContext(renewed),
    (why) => troubles.warning(`nanotally's exporter ${why}`),
  )
  return server
}
