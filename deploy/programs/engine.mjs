// The engine of examples/engram in a container: metrics and health at port 9464, until a signal comes.
// HOST, PORT, ENGRAM_WORKERS, ENGRAM_RATE and ENGRAM_SCENARIO of the environment say otherwise than the defaults here.
import { collectRuntimeMetrics, startExporter } from 'nanotally'
import { start } from '../../examples/engram/engine/engine.mjs'

const {
  HOST = '0.0.0.0',
  PORT = '9464',
  ENGRAM_WORKERS = '2',
  ENGRAM_RATE = '4000',
  ENGRAM_SCENARIO = 'calm',
} = process.env

const ended = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve)
})

// What alerts/runtime.yml and the dashboards Node runtime and System are about.
collectRuntimeMetrics()
// Whoever is on the stack's own network may read it, as it holds nothing to hide; compose.yaml publishes no port of it. Elsewhere
// give it `credentials` (docs/exporter.md), and the scrape job of prometheus.yml its `authorization`.
const exporter = await startExporter({ host: HOST, port: Number(PORT), allowUnauthenticated: true })
const engine = await start({
  workers: Number(ENGRAM_WORKERS),
  rate: Number(ENGRAM_RATE),
  scenario: ENGRAM_SCENARIO,
  // The stop rejects with it.
  onFailure: () => process.kill(process.pid, 'SIGTERM'),
})
console.log(`scrape ${exporter.url}`)
await ended
await engine.stop()
await exporter.close()
