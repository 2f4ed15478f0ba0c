// A further thread that records into the same series as the main thread, in two steps.
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { loadLibrary } from '../harness/libraries.mjs'
import { churn, collected, recorder } from './series.mjs'

const { library: name, kind, warmUp, series } = workerData
const { recordRange } = recorder(kind, await loadLibrary(name), warmUp + series)
churn()
recordRange(0, warmUp)
collected()
parentPort.postMessage('warm')
await once(parentPort, 'message')
recordRange(warmUp, warmUp + series)
collected()
parentPort.postMessage('recorded')
// Stays up, holding its series, until the main thread ends it.
parentPort.on('message', () => {})
