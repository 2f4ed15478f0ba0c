// instrumentServer(): every request of a server of node:http, https or http2 is recorded once, whatever becomes of it.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, request, type Server } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2'
import { createServer as createSecure } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Registry } from 'nanotally'
import { type InstrumentServerOptions, instrumentServer } from 'nanotally/integrations/http'
import { expect, onTestFinished, test } from 'vitest'
import { Authority } from '../../support/certificates.js'
import { ask, connected, listening } from '../../support/http.js'
import { refusal, rejections } from '../../support/registry.js'
import { temporaryFolder } from '../../support/temporary.js'
import { until } from '../../support/until.js'
import { client, counts, hangUp, inFlight, seen, untilEnded } from './observed.js'

const route = ({ url = '' }: { url?: string | undefined }) => {
  if (url === '/') return '/'
  return /^\/users\/\d+$/.test(url) ? '/users/:id' : undefined
}

interface Started {
  registry: Registry
  address: string
  server: Server
  stop(): void
}

async function start(listener: RequestListener, options: InstrumentServerOptions = {}): Promise<Started> {
  const registry = new Registry()
  const server = createServer(listener)
  const { stop } = instrumentServer(server, { registry, route, ...options })
  onTestFinished(() => server.closeAllConnections())
  return { registry, address: await listening(server), server, stop }
}

const hello: RequestListener = (incoming, response) => {
  if (incoming.url === '/missing') response.statusCode = 404
  response.end('hello')
}

test('requests on a kept connection, by route and class', async () => {
  const { registry, address } = await start(hello)
  const { ask } = client(address)
  for (let i = 0; i < 20; i++) await ask('GET', `/users/${i}`)
  for (let i = 0; i < 3; i++) await ask('POST', '/', 'four')
  await ask('GET', '/missing')
  await ask('GET', '/also?missing=1')
  await untilEnded(registry, 25)
  expect(await seen(registry)).toEqual({
    'GET /users/:id 2xx': { count: 20, received: 0, sent: 100 },
    'POST / 2xx': { count: 3, received: 12, sent: 15 },
    'GET (unmatched) 4xx': { count: 1, received: 0, sent: 5 },
    'GET (unmatched) 2xx': { count: 1, received: 0, sent: 5 },
  })
  expect(await rejections(registry)).toEqual({})
})

test('without a route function there is one route', async () => {
  const { registry, address } = await start(hello, { route: undefined })
  for (const path of ['/', '/users/1', '/users/2']) await ask(`${address}${path}`)
  await untilEnded(registry, 3)
  expect(await counts(registry)).toEqual({ 'GET (unmatched) 2xx': 3 })
})

test('sizes are what was sent after the head: in chunks, none for HEAD and 304, of a stream', async () => {
  const { registry, address } = await start((incoming, response) => {
    if (incoming.url === '/users/1') {
      response.write('a'.repeat(1000))
      setImmediate(() => response.end('b'.repeat(2000)))
    } else if (incoming.url === '/users/2') response.writeHead(304).end()
    else response.end('hello')
  })
  const { ask } = client(address)
  await ask('GET', '/users/1')
  await ask('GET', '/users/2')
  await ask('HEAD', '/')
  await ask('PUT', '/', ['ab', 'cde'])
  await untilEnded(registry, 4)
  expect(await seen(registry)).toEqual({
    // Each chunk is framed by its length in hexadecimal and two line ends, and an empty one closes.
    'GET /users/:id 2xx': { count: 1, received: 0, sent: 1000 + 3 + 4 + 2000 + 3 + 4 + 5 },
    'GET /users/:id 3xx': { count: 1, received: 0, sent: 0 },
    'HEAD / 2xx': { count: 1, received: 0, sent: 0 },
    'PUT / 2xx': { count: 1, received: undefined, sent: 5 },
  })
})

test('the client leaves: before the head, in the middle of the body, while it sends', async () => {
  const { registry, address } = await start((incoming, response) => {
    if (incoming.url === '/users/1') response.write('a'.repeat(1000))
    incoming.resume()
  })
  const begun = async () => (await inFlight(registry)) === 1
  await hangUp(address, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n', begun)
  await untilEnded(registry, 1)
  await hangUp(address, 'GET /users/1 HTTP/1.1\r\nhost: x\r\n\r\n', begun)
  await untilEnded(registry, 2)
  await hangUp(address, 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc', begun)
  await untilEnded(registry, 3)
  expect(await seen(registry)).toEqual({
    'GET / aborted': { count: 1, received: 0, sent: 0 },
    'GET /users/:id aborted': { count: 1, received: 0, sent: 1007 },
    'POST / aborted': { count: 1, received: 100, sent: 0 },
  })
})

test('pipelined requests, of which the first is never answered', async () => {
  const { registry, address } = await start((incoming, response) => {
    if (incoming.url !== '/') response.end('hello')
  })
  const three = ['/', '/users/1', '/users/2'].map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`).join('')
  await hangUp(address, three, async () => (await inFlight(registry)) === 3)
  await untilEnded(registry, 3)
  expect(await counts(registry)).toEqual({ 'GET / aborted': 1, 'GET /users/:id aborted': 2 })
})

test('pipelined requests that are answered late and out of order each have their own size', async () => {
  const answers: (() => void)[] = []
  const { registry, address } = await start((incoming, response) => {
    answers.push(() => response.end((incoming.url as string).repeat(10)))
    if (answers.length === 2) for (const answer of answers.reverse()) answer()
  })
  const socket = await connected(Number(new URL(address).port))
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\nGET /users/1 HTTP/1.1\r\nhost: x\r\n\r\n')
  await untilEnded(registry, 2)
  const { 'GET / 2xx': first, 'GET /users/:id 2xx': second } = await seen(registry)
  // The second one's head is written with the end of the first one: it is the connection that is measured.
  expect([first?.count, second?.count]).toEqual([1, 1])
  expect([first?.sent, second?.sent]).toEqual([10, 80])
})

test('the server closes its connections, and destroys one', async () => {
  const { registry, address, server } = await start((incoming, response) => {
    if (incoming.url === '/users/1') response.destroy()
  })
  await expect(ask(`${address}/users/1`)).rejects.toThrow()
  const open = ask(`${address}/`).catch(() => 'lost')
  await untilEnded(registry, 1)
  await hangUp(address, '', async () => (await inFlight(registry)) === 1)
  server.closeAllConnections()
  expect(await open).toBe('lost')
  await untilEnded(registry, 2)
  expect(await counts(registry)).toEqual({ 'GET /users/:id aborted': 1, 'GET / aborted': 1 })
})

test('upgrades and CONNECT are counted and are not in flight; without a listener they are requests', async () => {
  const { registry, address, server } = await start(hello)
  const upgrade = { connection: 'upgrade', upgrade: 'echo' }
  await ask(`${address}/users/1`, { headers: upgrade })
  await untilEnded(registry, 1)
  expect(await counts(registry)).toEqual({ 'GET /users/:id 2xx': 1 })

  server.on('upgrade', (_incoming, socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n'),
  )
  server.on('connect', (_incoming, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
  const sent = request(`${address}/users/2`, { headers: upgrade }).end()
  const [, socket] = await once(sent, 'upgrade')
  onTestFinished(() => socket.destroy())
  const tunnel = request({ port: new URL(address).port, method: 'CONNECT', path: 'x:1' }).end()
  const [, other] = await once(tunnel, 'connect')
  other.destroy()
  expect(await seen(registry)).toEqual({
    'GET /users/:id 2xx': { count: 1, received: 0, sent: 5 },
    'GET /users/:id upgraded': { count: 1, received: undefined, sent: undefined },
    'CONNECT (unmatched) upgraded': { count: 1, received: undefined, sent: undefined },
  })
})

test('Expect: 100-continue arrives by an event of its own', async () => {
  const { registry, address, server } = await start(hello)
  server.on('checkContinue', (incoming, response) => {
    response.writeContinue()
    incoming.resume().on('end', () => response.end('hello'))
  })
  const sent = request(`${address}/`, { method: 'POST', headers: { expect: '100-continue', 'content-length': 3 } })
  sent.flushHeaders()
  await once(sent, 'continue')
  sent.end('abc')
  const [response] = await once(sent, 'response')
  response.resume()
  await untilEnded(registry, 1)
  expect(await counts(registry)).toEqual({ 'POST / 2xx': 1 })
})

test('unknown methods are one', async () => {
  const { registry, address } = await start(hello)
  for (const method of ['PROPFIND', 'LOCK', 'DELETE']) await ask(`${address}/`, { method })
  await untilEnded(registry, 3)
  expect(await counts(registry)).toEqual({ '_OTHER / 2xx': 2, 'DELETE / 2xx': 1 })
  const other = await start(hello, { knownMethods: ['LOCK'] })
  for (const method of ['PROPFIND', 'LOCK', 'DELETE']) await ask(`${other.address}/`, { method })
  await untilEnded(other.registry, 3)
  expect(await counts(other.registry)).toEqual({ '_OTHER / 2xx': 2, 'LOCK / 2xx': 1 })
})

test('instrumented twice it counts once, and after stop() nothing; other registries have their own', async () => {
  const { registry, address, server, stop } = await start(hello)
  const other = new Registry()
  const again = instrumentServer(server, { registry, route })
  const { stop: stopOther } = instrumentServer(server, { registry: other, route })
  await ask(`${address}/`)
  await untilEnded(registry, 1)
  await untilEnded(other, 1)
  again.stop()
  stop() // the same once more
  await ask(`${address}/`)
  await untilEnded(other, 2)
  expect(await counts(registry)).toEqual({ 'GET / 2xx': 1 })
  stopOther()
  await ask(`${address}/`)
  expect(await counts(other)).toEqual({ 'GET / 2xx': 2 })
  const { stop: stopLast } = instrumentServer(server, { registry, route })
  await ask(`${address}/`)
  await untilEnded(registry, 2)
  stopLast()
  expect(Object.hasOwn(server, 'emit')).toBe(false)
})

test('what the program gives may throw: the request is recorded all the same', async () => {
  const fail = () => {
    throw new Error('no')
  }
  const { registry, address } = await start(hello, { route: fail, ignore: fail })
  expect(String((await ask(`${address}/`)).body)).toBe('hello')
  await untilEnded(registry, 1)
  expect(await counts(registry)).toEqual({ 'GET (unmatched) 2xx': 1 })
})

test('ignored requests', async () => {
  const { registry, address } = await start(hello, { ignore: ({ url }) => url === '/metrics' })
  await ask(`${address}/metrics`)
  await ask(`${address}/`)
  await untilEnded(registry, 1)
  expect(await counts(registry)).toEqual({ 'GET / 2xx': 1 })
})

test('OpenTelemetry’s names', async () => {
  const { registry, address } = await start(
    (incoming, response) => {
      if (incoming.url === '/users/9') response.destroy()
      else if (incoming.url === '/users/8') response.writeHead(503).end()
      else response.end('hello')
    },
    { names: 'opentelemetry' },
  )
  for (const path of ['/users/1', '/nothing', '/users/8']) await ask(`${address}${path}`)
  await expect(ask(`${address}/users/9`)).rejects.toThrow()
  const name = 'http_server_request_duration_seconds'
  await until('the last to be recorded', async () => (await registry.metrics()).includes('error_type="aborted"'))
  const text = await registry.metrics()
  const common = 'http_request_method="GET",url_scheme="http"'
  for (const line of [
    `${name}_count{${common},http_route="/users/:id",http_response_status_code="200"} 1`,
    `${name}_count{${common},http_response_status_code="200"} 1`,
    `${name}_count{${common},http_route="/users/:id",http_response_status_code="503",error_type="503"} 1`,
    `${name}_count{${common},http_route="/users/:id",error_type="aborted"} 1`,
    `${name}_bucket{${common},http_response_status_code="200",le="0.075"} 1`,
    `http_server_active_requests{${common}} 0`,
    `http_server_response_body_size_bytes_sum{${common},http_response_status_code="200"} 5`,
    `http_server_request_body_size_bytes_sum{${common},http_response_status_code="200"} 0`,
  ]) {
    expect(text).toContain(`${line}\n`)
  }
})

test('https: the same, of what is inside the encryption', async () => {
  const registry = new Registry()
  const { certFile, keyFile } = new Authority(temporaryFolder()).issue('server', 2)
  const server = createSecure({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, hello)
  instrumentServer(server, { registry, route })
  instrumentServer(server, { registry, route, names: 'opentelemetry' })
  onTestFinished(() => server.closeAllConnections())
  const address = (await listening(server)).replace('http:', 'https:')
  await ask(`${address}/`, { tls: { rejectUnauthorized: false } })
  await untilEnded(registry, 1)
  expect(await seen(registry)).toEqual({ 'GET / 2xx': { count: 1, received: 0, sent: 5 } })
  expect(await registry.metrics()).toContain(
    'http_server_active_requests{http_request_method="GET",url_scheme="https"} 0',
  )
})

test('HTTP/2 through Node’s compatibility API: streams end by themselves', async () => {
  const registry = new Registry()
  const server = createHttp2((incoming, response) => {
    if (incoming.url === '/users/1') response.write('a')
    else response.end('hello')
  })
  instrumentServer(server, { registry, route })
  onTestFinished(() => {
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => session.destroy())
  const open = session.request({ ':path': '/users/1' })
  open.on('error', () => {}).resume()
  await once(open, 'response')
  const done = session.request({ ':path': '/' }).resume()
  await once(done, 'close')
  await untilEnded(registry, 1)
  expect(await counts(registry, 1)).toEqual({ 'GET / 2xx': 1 })
  open.destroy(new Error('left'))
  await untilEnded(registry, 2)
  expect(await counts(registry)).toEqual({ 'GET / 2xx': 1, 'GET /users/:id aborted': 1 })
})

test('many at once', async () => {
  const { registry, address } = await start((_incoming, response) => {
    setTimeout(() => response.end('hello'), 1)
  })
  await Promise.all(Array.from({ length: 200 }, (_, i) => ask(`${address}/users/${i}`)))
  await untilEnded(registry, 200)
  expect(await seen(registry)).toEqual({ 'GET /users/:id 2xx': { count: 200, received: 0, sent: 1000 } })
})

test.each([
  [{ names: 'other' }, 'ERR_NANOTALLY_INVALID_VALUE', 'names: expected one of red, opentelemetry, received "other"'],
  [{ route: '/' }, 'ERR_NANOTALLY_INVALID_TYPE', 'route: expected a function, received "/"'],
  [{ ignore: 1 }, 'ERR_NANOTALLY_INVALID_TYPE', 'ignore: expected a function, received 1'],
  [{ registry: {} }, 'ERR_NANOTALLY_INVALID_TYPE', 'registry: expected a Registry, received an object'],
  [{ knownMethods: 'GET' }, 'ERR_NANOTALLY_INVALID_TYPE', 'knownMethods: expected an array of methods, received "GET"'],
  [{ knownMethods: [1] }, 'ERR_NANOTALLY_INVALID_TYPE', 'knownMethods: expected methods, received 1'],
  [
    { knownMethods: ['get'] },
    'ERR_NANOTALLY_INVALID_VALUE',
    'knownMethods: expected methods in capitals, received "get"',
  ],
  [{ rout: () => '/' }, 'ERR_NANOTALLY_INVALID_VALUE', /^options: expected one of .*, route, received "rout"$/],
  [null, 'ERR_NANOTALLY_INVALID_TYPE', 'options: expected an object, received null'],
])('options that are wrong are refused: %j', (options, code, message) => {
  const error = refusal(() => instrumentServer(createServer(), options as never))
  expect(error.code).toBe(code)
  expect(error.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
})

test('what is no server is refused', () => {
  expect(refusal(() => instrumentServer({} as never)).code).toBe('ERR_NANOTALLY_INVALID_TYPE')
})
