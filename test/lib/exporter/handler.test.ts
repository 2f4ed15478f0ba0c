// metricsHandler(): the same routes in a server of node:http, of Express and of Fastify.
import { createServer } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import { counter, gauge, type MetricsHandler, type MetricsHandlerOptions, metricsHandler, Registry } from 'nanotally'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask, eventsOf, listening, send } from '../../support/http.js'
import { refusal } from '../../support/registry.js'

/** The address of a server that has the routes under a prefix, and says `theirs: METHOD PATH` to all other requests. */
type Serve = (prefix: string, options: MetricsHandlerOptions) => Promise<{ address: string; handler: MetricsHandler }>

const SERVERS: Record<string, Serve> = {
  'node:http': async (prefix, options) => {
    const handler = metricsHandler({ ...options, prefix })
    const server = createServer((request, response) => {
      handler(request, response, () => response.end(`theirs: ${request.method} ${request.url}`))
    })
    return { address: await listening(server), handler }
  },
  Express: async (prefix, options) => {
    const handler = metricsHandler(options)
    const app = express()
    app.use(prefix || '/', handler)
    app.use((request, response) => {
      response.send(`theirs: ${request.method} ${request.originalUrl}`)
    })
    return { address: await listening(createServer(app)), handler }
  },
  Fastify: async (prefix, options) => {
    const handler = metricsHandler({ ...options, prefix })
    const app = fastify({ forceCloseConnections: true })
    onTestFinished(() => app.close())
    app.addHook('onRequest', (request, reply, next) => {
      handler(request.raw, reply.raw, next)
    })
    app.setNotFoundHandler((request, reply) => reply.code(200).send(`theirs: ${request.method} ${request.url}`))
    return { address: await app.listen({ host: '127.0.0.1', port: 0 }), handler }
  },
  'a hijacked route of Fastify': async (prefix, options) => {
    const handler = metricsHandler({ ...options, prefix })
    const app = fastify({ forceCloseConnections: true })
    onTestFinished(() => app.close())
    for (const url of [prefix || '/', `${prefix}/*`]) {
      app.all(url, (request, reply) => {
        reply.hijack()
        handler(request.raw, reply.raw, () => reply.raw.end(`theirs: ${request.method} ${request.url}`))
      })
    }
    app.setNotFoundHandler((request, reply) => reply.code(200).send(`theirs: ${request.method} ${request.url}`))
    return { address: await app.listen({ host: '127.0.0.1', port: 0 }), handler }
  },
}

function registryOf(value: number): Registry {
  const registry = new Registry()
  counter({ name: 'c_total', help: 'h', registry }).inc(value)
  return registry
}

const CASES = Object.entries(SERVERS).flatMap(([name, serve]) =>
  ['', '/ops'].map((prefix) => ({ name, prefix, serve })),
)

describe.each(CASES)('$name at "$prefix"', ({ prefix, serve }) => {
  const open = async (options: MetricsHandlerOptions = {}) => {
    return await serve(prefix, { registry: registryOf(3), eventsIntervalMs: 100, ...options })
  }

  test('every route', async () => {
    const { address } = await open()
    const types = {
      metrics: registryOf(1).contentType,
      health: 'application/json',
      livez: 'application/json',
      readyz: 'application/json',
      healthz: 'application/json',
      'snapshot.json': 'application/json',
      '': 'text/html; charset=utf-8',
      'live.js': 'text/javascript; charset=utf-8',
      'live.css': 'text/css; charset=utf-8',
    }
    for (const [path, type] of Object.entries(types)) {
      const { status, headers, body } = await ask(`${address}${prefix}/${path}?x=1`)
      expect([path, status, headers['content-type']]).toEqual([path, 200, type])
      expect(headers['content-length']).toBe(String(body.length))
    }
    expect(String((await ask(`${address}${prefix}/metrics`)).body)).toContain('c_total 3\n')
    expect(String((await ask(`${address}${prefix}/metrics?name[]=x`)).body)).toBe('')
  })

  test('HEAD, other methods, compression', async () => {
    const { address } = await open()
    const url = `${address}${prefix}/metrics`
    const head = await ask(url, { method: 'HEAD', headers: { 'accept-encoding': 'gzip' } })
    expect([head.status, head.body.length, head.headers['content-encoding']]).toEqual([200, 0, undefined])
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
    const { status, headers } = await ask(url, { method: 'DELETE' })
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD'])
  })

  test('what is no route of ours goes on to the framework', async () => {
    const { address } = await open({ routes: { livez: false } })
    for (const path of ['/', '/users', '/opsmetrics', '/metrics/', `${prefix}/users`, `${prefix}/livez`]) {
      if (path === `${prefix}/`) continue
      const { status, body } = await ask(`${address}${path}?x=1`)
      expect([path, status, String(body)]).toEqual([path, 200, `theirs: GET ${path}?x=1`])
    }
  })

  test('credentials', async () => {
    const { address } = await open({ credentials: { bearer: 'secret' } })
    const url = `${address}${prefix}/metrics`
    expect((await ask(url)).status).toBe(401)
    expect((await ask(url, { headers: { authorization: 'Bearer secret' } })).status).toBe(200)
  })

  test('events, which close() ends before the server closes', async () => {
    const { address, handler } = await open()
    const seen: string[] = []
    for await (const { event } of eventsOf(await send(`${address}${prefix}/events`))) {
      seen.push(event)
      if (seen.length === 2) handler.close()
    }
    expect(seen).toEqual(['snapshot', 'changes'])
  })
})

describe.each(CASES.filter(({ prefix }) => prefix !== ''))('$name at "$prefix"', ({ prefix, serve }) => {
  test('the page is a folder, as it refers to what is beside it', async () => {
    const { address } = await serve(prefix, { registry: registryOf(3) })
    const { status, headers } = await ask(`${address}${prefix}`)
    expect([status, new URL(headers.location as string, `${address}${prefix}`).href]).toEqual([
      308,
      `${address}${prefix}/`,
    ])
    expect((await ask(`${address}${prefix}/`)).headers['content-type']).toBe('text/html; charset=utf-8')
  })

  test('not where the page is switched off', async () => {
    const { address } = await serve(prefix, { registry: registryOf(3), routes: { page: false } })
    expect(String((await ask(`${address}${prefix}`)).body)).toBe(`theirs: GET ${prefix}`)
  })
})

test('without a framework what is no route is 404', async () => {
  const address = await listening(createServer(metricsHandler({ registry: registryOf(1), prefix: '/ops/' })))
  for (const path of ['/', '/metrics', '/ops/x', '/opsx']) expect((await ask(`${address}${path}`)).status).toBe(404)
  expect((await ask(`${address}/ops/metrics`)).status).toBe(200)
})

test('what is answered already is left alone, and handed on where it is no route', async () => {
  const handler = metricsHandler({ registry: registryOf(1), prefix: '/ops' })
  const address = await listening(
    createServer((request, response) => {
      response.writeHead(503).write('timed ')
      handler(request, response, request.url === '/users' ? () => response.write('and handed ') : undefined)
      response.end('out')
    }),
  )
  for (const path of ['/ops', '/ops/', '/ops/livez', '/ops/x'])
    expect(String((await ask(`${address}${path}`)).body)).toBe('timed out')
  expect(String((await ask(`${address}/users`)).body)).toBe('timed and handed out')
})

test('a prefix whose name looks like an address', async () => {
  const address = await listening(createServer(metricsHandler({ registry: registryOf(1), prefix: '/a/http:b' })))
  const { headers } = await ask(`${address}/a/http:b`)
  expect(new URL(headers.location as string, `${address}/a/http:b`).href).toBe(`${address}/a/http:b/`)
})

test('concurrent scrapes share a rendering', async () => {
  const registry = new Registry('handled')
  onTestFinished(() => registry.close())
  let asked = 0

  gauge({ name: 'g', help: 'h', registry, collect: (g) => g.set(++asked) })
  const address = await listening(createServer(metricsHandler({ registry })))
  const all = await Promise.all(Array.from({ length: 50 }, () => ask(`${address}/metrics`)))
  expect(all.map(({ status }) => status)).toEqual(Array(50).fill(200))
  expect(asked).toBeLessThan(25)
})

test.each<[Record<string, unknown>, string]>([
  [{ prefix: 5 }, 'INVALID_TYPE'],
  [{ prefix: 'ops' }, 'INVALID_VALUE'],
  [{ prefix: '/ops?x' }, 'INVALID_VALUE'],
  [{ prefix: '//ops' }, 'INVALID_VALUE'],
  [{ registry: {} }, 'INVALID_TYPE'],
  [{ routes: { nothing: true } }, 'INVALID_VALUE'],
  [{ eventsIntervalMs: 1 }, 'INVALID_VALUE'],
  [{ credentials: {} }, 'INVALID_TYPE'],
])('%j is refused', (options, code) => {
  expect(refusal(() => metricsHandler(options)).code).toBe(`ERR_NANOTALLY_${code}`)
})

test('a registry that is closed is refused, and one that closes later is a 500', async () => {
  const registry = registryOf(1)
  const address = await listening(createServer(metricsHandler({ registry })))
  registry.close()
  expect(refusal(() => metricsHandler({ registry })).code).toBe('ERR_NANOTALLY_REGISTRY_CLOSED')
  for (const path of ['/metrics', '/snapshot.json', '/events']) {
    const { status, body } = await ask(`${address}${path}`)
    expect([status, String(body)]).toEqual([500, 'Failed: the registry is closed\n'])
  }
})
