// The integrations with the types of the libraries that they are for: this file must compile.
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import express from 'express'
import fastify from 'fastify'
import { Cluster, Redis } from 'ioredis'
import { Registry } from 'nanotally'
import { catalogs } from 'nanotally/catalogs'
import { type Alert, alertReceiver, CAUSES, watchThresholds } from 'nanotally/integrations/alertmanager'
import { expressMetrics } from 'nanotally/integrations/express'
import { fastifyMetrics } from 'nanotally/integrations/fastify'
import { type Instrumentation, instrumentServer } from 'nanotally/integrations/http'
import { instrumentRedis } from 'nanotally/integrations/ioredis'
import { instrumentClient, instrumentPool } from 'nanotally/integrations/pg'
import pg from 'pg'

const registry = new Registry()
const app = express()
app.use(expressMetrics())
app.use('/api', expressMetrics({ registry, names: 'opentelemetry', ignore: ({ url }) => url === '/metrics' }))
app.use(expressMetrics<express.Request>({ route: (request, template) => `${request.hostname} ${template}` }))
const router = express.Router()
router.use(expressMetrics())

const service = fastify()
await service.register(fastifyMetrics)
await service.register(fastifyMetrics, { registry, route: (request, template) => template ?? request.raw.url })
// @ts-expect-error no such names
await service.register(fastifyMetrics, { names: 'x' })
const secure = fastify({ http2: true })
await secure.register(fastifyMetrics)

const server = instrumentServer(http.createServer(), { route: ({ url }) => (url === '/' ? '/' : undefined) })
instrumentServer<http.IncomingMessage>(https.createServer(), { registry, route: (request) => request.url })
instrumentServer(http2.createServer())
const all: Instrumentation[] = [
  server,
  instrumentPool(new pg.Pool(), { name: 'main', registry }),
  instrumentClient(new pg.Client()),
  instrumentRedis(new Redis(), { name: 'cache', registry }),
  instrumentRedis(new Cluster([])),
]
for (const { stop } of all) stop()
// @ts-expect-error a client is no pool
instrumentPool(new pg.Client())
// @ts-expect-error no such option
instrumentRedis(new Redis(), { client: 'x' })

const receiver = alertReceiver({
  registry,
  causes: [{ kind: 'deployment', words: ['rollout'] }, ...CAUSES],
  dispatchers: [{ name: 'a', dispatch: async ({ alerts }, signal) => signal.aborted || alerts.length }],
})
http.createServer(receiver.handle)
https.createServer((request, response) => receiver.handle(request, response))
app.use(receiver.handle)
app.use('/hooks', receiver.handle)
service.addHook('onRequest', (request, reply, next) => receiver.handle(request.raw, reply.raw, next))
const accepted: 'backlog' | 'closed' | undefined = receiver.accept([] satisfies Alert[])
const watch = await watchThresholds({ catalogs, receiver })
const reasons: string[] = watch.unwatched.map(({ name, reason }) => `${name} ${reason} ${accepted}`)
// @ts-expect-error no such option
await watchThresholds({ catalogs, reasons })
