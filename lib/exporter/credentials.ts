// Who may scrape: a bearer token (RFC 6750) or a name and a password (RFC 7617), compared in constant time.
import { createHash, timingSafeEqual } from 'node:crypto'

/** A token, or a name (without a colon) and a password. */
export type Credentials = { bearer: string } | { username: string; password: string }

/** Digests are of one length, so that comparing them tells nothing of the secret's, either. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Compares `Authorization` headers with credentials. */
export class Guard {
  /** For the `WWW-Authenticate` header. */
  readonly challenge: string
  readonly #scheme: 'bearer' | 'basic'
  readonly #expected: Buffer

  constructor(credentials: Credentials) {
    if ('bearer' in credentials) {
      this.#scheme = 'bearer'
      this.#expected = digest(credentials.bearer)
      this.challenge = 'Bearer realm="nanotally"'
    } else {
      this.#scheme = 'basic'
      this.#expected = digest(`${credentials.username}:${credentials.password}`)
      this.challenge = 'Basic realm="nanotally", charset="UTF-8"'
    }
  }

  /** @param header the `Authorization` header; undefined where there is none */
  admits(header: string | undefined): boolean {
    const [, scheme = '', given = ''] = /^([A-Za-z]+) +(\S+)$/.exec(header ?? '') ?? []
    if (scheme.toLowerCase() !== this.#scheme) return false
    const secret = this.#scheme === 'basic' ? Buffer.from(given, 'base64').toString() : given
    return timingSafeEqual(digest(secret), this.#expected)
  }
}
