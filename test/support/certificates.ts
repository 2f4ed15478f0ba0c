// Certificates for tests, made by openssl: an authority of the test's own and what it signs.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of PEM files. */
export interface Certificate {
  certFile: string
  keyFile: string
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']

/** Signs certificates for 127.0.0.1, in a folder. */
export class Authority {
  readonly #folder: string
  readonly #own: Certificate

  constructor(folder: string, name = 'ca') {
    this.#folder = folder
    this.#own = this.#files(name)
    openssl(
      ...['req', '-x509', ...KEY, '-nodes', '-days', '2', '-subj', `/CN=${name}`],
      ...['-keyout', this.#own.keyFile, '-out', this.#own.certFile],
    )
  }

  get certFile(): string {
    return this.#own.certFile
  }

  /** A certificate of that serial number; its files are named after it. */
  issue(name: string, serial: number, passphrase?: string): Certificate {
    const files = this.#files(name)
    const [requestFile, extensionFile] = [join(this.#folder, `${name}.csr`), join(this.#folder, `${name}.ext`)]
    const protection = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`]
    openssl('req', ...KEY, ...protection, '-subj', `/CN=${name}`, '-keyout', files.keyFile, '-out', requestFile)
    writeFileSync(extensionFile, 'subjectAltName=IP:127.0.0.1\n')
    openssl(
      ...['x509', '-req', '-in', requestFile, '-CA', this.#own.certFile, '-CAkey', this.#own.keyFile],
      ...['-set_serial', String(serial), '-days', '2', '-extfile', extensionFile, '-out', files.certFile],
    )
    return files
  }

  #files(name: string): Certificate {
    return { certFile: join(this.#folder, `${name}.pem`), keyFile: join(this.#folder, `${name}.key`) }
  }
}
