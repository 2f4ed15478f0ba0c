// Answers that nobody reads: all together they hold a bounded number of bytes.
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { InFlight } from '../../../dist/exporter/in-flight.js'
import { ask, connected, serve } from '../../support/http.js'
import { until } from '../../support/until.js'

const MEGABYTE = 1024 * 1024
/** More than the sockets' buffers hold. */
const BODY = Buffer.alloc(32 * MEGABYTE)

/** A server whose answers are counted in flight, and a client of it that asks and does not read. */
async function serveUnread(inFlight: InFlight) {
  const over: number[] = []
  let requests = 0
  const address = await serve((request, response) => {
    if (request.method === 'HEAD') {
      inFlight.add(response)
      response.end()
      return
    }
    const number = ++requests
    inFlight.add(response)
    response.once('close', () => over.push(number))
    response.end(BODY)
  })
  return {
    over,
    /** Resolves when another request was answered, after which unread ones are looked at. */
    async look(): Promise<void> {
      for (let i = 0; i < 2; i++) await ask(address, { method: 'HEAD' })
    },
    async open(): Promise<Socket> {
      const socket = await connected(Number(new URL(address).port))
      const asked = requests + 1
      socket.on('error', () => {})
      socket.pause().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      await until('the request', () => requests === asked)
      return socket
    },
  }
}

test('the oldest are cut off while all hold more than they may', async () => {
  const { over, open, look } = await serveUnread(new InFlight(48 * MEGABYTE, 0))
  for (let i = 0; i < 4; i++) await open()
  await look()
  await until('all but the last to be cut off', () => over.length === 3)
  await look()
  expect(over).toEqual([1, 2, 3])
})

test.each([
  ['one alone', 1, new InFlight(MEGABYTE, 0)],
  ['those that came a moment ago', 2, new InFlight(MEGABYTE, 3_600_000)],
  ['those that hold less', 2, new InFlight(1024 * MEGABYTE, 0)],
])('%s: not', async (_, clients, inFlight) => {
  const { over, open, look } = await serveUnread(inFlight)
  for (let i = 0; i < clients; i++) await open()
  await look()
  expect(over).toEqual([])
})
