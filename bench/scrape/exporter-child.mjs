// A process with metrics and a /metrics server, which blocks its main thread and libuv's pool on request.
//
// Ours serves from the exporter's thread; the peers serve, as their documentation shows, from the main thread.
import { pbkdf2 } from 'node:crypto'
import { createServer } from 'node:http'
import { childTask, report } from '../harness/child.mjs'
import { loadLibrary, OURS } from '../harness/libraries.mjs'
import { populate } from './populate.mjs'

/** Four threads by default; more jobs than that keep the pool saturated for the whole block. */
const POOL_JOBS = 16
/** One job of so many iterations takes seconds on one core. */
const POOL_ITERATIONS = 5_000_000

const { library: name, series, blockMs } = childTask()
const library = await loadLibrary(name)
populate(library, { series, histogramShare: 0 })
const ticks = library.counter({ name: 'bench_loop_turns_total' })
ticks.inc()

process.on('message', (message) => {
  if (message === 'block') block()
})
await report({ url: await serve() })

async function serve() {
  if (name === OURS) return (await library.module.startExporter({ port: 0 })).url
  const { register } = library.module
  const server = createServer(async (_request, response) => {
    response.setHeader('Content-Type', register.contentType)
    response.end(await register.metrics())
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${server.address().port}/metrics`
}

/** Holds the main thread for `blockMs`; the runner kills this process while the pool is still busy. */
async function block() {
  for (let job = 0; job < POOL_JOBS; job++) {
    pbkdf2('password', `salt-${job}`, POOL_ITERATIONS, 64, 'sha512', (error) => {
      if (error) throw error
    })
  }
  // The message must have left before the loop, or it would leave after it.
  await report({ blocked: process.hrtime.bigint().toString() })
  const end = process.hrtime.bigint() + BigInt(blockMs) * 1_000_000n
  while (process.hrtime.bigint() < end) ticks.inc()
  await report({ unblocked: process.hrtime.bigint().toString() })
}
