// The suite `operation`: what it costs to have everything on: runtime metrics, the exporter, health, a watch of thresholds.
import { fileURLToPath } from 'node:url'
import { measureShares } from './shares.mjs'

const OFF = 'without nanotally'
const IDLE = 'on, not scraped'
const SELDOM = 'on, scraped every 15 s'
const OFTEN = 'on, scraped every second'
const REPORT = 'health.report()'

export const rounds = 9

/** @param {{ short: boolean }} options */
export function makeCases({ short }) {
  return [
    shareCase('an idle program', 0, short),
    shareCase('a server', 500, short),
    turnCase(short),
    healthCase(short),
    watchCase(short),
  ]
}

function shareCase(what, requestsPerSecond, short) {
  const seconds = short ? 2 : 30
  return {
    name: `${what}${requestsPerSecond > 0 ? ` of ${requestsPerSecond} requests a second` : ''}, with everything on`,
    note: 'All of them at once, so that what else runs meets them alike. In per cent of one core.',
    reference: OFF,
    contenders: {
      [OFF]: { task: { on: false } },
      [IDLE]: { task: { on: true } },
      [SELDOM]: { task: { on: true }, scrapeMs: 15_000 },
      [OFTEN]: { task: { on: true }, scrapeMs: 1000 },
    },
    runRound(names, { node }) {
      const contenders = new Map(names.map((name) => [name, this.contenders[name]]))
      return measureShares(contenders, { node, seconds, requestsPerSecond })
    },
    measures: [
      {
        key: 'share',
        title: 'processor time',
        unit: '% of a core',
        budgets: [IDLE, SELDOM, OFTEN].map((of) => ({
          of,
          against: OFF,
          by: 'difference',
          atMost: 0.1,
          source: 'issue 6, with everything on',
        })),
      },
    ],
  }
}

function turnCase(short) {
  const turns = short ? 20_000 : 300_000
  const contender = (kind) => ({ task: { kind, turns } })
  const [none, heartbeat, measured] = [OFF, 'a heartbeat, as everywhere', 'measured: collectRuntimeMetrics()']
  return {
    name: 'one turn of an event loop that has nothing to do',
    note: 'A heartbeat is a comparison at most turns; measuring adds two readings of the clock, one of libuv’s mutex, and a record.',
    script: fileURLToPath(new URL('turn-child.mjs', import.meta.url)),
    reference: none,
    contenders: {
      [none]: contender('none'),
      [heartbeat]: contender('heartbeat'),
      [measured]: contender('measured'),
    },
    measures: [{ key: 'nanoseconds', title: 'a turn', unit: 'ns' }],
  }
}

function healthCase(short) {
  return {
    name: 'the complete built-in assessment',
    note: 'As health.report() has it, with runtime metrics on and everything read anew.',
    script: fileURLToPath(new URL('health-child.mjs', import.meta.url)),
    reference: REPORT,
    contenders: { [REPORT]: { task: { reports: short ? 200 : 3000 } } },
    measures: [
      {
        key: 'median',
        title: 'the median one',
        unit: 'us',
        budgets: [{ of: REPORT, atMost: 500, source: 'DESIGN 9, issue 6: health check' }],
      },
      { key: 'p99', title: 'the 99th percentile', unit: 'us' },
    ],
  }
}

function watchCase(short) {
  const contender = (routes) => ({ task: { routes, seconds: short ? 3 : 20 } })
  const [small, large] = ['10 routes', '300 routes']
  return {
    name: 'one evaluation of every catalog’s thresholds',
    note: 'Four a second, on a thread of its own: it renders what is watched, reads it, and evaluates some 170 queries. Series whose past is kept, and the memory of thread and past.',
    script: fileURLToPath(new URL('watch-child.mjs', import.meta.url)),
    reference: small,
    contenders: { [small]: contender(10), [large]: contender(300) },
    measures: [
      { key: 'milliseconds', title: 'the mean one', unit: 'ms' },
      { key: 'p99', title: 'the 99th percentile', unit: 'ms' },
      { key: 'series', title: 'series that are kept', unit: '' },
      { key: 'megabytes', title: 'resident memory', unit: 'MiB' },
    ],
  }
}
