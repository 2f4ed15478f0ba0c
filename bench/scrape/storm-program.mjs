// What is scraped in a storm: 500 series that 4 threads record into, each for a quarter of its time, with everything on, and a
// main thread that is blocked for 1 s in every 2.
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { collectRuntimeMetrics, counter, histogram, startExporter } from 'nanotally'
import { report } from '../harness/child.mjs'

const THREADS = 4
const COUNTERS = 450
const HISTOGRAMS = 50
const RECORDING_MS = 2.5
const WAITING_MS = 7.5
const BLOCK_MS = 1000
const BATCH = 64

/** Handles of all series, each with the sample that tells how often it was recorded into. */
function define() {
  const help = 'Made by a bench.'
  const requests = counter({ name: 'storm_requests_total', help, labels: ['route'] })
  const durations = histogram({ name: 'storm_seconds', help, labels: ['route'] })
  return [
    ...Array.from({ length: COUNTERS }, (_, i) => {
      const handle = requests.labels({ route: `/items/${i}` })
      return { sample: `storm_requests_total{route="/items/${i}"}`, record: () => handle.inc() }
    }),
    ...Array.from({ length: HISTOGRAMS }, (_, i) => {
      const handle = durations.labels({ route: `/items/${i}` })
      return { sample: `storm_seconds_count{route="/items/${i}"}`, record: (n) => handle.observe((n % 1000) / 1024) }
    }),
  ]
}

async function runMain() {
  define()
  collectRuntimeMetrics()
  const { url } = await startExporter({ port: 0 })
  const shared = new Int32Array(new SharedArrayBuffer(4))
  const workers = Array.from({ length: THREADS }, () => new Worker(new URL(import.meta.url), { workerData: shared }))
  await Promise.all(workers.map((worker) => once(worker, 'message')))

  let blocks = 0
  const blocking = setInterval(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCK_MS)
    blocks++
  }, 2 * BLOCK_MS)
  process.once('message', async () => {
    clearInterval(blocking)
    const tallies = Promise.all(workers.map((worker) => once(worker, 'message')))
    Atomics.store(shared, 0, 1)
    Atomics.notify(shared, 0)
    const recorded = {}
    for (const [tally] of await tallies) {
      for (const [sample, count] of Object.entries(tally)) recorded[sample] = (recorded[sample] ?? 0) + count
    }
    await report({ recorded, blocks })
  })
  await report({ url })
}

function runWorker() {
  const shared = workerData
  const series = define()
  const counts = new Float64Array(series.length)
  collectRuntimeMetrics()
  parentPort.postMessage('defined')
  let n = 0
  while (Atomics.load(shared, 0) === 0) {
    const end = performance.now() + RECORDING_MS
    while (performance.now() < end) {
      for (let i = 0; i < BATCH; i++) {
        const at = n % series.length
        series[at].record(n++)
        counts[at]++
      }
    }
    Atomics.wait(shared, 0, 0, WAITING_MS)
  }
  parentPort.postMessage(Object.fromEntries(series.map(({ sample }, i) => [sample, counts[i]])))
}

if (isMainThread) await runMain()
else runWorker()
