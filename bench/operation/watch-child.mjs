// Times the evaluations of a watch, as it counts them itself: all thresholds of all catalogs, over a service's series.
import { childTask, release, report } from '../harness/child.mjs'
import { latencies } from '../harness/random.mjs'

const { routes, seconds } = childTask()
const { Registry } = await import('nanotally')
const { alertingMetrics } = await import('nanotally/catalogs/alerting')
const { catalogs } = await import('nanotally/catalogs')
const { httpMetrics } = await import('nanotally/catalogs/http')
const { watchThresholds } = await import('nanotally/integrations/alertmanager')

const registry = new Registry('bench')
const requests = httpMetrics({ registry })
const values = latencies(1024, 37)
function record() {
  for (let route = 0; route < routes; route++) {
    const labels = { method: 'GET', route: `/${route}`, statusClass: '2xx' }
    for (let i = 0; i < 20; i++) {
      requests.recordRequest({ ...labels, durationSeconds: values[(route + i * 13) & 1023], responseBytes: 1000 })
    }
  }
}
record()
const before = process.memoryUsage().rss
const watch = await watchThresholds({ catalogs, registry, receiver: { accept: () => undefined } })
const { watchDuration } = alertingMetrics({ registry })
const recording = setInterval(record, 1000)
await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
clearInterval(recording)
const { count, sum } = watchDuration.labels().snapshot()
if (count < seconds * 3) throw new Error(`${count} evaluations in ${seconds} s`)
const [, series = '0'] = /^alerting_watch_series (\d+)$/m.exec(await registry.metrics()) ?? []
if (Number(series) < routes) throw new Error(`only ${series} series are kept`)
await report({
  measures: {
    milliseconds: (sum / count) * 1000,
    p99: watchDuration.labels().quantile(0.99) * 1000,
    series: Number(series),
    megabytes: (process.memoryUsage().rss - before) / 2 ** 20,
  },
})
await watch.close()
release()
