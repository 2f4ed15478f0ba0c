// What the service records for each request: rate, errors and duration, sizes, saturation, cache use.
import { loadLibrary } from '../harness/libraries.mjs'

/**
 * @typedef {object} Instruments
 * @property {(route: string) => any} begin Called when a request arrives; what it returns is given to `end`.
 * @property {(begun: any, method: string, route: string, status: number, bytes: number) => void} end
 * @property {(hit: boolean) => void} cache
 * @property {(documents: number) => void} scanned
 * @property {() => Promise<string>} text
 */

/**
 * Recording through a library, as a program would write it: labels that are known when a route is defined are bound once,
 * the status is a dynamic label.
 * @param {string} name
 * @param {string[]} routes
 * @returns {Promise<Instruments>}
 */
export async function recordThrough(name, routes) {
  const library = await loadLibrary(name)
  const requests = library.counter({ name: 'http_requests_total', labels: ['method', 'route', 'status'] })
  const duration = library.histogram({ name: 'http_request_duration_seconds', labels: ['route'] })
  const size = library.histogram({
    name: 'http_response_size_bytes',
    labels: ['route'],
    buckets: [100, 300, 1000, 3000, 10_000, 30_000, 100_000],
  })
  const inFlight = library.gauge({ name: 'http_requests_in_flight', labels: ['route'] })
  const cacheLookups = library.counter({ name: 'cache_lookups_total', labels: ['result'] })
  const scannedDocuments = library.counter({ name: 'search_documents_scanned_total' })
  const bound = new Map(
    routes.map((route) => [
      route,
      { duration: duration.labels({ route }), size: size.labels({ route }), inFlight: inFlight.labels({ route }) },
    ]),
  )
  const hits = cacheLookups.labels({ result: 'hit' })
  const misses = cacheLookups.labels({ result: 'miss' })
  return {
    begin(route) {
      const handles = bound.get(route)
      handles.inFlight.inc()
      return { handles, start: performance.now() }
    },
    end({ handles, start }, method, route, status, bytes) {
      handles.inFlight.dec()
      handles.duration.observe((performance.now() - start) / 1000)
      handles.size.observe(bytes)
      requests.inc({ method, route, status })
    },
    cache(hit) {
      if (hit) hits.inc()
      else misses.inc()
    },
    scanned: (documents) => scannedDocuments.inc(documents),
    text: library.text,
  }
}

/** A service that was written without metrics. */
export function recordNothing() {
  return { begin() {}, end() {}, cache() {}, scanned() {}, text: async () => '' }
}
