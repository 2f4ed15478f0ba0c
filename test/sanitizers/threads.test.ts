// Threads directed step by step, under the sanitizers: gauges that ended threads leave, metrics removed and registries closed
// under those who record, series that end and expire, histograms read.
import { expectNoFindings, HARDWARE, OPERATING, watchProcesses } from './watch.js'

const folder = watchProcesses(import.meta.url)
await import('../workers/gauges.test.js')
await import('../workers/removal.test.js')
await import('../workers/series-life.test.js')
await import('../workers/reading.test.js')
const uncalled = ['defineDerived', 'setCollecting', 'collected', 'nativeInterface', 'recordExemplar']
expectNoFindings(folder, 1, [...uncalled, ...OPERATING, ...HARDWARE])
