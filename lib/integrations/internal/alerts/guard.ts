// Who may send alerts: a bearer token (RFC 6750) or a name and a password (RFC 7617), compared in constant time. As the
// exporter's guard, which is no part of the public API that integrations are made of.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Credentials } from '../../../index.js'

/** Digests are of one length, so that comparing them tells nothing of the secret's, either. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

export class WebhookGuard {
  /** For the `WWW-Authenticate` header. */
  readonly challenge: string
  readonly #scheme: 'bearer' | 'basic'
  readonly #expected: Buffer

  constructor(credentials: Credentials) {
    const isBearer = 'bearer' in credentials
    this.#scheme = isBearer ? 'bearer' : 'basic'
    this.#expected = digest(isBearer ? credentials.bearer : `${credentials.username}:${credentials.password}`)
    this.challenge = isBearer ? 'Bearer realm="nanotally"' : 'Basic realm="nanotally", charset="UTF-8"'
  }

  /** @param header the `Authorization` header; undefined where there is none */
  admits(header: string | undefined): boolean {
    const [, scheme = '', given = ''] = /^([A-Za-z]+) +(\S+)$/.exec(header ?? '') ?? []
    if (scheme.toLowerCase() !== this.#scheme) return false
    const secret = this.#scheme === 'basic' ? Buffer.from(given, 'base64').toString() : given
    return timingSafeEqual(digest(secret), this.#expected)
  }
}
