// The webhook of the integration alertmanager: in servers of node:http, Express and Fastify, and in its own; what it refuses.
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import express from 'express'
import fastify from 'fastify'
import { Registry } from 'nanotally'
import {
  type AlertNotification,
  type AlertReceiver,
  type AlertReceiverOptions,
  type AlertRequest,
  alertReceiver,
  startAlertReceiver,
} from 'nanotally/integrations/alertmanager'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask, connected, listening } from '../../support/http.js'
import { read, refusal, rejections, samplesOf } from '../../support/registry.js'
import { until } from '../../support/until.js'
import { alertOf, EPOCH, namesOf, payloadOf, post, refusals, settled } from './alerts.js'

interface Open {
  registry: Registry
  notifications: AlertNotification[]
  receiver: AlertReceiver
}

function open(options: Partial<AlertReceiverOptions> = {}): Open {
  const registry = new Registry()
  const notifications: AlertNotification[] = []
  const dispatchers = [{ name: 'test', dispatch: (one: AlertNotification) => void notifications.push(one) }]
  const receiver = alertReceiver({ registry, dispatchers, escalation: [], ...options })
  onTestFinished(async () => void (await receiver.close(0)))
  return { registry, notifications, receiver }
}

const SERVERS: Record<string, (receiver: AlertReceiver) => Promise<string>> = {
  'node:http': async ({ handle }) => {
    const server = createServer((request, response) => handle(request, response, () => response.end('theirs')))
    return `${await listening(server)}/alerts`
  },
  Express: async ({ handle }) => {
    const app = express()
    app.use('/hooks', handle)
    app.use((_, response) => void response.send('theirs'))
    return `${await listening(createServer(app))}/hooks/alerts`
  },
  'Express, after express.json()': async ({ handle }) => {
    const app = express()
    app.use(express.json())
    app.use(handle)
    app.use((_, response) => void response.send('theirs'))
    return `${await listening(createServer(app))}/alerts`
  },
  Fastify: async ({ handle }) => {
    const app = fastify({ forceCloseConnections: true })
    onTestFinished(() => app.close())
    app.addHook('onRequest', (request, reply, next) => handle(request.raw, reply.raw, next))
    app.setNotFoundHandler((_, reply) => reply.code(200).send('theirs'))
    return `${await app.listen({ host: '127.0.0.1', port: 0 })}/alerts`
  },
  'a hijacked route of Fastify': async ({ handle }) => {
    const app = fastify({ forceCloseConnections: true })
    onTestFinished(() => app.close())
    app.post('/alerts', (request, reply) => {
      reply.hijack()
      handle(Object.assign(request.raw, { body: request.body }), reply.raw)
    })
    app.setNotFoundHandler((_, reply) => reply.code(200).send('theirs'))
    return `${await app.listen({ host: '127.0.0.1', port: 0 })}/alerts`
  },
}

describe.each(Object.entries(SERVERS))('in a server of %s', (_, serve) => {
  test('payloads are taken, what is malformed is not, other requests are left alone', async () => {
    const { registry, notifications, receiver } = open()
    const url = await serve(receiver)
    const alert = alertOf({ labels: { subsystem: 'disk', __proto__: 'x' } })
    expect(await post(url, payloadOf([alert]))).toBe('200 Accepted.')
    await until('it to be told', () => notifications.length === 1)
    expect(notifications[0]?.alerts).toEqual([alert])
    expect(await post(url, { version: '4', alerts: [{}] })).toMatch(/^400 Malformed: alerts\[0\]\.fingerprint/)
    const elsewhere = await ask(url.replace('alerts', 'other'), { method: 'POST' })
    expect(elsewhere.body.toString()).toBe('theirs')
    expect(await refusals(registry)).toEqual({ malformed: 1 })
    const labels = { source: 'alertmanager', status: 'firing', severity: 'critical' }
    expect(await read(registry, 'alerting_alerts_received_total', labels)).toBe(1)
    expect(await rejections(registry)).toEqual({})
  })
})

test('a storm of alerts is taken before express.json(); after it, that one has the say of how much', async () => {
  const storm = payloadOf(
    Array.from({ length: 200 }, (_, i) => alertOf({ name: `A${i}`, labels: { why: 'x'.repeat(500) } })),
  )
  const { receiver } = open()
  const app = express()
  app.use('/before', receiver.handle)
  app.use(express.json())
  app.use('/after', receiver.handle)
  const url = await listening(createServer(app))
  expect(await post(`${url}/after/alerts`, storm)).toMatch(/^413 /)
  expect(receiver.groups).toEqual([])
  expect(await post(`${url}/before/alerts`, storm)).toBe('200 Accepted.')
  expect(receiver.groups[0]?.alerts).toHaveLength(200)
})

test('a body of which a parser left an empty object is read', async () => {
  const { receiver } = open()
  const server = createServer((request, response) => {
    // As the parsers of Express 4 do of a type that is not theirs.
    receiver.handle(Object.assign(request, { body: {} }), response)
  })
  const url = `${await listening(server)}/alerts`
  expect(await post(url, payloadOf([alertOf()]))).toBe('200 Accepted.')
  expect(receiver.groups.length).toBe(1)
  // What is refused unread is not waited for.
  const asked = { 'content-type': 'text/plain', connection: 'keep-alive' }
  const { headers } = await ask(url, { method: 'POST', headers: asked, body: 'x' })
  expect(headers.connection).toBe('close')
})

test('a body that somebody else has read is told, not waited for', async () => {
  const { registry, receiver } = open()
  const app = fastify({ forceCloseConnections: true })
  onTestFinished(() => app.close())
  app.post('/alerts', (request, reply) => {
    reply.hijack()
    receiver.handle(request.raw, reply.raw)
  })
  const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/alerts`
  expect(await post(url, payloadOf([]))).toMatch(/^500 The body was read already/)
  expect(await refusals(registry)).toEqual({ consumed: 1 })
})

test('bodies whose senders went away before anybody read them are over', async () => {
  const { registry, receiver } = open()
  const gone: (() => void)[] = []
  const server = createServer((request, response) => {
    if (request.headers['x-leaves'] === undefined) receiver.handle(request, response)
    // As a middleware does that waits for something else first.
    else request.on('close', () => setImmediate(() => gone.push(() => receiver.handle(request, response))))
  })
  const url = `${await listening(server)}/alerts`
  const head = 'POST /alerts HTTP/1.1\r\nhost: x\r\nx-leaves: 1\r\ncontent-type: application/json\r\n'
  for (let i = 1; i <= 64; i++) {
    const sender = await connected(Number(new URL(url).port))
    const sent = new Promise<void>((resolve) => server.once('request', () => resolve()))
    sender.write(`${head}content-length: 100\r\n\r\n{`)
    await sent
    sender.destroy()
    await until('it to be seen to leave', () => gone.length === i)
  }
  for (const handle of gone) handle()
  expect(await post(url, payloadOf([alertOf()]))).toBe('200 Accepted.')
  expect(await refusals(registry)).toEqual({ aborted: 64 })
})

test.each(['utf8', 'latin1', 'base64'] as const)(
  'a body that comes as text, by setEncoding(%j), is read',
  async (encoding) => {
    const { registry, notifications, receiver } = open({ maxBodyBytes: 1024 })
    const server = createServer((request, response) => {
      receiver.handle(request.setEncoding(encoding), response)
    })
    const url = `${await listening(server)}/alerts`
    const alert = alertOf({ labels: { where: 'Zürich €' } })
    expect(await post(url, payloadOf([alert]))).toBe('200 Accepted.')
    await until('it to be told', () => notifications.length === 1)
    expect(notifications[0]?.alerts).toEqual([alert])
    // Its bytes count, whatever they are written in: these are 1024, in fewer characters.
    const padded = (bytes: number) => `"${'€'.repeat(300)}${' '.repeat(bytes - 902)}"`
    const chunked = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
    expect(await post(url, padded(1024), chunked)).toMatch(/^400 /)
    expect(await post(url, padded(1025), chunked)).toMatch(/^413 /)
    expect(await refusals(registry)).toEqual({ malformed: 1, oversized: 1 })
  },
)

test('a body that comes neither in bytes nor as text is refused, and nothing ends by it', async () => {
  const { registry, receiver } = open()
  const server = createServer((request, response) => {
    const headers = { 'content-type': 'application/json' }
    const stream = Object.assign(Readable.from([['{}']]), { method: 'POST', url: '/alerts', headers })
    request.resume()
    receiver.handle(stream, response)
  })
  expect(await post(`${await listening(server)}/alerts`, '{}')).toBe('500 Failed: send again.')
  expect(await refusals(registry)).toEqual({ failed: 1 })
})

describe('its own server', () => {
  async function start(options: Partial<Parameters<typeof startAlertReceiver>[0]> = {}) {
    const registry = new Registry()
    const notifications: AlertNotification[] = []
    const receiver = await startAlertReceiver({
      port: 0,
      registry,
      // The alerts are of long ago.
      escalation: [],
      dispatchers: [{ name: 'test', dispatch: (one) => void notifications.push(one) }],
      ...options,
    })
    onTestFinished(async () => void (await receiver.close(0)))
    return { registry, notifications, receiver }
  }

  test('what is refused is counted by its reason', async () => {
    const { registry, notifications, receiver } = await start({
      credentials: { bearer: 'a-secret' },
      maxBodyBytes: 2000,
    })
    const { url } = receiver
    const authorization = 'Bearer a-secret'
    const json = { authorization, 'content-type': 'application/json; charset=utf-8' }
    const payload = payloadOf([alertOf()])

    const missing = await ask(url, { method: 'POST', body: '{}' })
    expect([missing.status, missing.headers['www-authenticate']]).toEqual([401, 'Bearer realm="nanotally"'])
    expect(await post(url, payload, { ...json, authorization: 'Bearer a-secre' })).toMatch(/^401 /)
    // Who may not know is not told whether the method would do.
    expect((await ask(url)).status).toBe(401)
    const got = await ask(url, { headers: { authorization } })
    expect([got.status, got.headers.allow]).toEqual([405, 'POST'])
    expect(await post(url, payload, { authorization, 'content-type': 'text/plain' })).toMatch(/^415 /)
    expect(await post(url, payload, { ...json, 'content-encoding': 'gzip' })).toMatch(/^415 /)
    const large = payloadOf(Array.from({ length: 50 }, (_, i) => alertOf({ name: `A${i}` })))
    expect(await post(url, large, json)).toMatch(/^413 Too large: at most 2000 bytes/)
    const { status } = await ask(`${receiver.url}/nothing`, { method: 'POST', headers: json, body: '{}' })
    expect(status).toBe(404)
    // Who probes it loses nothing.
    expect((await ask(`${receiver.url}/nothing`)).status).toBe(404)
    expect(notifications).toEqual([])
    expect(await refusals(registry)).toEqual({ unauthenticated: 3, method: 1, content_type: 2, oversized: 1, path: 1 })
    expect(await post(url, payload, json)).toBe('200 Accepted.')
  })

  test('a body in chunks is cut off where it is too large, one that ends early is counted', async () => {
    const { registry, receiver } = await start({ maxBodyBytes: 1024 })
    const head = 'POST /alerts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
    const large = await connected(receiver.port)
    large.on('error', () => {})
    large.write(`${head}transfer-encoding: chunked\r\n\r\n800\r\n${' '.repeat(2048)}\r\n`)
    await until('it to be refused', async () => (await refusals(registry)).oversized === 1)
    const early = await connected(receiver.port)
    early.write(`${head}content-length: 100\r\n\r\n{`)
    await settled()
    early.destroy()
    await until('it to be counted', async () => (await refusals(registry)).aborted === 1)
  })

  test.each<[part: string, payload: unknown]>([
    ['the payload: expected JSON', '{'],
    ['the payload', []],
    ['version', { version: '3', alerts: [] }],
    ['version', { alerts: [] }],
    ['alerts', { version: '4', alerts: {} }],
    ['truncatedAlerts', { version: '4', alerts: [], truncatedAlerts: '1' }],
    ['alerts[0]', { version: '4', alerts: [null] }],
    ['alerts[0].fingerprint', changed({ fingerprint: '' })],
    ['alerts[0].status', changed({ status: 'pending' })],
    ['alerts[0].labels', changed({ labels: { a: 1 } })],
    ['alerts[0].labels', changed({ labels: undefined })],
    ['alerts[0].annotations', changed({ annotations: [] })],
    ['alerts[0].startsAt', changed({ startsAt: 'soon' })],
    ['alerts[0].endsAt', changed({ status: 'resolved', endsAt: 7 })],
  ])('malformed: %s', async (part, payload) => {
    const { registry, notifications, receiver } = await start()
    expect(await post(receiver.url, payload)).toContain(`400 Malformed: ${part}`)
    expect(await refusals(registry)).toEqual({ malformed: 1 })
    expect(notifications).toEqual([])
  })

  test('of a payload with a malformed alert none is taken', async () => {
    const { notifications, receiver } = await start()
    const payload = payloadOf([alertOf(), alertOf({ name: 'B' })])
    payload.alerts[1] = { ...payload.alerts[1], fingerprint: '' } as (typeof payload.alerts)[0]
    expect(await post(receiver.url, payload)).toMatch(/^400 /)
    expect([notifications, receiver.groups]).toEqual([[], []])
  })

  test('a payload that Alertmanager left alerts out of is taken, and told', async () => {
    const { registry, receiver } = await start()
    const payload = payloadOf([alertOf()])
    expect(await post(receiver.url, { ...payload, truncatedAlerts: 40 })).toBe('200 Accepted.')
    const { truncatedAlerts: _, ...older } = payload
    expect(await post(receiver.url, older)).toBe('200 Accepted.')
    expect(await refusals(registry)).toEqual({ truncated: 1 })
    expect(receiver.groups.length).toBe(1)
  })

  test('what an alert lacks', async () => {
    const { notifications, receiver } = await start()
    const payload = payloadOf([alertOf()])
    Object.assign(payload.alerts[0] ?? {}, { labels: { job: 'engram' }, annotations: { value: ' ' } })
    await post(receiver.url, payload)
    await until('it to be told', () => notifications.length === 1)
    const expected = { name: '', severity: 'none', component: 'engram', subsystem: '', value: undefined }
    expect(notifications[0]?.alerts[0]).toMatchObject(expected)
  })

  test('closing: pending ones are delivered first, and what comes is answered 503', async () => {
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    const { registry, receiver } = await start({ dispatchers: [{ name: 'slow', dispatch: () => opened }] })
    await post(receiver.url, payloadOf([alertOf()]))
    const closing = receiver.close()
    expect(await post(receiver.url, payloadOf([alertOf({ name: 'Late' })]))).toMatch(/^503 Closing/)
    expect(await refusals(registry)).toEqual({ closed: 1 })
    open()
    expect(await closing).toEqual([])
    expect(receiver.pending).toBe(0)
    await expect(ask(receiver.url)).rejects.toThrow('ECONNREFUSED')
  })

  test('closing: a connection that asks nothing is cut off, and so is one that never ends', async () => {
    const { receiver } = await start()
    const silent = await connected(receiver.port)
    const endless = await connected(receiver.port)
    endless.write('POST /alerts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{')
    const closed = Promise.all([silent, endless].map((socket) => new Promise((resolve) => socket.on('close', resolve))))
    for (const socket of [silent, endless]) socket.on('error', () => {}).resume()
    expect(await receiver.close(10)).toEqual([])
    await closed
  })

  test('closing: how long to try is checked, and may be long', async () => {
    const { receiver } = await start({ dispatchers: [{ name: 'slow', dispatch: settled }] })
    for (const timeoutMs of [-1, 2 ** 31, Infinity]) {
      await expect(receiver.close(timeoutMs)).rejects.toMatchObject({ code: 'ERR_NANOTALLY_INVALID_VALUE' })
    }
    await expect(receiver.close('1' as never)).rejects.toMatchObject({ code: 'ERR_NANOTALLY_INVALID_TYPE' })
    receiver.accept([alertOf()])
    expect(await receiver.close(2 ** 31 - 1)).toEqual([])
  })

  test('what cannot be delivered is handed back', async () => {
    const { receiver } = await start({
      dispatchers: [{ name: 'dead', dispatch: () => Promise.reject(new Error('no')) }],
    })
    await post(receiver.url, payloadOf([alertOf(), alertOf({ name: 'Other', component: 'x' })]))
    const undelivered = await receiver.close(10)
    expect(undelivered.map(({ dispatcher, notification }) => [dispatcher, namesOf(notification)])).toEqual([
      ['dead', ['QueueFull']],
      ['dead', ['Other']],
    ])
    expect(await receiver.close()).toBe(undelivered)
  })

  test('addresses that others reach want credentials; a port that is taken is told', async () => {
    const { receiver } = await start()
    const dispatchers = [{ name: 'x', dispatch: () => {} }]
    const refused = (options: object) => startAlertReceiver({ registry: new Registry(), dispatchers, ...options })
    await expect(refused({ host: '0.0.0.0', port: 0 })).rejects.toMatchObject({ code: 'ERR_NANOTALLY_UNAUTHENTICATED' })
    await expect(refused({ port: receiver.port })).rejects.toMatchObject({ code: 'ERR_NANOTALLY_PORT_IN_USE' })
    await expect(refused({ port: 70_000 })).rejects.toMatchObject({ code: 'ERR_NANOTALLY_INVALID_VALUE' })
    await expect(refused({ host: 1 })).rejects.toMatchObject({ code: 'ERR_NANOTALLY_INVALID_TYPE' })
    const anywhere = await start({ host: '0.0.0.0', allowUnauthenticated: true })
    expect(anywhere.receiver.url).toBe(`http://127.0.0.1:${anywhere.receiver.port}/alerts`)
    expect(await post(anywhere.receiver.url, payloadOf([]))).toBe('200 Accepted.')
  })
})

function changed(change: object) {
  const payload = payloadOf([alertOf()])
  return { ...payload, alerts: [{ ...payload.alerts[0], ...change }] }
}

test('a name and a password', async () => {
  const { receiver } = open({ credentials: { username: 'am', password: 'a:b' } })
  const url = `${await listening(createServer((request, response) => receiver.handle(request, response)))}/alerts`
  const headers = (pair: string) => ({
    authorization: `basic ${Buffer.from(pair).toString('base64')}`,
    'content-type': 'application/json',
  })
  expect(await post(url, payloadOf([]), headers('am:a:b'))).toBe('200 Accepted.')
  expect(await post(url, payloadOf([]), headers('am:a'))).toMatch(/^401 /)
  const { headers: answered } = await ask(url, { method: 'POST' })
  expect(answered['www-authenticate']).toBe('Basic realm="nanotally", charset="UTF-8"')
})

test('a response that somebody else has answered meanwhile is left alone', async () => {
  const { registry, receiver } = open()
  const server = createServer((request, response) => {
    receiver.handle(request as AlertRequest, response)
    response.end('theirs')
  })
  const answer = await ask(`${await listening(server)}/alerts`, { method: 'POST' })
  expect(answer.body.toString()).toBe('theirs')
  await until('it to be counted', async () => (await refusals(registry)).content_type === 1)
})

const dispatchers = [{ name: 'a', dispatch: () => {} }]

test.each<[code: string, options: object]>([
  ['INVALID_TYPE', {}],
  ['INVALID_VALUE', { dispatchers: [] }],
  ['INVALID_TYPE', { dispatchers: [{ name: 'a' }] }],
  ['INVALID_TYPE', { dispatchers: [{ name: 1, dispatch: () => {} }] }],
  ['INVALID_VALUE', { dispatchers: [...dispatchers, ...dispatchers] }],
  ['INVALID_VALUE', { dispatchers, dispatcher: 1 }],
  ['INVALID_TYPE', { dispatchers, registry: 1 }],
  ['INVALID_VALUE', { dispatchers, path: 'alerts' }],
  ['INVALID_VALUE', { dispatchers, maxBodyBytes: 1 }],
  ['INVALID_TYPE', { dispatchers, maxPending: '1' }],
  ['INVALID_VALUE', { dispatchers, retryFirstMs: 100, retryLongestMs: 99 }],
  ['INVALID_TYPE', { dispatchers, credentials: 'x' }],
  ['INVALID_VALUE', { dispatchers, credentials: { bearer: 'a b' } }],
  ['INVALID_VALUE', { dispatchers, credentials: { username: 'a:b', password: 'c' } }],
  ['INVALID_TYPE', { dispatchers, causes: 'x' }],
  ['INVALID_VALUE', { dispatchers, causes: [{ kind: 'x', words: ['X'] }] }],
  ['INVALID_TYPE', { dispatchers, escalation: [1] }],
  ['INVALID_VALUE', { dispatchers, escalation: [{ level: 0, severity: 'critical', afterMs: 0 }] }],
  ['INVALID_VALUE', { dispatchers, escalation: [{ level: 1, severity: 'grave', afterMs: 0 }] }],
  ['INVALID_VALUE', { dispatchers, escalation: [{ level: 1, severity: 'info', afterMs: 0, dispatchers: ['b'] }] }],
  ['INVALID_VALUE', { dispatchers, escalation: [{ level: 1, severity: 'info', afterMs: 0, dispatchers: [] }] }],
  ['INVALID_TYPE', { dispatchers, clock: { now: () => 0, after: () => ({ cancel() {} }) } }],
])('options that are wrong are refused: %s %j', (code, options) => {
  expect(refusal(() => alertReceiver(options as never)).code).toBe(`ERR_NANOTALLY_${code}`)
})

test('gauges are of what is there at each scrape, and end with the receiver', async () => {
  const { registry, receiver } = open({
    clock: { now: () => EPOCH + 90_000, elapsed: () => 0, after: () => ({ cancel() {} }) },
    dispatchers: [{ name: 'test', dispatch: () => new Promise(() => {}) }],
  })
  receiver.accept([alertOf(), alertOf({ name: 'B', severity: 'page', start: 60_000 })])
  expect(await read(registry, 'alerting_alerts_firing', { severity: 'critical' })).toBe(1)
  expect(await read(registry, 'alerting_alerts_firing', { severity: 'other' })).toBe(1)
  expect(await read(registry, 'alerting_groups_open', { severity: 'critical' })).toBe(1)
  expect(await samplesOf(registry, 'alerting_oldest_alert_age_seconds')).toEqual({
    '{"severity":"critical"}': 90,
    '{"severity":"other"}': 30,
  })
  expect(await read(registry, 'alerting_notifications_pending', { dispatcher: 'test' })).toBe(1)
  await receiver.close(0)
  expect(await samplesOf(registry, 'alerting_oldest_alert_age_seconds')).toEqual({})
  expect(await read(registry, 'alerting_alerts_firing', { severity: 'critical' })).toBeUndefined()
})
