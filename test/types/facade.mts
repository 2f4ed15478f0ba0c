// The facade as the README's reader types it: this file must compile, as ESM.
import http from 'node:http'
import http2 from 'node:http2'
import {
  counter,
  derivedGauge,
  gauge,
  type HistogramBucket,
  type HistogramSnapshot,
  histogram,
  info,
  metricsHandler,
  Registry,
  record,
  registry,
  setExemplarSource,
  startExporter,
  stateSet,
} from 'nanotally'

const requests = counter({ name: 'http_requests_total', help: 'Requests served.', labels: ['method', 'status'] })
requests.inc({ method: 'GET', status: 200 })
const ok = requests.labels({ method: 'GET', status: 200 })
ok.inc()
ok.inc(3)
requests.labels('GET', 200).inc()
const latency = histogram({
  name: 'recall_latency_seconds',
  help: '...',
  unit: 'seconds',
  labels: ['space'],
  schema: 3,
})
const h = latency.labels({ space: 'a' })
h.observe(0.0031)
const stop = h.startTimer()
const seconds: number = stop()
const answer: Promise<string> = h.time(async () => 'x')
const length: number = latency.time({ space: 'a' }, () => 3)
latency.observe({ space: 'a' }, 0.0031)
latency.startTimer({ space: 'a' })()
const snapshot: HistogramSnapshot = latency.snapshot({ space: 'a' })
const merged: HistogramSnapshot = snapshot.merge(h.snapshot()).merge(latency.total())
const buckets: readonly HistogramBucket[] = merged.buckets
const numbers: number[] = [latency.quantile({ space: 'a' }, 0.5), h.quantile(0.5), h.count, h.sum, latency.count]
const schema: number | undefined = merged.schema
const sizes = histogram({ name: 'sizes', help: '...', optionalLabels: ['o'], schema: 5, classicSchema: 0 })
numbers.push(sizes.quantile(0.5), sizes.quantile({ o: 'x' }, 0.5), sizes.snapshot().count, sizes.snapshot({}).count)
histogram({ name: 'y', help: '...', classicBuckets: [1, 2, 4] })
gauge({ name: 'queue_depth', help: '...', labels: ['priority'], aggregate: 'sum', onExit: 'drop' })
  .labels('high')
  .set(12)
gauge({
  name: 'heap_used_bytes',
  help: '...',
  collect(g) {
    g.set(process.memoryUsage().heapUsed)
  },
})
gauge({ name: 'lag', help: '...', labels: ['loop'], collect: async (g) => g.set({ loop: 'main' }, 1) })
record('jobs_total', 1, { kind: 'x' })
const mine = counter({ name: 'x_total', help: '...', registry: new Registry() })
mine.inc()
mine.inc(2)
const removed: boolean = registry.remove('x_total')
new Registry('name').close()
derivedGauge({
  name: 'ratio',
  help: '...',
  ratio: { of: [{ metric: requests, where: { status: 200 } }], to: [requests] },
})
derivedGauge({ name: 'rate', help: '...', rate: { of: [{ metric: latency, part: 'sum' }], windowMs: 60_000 } })
http.createServer(async (req, res) => {
  const { contentType, body } = await registry.render({ accept: req.headers.accept })
  res.setHeader('content-type', contentType).end(body)
})
const text: string = await registry.metrics()
const exporter = await startExporter({ port: 9464 })
const url: string = exporter.url
await exporter.close()

// Exemplars: from a source, or given.
setExemplarSource(() => undefined)
setExemplarSource(() => ({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 }))
setExemplarSource(undefined)
latency.observe({ space: 'a' }, 0.5, { exemplar: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736' } })

// Optional labels may be left out, in objects and at the end of positions.
const optional = counter({ name: 'o_total', help: '...', labels: ['a'], optionalLabels: ['b', 'c'] })
optional.inc({ a: 1 })
optional.inc({ a: 1, c: true }, 2)
optional.labels('x', 2n).inc()
const allOptional = counter({ name: 'p_total', help: '...', optionalLabels: ['b'] })
allOptional.inc()
allOptional.inc(2)
allOptional.inc({ b: 'x' }, 2)

// Label sets that exist from the start.
counter({
  name: 'i_total',
  help: '...',
  labels: ['a'],
  optionalLabels: ['b'],
  initial: [{ a: 1 }, { a: 'x', b: true }],
})
gauge({ name: 'i', help: '...', initial: [{}] })
histogram({ name: 'i_seconds', help: '...', labels: ['a'], initial: [{ a: 1 }] }).observe({ a: 1 }, 2)
const spaces = ['x', 'y'] as const
gauge({ name: 'j', help: '...', labels: ['space'], initial: spaces.map((space) => ({ space })) })

// Names of any text.
const dotted = counter({ name: 'http.requests', help: '...', labels: ['http.route', 'a b'] })
dotted.inc({ 'http.route': '/', 'a b': 1 })
dotted.labels('/', 1).inc()

info({ name: 'build_info', help: '...', labels: ['version'], optionalLabels: ['commit'] }).set({ version: '1.2.3' })
info({ name: 'plain_info', help: '...' }).set()
const taken: boolean = info({ name: 'b_info', help: '...', labels: ['v'] }).remove({ v: 1 })
const breaker = stateSet({ name: 'breaker', help: '...', states: ['closed', 'open'] })
breaker.set('open')
const ended: boolean = breaker.remove()
const states: readonly ['closed', 'open'] = breaker.states
stateSet({ name: 'peer_state', help: '...', states: ['up', 'down'], labels: ['peer'] }).set({ peer: 'a' }, 'up')
const someStates: string[] = ['p', 'q']
stateSet({ name: 'r', help: '...', states: someStates, optionalLabels: ['o'] }).set('p')

// Label names that are known at run time only.
const names: string[] = ['x', 'y']
const dynamic = counter({ name: 'd_total', help: '...', labels: names })
dynamic.inc({ x: 1, y: 2 })
dynamic.labels('1', '2').inc()
counter({ name: 'e_total', help: '...', labels: names, initial: [{ x: 1, y: 2 }] })

http.createServer(metricsHandler({ prefix: '/ops' }))
http2.createServer(metricsHandler())

export { answer, buckets, ended, length, numbers, removed, schema, seconds, states, taken, text, url }
