// The suite `scrape`: rendering, how long the main thread is held, and /metrics while everything is blocked.
import { fileURLToPath } from 'node:url'
import { NAIVE, OURS, PEERS } from '../harness/libraries.mjs'
import { scrapeOne } from './exporter.mjs'
import { measureStorm } from './storm.mjs'

const [PROM_CLIENT, PLATFORMATIC] = PEERS
const RENDER = 'nanotally render()'
const METRICS = 'nanotally metrics()'
const TICKER = 'nothing rendered'
const EXPORTED_SERIES = 10_000

export const rounds = 9

/** @param {{ short: boolean }} options */
export function makeCases({ short }) {
  const sizes = short ? [1000, 10_000] : [1000, 10_000, 100_000]
  return [
    ...sizes.map((series) => renderCase(series, 0, short)),
    ...sizes.map((series) => renderCase(series, 0.1, short)),
    ...sizes.filter((series) => series > 1000).map((series) => formatCase(series, short)),
    exporterCase(short),
    stormCase(short),
    startCase(),
  ]
}

function renderCase(series, histogramShare, short) {
  const renders = short ? 5 : { 1000: 60, 10000: 30, 100000: 6 }[series]
  const task = (library, method) => ({ task: { library, method, series, histogramShare, renders } })
  const plain = histogramShare === 0
  return {
    name: `render ${series} labelled series, ${plain ? 'counters' : 'a tenth of them histograms with 11 buckets'}`,
    note: 'Held: the longest gap between two immediates, median over renders; its floor is the gap with nothing to render.',
    script: fileURLToPath(new URL('render-child.mjs', import.meta.url)),
    reference: RENDER,
    contenders: {
      [TICKER]: task(undefined),
      [RENDER]: task(OURS, 'render'),
      [METRICS]: task(OURS, 'metrics'),
      [NAIVE]: task(NAIVE),
      [PROM_CLIENT]: task(PROM_CLIENT),
      [PLATFORMATIC]: task(PLATFORMATIC),
    },
    measures: [
      {
        key: 'milliseconds',
        title: 'until it is there',
        unit: 'ms',
        budgets:
          series === 10_000
            ? [
                ...(plain ? [{ of: RENDER, against: PROM_CLIENT, atMost: 1 / 25, source: 'DESIGN 9' }] : []),
                { of: RENDER, atMost: 5, source: 'DESIGN 9, the mission: scrape 5 ms' },
              ]
            : [],
      },
      { key: 'processor', title: 'processor time, all threads', unit: 'ms' },
      {
        key: 'held',
        title: 'main thread held',
        unit: 'ms',
        budgets: series === 100_000 ? [{ of: RENDER, atMost: 1, source: 'DESIGN 9' }] : [],
      },
      { key: 'call', title: 'main thread in the call itself', unit: 'ms' },
      { key: 'bytes', title: 'size of the text', unit: 'bytes' },
    ],
  }
}

/** The media type that each format is asked for by, which begins the answer's content type. */
const FORMATS = {
  'text 0.0.4': { accept: 'text/plain;version=0.0.4', contentType: 'text/plain; version=0.0.4' },
  'OpenMetrics 1.0.0': {
    accept: 'application/openmetrics-text;version=1.0.0',
    contentType: 'application/openmetrics-text; version=1.0.0',
  },
  protobuf: { accept: 'application/vnd.google.protobuf', contentType: 'application/vnd.google.protobuf' },
}

function formatCase(series, short) {
  const renders = short ? 3 : { 10000: 30, 100000: 6 }[series]
  return {
    name: `formats, ${series} labelled series, a tenth of them exponential histograms`,
    note: 'gzip is what the exporter adds on its own thread, at the fastest level.',
    script: fileURLToPath(new URL('format-child.mjs', import.meta.url)),
    reference: 'text 0.0.4',
    contenders: Object.fromEntries(
      Object.entries(FORMATS).map(([name, format]) => [name, { task: { ...format, series, renders } }]),
    ),
    measures: [
      { key: 'milliseconds', title: 'until it is there', unit: 'ms' },
      { key: 'bytes', title: 'size', unit: 'bytes' },
      {
        key: 'held',
        title: 'main thread held',
        unit: 'ms',
        budgets: series === 100_000 ? Object.keys(FORMATS).map((of) => ({ of, atMost: 1, source: 'DESIGN 9' })) : [],
      },
      { key: 'call', title: 'main thread in the call itself', unit: 'ms' },
      { key: 'gzipMilliseconds', title: 'gzip', unit: 'ms' },
      { key: 'gzipBytes', title: 'size with gzip', unit: 'bytes' },
    ],
  }
}

function exporterCase(short) {
  const idleScrapes = short ? 6 : 40
  return {
    name: `GET /metrics of ${EXPORTED_SERIES} series from another process, main thread idle, then blocked`,
    note: 'Blocked: a 3 s busy loop on the main thread while pbkdf2 saturates the pool. Who cannot answer shows the wait.',
    reference: OURS,
    contenders: Object.fromEntries([OURS, ...PEERS].map((name) => [name, { task: {} }])),
    runRound: async (names, { node }) => {
      const results = new Map()
      // One after the other: two blocked processes would be more than this machine's cores.
      for (const name of names) results.set(name, await scrapeOne(name, { series: EXPORTED_SERIES, idleScrapes, node }))
      return results
    },
    measures: [
      { key: 'idle', title: 'a scrape while idle', unit: 'ms' },
      { key: 'blocked', title: 'a scrape while blocked', unit: 'ms' },
      { key: 'blockedWorst', title: 'the worst scrape while blocked', unit: 'ms' },
      { key: 'answered', title: 'scrapes answered within the 3 s', unit: 'scrapes', ratio: false },
    ],
  }
}

function stormCase(short) {
  const scrapers = 200
  const paced = 'each once a second'
  return {
    name: `a storm of ${scrapers} scrapers over 500 series, 4 threads recording, the main thread blocked half of the time`,
    note: 'Of the whole body, by the clients. They need more processors than there are where they do not pause.',
    reference: paced,
    contenders: { [paced]: { pauseMs: 1000 }, 'without pause': { pauseMs: 0 } },
    async runRound(names, { node }) {
      const results = new Map()
      for (const name of names) {
        const { pauseMs } = this.contenders[name]
        results.set(name, await measureStorm({ scrapers, pauseMs, seconds: short ? 3 : 30, node }))
      }
      return results
    },
    measures: [
      { key: 'p50', title: 'the median scrape', unit: 'ms' },
      { key: 'p99', title: 'the 99th percentile', unit: 'ms' },
      { key: 'worst', title: 'the worst scrape', unit: 'ms' },
      { key: 'perSecond', title: 'scrapes', unit: 'a second' },
    ],
  }
}

function startCase() {
  const exporter = 'nanotally startExporter()'
  const bare = 'bare Worker'
  const contender = (kind) => ({ task: { kind }, execArgv: ['--expose-gc'] })
  return {
    name: 'start of the exporter thread',
    script: fileURLToPath(new URL('start-child.mjs', import.meta.url)),
    reference: exporter,
    contenders: {
      [bare]: contender('bare'),
      'Worker with node:http': contender('server'),
      [exporter]: contender('exporter'),
    },
    measures: [
      {
        key: 'milliseconds',
        title: 'until it answers',
        unit: 'ms',
        budgets: [{ of: exporter, atMost: 60, source: 'DESIGN 9' }],
      },
      {
        key: 'mebibytes',
        title: 'resident memory',
        unit: 'MiB',
        budgets: [{ of: exporter, against: bare, by: 'difference', atMost: 4, source: 'DESIGN 9' }],
      },
    ],
  }
}
