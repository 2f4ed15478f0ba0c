// expressMetrics(): the templates of routes, wherever they are mounted, in Express 4 and 5.
import { createServer } from 'node:http'
import express from 'express'
// @ts-expect-error no types of its own
import express4 from 'express-4'
import { Registry } from 'nanotally'
import { type ExpressMetricsOptions, expressMetrics } from 'nanotally/integrations/express'
import { instrumentServer } from 'nanotally/integrations/http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask, listening } from '../../support/http.js'
import { refusal } from '../../support/registry.js'
import { client, counts, hangUp, inFlight, seen, untilEnded } from './observed.js'

const FRAMEWORKS: [name: string, framework: typeof express, older: boolean][] = [
  ['Express 5', express, false],
  ['Express 4', express4, true],
]

describe.each(FRAMEWORKS)('%s', (_name, framework, older) => {
  type App = ReturnType<typeof express>

  /** Serves an app whose first middleware is ours. */
  async function start(build: (app: App) => void, options: ExpressMetricsOptions = {}) {
    const registry = new Registry()
    const app = framework()
    app.use(expressMetrics({ registry, ...options }))
    build(app)
    // Express logs what it answers 500.
    app.set('env', 'test')
    const server = createServer(app)
    onTestFinished(() => server.closeAllConnections())
    return { registry, server, address: await listening(server) }
  }

  /** The counts after these requests, each `METHOD path`. */
  async function countsAfter(build: (app: App) => void, requests: readonly string[], options?: ExpressMetricsOptions) {
    const { registry, address } = await start(build, options)
    for (const asked of requests) {
      const [method = '', path = ''] = asked.split(' ')
      await ask(address + path, { method })
    }
    await untilEnded(registry, requests.length)
    return counts(registry)
  }

  test('routes of the app, by method; HEAD and OPTIONS; what no route takes', async () => {
    const build = (app: App) => {
      app.get('/', (_request, response) => void response.send('root'))
      app
        .route('/users/:id')
        .get((request, response) => void response.json(request.params))
        .post((_request, response) => void response.status(201).end())
      app.get('/files-:name.:type', (_request, response) => void response.redirect('/'))
    }
    const requests = ['GET /', 'GET /users/1?x=1', 'GET /users/2', 'POST /users/3', 'HEAD /users/4', 'OPTIONS /users/5']
    expect(await countsAfter(build, [...requests, 'GET /files-a.txt', 'GET /nothing', 'PUT /users/6'])).toEqual({
      'GET / 2xx': 1,
      'GET /users/:id 2xx': 2,
      'POST /users/:id 2xx': 1,
      'HEAD /users/:id 2xx': 1,
      'OPTIONS (unmatched) 2xx': 1,
      'GET /files-:name.:type 3xx': 1,
      'GET (unmatched) 4xx': 1,
      'PUT (unmatched) 4xx': 1,
    })
  })

  test('mounted routers: nested, with parameters in their mounts, at several places, in any case', async () => {
    const build = (app: App) => {
      const items = framework.Router({ mergeParams: true })
      items.get('/', (_request, response) => void response.end())
      items.get('/:item', (_request, response) => void response.end())
      const users = framework.Router()
      users.use('/:user/items', items)
      const api = framework.Router()
      api.use('/users', users)
      app.use('/api/v1', api)
      app.use('/Items', items)
      app.use(['/old', '/older/:year'], items)
    }
    const requests = [
      'GET /api/v1/users/7/items',
      'GET /api/v1/users/items/items/',
      'GET /API/v1/users/8/ITEMS/9',
      'GET /items/1',
      'GET /iTeMs/2',
      'GET /old/1',
      'GET /older/1999/2',
      'GET /older/2000/old',
      'GET /api/v1/users',
    ]
    const itemsAt = older ? '/items' : '/Items'
    expect(await countsAfter(build, requests)).toEqual({
      'GET /api/v1/users/:user/items 2xx': 2,
      'GET /api/v1/users/:user/items/:item 2xx': 1,
      [`GET ${itemsAt}/:item 2xx`]: 2,
      'GET /old/:item 2xx': 1,
      'GET /older/:year/:item 2xx': 2,
      'GET (unmatched) 4xx': 1,
    })
  })

  test('no more templates than there are mounts, whatever is asked', async () => {
    const build = (app: App) => {
      const router = framework.Router()
      router.get('/x', (_request, response) => void response.end())
      app.use(older ? '/v:version([0-9]+)' : '/v:version', router)
      app.use(/\/any[a-z]*/, router)
      app.use(older ? '/rest*/end' : '/rest/*parts/end', router)
    }
    const requests = Array.from({ length: 20 }, (_, i) => [
      `GET /v${i}/x`,
      `GET /any${String.fromCharCode(97 + i)}/x`,
      `GET /rest/${'a/'.repeat((i % 12) + 1)}end/x`,
    ]).flat()
    const all = await countsAfter(build, requests)
    expect(Object.values(all).reduce((sum, count) => sum + count, 0)).toBe(60)
    const routes = Object.keys(all)
    if (older) {
      expect(routes).toContain('GET /*/x 2xx')
      expect(routes.length).toBeLessThanOrEqual(10)
    } else {
      expect(routes.sort()).toEqual(
        ['GET /rest/*parts/end/x 2xx', 'GET /v:version/x 2xx', 'GET /\\/any[a-z]*//x 2xx'].sort(),
      )
    }
  })

  test('routes that are regular expressions or lists', async () => {
    const build = (app: App) => {
      app.get(/^\/ab+c$/, (_request, response) => void response.end())
      app.get(['/one', '/two/:id'], (_request, response) => void response.end())
    }
    expect(await countsAfter(build, ['GET /abc', 'GET /abbbc', 'GET /one', 'GET /two/2'])).toEqual({
      'GET /^\\/ab+c$/ 2xx': 2,
      'GET /one|/two/:id 2xx': 2,
    })
  })

  test('mounted apps, in apps and in routers', async () => {
    const build = (app: App) => {
      const admin = framework()
      admin.get('/jobs/:id', (_request, response) => void response.end())
      const inner = framework.Router()
      inner.get('/list', (_request, response) => void response.end())
      admin.use('/inner/:kind', inner)
      app.use('/admin/:tenant', admin)
      const other = framework()
      other.get('/a/:b', (_request, response) => void response.end())
      const router = framework.Router()
      router.use('/other', other)
      app.use('/r', router)
    }
    expect(
      await countsAfter(build, ['GET /admin/t1/jobs/1', 'GET /admin/t2/inner/k/list', 'GET /r/other/a/1']),
    ).toEqual({
      'GET /admin/:tenant/jobs/:id 2xx': 1,
      'GET /admin/:tenant/inner/:kind/list 2xx': 1,
      'GET /r/other/a/:b 2xx': 1,
    })
  })

  test('errors: thrown, passed on, of promises, answered outside of their router', async () => {
    const build = (app: App) => {
      const router = framework.Router()
      router.get('/throw/:id', () => {
        throw new Error('thrown')
      })
      router.get('/next/:id', (_request, _response, next) => next(new Error('passed on')))
      router.get('/promise/:id', async (_request, _response, next) => {
        if (older) next(new Error('in a promise'))
        else throw new Error('in a promise')
      })
      app.use('/api/:version', router)
      app.use(
        ((_error, _request, response, _next) => void response.status(503).end('sorry')) as express.ErrorRequestHandler,
      )
    }
    expect(await countsAfter(build, ['GET /api/v1/throw/1', 'GET /api/v2/next/1', 'GET /api/v3/promise/1'])).toEqual({
      'GET /api/:version/throw/:id 5xx': 1,
      'GET /api/:version/next/:id 5xx': 1,
      'GET /api/:version/promise/:id 5xx': 1,
    })
  })

  test('a router that cannot be seen, and a path that was rewritten', async () => {
    const build = (app: App) => {
      const router = framework.Router()
      router.get('/hidden/:id', (_request, response) => void response.end())
      app.use('/inside', (request, response, next) => router(request, response, next))
      app.use((request, _response, next) => {
        request.url = request.url.replace('/alias', '/api')
        next()
      })
      const api = framework.Router()
      api.get('/seen', (_request, response) => void response.end())
      app.use('/api', api)
    }
    expect(await countsAfter(build, ['GET /inside/hidden/1', 'GET /alias/seen', 'GET /api/seen'])).toEqual({
      'GET /(mounted)/hidden/:id 2xx': 1,
      'GET /(mounted)/seen 2xx': 1,
      'GET /api/seen 2xx': 1,
    })
  })

  test('keep-alive, bodies and streams, clients that leave', async () => {
    const { registry, address } = await start((app) => {
      app.post('/echo', framework.text({ type: '*/*' }), (request, response) => void response.send(request.body))
      app.get('/stream', (_request, response) => {
        response.write('a'.repeat(100))
        setImmediate(() => response.end())
      })
      app.get('/slow/:id', (request, response) => {
        if (request.params.id === '2') response.write('begun')
      })
    })
    const kept = client(address)
    for (let i = 0; i < 10; i++) expect(await kept.ask('POST', '/echo', 'abcd')).toEqual({ status: 200, body: 'abcd' })
    await kept.ask('GET', '/stream')
    await untilEnded(registry, 11)
    for (const id of [1, 2]) {
      const begun = async () => (await inFlight(registry)) === 1
      await hangUp(address, `GET /slow/${id} HTTP/1.1\r\nhost: x\r\n\r\n`, begun)
      await untilEnded(registry, 11 + id)
    }
    expect(await seen(registry)).toEqual({
      'POST /echo 2xx': { count: 10, received: 40, sent: 40 },
      'GET /stream 2xx': { count: 1, received: 0, sent: 100 + 4 + 2 + 5 },
      'GET /slow/:id aborted': { count: 2, received: 0, sent: 3 + 2 + 5 },
    })
  })

  test('used twice, and beside instrumentServer(), it counts once, by the template', async () => {
    const registry = new Registry()
    const app = framework()
    app.use(expressMetrics({ registry }), expressMetrics({ registry }))
    app.get('/users/:id', (_request, response) => void response.end())
    const server = createServer(app)
    instrumentServer(server, { registry })
    const address = await listening(server)
    await ask(`${address}/users/1`)
    await untilEnded(registry, 1)
    expect(await counts(registry)).toEqual({ 'GET /users/:id 2xx': 1 })
  })

  test('a route function has the last word, and ignored requests are not there', async () => {
    const build = (app: App) => {
      app.get(['/users/:id', '/metrics', '/none'], (_request, response) => void response.end())
    }
    const options: ExpressMetricsOptions = {
      ignore: ({ url }) => url === '/metrics',
      route: ({ url }, template) => (url === '/none' ? undefined : `mine ${template}`),
    }
    const { registry, address } = await start(build, options)
    for (const path of ['/metrics', '/users/1', '/none', '/other']) await ask(address + path)
    await untilEnded(registry, 3)
    expect(await counts(registry)).toEqual({
      'GET mine /users/:id|/metrics|/none 2xx': 1,
      'GET (unmatched) 2xx': 1,
      'GET mine undefined 4xx': 1,
    })
  })
})

test('options that are wrong are refused when the middleware is made', () => {
  expect(refusal(() => expressMetrics({ route: '/' as never })).code).toBe('ERR_NANOTALLY_INVALID_TYPE')
  expect(refusal(() => expressMetrics({ label: 'x' } as never)).code).toBe('ERR_NANOTALLY_INVALID_VALUE')
})
