// Renders one registry in one format several times: time, bytes, how long the main thread is held, and what gzip adds.
import { promisify } from 'node:util'
import { gzip as gzipCallback } from 'node:zlib'
import { counter, histogram, registry } from 'nanotally'
import { childTask, release, report } from '../harness/child.mjs'
import { latencies } from '../harness/random.mjs'
import { median } from '../harness/statistics.mjs'
import { Ticker } from './ticker.mjs'

const WARM_UPS = 3
const OBSERVATIONS = 20
/** The exporter's: see lib/exporter/server.ts. */
const GZIP = { level: 1 }

const gzip = promisify(gzipCallback)
const { accept, contentType, series, renders } = childTask()
populate()

const milliseconds = []
const held = []
const call = []
const gzipMilliseconds = []
let rendered
let compressed
for (let index = -WARM_UPS; index < renders; index++) {
  const start = performance.now()
  rendered = await registry.render({ accept })
  const took = performance.now() - start
  const gzipStart = performance.now()
  compressed = await gzip(rendered.body, GZIP)
  const gzipTook = performance.now() - gzipStart
  const watched = await watch()
  if (index < 0) continue
  milliseconds.push(took)
  gzipMilliseconds.push(gzipTook)
  held.push(watched.held)
  call.push(watched.call)
}
if (!rendered.contentType.startsWith(contentType)) throw new Error(`${accept} was answered as ${rendered.contentType}`)
// Each series has at least its two label values in full.
if (rendered.body.length < series * 20) throw new Error(`${rendered.body.length} bytes cannot be ${series} series`)
await report({
  measures: {
    milliseconds: median(milliseconds),
    bytes: rendered.body.length,
    held: median(held),
    call: median(call),
    gzipMilliseconds: median(gzipMilliseconds),
    gzipBytes: compressed.length,
  },
})
release()

/** For how long the thread is held by a render, and by the call itself. */
async function watch() {
  const ticker = new Ticker()
  await ticker.started()
  const start = performance.now()
  const pending = registry.render({ accept })
  const inCall = performance.now() - start
  await pending
  return { held: await ticker.stop(), call: inCall }
}

/** Counters, and a tenth exponential histograms, which the formats show most differently. */
function populate() {
  const labels = ['route', 'tenant']
  const labelsOf = (index) => [`/api/v1/resource-${index % 100}`, `tenant-${Math.floor(index / 100)}`]
  const histograms = series / 10
  const values = latencies(1024, 37)
  const requests = counter({ name: 'bench_requests_total', help: 'Requests.', labels, maxSeries: series })
  for (let index = 0; index < series - histograms; index++) requests.labels(...labelsOf(index)).inc(index / 4)
  const latency = histogram({ name: 'bench_latency_seconds', help: 'Latency.', labels, maxSeries: series })
  for (let index = 0; index < histograms; index++) {
    const bound = latency.labels(...labelsOf(index))
    for (let i = 0; i < OBSERVATIONS; i++) bound.observe(values[(index + i * 13) & 1023])
  }
}
