// Serves requests to itself for a while, measured or not, and tells the processor time that one takes.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { childTask, release, report } from '../harness/child.mjs'
import { expectSum } from '../harness/exposition.mjs'
import { OURS } from '../harness/libraries.mjs'

const CONNECTIONS = 8
const BODY = JSON.stringify({ name: 'x'.repeat(100) })
const { framework, measured, warmUpMs, timeMs } = childTask()

const FRAMEWORKS = {
  async 'node:http'(measure) {
    const server = createServer((_request, response) => {
      response.setHeader('content-length', BODY.length)
      response.end(BODY)
    })
    const route = ({ url }) => (url.startsWith('/users/') ? '/users/:id' : undefined)
    if (measure.ours) {
      const { instrumentServer } = await import('nanotally/integrations/http')
      instrumentServer(server, { route, names: measure.ours })
    } else if (measure.theirs) {
      server.prependListener('request', (request, response) => measure.theirs(request, response, () => route(request)))
    }
    return server.listen(0, '127.0.0.1')
  },
  async 'Express 5'(measure) {
    const { default: express } = await import('express')
    const app = express()
    if (measure.ours) {
      const { expressMetrics } = await import('nanotally/integrations/express')
      app.use(expressMetrics({ names: measure.ours }))
    } else if (measure.theirs) {
      app.use((request, response, next) => {
        measure.theirs(request, response, () => request.route && request.baseUrl + request.route.path)
        next()
      })
    }
    app.get('/users/:id', (_request, response) => response.type('json').send(BODY))
    return app.listen(0, '127.0.0.1')
  },
  async 'Fastify 5'(measure) {
    const { default: fastify } = await import('fastify')
    const app = fastify()
    if (measure.ours) {
      const { fastifyMetrics } = await import('nanotally/integrations/fastify')
      await app.register(fastifyMetrics, { names: measure.ours })
    } else if (measure.theirs) {
      app.addHook('onRequest', (request, reply, next) => {
        measure.theirs(request.raw, reply.raw, () => request.routeOptions.url)
        next()
      })
    }
    app.get('/users/:id', (_request, reply) => reply.type('application/json').send(BODY))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server
  },
}

const peer = measured === 'prom-client' ? await import('./prom-client.mjs') : undefined
const names = { [OURS]: 'red', opentelemetry: 'opentelemetry' }[measured]
const server = await FRAMEWORKS[framework]({ ours: names, theirs: peer?.httpRecorder() })
if (!server.listening) await once(server, 'listening')
const { port } = server.address()

let asked = 0
const drive = (milliseconds) => {
  const end = performance.now() + milliseconds
  return Promise.all(Array.from({ length: CONNECTIONS }, () => driveOne(end)))
}

/** One connection: sends the next request when the answer has come, which is one segment. */
function driveOne(end) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    const send = () => {
      if (performance.now() >= end) return socket.end()
      asked++
      socket.write(`GET /users/${asked} HTTP/1.1\r\nhost: x\r\n\r\n`)
    }
    socket.setEncoding('latin1')
    socket.on('connect', send).on('error', reject).on('close', resolve)
    socket.on('data', (answer) => {
      if (!answer.startsWith('HTTP/1.1 200') || !answer.endsWith(BODY)) reject(new Error(`it answered ${answer}`))
      else send()
    })
  })
}

await drive(warmUpMs)
const before = { asked, usage: process.cpuUsage() }
await drive(timeMs)
const { user, system } = process.cpuUsage(before.usage)
const requests = asked - before.asked
server.close()

// What measured nothing would be free.
if (measured !== undefined) {
  const text = peer ? await peer.text() : await (await import('nanotally')).registry.metrics()
  const name = names === 'opentelemetry' ? 'http_server_request_duration_seconds_count' : 'http_requests_total'
  expectSum(text, name, asked)
  if (!text.includes('"/users/:id"')) throw new Error('the route is not its template')
}
await report({ measures: { microseconds: (user + system) / requests }, detail: { requests } })
release()
