// The constants of docs/capacity.md, each by the row of a bench that it comes from. What was measured of them is kept in
// constants.json, so that the page can be made, and checked, without measuring again.

const ENGINE = 'the engine of examples/engram, its queues filled and then emptied'
const INDEX = 'the index of vectors, two cold segments, two warm ones and a hot one, each vector of 64 dimensions'
const STORAGE = 'what Prometheus keeps on disk'
const COUNTERS = 'memory of 100000 counter series with two labels'
const HISTOGRAMS = 'memory of 100000 histogram series with two labels, ten octaves at schema 3'
const RENDER = 'render 10000 labelled series, counters'
const FORMATS = 'formats, 10000 labelled series, a tenth of them exponential histograms'
const IDLE = 'an idle program, with everything on'

const engine = (measure, of = '1 worker') => ({ suite: 'capacity', case: ENGINE, of, measure })
const index = (measure) => ({ suite: 'capacity', case: INDEX, of: 'm = 8, as the engine has it', measure })
const storage = (of, measure) => ({ suite: 'capacity', case: STORAGE, of, measure })
const memory = (case_, measure) => ({ suite: 'memory', case: case_, of: 'nanotally', measure })
const render = (measure) => ({ suite: 'scrape', case: RENDER, of: 'nanotally render()', measure })

/**
 * A constant is a measure of a contender, less that of `minus` in the same round where there is one, times `times`.
 * @typedef {{ suite: string, case: string, of: string, minus?: string, measure: string, times?: number, what: string,
 *   unit: string }} Constant
 * @type {Record<string, Constant>}
 */
export const CONSTANTS = {
  observation: { ...engine('observationMicroseconds'), what: 'processor time of an observation', unit: 'µs' },
  recall: { ...engine('recallMicroseconds'), what: 'processor time of a recall', unit: 'µs' },
  queueing: { ...engine('queueingMicroseconds'), what: 'main thread, to queue a request', unit: 'µs' },
  insertion: { ...index('insertionMicroseconds'), what: 'of an observation: its insertion, one at a time', unit: 'µs' },
  stored: { ...engine('observationsPerSecond'), what: 'observations stored, one worker', unit: '/s' },
  storedByTwo: { ...engine('observationsPerSecond', '2 workers'), what: 'the same, two workers', unit: '/s' },
  answered: { ...engine('recallsPerSecond'), what: 'recalls answered, one worker', unit: '/s' },
  answeredByTwo: { ...engine('recallsPerSecond', '2 workers'), what: 'the same, two workers', unit: '/s' },
  idle: { ...engine('idlePercent', '2 workers'), what: 'two workers with nothing to do', unit: '% of a core' },
  base: { ...engine('residentMiB'), what: 'process with one worker', unit: 'MiB' },
  worker: {
    ...engine('residentMiB', '2 workers'),
    minus: '1 worker',
    what: 'each further worker, its shard of 5 000 observations full',
    unit: 'MiB',
  },
  slot: { ...engine('queueBytes'), what: 'queue, for each observation that it has room for', unit: 'bytes' },
  hot: { ...index('hotBytes'), what: 'a vector in the hot tier', unit: 'bytes' },
  warm: { ...index('warmBytes'), what: 'in a warm segment', unit: 'bytes' },
  cold: { ...index('coldBytes'), what: 'in a cold segment, in memory', unit: 'bytes' },
  coldFile: { ...index('coldFileBytes'), what: 'and in its file', unit: 'bytes' },
  counter: { ...memory(COUNTERS, 'resident'), what: 'a counter series', unit: 'bytes' },
  counterThread: { ...memory(COUNTERS, 'further'), what: 'for each further thread that records it', unit: 'bytes' },
  histogram: { ...memory(HISTOGRAMS, 'resident'), what: 'a histogram series over ten octaves', unit: 'bytes' },
  histogramThread: { ...memory(HISTOGRAMS, 'further'), what: 'for each further thread', unit: 'bytes' },
  everything: {
    ...{ suite: 'operation', case: IDLE, of: 'on, scraped every 15 s', minus: 'without nanotally', measure: 'share' },
    what: 'runtime metrics, health and exporter, scraped every 15 s',
    unit: '% of a core',
  },
  render: { ...render('processor'), times: 0.1, what: 'a scrape, for 1 000 samples', unit: 'ms' },
  text: { ...render('bytes'), times: 1e-4, what: 'the text of a sample', unit: 'bytes' },
  gzip: {
    ...{ suite: 'scrape', case: FORMATS, of: 'text 0.0.4', measure: 'gzipBytes', times: 1e-4 },
    what: 'a series with gzip, a tenth of them histograms',
    unit: 'bytes',
  },
  samples: { ...engine('samples', '2 workers'), what: 'samples in a scrape of the engine with two workers', unit: '' },
  sample: { ...storage('counters and gauges', 'sampleBytes'), what: 'a sample of a number', unit: 'bytes' },
  classic: { ...storage('histograms, classic buckets', 'scrapeBytes'), what: 'a classic histogram', unit: 'bytes' },
  classicSamples: { ...storage('histograms, classic buckets', 'samples'), what: 'samples that it is', unit: '' },
  native: { ...storage('histograms, native', 'scrapeBytes'), what: 'a native histogram', unit: 'bytes' },
  indexed: { ...storage('counters and gauges', 'indexBytes'), what: 'a series, in a block’s index', unit: 'bytes' },
}

/**
 * The samples of a constant, one for each round; undefined where a run has none of it.
 * @param {Constant} constant
 * @param {{ suite: string, assessed: { name: string, measures: { key: string, rows: { contender: string, samples: number[] }[] }[] } }[]} cases
 */
export function samplesOfConstant(constant, cases) {
  const measured = cases.find(({ suite, assessed }) => suite === constant.suite && assessed.name === constant.case)
  const rows = measured?.assessed.measures.find(({ key }) => key === constant.measure)?.rows ?? []
  const of = rows.find(({ contender }) => contender === constant.of)?.samples
  if (of === undefined || constant.minus === undefined) return of?.map((value) => value * (constant.times ?? 1))
  const minus = rows.find(({ contender }) => contender === constant.minus)?.samples
  return minus && of.map((value, round) => (value - minus[round]) * (constant.times ?? 1))
}
