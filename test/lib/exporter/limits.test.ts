// Clients that mean no good, or are in no hurry: each is turned away in bounded time, and the next scrape is answered.
import type { Socket } from 'node:net'
import { counter, type ExporterOptions, Registry } from 'nanotally'
import { describe, expect, onTestFinished, test } from 'vitest'
import { listen } from '../../../dist/exporter/listen.js'
import { scrapeOf, start } from '../../support/exporter.js'
import { answerTo, ask, connected, hungUp } from '../../support/http.js'
import { sampleValue } from '../../support/text-format.js'
import { until } from '../../support/until.js'

/** Short, for the tests' sake; long enough for an honest client on a loaded machine. */
const LIMIT_MS = 1000
const MEGABYTE = 'x'.repeat(1024 * 1024)
const SCRAPE = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'

/** An exporter that has to answer a scrape when the test is done with it. */
async function startAndScrapeLater(options: ExporterOptions = {}) {
  const exporter = await start(options)
  const before = (await ask(exporter.url)).status
  onTestFinished(async () => {
    expect([before, (await ask(exporter.url)).status]).toEqual([200, 200])
  })
  return exporter
}

/** What comes over a connection, as text. */
function heard(socket: Socket): () => string {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => {})
  return () => text
}

describe('requests', () => {
  test.each([
    ['no HTTP', 'NOT HTTP\r\n\r\n', /^HTTP\/1.1 400 /],
    ['bytes of no text', '\x00\x01\xff\xfe\r\n\r\n', /^HTTP\/1.1 400 /],
    ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^HTTP\/1.1 400 /],
    ['no such version', 'GET /metrics HTTP/9.9\r\n\r\n', /^HTTP\/1.1 400 /],
    ['no host', 'GET /metrics HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
    ['a header of no name', 'GET /metrics HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n', /^HTTP\/1.1 400 /],
    [
      'two lengths',
      'GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      /^HTTP\/1.1 400 /,
    ],
    [
      'a length and chunks',
      'GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1.1 400 /,
    ],
    ['a header of 1 MB', `GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${MEGABYTE}\r\n\r\n`, /^(HTTP\/1.1 431 |$)/],
    [
      '1 MB of headers',
      `GET /metrics HTTP/1.1\r\nHost: x\r\n${'X: 0123456789\r\n'.repeat(70_000)}\r\n`,
      /^(HTTP\/1.1 431 |$)/,
    ],
    ['an address of 1 MB', `GET /${MEGABYTE} HTTP/1.1\r\nHost: x\r\n\r\n`, /^(HTTP\/1.1 4(14|31) |$)/],
    ['a tunnel', 'CONNECT /metrics HTTP/1.1\r\nHost: x\r\n\r\n', /^$/],
    ['no such method', 'FETCH /metrics HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 400 /],
    ['another method', 'PUT /metrics HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 405 /],
    ['a body', 'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n', /^HTTP\/1.1 405 /],
    ['a body of a scrape', 'GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n', /^HTTP\/1.1 400 /],
    [
      'a body of 1 MB',
      `GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n${MEGABYTE}`,
      /^(HTTP\/1.1 400 |$)/,
    ],
  ])('%s', async (_, bytes, expected) => {
    const { port } = await startAndScrapeLater()
    // What the server has not read when it hangs up may turn its answer into a reset.
    expect(await answerTo(port, bytes)).toMatch(expected)
  })

  test('headers of 15 KiB are answered, of 17 KiB refused', async () => {
    const { port, url } = await startAndScrapeLater()
    expect((await ask(url, { headers: { x: 'x'.repeat(15 * 1024) } })).status).toBe(200)
    const head = `GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17 * 1024)}\r\n\r\n`
    expect(await answerTo(port, head)).toMatch(/^HTTP\/1.1 431 /)
  })

  test('a body that is cut off', async () => {
    const { port } = await startAndScrapeLater()
    const socket = await connected(port)
    const text = heard(socket)
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123')
    socket.resetAndDestroy()
    await hungUp(socket)
    expect(text()).toBe('')
  })

  test('a client that leaves before its answer', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 50_000, registry })
    for (let l = 0; l < 50_000; l++) c.inc({ l })
    const { port } = await startAndScrapeLater({ registry })
    for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const socket = await connected(port)
      socket.on('error', () => {})
      await new Promise((sent) => socket.write(SCRAPE.repeat(3), sent))
      socket[leave]()
    }
  })

  test('several in one packet are answered in turn', async () => {
    const { port } = await startAndScrapeLater()
    const last = 'HEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
    const answer = await answerTo(port, `${SCRAPE}HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n${SCRAPE}${last}`)
    expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['200', '200', '200', '404'].map((status) => `HTTP/1.1 ${status}`))
  })
})

describe('time', () => {
  test('a request that comes by the byte', async () => {
    const { port, url } = await startAndScrapeLater({ requestTimeoutMs: LIMIT_MS })
    const slow = await connected(port)
    const text = heard(slow)
    const bytes = setInterval(() => slow.write('x'), 10)
    slow.once('close', () => clearInterval(bytes))
    slow.write('GET /metrics HTTP/1.1\r\nHost: x\r\nX: ')
    // Meanwhile others are answered.
    expect((await ask(url)).status).toBe(200)
    await hungUp(slow)
    expect(text()).toMatch(/^HTTP\/1.1 408 |^$/)
  })

  test.each([
    [100, 25],
    [10_000, 2500],
    [600_000, 5000],
  ])(
    'late by no more than a quarter, or 5 s: a limit of %i ms is looked at each %i',
    async (requestTimeoutMs, interval) => {
      const settings = {
        socketPath: undefined,
        host: '127.0.0.1',
        port: 0,
        tls: undefined,
        onlyPrivateHosts: false,
        requestTimeoutMs,
      }
      const troubles = { dropped() {}, certificate() {}, certificateFailed() {} }
      const { server } = await listen({ ...settings, idleTimeoutMs: 1000, maxConnections: 1 }, () => {}, troubles)
      onTestFinished(() => {
        server.close()
      })
      expect(server).toMatchObject({ connectionsCheckingInterval: interval, headersTimeout: requestTimeoutMs })
    },
  )

  test('a connection on which no request comes', async () => {
    const { port } = await startAndScrapeLater({ requestTimeoutMs: LIMIT_MS })
    const silent = await connected(port)
    const text = heard(silent)
    await hungUp(silent)
    expect(text()).toMatch(/^HTTP\/1.1 408 |^$/)
  })

  test('a client that has ended its side in the middle of a request', async () => {
    const { port } = await startAndScrapeLater({ requestTimeoutMs: LIMIT_MS })
    const half = await connected(port)
    heard(half)
    half.end('GET /metrics HTTP/1.1\r\nHost: x\r\n')
    await hungUp(half)
  })

  test('a connection on which nothing moves after its answer', async () => {
    const { port } = await startAndScrapeLater({ idleTimeoutMs: LIMIT_MS, eventsIntervalMs: 100 })
    const idle = await connected(port)
    const text = heard(idle)
    idle.write(SCRAPE)
    await hungUp(idle)
    expect(text()).toMatch(/^HTTP\/1.1 200 /)
  })

  test('a client that does not read its answers', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 20_000, registry })
    for (let l = 0; l < 20_000; l++) c.inc({ l })
    const { port } = await startAndScrapeLater({ registry, idleTimeoutMs: LIMIT_MS, eventsIntervalMs: 100 })
    const stuck = await connected(port)
    stuck.on('error', () => {})
    stuck.pause()
    // More than the sockets' buffers hold.
    for (let i = 0; i < 100; i++) stuck.write(SCRAPE)
    // The end is seen by who writes: the server has cut the connection.
    await until('a reset', () => {
      if (!stuck.destroyed) stuck.write(SCRAPE)
      return stuck.destroyed
    })
  })
})

test('connections past the limit are dropped and counted; those that there are go on', async () => {
  const registry = new Registry()
  const { port, url } = await start({ registry, maxConnections: 2 })
  const kept = await Promise.all([connected(port), connected(port)])
  const texts = kept.map((socket) => heard(socket))
  for (const socket of kept) socket.write(SCRAPE)
  await until('their answers', () => texts.every((text) => text().includes('200 OK')))
  for (let i = 0; i < 3; i++) expect(await answerTo(port, SCRAPE)).toBe('')
  for (const socket of kept) socket.write(SCRAPE)
  await until('further answers', () => texts.every((text) => text().match(/200 OK/g)?.length === 2))
  for (const socket of kept) socket.destroy()
  // The next scrapes may come before the exporter has seen those two go: then they are counted as well.
  await until('a scrape that tells of them', async () => {
    const families = await scrapeOf(url).catch(() => undefined)
    const dropped = 'nanotally_exporter_dropped_connections_total'
    return families !== undefined && (sampleValue(families, dropped, { reason: 'limit' }) ?? 0) >= 3
  })
})
