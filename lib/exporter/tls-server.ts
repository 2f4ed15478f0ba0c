// The exporter's server over TLS. A file of its own, as to load node:https would make every exporter start later.
import { X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { RequestListener, ServerOptions } from 'node:http'
import { createServer, type Server } from 'node:https'
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

/** When the certificate ends, in seconds since the Unix epoch. */
function expiryOf({ cert }: SecureContextOptions): number {
  return Date.parse(new X509Certificate(cert as Buffer).validTo) / 1000
}

/** Gives the server its certificate anew whenever one of its files has changed. */
function renewCertificates(server: Server, tls: TlsOptions, troubles: Troubles): void {
  const files = [tls.certFile, tls.keyFile, tls.clientCaFile].filter((file) => file !== undefined)
  /** What it fails with; '' while it does not. Each change of a file is told, but not the same failure again and again. */
  let failure = ''
  const read = () => {
    try {
      const options = secureOptions(tls)
      server.setSecureContext(options)
      troubles.certificate(expiryOf(options))
      failure = ''
    } catch (error) {
      const why = messageOf(error)
      if (why === failure) return
      failure = why
      troubles.certificateFailed(`nanotally's exporter goes on with the certificate that it had: ${why}`)
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
  const secure = secureOptions(tls)
  const server = createServer(
    {
      ...limits,
      ...secure,
      requestCert: tls.clientCaFile !== undefined,
      handshakeTimeout: handshakeTimeoutMs,
    },
    handle,
  )
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => troubles.dropped(error.code ?? 'tls'))
  troubles.certificate(expiryOf(secure))
  renewCertificates(server, tls, troubles)
  return server
}
