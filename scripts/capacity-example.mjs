// The worked example of docs/capacity.md: the page's formulas, computed with its constants.

/** What is to be planned for. */
const GIVEN = {
  observations: 8000,
  recalls: 24_000,
  utilisation: 0.7,
  workersPerInstance: 4,
  burst: 30_000,
  vectors: 1_000_000,
  counters: 400,
  histograms: 60,
  intervalSeconds: 15,
  retentionDays: 30,
}
const PRIORITIES = 3
/** Prometheus merges blocks until they are a tenth of the retention. */
const BLOCKS = 10
const MIB = 2 ** 20

/**
 * @param {Record<string, number>} c the constants
 * @param {{ rounded: (value: number) => string, memoryShare: number }} options the share of a limit of memory that may be used
 * @returns {string[]} lines of Markdown
 */
export function example(c, { rounded, memoryShare }) {
  const g = GIVEN
  const n = (value) => Math.round(value).toLocaleString('en-US')
  const busy = (g.observations * c.observation + g.recalls * c.recall) / 1e6
  const workers = Math.ceil(busy / g.utilisation)
  const needed = Math.ceil(workers / g.workersPerInstance)
  const instances = needed + 1
  const perSecond = (g.observations + g.recalls) / needed
  const main = (perSecond * c.queueing) / 1e6
  const inserting = (g.observations / needed) * (c.insertion / 1e6)

  // The ring of each priority of each worker is a power of two, and any of them may get the whole burst.
  const ring = 2 ** Math.ceil(Math.log2(g.burst / needed / g.workersPerInstance))
  const room = ring * PRIORITIES * g.workersPerInstance
  // What the workers have left, or what the index takes, whichever is less.
  const left = (1e6 * g.workersPerInstance - (g.recalls / needed) * c.recall) / c.observation
  const taken = 1e6 / c.insertion
  const storing = Math.min(left, taken)
  const wait = g.burst / needed / storing
  const drain = (room * (c.observation + c.recall)) / 1e6 / g.workersPerInstance

  const threads = g.workersPerInstance
  const parts = {
    process: c.base * MIB + (g.workersPerInstance - 1) * c.worker * MIB,
    queues: room * c.slot,
    vectors: g.vectors * c.warm,
    series:
      g.counters * (c.counter + threads * c.counterThread) + g.histograms * (c.histogram + threads * c.histogramThread),
  }
  const memory = Object.values(parts).reduce((sum, part) => sum + part)
  const mib = (bytes) => `${rounded(bytes / MIB)} MiB`

  const ingested = (c.samples * instances) / g.intervalSeconds
  const stored = ingested * c.sample * g.retentionDays * 86_400 + c.samples * instances * c.indexed * BLOCKS
  const us = (value) => `${rounded(value)} µs`
  const row = (what, how, result) => `| ${what} | ${how} | ${result} |`
  return [
    `An engine is to store ${n(g.observations)} observations and to answer ${n(g.recalls)} recalls a second at its peak, with workers ${100 * g.utilisation} % busy.`,
    `An instance is to have ${g.workersPerInstance} workers. A file of ${n(g.burst)} observations may come at once. Contexts are evenly spread over instances.`,
    '',
    '| what | computed | comes to |',
    '| --- | --- | --- |',
    row(
      'workers',
      `(${n(g.observations)} × ${us(c.observation)} + ${n(g.recalls)} × ${us(c.recall)}) / ${g.utilisation}, rounded up`,
      workers,
    ),
    row('instances', `${workers} / ${g.workersPerInstance}, rounded up, and one that may be lost`, instances),
    row('cores of an instance', `its workers, and one for the main thread and the exporter`, g.workersPerInstance + 1),
    row('main thread, one instance lost', `${n(perSecond)} × ${us(c.queueing)}`, `${rounded(100 * main)} % busy`),
    row(
      'insertions, one at a time',
      `${n(g.observations / needed)} × ${us(c.insertion)}`,
      `${rounded(100 * inserting)} % of the time`,
    ),
    row('ring of a priority', `${n(g.burst)} / ${needed} / ${g.workersPerInstance}, up to a power of two`, n(ring)),
    row('room in the queues', `${n(ring)} × ${PRIORITIES} × ${g.workersPerInstance}`, n(room)),
    row(
      'rate beside the recalls',
      `(${g.workersPerInstance} − ${n(g.recalls / needed)} × ${us(c.recall)}) / ${us(c.observation)} = ${rounded(left)} /s, and 1 / ${us(c.insertion)} = ${rounded(taken)} /s at most`,
      `${rounded(storing)} /s`,
    ),
    row('wait of the last of the burst', `${n(g.burst / needed)} / ${rounded(storing)}`, `${rounded(wait)} s`),
    row(
      'to empty full queues',
      `${n(room)} × (${us(c.observation)} + ${us(c.recall)}) / ${g.workersPerInstance}`,
      `${rounded(drain)} s`,
    ),
    row(
      'memory: process',
      `${rounded(c.base)} MiB + ${g.workersPerInstance - 1} × ${rounded(c.worker)} MiB`,
      mib(parts.process),
    ),
    row('memory: queues', `${n(room)} × ${rounded(c.slot)}`, mib(parts.queues)),
    row('memory: vectors, warm', `${n(g.vectors)} × ${rounded(c.warm)}`, mib(parts.vectors)),
    row(
      'memory: series',
      `${g.counters} × (${rounded(c.counter)} + ${threads} × ${rounded(c.counterThread)}) + ${g.histograms} × (${rounded(c.histogram)} + ${threads} × ${rounded(c.histogramThread)})`,
      mib(parts.series),
    ),
    row('limit of memory', `the sum, ${mib(memory)} / ${memoryShare}`, mib(memory / memoryShare)),
    row(
      'a scrape of an instance',
      `${rounded(c.samples)} samples × ${rounded(c.text)} bytes; × ${rounded(c.render)} ms / 1 000`,
      `${rounded((c.samples * c.text) / 1024)} KiB, ${rounded((c.samples * c.render) / 1000)} ms`,
    ),
    row(
      'samples for Prometheus',
      `${rounded(c.samples)} × ${instances} / ${g.intervalSeconds} s`,
      `${rounded(ingested)} /s`,
    ),
    row(
      `disk, ${g.retentionDays} days`,
      `${rounded(ingested)} × ${rounded(c.sample)} × ${g.retentionDays} × 86 400 + ${rounded(c.samples * instances)} × ${rounded(c.indexed)} × ${BLOCKS} blocks`,
      `${rounded(stored / 2 ** 30)} GiB`,
    ),
  ]
}
