// The suite `scrape`: rendering, how long the main thread is held, and /metrics while everything is blocked.
import { fileURLToPath } from 'node:url'
import { NAIVE, OURS, PEERS } from '../harness/libraries.mjs'
import { scrapeOne } from './exporter.mjs'

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
    exporterCase(short),
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
