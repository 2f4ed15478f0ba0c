// What a thread that serves costs: milliseconds until it answers and resident memory, by kind of thread.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { childTask, release, report } from '../harness/child.mjs'
import { loadLibrary, OURS } from '../harness/libraries.mjs'

const BARE = `require('node:worker_threads').parentPort.on('message', () => {}); require('node:worker_threads').parentPort.postMessage('up')`
const SERVER = `
  const { createServer } = require('node:http')
  const { parentPort } = require('node:worker_threads')
  createServer((request, response) => response.end('x')).listen(0, '127.0.0.1', () => parentPort.postMessage('up'))`

const { kind } = childTask()
// Every kind loads the package first, so that only the thread is measured.
const { module } = await loadLibrary(OURS)
module.counter({ name: 'bench_requests_total', help: 'Made by a bench.' }).inc()

const starters = {
  bare: () => startWorker(BARE),
  server: () => startWorker(SERVER),
  exporter: async () => {
    const exporter = await module.startExporter({ port: 0 })
    return () => exporter.close()
  },
}

const before = await settledRss()
const start = performance.now()
const stop = await starters[kind]()
const milliseconds = performance.now() - start
const after = await settledRss()
await report({ measures: { milliseconds, mebibytes: (after - before) / 2 ** 20 } })
await stop()
release()

async function startWorker(code) {
  const worker = new Worker(code, { eval: true, execArgv: [], env: {} })
  await once(worker, 'message')
  return () => worker.terminate()
}

/** Resident memory once two looks in a row, 50 ms apart, find about the same: a starting thread still maps pages. */
async function settledRss() {
  let last = Number.POSITIVE_INFINITY
  for (let look = 0; look < 40; look++) {
    globalThis.gc()
    const now = process.memoryUsage.rss()
    if (Math.abs(now - last) < 32 * 1024) return now
    last = now
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('resident memory did not settle within two seconds')
}
