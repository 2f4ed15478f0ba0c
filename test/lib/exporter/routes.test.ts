// The routes in a plain server, over what the test gives them to read: what they ask for, and what they make of that.
import { cpSync, mkdirSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Routes, type Source } from '../../../dist/exporter/routes.js'
import type { RenderAll } from '../../../dist/exporter/scrapes.js'
import { ROUTE_NAMES, type RouteSettings } from '../../../dist/exporter/settings.js'
import type { HealthCheckResult } from '../../../dist/native.js'
import { type Answer, type Asking, ask, serve } from '../../support/http.js'
import { temporaryFolder } from '../../support/temporary.js'
import { until } from '../../support/until.js'
import { warningsOf } from '../../support/warnings.js'

const SMALL = { contentType: 'a/b; c=d', body: Buffer.from('x 1\n') }
const LARGE = { contentType: 'a/b; c=d', body: Buffer.from('x 1\n'.repeat(1000)) }
const PATHS = {
  metrics: ['/metrics'],
  health: ['/health'],
  livez: ['/livez'],
  readyz: ['/readyz'],
  healthz: ['/healthz'],
  snapshot: ['/snapshot.json'],
  events: ['/events'],
  page: ['/', '/live.js', '/live.css'],
} as const

interface Serving extends Partial<RouteSettings> {
  render?: RenderAll
  health?: HealthCheckResult[]
}

function routesOf({ render = (all) => all.map(() => SMALL), health = [], ...settings }: Serving = {}): Routes {
  const source: Source = {
    renderAll: render,
    readHealth: () => health,
    openFeed: () => ({ next: () => SMALL, close() {} }),
  }
  return new Routes(source, {
    routes: ROUTE_NAMES,
    credentials: undefined,
    eventsIntervalMs: 100,
    compress: true,
    ...settings,
  })
}

/** The address of a server of such routes. */
function serveRoutes(serving?: Serving): Promise<string> {
  const routes = routesOf(serving)
  return serve((request, response) => {
    const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s)
    if (!routes.handle(request, response, path, query)) Routes.notFound(response)
  })
}

async function answerOf(serving: Serving, path: string, asking?: Asking): Promise<Answer> {
  return await ask(`${await serveRoutes(serving)}${path}`, asking)
}

test.each([new Error('no memory'), 'no memory'])('a render that fails is a 500 that says why', async (thrown) => {
  const render = () => {
    throw thrown
  }
  for (const path of ['/metrics', '/snapshot.json', '/events']) {
    const { status, headers, body } = await answerOf({ render }, path, { headers: { 'accept-encoding': 'gzip' } })
    expect([status, headers['content-encoding'], body.toString()]).toEqual([500, undefined, 'Failed: no memory\n'])
  }
})

describe('an answer that is another’s, as of a time-out,', () => {
  const PATHS_THAT_WAIT = ['/metrics', '/snapshot.json', '/events']

  test.each([
    ['that was rendered meanwhile', () => [SMALL]],
    [
      'that cannot be rendered',
      () => {
        throw new Error('no memory')
      },
    ],
  ])('is not broken by one %s', async (_, outcome) => {
    for (const path of PATHS_THAT_WAIT) {
      let timedOut = () => {}
      const render = () => {
        timedOut()
        return outcome()
      }
      const routes = routesOf({ render })
      const address = await serve((request, response) => {
        timedOut = () => {
          response.writeHead(503).write('timed ')
          // What the routes make of their rendering they have made by then.
          setImmediate(() => response.end('out'))
        }
        routes.handle(request, response, path, '')
      })
      const { status, body } = await ask(address)
      expect([path, status, body.toString()]).toEqual([path, 503, 'timed out'])
    }
  })

  test('is not begun anew', async () => {
    const routes = routesOf({ credentials: { bearer: 'secret' } })
    const address = await serve((request, response) => {
      response.writeHead(503).write('timed ')
      expect(routes.handle(request, response, request.url as string, '')).toBe(true)
      Routes.notFound(response)
      response.end('out')
    })
    for (const path of Object.values(PATHS).flat())
      expect((await ask(`${address}${path}`)).body.toString()).toBe('timed out')
  })
})

test('a response that cannot be answered through is warned of: no rejection that nobody handles', async () => {
  const unhandled: unknown[] = []
  const listener = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', listener)
  onTestFinished(() => void process.off('unhandledRejection', listener))
  const warnings = warningsOf('NANOTALLY_DROPPED')
  const lesser = { headersSent: false, setHeader() {}, end() {} } as unknown as ServerResponse
  routesOf().handle({ method: 'GET', headers: {} } as IncomingMessage, lesser, '/livez', '')
  await until('a warning', () => warnings.length > 0)
  expect(warnings).toEqual([
    'nanotally cannot answer through this response: TypeError: response.writeHead is not a function',
  ])
  expect(unhandled).toEqual([])
})

test.each([
  ['/metrics', undefined, ['', []]],
  ['/metrics?', 'text/plain', ['text/plain', []]],
  ['/metrics?name[]=a_total&x=1&name[]=b', '*/*', ['*/*', ['a_total', 'b']]],
  ['/metrics?name%5B%5D=a%3Fb%20c&name[]=', '', ['', ['a?b c', '']]],
  ['/metrics?name[]=a?b&name=c', '', ['', ['a?b']]],
  ['/snapshot.json', 'text/plain', [null, []]],
  ['/snapshot.json?name[]=a_total', undefined, [null, ['a_total']]],
])('%s with Accept %s', async (path, accept, expected) => {
  const seen: unknown[] = []
  const render: RenderAll = (requests) => {
    seen.push(...requests)
    return [SMALL]
  }
  const { status, headers } = await answerOf({ render }, path, { headers: accept === undefined ? {} : { accept } })
  expect(status).toBe(200)
  expect(seen).toEqual([expected])
  expect(headers).toMatchObject({
    'content-type': SMALL.contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    vary: path.startsWith('/metrics') ? 'Accept, Accept-Encoding' : 'Accept-Encoding',
  })
})

describe('compression', () => {
  const render = () => [LARGE]

  test('a large body is compressed for who takes gzip', async () => {
    const { headers, body } = await answerOf({ render }, '/metrics', { headers: { 'accept-encoding': 'gzip, br' } })
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(body.length) })
    expect(headers['content-type']).toBe(LARGE.contentType)
    expect(body.length).toBeLessThan(LARGE.body.length)
    expect(gunzipSync(body)).toEqual(LARGE.body)
  })

  test.each([
    [SMALL, 'gzip', true],
    [LARGE, 'gzip;q=0', true],
    [LARGE, undefined, true],
    [LARGE, 'gzip', false],
  ])('else it is sent as it is', async (exposition, encoding, compress) => {
    const headersSent = encoding === undefined ? {} : { 'accept-encoding': encoding }
    const { headers, body } = await answerOf({ render: () => [exposition], compress }, '/metrics', {
      headers: headersSent,
    })
    expect(headers['content-encoding']).toBeUndefined()
    expect(headers.vary).toBe(compress ? 'Accept, Accept-Encoding' : 'Accept')
    expect(body).toEqual(exposition.body)
  })

  test('HEAD has the headers of GET and no body', async () => {
    const headers = { 'accept-encoding': 'gzip' }
    const get = await answerOf({ render }, '/metrics', { headers })
    const head = await answerOf({ render }, '/metrics', { headers, method: 'HEAD' })
    expect([head.status, head.body.length]).toEqual([200, 0])
    for (const name of ['content-type', 'content-length', 'content-encoding', 'vary'])
      expect(head.headers[name]).toBe(get.headers[name])
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
  })
})

describe('refusals', () => {
  test.each(Object.values(PATHS).flat())('%s: other methods and bodies', async (path) => {
    const url = `${await serveRoutes()}${path}`
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND']) {
      const { status, headers, body } = await ask(url, { method })
      expect([status, headers.allow, headers.connection]).toEqual([405, 'GET, HEAD', 'close'])
      expect(body.toString()).toContain('GET or HEAD')
    }
    for (const headers of [{ 'content-length': '1' }, { 'transfer-encoding': 'chunked' }] as Record<string, string>[]) {
      const { status, headers: answered } = await ask(url, { headers, body: 'x' })
      expect([status, answered.connection]).toEqual([400, 'close'])
    }
    expect((await ask(url, { method: 'HEAD', headers: { 'content-length': '0' } })).status).toBe(200)
  })

  test.each(ROUTE_NAMES)('%s switched off', async (off) => {
    const address = await serveRoutes({ routes: ROUTE_NAMES.filter((name) => name !== off) })
    for (const [route, paths] of Object.entries(PATHS)) {
      for (const path of paths) {
        const { status } = await ask(`${address}${path}`, { method: 'HEAD' })
        expect(`${path} ${status}`).toBe(`${path} ${route === off ? 404 : 200}`)
      }
    }
  })
})

describe('the page', () => {
  test.each([
    ['/', 'text/html; charset=utf-8'],
    ['/live.js', 'text/javascript; charset=utf-8'],
    ['/live.css', 'text/css; charset=utf-8'],
  ])('%s', async (path, type) => {
    const { status, headers, body } = await answerOf({}, path)
    expect([status, headers['content-length']]).toEqual([200, String(body.length)])
    expect(body.length).toBeGreaterThan(0)
    expect(headers).toMatchObject({
      'content-type': type,
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
  })

  test('where the package has lost it, that is said, and what else keeps it from being read', () => {
    const copy = join(temporaryFolder(), 'exporter')
    cpSync(fileURLToPath(new URL('../../../dist/exporter', import.meta.url)), copy, { recursive: true })
    const { pageFile } = createRequire(import.meta.url)(join(copy, 'page.js'))
    expect(() => pageFile('/')).toThrow('dist/live/index.html of nanotally cannot be read: install it again')
    // There, but not to be read, as where the process has no descriptors left: to install it again would not help.
    mkdirSync(join(copy, '..', 'live', 'index.html'), { recursive: true })
    expect(() => pageFile('/')).toThrow('dist/live/index.html of nanotally cannot be read: EISDIR')
  })
})

describe('health', () => {
  const result = (name: string, status: HealthCheckResult['status'], critical: boolean): HealthCheckResult => {
    return { name, status, critical, message: '' }
  }
  const CASES: [string, HealthCheckResult[], { health: string; readyz: string; livez: string }][] = [
    ['nothing known', [], { health: 'healthy', readyz: 'healthy', livez: 'healthy' }],
    [
      'a critical check that fails is no reason to start the process again',
      [result('db', 'unhealthy', true)],
      { health: 'unhealthy', readyz: 'unhealthy', livez: 'healthy' },
    ],
    [
      'one that is not critical degrades',
      [result('mail', 'unhealthy', false)],
      { health: 'degraded', readyz: 'healthy', livez: 'healthy' },
    ],
    [
      'what is not there counts for nothing',
      [result('numa', 'unavailable', true)],
      { health: 'healthy', readyz: 'healthy', livez: 'healthy' },
    ],
    [
      'event loops that stand still are',
      [result('event_loops', 'unhealthy', true)],
      { health: 'unhealthy', readyz: 'unhealthy', livez: 'unhealthy' },
    ],
  ]

  test.each(CASES)('%s', async (_, health, expected) => {
    const address = await serveRoutes({ health })
    for (const [route, wanted] of Object.entries({ ...expected, healthz: expected.health })) {
      const { status, headers, body } = await ask(`${address}/${route}`)
      const report = JSON.parse(body.toString())
      expect([route, report.status, status]).toEqual([route, wanted, wanted === 'unhealthy' ? 503 : 200])
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' })
      expect(report.time).toBeGreaterThan(1.7e9)
    }
    expect(JSON.parse((await ask(`${address}/health`)).body.toString()).checks).toEqual(health)
  })
})
