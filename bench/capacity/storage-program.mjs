// A program whose series go on by 15 s of a load at a time, as often as it is scraped.
import { childTask, report } from '../harness/child.mjs'
import { latencies, uniform } from '../harness/random.mjs'

const SECONDS = 15

const { kind, series, intervalMs } = childTask()
const { counter, gauge, histogram, Registry, startExporter } = await import('nanotally')
const registry = new Registry('capacity')
const help = 'Made by a bench.'
const random = uniform(43)

/** From `least` to a thousand times as much a second: some series are busy, most are not. */
const rates = (least) => Array.from({ length: series }, () => least * 1000 ** random())

/** A third counts, a third are whole numbers that go up and down, a third are of any value. */
function numbers() {
  const requests = counter({ name: 'bench_requests_total', help, labels: ['route'], registry })
  const level = gauge({ name: 'bench_level', help, labels: ['route'], aggregate: 'last', registry })
  const steps = rates(0.1).map((rate, i) => {
    const bound = (i % 3 === 0 ? requests : level).labels({ route: `/api/v1/resource-${i}` })
    if (i % 3 === 0) return () => bound.inc(Math.round(rate * SECONDS * (0.8 + 0.4 * random())))
    if (i % 3 === 1) return () => bound.set(Math.round(rate * random()))
    return () => bound.set(rate * (0.8 + 0.4 * random()))
  })
  return () => {
    for (const step of steps) step()
  }
}

function histograms() {
  const latency = histogram({ name: 'bench_latency_seconds', help, unit: 'seconds', labels: ['route'], registry })
  const values = latencies(4096, 37)
  const bound = rates(0.1).map((rate, i) => ({ rate, of: latency.labels({ route: `/api/v1/resource-${i}` }) }))
  return () => {
    for (const { rate, of } of bound) {
      const count = Math.round(rate * SECONDS * (0.8 + 0.4 * random()))
      for (let i = 0; i < count; i++) of.observe(values[Math.floor(random() * 4096)])
    }
  }
}

const step = kind === 'numbers' ? numbers() : histograms()
step()
const { url } = await startExporter({ port: 0, registry })
setInterval(step, intervalMs)
await report({ url })
