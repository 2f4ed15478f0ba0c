// fastifyMetrics: the templates of routes, with their prefixes, and every way in which a request ends.
import fastify, { type FastifyInstance } from 'fastify'
import { Registry } from 'nanotally'
import { type FastifyMetricsOptions, fastifyMetrics } from 'nanotally/integrations/fastify'
import { instrumentServer } from 'nanotally/integrations/http'
import { expect, onTestFinished, test } from 'vitest'
import { ask } from '../../support/http.js'
import { client, counts, hangUp, inFlight, seen, untilEnded } from './observed.js'

async function start(build: (app: FastifyInstance) => unknown, options: FastifyMetricsOptions = {}) {
  const registry = new Registry()
  const app = fastify({ forceCloseConnections: true })
  onTestFinished(() => app.close())
  await app.register(fastifyMetrics, { registry, ...options })
  await build(app)
  return { app, registry, address: await app.listen({ host: '127.0.0.1', port: 0 }) }
}

test('routes with parameters, prefixes, wildcards; HEAD, 404 and errors', async () => {
  const { registry, address } = await start(async (app) => {
    app.get('/', async () => 'root')
    app.get('/users/:id', async (request) => request.params)
    app.get('/files/*', async () => 'file')
    await app.register(
      async (inner) => {
        inner.get('/items/:item/parts/:part(^\\d+$)', async () => 'part')
        inner.post('/fail', async () => {
          throw new Error('no')
        })
        await inner.register(async (deeper) => deeper.get('/', async () => 'deep'), { prefix: '/deep' })
      },
      { prefix: '/api/:version' },
    )
  })
  const requests = [
    'GET /',
    'GET /users/1?x=1',
    'GET /users/2',
    'HEAD /users/3',
    'GET /files/a/b/c',
    'GET /api/v1/items/1/parts/2',
    'POST /api/v2/fail',
    'GET /api/v3/deep/',
    'GET /nothing',
    'POST /users/4',
  ]
  for (const asked of requests) {
    const [method = '', path = ''] = asked.split(' ')
    await ask(address + path, { method })
  }
  await untilEnded(registry, requests.length)
  expect(await counts(registry)).toEqual({
    'GET / 2xx': 1,
    'GET /users/:id 2xx': 2,
    'HEAD /users/:id 2xx': 1,
    'GET /files/* 2xx': 1,
    'GET /api/:version/items/:item/parts/:part(^\\d+$) 2xx': 1,
    'POST /api/:version/fail 5xx': 1,
    'GET /api/:version/deep 2xx': 1,
    'GET (unmatched) 4xx': 1,
    'POST (unmatched) 4xx': 1,
  })
})

test('bodies, streams, refused bodies, clients that leave, hijacked replies, on a kept connection', async () => {
  const { registry, address } = await start((app) => {
    app.post('/echo', async (request) => JSON.stringify(request.body))
    app.get('/stream', (_request, reply) => {
      reply.hijack()
      reply.raw.write('a'.repeat(100))
      setImmediate(() => reply.raw.end())
    })
    app.get('/slow', () => new Promise(() => {}))
  })
  const kept = client(address)
  for (let i = 0; i < 10; i++) await kept.ask('GET', '/stream')
  await ask(`${address}/echo`, { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } })
  await ask(`${address}/echo`, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })
  await untilEnded(registry, 12)
  await hangUp(address, 'GET /slow HTTP/1.1\r\nhost: x\r\n\r\n', async () => (await inFlight(registry)) === 1)
  await untilEnded(registry, 13)
  expect(await seen(registry)).toMatchObject({
    'GET /stream 2xx': { count: 10, received: 0, sent: 1110 },
    'POST /echo 2xx': { count: 1, sent: 7 },
    'POST /echo 4xx': { count: 1 },
    'GET /slow aborted': { count: 1, received: 0, sent: 0 },
  })
})

test('injected requests are recorded, with what they declare of their sizes', async () => {
  const { app, registry } = await start((app) => {
    app.get('/users/:id', async () => 'four')
  })
  await app.inject('/users/1')
  await app.inject({ method: 'GET', url: '/users/2' })
  await untilEnded(registry, 2)
  expect(await seen(registry)).toEqual({ 'GET /users/:id 2xx': { count: 2, received: 0, sent: 8 } })
})

test('registered twice, late, and beside instrumentServer(), it counts once', async () => {
  const registry = new Registry()
  const app = fastify({ forceCloseConnections: true })
  onTestFinished(() => app.close())
  app.get('/users/:id', async () => 'x')
  await app.register(fastifyMetrics, { registry })
  await app.register(fastifyMetrics, { registry })
  instrumentServer(app.server, { registry })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  await ask(`${address}/users/1`)
  // What is refused before any hook is seen by the server alone.
  expect((await ask(`${address}/users/%zz`)).status).toBe(400)
  await untilEnded(registry, 2)
  expect(await counts(registry)).toEqual({ 'GET /users/:id 2xx': 1, 'GET (unmatched) 4xx': 1 })
})

test('a route function has the last word, and ignored requests are not there', async () => {
  const { registry, address } = await start(
    (app) => {
      app.get('/metrics', async () => '')
      app.get('/users/:id', async () => '')
    },
    { ignore: ({ raw }) => raw.url === '/metrics', route: (_request, template) => template?.toUpperCase() },
  )
  for (const path of ['/metrics', '/users/1', '/none']) await ask(address + path)
  await untilEnded(registry, 2)
  expect(await counts(registry)).toEqual({ 'GET /USERS/:ID 2xx': 1, 'GET (unmatched) 4xx': 1 })
})

test('options that are wrong fail the registration', async () => {
  const app = fastify()
  await expect(app.register(fastifyMetrics, { names: 'x' } as never)).rejects.toMatchObject({
    code: 'ERR_NANOTALLY_INVALID_VALUE',
  })
})
