// Times health.report(), one by one, with all that it asks for there.
import { childTask, release, report } from '../harness/child.mjs'
import { quantile } from '../harness/statistics.mjs'

const BUILT_IN = 8

const { reports } = childTask()
const { collectRuntimeMetrics, health, startExporter } = await import('nanotally')
const runtime = collectRuntimeMetrics()
const exporter = await startExporter({ port: 0 })
await (await fetch(exporter.url, { headers: { connection: 'close' } })).text()

const times = []
for (let i = 0; i < reports; i++) {
  const start = process.hrtime.bigint()
  const { checks } = health.report()
  times.push(Number(process.hrtime.bigint() - start) / 1000)
  if (checks.length !== BUILT_IN) throw new Error(`expected ${BUILT_IN} checks, found ${checks.length}`)
  // Turns between them, as there are in a program.
  if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
}
await report({ measures: { median: quantile(times, 0.5), p99: quantile(times, 0.99) } })
runtime.stop()
await exporter.close()
release()
