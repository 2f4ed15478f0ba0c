// A program that waits, or answers requests, with everything of nanotally on or without it.
import { createServer } from 'node:http'
import { childTask, report } from '../harness/child.mjs'

const BODY = JSON.stringify({ id: 1, title: 'Document', words: Array.from({ length: 40 }, (_, i) => `word-${i}`) })

const { on } = childTask()
const server = createServer((_, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(BODY)
})
await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
const started = { port: server.address().port }
if (on) {
  const { collectRuntimeMetrics, health, startExporter } = await import('nanotally')
  collectRuntimeMetrics()
  health.register('itself', () => {})
  started.metrics = (await startExporter({ port: 0 })).url
}
process.on('message', async (message) => {
  if (message === 'settle') gc() // what starting left behind is of neither time
  const { user, system } = process.cpuUsage()
  await report({ used: user + system, at: performance.now() * 1000 })
})
await report(started)
