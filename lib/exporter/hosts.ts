// By which names an exporter is asked that only this machine can reach, and that wants no credentials. A page of somebody
// else's in a browser of this machine could have its own name lead to 127.0.0.1, and read what is there (DNS rebinding).
import type { ServerResponse } from 'node:http'
import { isIP } from 'node:net'

/** No page can come from below these: RFC 6761, and ICANN's resolution 2024.07.29.06. Docker's `host.docker.internal` is one. */
const PRIVATE_DOMAINS = ['localhost', 'internal']

/**
 * Whether no name of the public DNS's: an address, a name without a dot, as /etc/hosts and containers have them, or one of a
 * private domain.
 *
 * @param header the `Host` header; undefined where there is none, which browsers always send
 */
export function isPrivateHost(header: string | undefined): boolean {
  if (header === undefined) return true
  const host = header.replace(/:\d*$/, '').toLowerCase()
  if (host.startsWith('[') && host.endsWith(']')) return isIP(host.slice(1, -1)) === 6
  const labels = host.replace(/\.$/, '').split('.')
  return isIP(host) === 4 || labels.length === 1 || PRIVATE_DOMAINS.includes(labels.at(-1) as string)
}

export function refuseHost(response: ServerResponse): void {
  const line =
    'Not served by this name without credentials: ask by an address or as localhost, or see allowUnauthenticated.\n'
  response.writeHead(421, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': line.length,
    'x-content-type-options': 'nosniff',
    connection: 'close',
  })
  response.end(line)
}
