// The webhook of the integration alertmanager in servers of node:http, Express and Fastify: which bodies it reads, and from whom.
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
} from 'nanotally/integrations/alertmanager'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask, connected, listening } from '../../../support/http.js'
import { read, rejections } from '../../../support/registry.js'
import { until } from '../../../support/until.js'
import { alertOf, payloadOf, post, refusals } from './alerts.js'

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
