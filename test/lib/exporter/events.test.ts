// Server-Sent Events: the whole first, then what changes; what it costs when nobody listens; who is turned away or cut off.
import type { IncomingMessage } from 'node:http'
import { counter, gauge, metricsHandler, Registry } from 'nanotally'
import { expect, onTestFinished, test } from 'vitest'
import { Routes } from '../../../dist/exporter/routes.js'
import { ROUTE_NAMES } from '../../../dist/exporter/settings.js'
import { scrapeOf, start } from '../../support/exporter.js'
import { ask, connected, eventsOf, hungUp, type ServerEvent, send, serve } from '../../support/http.js'
import { sampleValue } from '../../support/text-format.js'
import { until } from '../../support/until.js'

const INTERVAL_MS = 100
const MOST_LISTENERS = 64

const eventsUrl = ({ url }: { url: string }) => new URL('/events', url).href

/** The events of a server, one after the other. */
async function listen(url: string) {
  const response = await send(url)
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8'])
  const events = eventsOf(response)
  onTestFinished(() => {
    response.destroy()
  })
  return {
    response,
    next: async () => (await events.next()).value as ServerEvent,
    /** The next event in which that family is. */
    async nextOf(family: string): Promise<ServerEvent> {
      for (;;) {
        const { value, done } = await events.next()
        if (done) throw new Error('the events ended')
        if (familyOf(value, family) !== undefined) return value
      }
    },
    /** Resolves once the server has ended them. */
    async end(): Promise<void> {
      for await (const _ of events);
    },
  }
}

function familyOf({ data }: ServerEvent, family: string) {
  return data.families.find(({ name }: { name: string }) => name === family)
}

/** Routes whose feed the test makes up: what it tells each time, and how often it was asked. */
async function serveFeed(
  next: () => string | Promise<string>,
  intervalMs = INTERVAL_MS,
  before: (request: IncomingMessage) => unknown = () => {},
  whole = '{"families":[]}',
) {
  const seen = { requests: 0, opened: 0, asked: 0, closed: 0, rendered: 0, responsesClosed: 0 }
  const exposition = (body: string) => ({ contentType: 'application/json', body: Buffer.from(body) })
  const source = {
    renderAll(requests: readonly unknown[]) {
      seen.rendered++
      return requests.map(() => exposition(whole))
    },
    readHealth: () => [],
    openFeed() {
      seen.opened++
      return {
        async next() {
          seen.asked++
          return exposition(await next())
        },
        close: () => void seen.closed++,
      }
    },
  }
  const routes = new Routes(source, {
    routes: ROUTE_NAMES,
    credentials: undefined,
    eventsIntervalMs: intervalMs,
    compress: true,
  })
  const address = await serve(async (request, response) => {
    seen.requests++
    response.once('close', () => seen.responsesClosed++)
    await before(request)
    routes.handle(request, response, request.url ?? '', '')
  })
  return { routes, seen, url: `${address}/events` }
}

test('the whole, then what has changed, in the shape of /snapshot.json', async () => {
  const registry = new Registry()
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
  c.inc({ l: 'still' }, 1)
  c.inc({ l: 'moves' }, 1)
  const events = await listen(eventsUrl(await start({ registry, eventsIntervalMs: INTERVAL_MS })))
  const whole = await events.next()
  expect(whole).toMatchObject({ event: 'snapshot', data: { interval: INTERVAL_MS / 1000, time: expect.any(Number) } })
  expect(familyOf(whole, 'c_total')).toEqual({
    name: 'c_total',
    type: 'counter',
    unit: '',
    help: 'h',
    series: [
      { labels: { l: 'still' }, value: 1 },
      { labels: { l: 'moves' }, value: 1 },
    ],
  })
  const quiet = await events.next()
  expect(quiet).toMatchObject({ event: 'changes', data: { time: expect.any(Number), ended: [] } })
  expect(familyOf(quiet, 'c_total')).toBeUndefined()
  c.inc({ l: 'moves' }, 4)
  const changes = await events.nextOf('c_total')
  expect(familyOf(changes, 'c_total').series).toEqual([{ labels: { l: 'moves' }, value: 5 }])
  c.remove({ l: 'moves' })
  const { data } = await until('the end of the series', async () => {
    const event = await events.next()
    return event.data.ended.length > 0 && event
  })
  expect(data.ended).toEqual([{ name: 'c_total', labels: { l: 'moves' } }])
})

test('the browser is told to come again after a second, and nothing is kept', async () => {
  const { port } = await start({ eventsIntervalMs: INTERVAL_MS })
  const socket = await connected(port)
  socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
  let head = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    head += chunk
  })
  await until('the first event', () => head.includes('event: snapshot'))
  expect(head.toLowerCase()).toContain('\r\ncache-control: no-store\r\n')
  expect(head).toMatch(/\r\nretry: 1000\nevent: snapshot\ndata: \{/)
})

test('all who listen hear the same changes, each after a whole of its own', async () => {
  const registry = new Registry()
  const g = gauge({ name: 'g', help: 'h', registry })
  g.set(1)
  const url = eventsUrl(await start({ registry, eventsIntervalMs: INTERVAL_MS }))
  const first = await listen(url)
  expect(familyOf(await first.next(), 'g').series[0].value).toBe(1)
  g.set(2)
  expect(familyOf(await first.nextOf('g'), 'g').series[0].value).toBe(2)
  const second = await listen(url)
  expect(familyOf(await second.next(), 'g').series[0].value).toBe(2)
  g.set(3)
  for (const events of [first, second]) expect(familyOf(await events.nextOf('g'), 'g').series[0].value).toBe(3)
})

test('one feed serves all; it is closed with the last of them and opened with the next', async () => {
  const { seen, url } = await serveFeed(() => '{}')
  const listeners = await Promise.all([1, 2, 3].map(() => listen(url)))
  for (const { next } of listeners) expect((await next()).event).toBe('snapshot')
  for (const { next } of listeners) expect((await next()).event).toBe('changes')
  expect(seen).toMatchObject({ opened: 1, closed: 0 })
  for (const { response } of listeners) response.destroy()
  await until('the feed to be closed', () => seen.closed === 1)
  const { asked } = seen
  // While another has told several changes, nobody has asked this one.
  const other = await listen((await serveFeed(() => '{}')).url)
  for (let i = 0; i < 4; i++) await other.next()
  expect(seen.asked).toBe(asked)
  expect((await (await listen(url)).next()).event).toBe('snapshot')
  expect(seen).toMatchObject({ opened: 2, closed: 1 })
  expect(seen.asked).toBeGreaterThan(asked)
})

test('a registry is not read while nobody listens', async () => {
  const registry = new Registry('unheard')
  onTestFinished(() => registry.close())
  counter({ name: 'c_total', help: 'h', registry }).inc()
  const { url } = await start({ registry, eventsIntervalMs: INTERVAL_MS })
  const renders = async () => sampleValue(await scrapeOf(url), 'nanotally_renders_total') as number
  const { response, next } = await listen(eventsUrl({ url }))
  for (let i = 0; i < 3; i++) await next()
  response.destroy()
  // The exporter hears of it after what it does now; each scrape counts for one.
  await until('renderings to be those of scrapes alone', async () => (await renders()) + 1 === (await renders()))
  const before = await renders()
  const other = await listen(eventsUrl(await start({ eventsIntervalMs: INTERVAL_MS })))
  for (let i = 0; i < 4; i++) await other.next()
  expect(await renders()).toBe(before + 1)
})

test('a listener that does not read is cut off, and the others hear on', async () => {
  const { seen, url } = await serveFeed(() => `{"filler":"${'x'.repeat(1024 * 1024)}"}`, 20)
  const reads = await listen(url)
  const stuck = await connected(Number(new URL(url).port))
  stuck.pause()
  stuck.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
  while (seen.responsesClosed === 0) await reads.next()
  expect((await reads.next()).event).toBe('changes')
  expect(seen).toMatchObject({ responsesClosed: 1, closed: 0 })
})

test('one that reads a large whole slowly is not, until it has read that', async () => {
  const filler = 'x'.repeat(1024 * 1024)
  const whole = `{"filler":"${filler.repeat(16)}"}`
  const { seen, url } = await serveFeed(() => (hasRead ? `{"filler":"${filler}"}` : '{}'), 20, undefined, whole)
  let hasRead = false
  const response = await send(url)
  const before = seen.asked
  await until('changes beside the whole', () => seen.asked > before + 5)
  const events = eventsOf(response)
  expect((await events.next()).value).toMatchObject({ event: 'snapshot' })
  expect((await events.next()).value).toMatchObject({ event: 'changes' })
  // From now on it is one like the others.
  hasRead = true
  response.socket.pause()
  await until('it to be cut off', () => seen.responsesClosed === 1)
  response.destroy()
})

test('one more than 64 is told to come later, until one leaves', async () => {
  const { url } = await start({ eventsIntervalMs: INTERVAL_MS })
  const listeners = await Promise.all(Array.from({ length: MOST_LISTENERS }, () => listen(eventsUrl({ url }))))
  const { status, body } = await ask(eventsUrl({ url }))
  expect([status, String(body)]).toEqual([503, 'Too many listen to the events already.\n'])
  expect((await ask(eventsUrl({ url }), { method: 'HEAD' })).status).toBe(200)
  listeners[0]?.response.destroy()
  await until('a place', async () => {
    const response = await send(eventsUrl({ url }))
    response.destroy()
    return response.statusCode === 200
  })
})

test.each([2, MOST_LISTENERS])('%i in one packet leave with their connection', async (requests) => {
  const { seen, url } = await serveFeed(() => '{}')
  const socket = await connected(Number(new URL(url).port))
  socket.resume().write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(requests))
  await until('changes to be told', () => seen.requests === requests && seen.asked > 1)
  socket.destroy()
  await until('the feed to be closed', () => seen.closed === 1)
  const all = await Promise.all(Array.from({ length: MOST_LISTENERS }, () => send(url)))
  expect(all.map(({ statusCode }) => statusCode)).toEqual(Array(MOST_LISTENERS).fill(200))
  for (const response of all) response.destroy()
})

test('a client that was gone before its request came here takes no place', async () => {
  let later = (_: IncomingMessage): Promise<unknown> => Promise.resolve()
  const { seen, url } = await serveFeed(
    () => '{}',
    INTERVAL_MS,
    (request) => later(request),
  )
  const gone = new Promise<void>((resolve) => {
    later = async ({ socket }) => {
      await hungUp(socket)
      setImmediate(resolve)
    }
  })
  const socket = await connected(Number(new URL(url).port))
  socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
  await until('the request', () => seen.requests === 1)
  socket.destroy()
  await gone
  expect(seen).toMatchObject({ opened: 0, closed: 0 })
  later = () => Promise.resolve()
  expect((await (await listen(url)).next()).event).toBe('snapshot')
})

test('an exporter that closes ends them, and waits for no more', async () => {
  const exporter = await start({ eventsIntervalMs: 60_000 })
  const events = await listen(eventsUrl(exporter))
  await events.next()
  const ended = events.end()
  await exporter.close()
  await ended
})

test('close() of a handler ends them; who comes later is served', async () => {
  const handler = metricsHandler({ registry: new Registry(), eventsIntervalMs: INTERVAL_MS })
  const address = await serve(handler)
  const events = await listen(`${address}/events`)
  await events.next()
  handler.close()
  await events.end()
  const again = await listen(`${address}/events`)
  expect((await again.next()).event).toBe('snapshot')
})

test('a registry that is closed meanwhile: an exporter goes on with nothing', async () => {
  const registry = new Registry()
  counter({ name: 'c_total', help: 'h', registry }).inc()
  const events = await listen(eventsUrl(await start({ registry, eventsIntervalMs: INTERVAL_MS })))
  expect(familyOf(await events.next(), 'c_total')).toBeDefined()
  registry.close()
  await until('the end of the series', async () => {
    const { data } = await events.next()
    return data.ended.some(({ name }: { name: string }) => name === 'c_total')
  })
})

test('a registry that is closed meanwhile: a handler ends them, and says why to who comes again', async () => {
  const registry = new Registry()
  counter({ name: 'c_total', help: 'h', registry }).inc()
  const address = await serve(metricsHandler({ registry, eventsIntervalMs: INTERVAL_MS }))
  const events = await listen(`${address}/events`)
  await events.next()
  registry.close()
  await events.end()
  const { status, body } = await ask(`${address}/events`)
  expect([status, String(body)]).toEqual([500, 'Failed: the registry is closed\n'])
})

test('a feed that fails at first is a 500; one that fails later ends who listens', async () => {
  let isBroken = true
  const { seen, url } = await serveFeed(() => {
    if (isBroken) throw new Error('no memory')
    return '{}'
  })
  expect((await ask(url)).status).toBe(500)
  expect(seen).toMatchObject({ opened: 1, closed: 1 })
  isBroken = false
  const events = await listen(url)
  await events.next()
  isBroken = true
  await events.end()
  expect(seen).toMatchObject({ opened: 2, closed: 2 })
})

test('who comes while the feed is opened gets a snapshot no older than it: no change falls between the two', async () => {
  let open = () => {}
  const isOpen = new Promise<string>((resolve) => {
    open = () => resolve('{}')
  })
  const { seen, url } = await serveFeed(() => isOpen)
  const both = [listen(url), listen(url)]
  await until('both requests', () => seen.requests === 2)
  // The answer to another request shows that those two had the time to go on.
  expect((await ask(url, { method: 'HEAD' })).status).toBe(200)
  expect(seen).toMatchObject({ opened: 1, asked: 1, rendered: 0 })
  open()
  for (const { next } of await Promise.all(both)) expect((await next()).event).toBe('snapshot')
})
