// Bytes per series in this process: on the main thread, then for each further thread that records into all of them.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { childTask, release, report } from '../harness/child.mjs'
import { expectSum } from '../harness/exposition.mjs'
import { loadLibrary, OURS } from '../harness/libraries.mjs'
import { churn, collected, recorder } from './series.mjs'

/** Recorded before every baseline, so that what a first series costs is not spread over the others. */
const WARM_UP_SERIES = 1000
const WORKERS = 2

const { library: name, kind, series } = childTask()
const library = await loadLibrary(name)
const { recordRange, line, perSeries } = recorder(kind, library, WARM_UP_SERIES + series)

churn()
recordRange(0, WARM_UP_SERIES)
const before = collected()
recordRange(WARM_UP_SERIES, WARM_UP_SERIES + series)
const after = collected()

const workers = []
let further = 0
for (let index = 0; index < WORKERS; index++) {
  const worker = new Worker(fileURLToPath(new URL('worker.mjs', import.meta.url)), {
    workerData: { library: name, kind, warmUp: WARM_UP_SERIES, series },
  })
  workers.push(worker)
  // The worker stops at its baseline and at its end; both looks at resident memory are taken here, after a collection
  // in both threads.
  await once(worker, 'message')
  const empty = collected().rss
  worker.postMessage('record')
  await once(worker, 'message')
  further += collected().rss - empty
}

// Ours are one registry for all threads; in the peers each thread has its own, and the main one's is looked at.
const threads = name === OURS ? 1 + WORKERS : 1
expectSum(await library.text(), line, threads * perSeries * (WARM_UP_SERIES + series))
await report({
  measures: {
    resident: (after.rss - before.rss) / series,
    heap: (after.heap - before.heap) / series,
    further: further / WORKERS / series,
  },
})
for (const worker of workers) await worker.terminate()
release()
