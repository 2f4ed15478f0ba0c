// A program that never ran, as /events would tell of it: a shop's service under a day's traffic, the same at every call.
// For pictures of the live page, and for tests that want a full one.
const SCHEMA = 3
const ROUTES = [
  { route: '/search', perSecond: 180, seconds: 0.011 },
  { route: '/products/:id', perSecond: 420, seconds: 0.0032 },
  { route: '/cart', perSecond: 64, seconds: 0.0061 },
  { route: '/checkout', perSecond: 9, seconds: 0.082 },
]
const THREADS = ['main', 'ranking-1', 'ranking-2']

export class LiveProgram {
  #second = 0
  #start
  #random = mulberry32(20)
  #requests = new Map()
  #latencies = new Map()
  #sizes = { count: 0, sum: 0, buckets: new Map() }
  #cpu = 0
  #depth = 6

  /** @param {number} start Unix seconds of its first document */
  constructor(start) {
    this.#start = start
  }

  /** The next document: all of it each time, which a `changes` event may hold as well. */
  next() {
    this.#run()
    const time = this.#start + this.#second++
    return { time, interval: 1, families: this.#families(), ended: [] }
  }

  #run() {
    const t = this.#second
    const wave = 1 + 0.25 * Math.sin(t / 38) + 0.08 * Math.sin(t / 7)
    // A slow dependency for 40 s: what the heat map is for.
    const slow = t > 170 && t < 215
    for (const { route, perSecond, seconds } of ROUTES) {
      const count = Math.round(perSecond * wave * (0.9 + 0.2 * this.#random()))
      const errors = route === '/checkout' && slow ? Math.round(count * 0.3) : this.#random() < 0.08 ? 1 : 0
      add(this.#requests, `${route} 200`, count - errors)
      add(this.#requests, `${route} 500`, errors)
      const latency = this.#latencies.get(route) ?? { count: 0, sum: 0, buckets: new Map() }
      this.#latencies.set(route, latency)
      for (let i = 0; i < count; i++) {
        const stuck = slow && this.#random() < 0.22
        const cached = route === '/search' && this.#random() < 0.35
        const center = cached ? seconds / 9 : seconds * (stuck ? 7 : 1)
        observe(latency, center * Math.exp(this.#normal() * (cached ? 0.22 : 0.38)))
        if (route === '/cart') observe(this.#sizes, 900 * Math.exp(this.#normal() * 1.1))
      }
    }
    this.#cpu += 0.62 * wave + 0.1 * this.#random() + (slow ? 0.5 : 0)
    this.#depth = Math.max(0, Math.round(this.#depth * 0.9 + this.#random() * 3 + (slow ? 9 : 0)))
  }

  #families() {
    const t = this.#second
    const wave = Math.sin(t / 38)
    const MiB = 2 ** 20
    return [
      family('http_requests_total', 'counter', '', 'Requests answered, by route and status.', [
        ...[...this.#requests].map(([key, value]) => {
          const [route, status] = key.split(' ')
          return { labels: { method: 'GET', route, status }, value }
        }),
      ]),
      family(
        'http_request_duration_seconds',
        'histogram',
        'seconds',
        'Time from the first byte in to the last byte out.',
        [...[...this.#latencies].map(([route, histogram]) => ({ labels: { route }, ...written(histogram) }))],
      ),
      family('http_response_size_bytes', 'histogram', 'bytes', 'Bodies of answers, before compression.', [
        { labels: { route: '/cart' }, ...written(this.#sizes) },
      ]),
      family('cache_hit_ratio', 'gauge', 'ratio', 'Share of look-ups that the cache answered, over a minute.', [
        { labels: { cache: 'products' }, value: 0.93 + 0.02 * wave },
        { labels: { cache: 'sessions' }, value: 'NaN' },
      ]),
      family('jobs_waiting', 'gauge', '', 'Jobs in the queue.', [{ labels: { queue: 'mail' }, value: this.#depth }]),
      family(
        'nodejs_eventloop_stall_seconds',
        'gauge',
        'seconds',
        'How long the event loop of the thread has been held by one callback; while it turns, less than one turn and 0.05.',
        [
          ...THREADS.map((thread) => ({
            labels: { thread },
            value: thread === 'ranking-2' && t > 296 ? t - 296.4 : 0,
          })),
        ],
      ),
      family('nodejs_heap_size_used_bytes', 'gauge', 'bytes', 'Heap in use, by thread.', [
        ...THREADS.map((thread, i) => ({
          labels: { thread },
          value: (64 + 24 * i + ((t * (5 - i) + 17 * i) % 48)) * MiB,
        })),
      ]),
      family('process_cpu_seconds_total', 'counter', 'seconds', 'User and system CPU time.', [
        { labels: {}, value: this.#cpu },
      ]),
      family('shop_build_info', 'info', '', 'What runs.', [
        { labels: { version: '4.12.0', commit: 'a41f9c2' }, value: 1 },
      ]),
    ]
  }

  /** Of a standard normal distribution (Box and Muller). */
  #normal() {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random())
  }
}

function family(name, type, unit, help, series) {
  return { name, type, unit, help, series }
}

function add(counts, key, value) {
  counts.set(key, (counts.get(key) ?? 0) + value)
}

function observe(histogram, value) {
  histogram.count++
  histogram.sum += value
  add(histogram.buckets, Math.ceil(Math.log2(value) * 2 ** SCHEMA), 1)
}

function written({ count, sum, buckets }) {
  const edge = (index) => 2 ** (index / 2 ** SCHEMA)
  const ascending = [...buckets].sort(([a], [b]) => a - b)
  return { count, sum, quantiles: {}, buckets: ascending.map(([index, n]) => [edge(index - 1), edge(index), n]) }
}

/** A generator of 32 bits that gives the same numbers for the same seed. */
function mulberry32(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
