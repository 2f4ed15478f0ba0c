// The same measurements through prom-client, as one writes them by hand: labels as an object for each record, the route and
// operation as the frameworks give them.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const SIZES = [100, 1000, 10_000, 100_000, 1_000_000]

export function httpRecorder() {
  const { Counter, Gauge, Histogram } = require('prom-client')
  const labelNames = ['method', 'route', 'status_class']
  const help = 'Made by a bench.'
  const requests = new Counter({ name: 'http_requests_total', help, labelNames })
  const duration = new Histogram({ name: 'http_request_duration_seconds', help, labelNames })
  const inFlight = new Gauge({ name: 'http_requests_in_flight', help, labelNames: ['method'] })
  const received = new Histogram({ name: 'http_request_size_bytes', help, labelNames, buckets: SIZES })
  const sent = new Histogram({ name: 'http_response_size_bytes', help, labelNames, buckets: SIZES })
  return function begin(request, response, routeOf) {
    const start = performance.now()
    const { method } = request
    inFlight.inc({ method })
    let ended = false
    const end = () => {
      if (ended) return
      ended = true
      inFlight.dec({ method })
      const labels = {
        method,
        route: routeOf() ?? '(unmatched)',
        status_class: `${Math.floor(response.statusCode / 100)}xx`,
      }
      requests.inc(labels)
      duration.observe(labels, (performance.now() - start) / 1000)
      received.observe(labels, Number(request.headers['content-length'] ?? 0))
      sent.observe(labels, Number(response.getHeader('content-length') ?? 0))
    }
    response.on('finish', end)
    response.on('close', end)
  }
}

export function durationRecorder(name, label) {
  const { Histogram } = require('prom-client')
  return new Histogram({ name, help: 'Made by a bench.', labelNames: [label] })
}

export const text = () => require('prom-client').register.metrics()
