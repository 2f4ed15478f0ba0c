// One thin face for every library, so that all of them run the very same loop on equal work.
//
// The face only covers making metrics and reading text. What a case times are the libraries' own objects: their
// `inc`, `set`, `observe`, `labels` and `startTimer` take the same arguments everywhere.
import { createRequire } from 'node:module'
import * as naive from './naive.mjs'

const require = createRequire(import.meta.url)

export const OURS = 'nanotally'
export const PEERS = ['prom-client', '@platformatic/prom-client']
export const NAIVE = 'naive'

/** The peers' default buckets; ours are given the same ones wherever explicit buckets are compared. */
export const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * @typedef {object} Library
 * @property {(options: { name: string, labels?: string[], maxSeries?: number }) => any} counter
 * @property {(options: { name: string, labels?: string[], maxSeries?: number }) => any} gauge
 * @property {(options: { name: string, labels?: string[], maxSeries?: number, buckets?: number[] }) => any} histogram
 *   Without `buckets`: what the library does by default (ours: exponential, schema 3; the peers': their 11 buckets).
 * @property {(name: string) => any} find A metric by its name, where the library can.
 * @property {() => Promise<string>} text The exposition as a string.
 */

/**
 * @param {string} name One of OURS, PEERS, NAIVE.
 * @returns {Promise<Library & { module: any }>}
 */
export async function loadLibrary(name) {
  if (name === OURS) return ours(await import('nanotally'))
  if (name === NAIVE) return { ...naive, module: naive }
  if (PEERS.includes(name)) return peer(require(name))
  throw new TypeError(`expected a library, received '${name}'`)
}

function ours(module) {
  const help = 'Made by a bench.'
  return {
    module,
    counter: (options) => module.counter({ help, ...options }),
    gauge: (options) => module.gauge({ help, ...options }),
    histogram: (options) => module.histogram({ help, ...options }),
    find: () => undefined,
    text: () => module.registry.metrics(),
  }
}

function peer(module) {
  // The peers have no bound on the number of series.
  const translate = ({ name, labels = [], buckets }) => ({
    name,
    help: 'Made by a bench.',
    labelNames: labels,
    ...(buckets && { buckets }),
  })
  return {
    module,
    counter: (options) => new module.Counter(translate(options)),
    gauge: (options) => new module.Gauge(translate(options)),
    histogram: (options) => new module.Histogram(translate(options)),
    find: (name) => module.register.getSingleMetric(name),
    text: async () => await module.register.metrics(),
  }
}
