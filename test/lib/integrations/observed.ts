// What a registry says of the requests that it saw, and clients that behave and that do not.
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import type { Registry } from 'nanotally'
import { expect, onTestFinished } from 'vitest'
import { connected } from '../../support/http.js'
import { scrape } from '../../support/registry.js'
import { until } from '../../support/until.js'

export interface Seen {
  count: number
  /** Sums of bytes; undefined where no size was recorded. */
  received: number | undefined
  sent: number | undefined
}

/** By `METHOD route class`. Checks that what is recorded together was, and that no more is in flight than is said. */
export async function seen(registry: Registry, inFlight = 0): Promise<Record<string, Seen>> {
  const families = await scrape(registry)
  const textOf = ({ method, route, status_class }: Record<string, string>) => `${method} ${route} ${status_class}`
  const sums = (name: string) => {
    const own = (families.get(name)?.samples ?? []).filter((sample) => sample.name === `${name}_sum`)
    return new Map(own.map(({ labels, value }) => [textOf(labels), value]))
  }
  const counts = (name: string) => {
    const own = (families.get(name)?.samples ?? []).filter((sample) => sample.name === `${name}_count`)
    return new Map(own.map(({ labels, value }) => [textOf(labels), value]))
  }
  const requests = families.get('http_requests_total')?.samples ?? []
  const total = new Map(requests.map(({ labels, value }) => [textOf(labels), value]))
  expect(counts('http_request_duration_seconds')).toEqual(total)
  const open = (families.get('http_requests_in_flight')?.samples ?? []).reduce((sum, { value }) => sum + value, 0)
  expect(open).toBe(inFlight)
  const [received, sent] = [sums('http_request_size_bytes'), sums('http_response_size_bytes')]
  const [ofReceived, ofSent] = [counts('http_request_size_bytes'), counts('http_response_size_bytes')]
  return Object.fromEntries(
    [...total]
      .filter(([, count]) => count > 0)
      .map(([text, count]) => [
        text,
        {
          count,
          received: ofReceived.get(text) ? received.get(text) : undefined,
          sent: ofSent.get(text) ? sent.get(text) : undefined,
        },
      ]),
  )
}

/** The counts alone. */
export async function counts(registry: Registry, inFlight = 0): Promise<Record<string, number>> {
  const all = await seen(registry, inFlight)
  return Object.fromEntries(Object.entries(all).map(([text, { count }]) => [text, count]))
}

/** Waits until so many requests have ended. */
export async function untilEnded(registry: Registry, count: number): Promise<void> {
  await until(`${count} ended requests`, async () => {
    const samples = (await scrape(registry)).get('http_requests_total')?.samples ?? []
    return samples.reduce((sum, { value }) => sum + value, 0) >= count
  })
}

export async function inFlight(registry: Registry): Promise<number> {
  const samples = (await scrape(registry)).get('http_requests_in_flight')?.samples ?? []
  return samples.reduce((sum, { value }) => sum + value, 0)
}

export interface Client {
  ask(method: string, path: string, body?: string | readonly string[]): Promise<{ status: number; body: string }>
}

/** A client with one kept connection. A body of several parts is sent in chunks. */
export function client(address: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  return {
    async ask(method, path, body) {
      const sent = request(`${address}${path}`, { method, agent, headers: { 'content-type': 'text/plain' } })
      if (Array.isArray(body)) for (const part of body) sent.write(part)
      else if (body !== undefined) sent.setHeader('content-length', Buffer.byteLength(body as string))
      sent.end(typeof body === 'string' ? body : undefined)
      const [response] = await once(sent, 'response')
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      return { status: response.statusCode, body: text }
    },
  }
}

/** Sends bytes on a connection of its own and hangs up once the server has begun so many requests, or answered at all. */
export async function hangUp(address: string, bytes: string, when: () => Promise<boolean>): Promise<void> {
  const socket = await connected(Number(new URL(address).port))
  socket.on('error', () => {}).write(bytes)
  await until('the moment to hang up', when)
  socket.destroy()
}
