// The suite `capacity`: what docs/capacity.md computes with. The engine of examples/engram by itself, its index of vectors,
// and what a real Prometheus needs on disk for what it scrapes.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ROUNDS_FOR_A_CONCLUSION } from '../harness/statistics.mjs'
import { measureStorage } from './storage.mjs'

const ONE = '1 worker'
const TWO = '2 workers'
const AS_THE_ENGINE = 'm = 8, as the engine has it'
const CLASSIC = 'histograms, classic buckets'

/** As many as a conclusion needs: a round of this suite takes a minute. */
export const rounds = ROUNDS_FOR_A_CONCLUSION

/** The engine's packages and its addon are its own, and are built where they are missing. */
export function prepare() {
  execFileSync(fileURLToPath(new URL('../../scripts/demo.sh', import.meta.url)), ['--set-up-only'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

/** @param {{ short: boolean }} options */
export function makeCases({ short }) {
  return [engineCase(short), indexCase(short), storageCase(short)]
}

function engineCase(short) {
  const size = short
    ? { observations: 600, recalls: 200, cycles: 1, idleSeconds: 0.5 }
    : { observations: 6000, recalls: 3000, cycles: 5, idleSeconds: 6 }
  // So that what the requests took is given back before resident memory is read.
  const contender = (workers) => ({ task: { workers, ...size }, execArgv: ['--expose-gc'] })
  return {
    name: 'the engine of examples/engram, its queues filled and then emptied',
    note: 'Workers stand still while the main thread queues, and the main thread waits while they work. Processor time is of all threads.',
    script: fileURLToPath(new URL('engine-child.mjs', import.meta.url)),
    reference: short ? TWO : ONE,
    // Reading WordNet takes most of a short run, so that it is read once there.
    contenders: { ...(short ? {} : { [ONE]: contender(1) }), [TWO]: contender(2) },
    measures: [
      { key: 'observationsPerSecond', title: 'observations stored', unit: 'a second' },
      { key: 'observationMicroseconds', title: 'processor time of an observation', unit: 'us' },
      { key: 'recallsPerSecond', title: 'recalls answered', unit: 'a second' },
      { key: 'recallMicroseconds', title: 'processor time of a recall', unit: 'us' },
      { key: 'queueingMicroseconds', title: 'processor time of queueing a request', unit: 'us' },
      { key: 'idlePercent', title: 'with nothing to do', unit: '% of a core' },
      { key: 'queueBytes', title: 'queue, for each observation it has room for', unit: 'bytes' },
      { key: 'residentMiB', title: 'resident memory, stores full', unit: 'MiB' },
      { key: 'samples', title: 'samples of a scrape', unit: '' },
    ],
  }
}

function indexCase(short) {
  const contender = (m, efConstruction) => ({
    task: { m, efConstruction, hotCapacity: short ? 400 : 2000, searches: short ? 200 : 2000 },
  })
  return {
    name: 'the index of vectors, two cold segments, two warm ones and a hot one, each vector of 64 dimensions',
    note: 'Random vectors of unit length. Memory is the index’s own account. An insertion has the index to itself.',
    script: fileURLToPath(new URL('index-child.mjs', import.meta.url)),
    reference: AS_THE_ENGINE,
    contenders: { [AS_THE_ENGINE]: contender(8, 32), 'm = 16, the default': contender(16, 100) },
    measures: [
      { key: 'hotBytes', title: 'a hot vector', unit: 'bytes' },
      { key: 'warmBytes', title: 'a warm vector', unit: 'bytes' },
      { key: 'coldBytes', title: 'a cold vector, in memory', unit: 'bytes' },
      { key: 'coldFileBytes', title: 'a cold vector, in its file', unit: 'bytes' },
      { key: 'insertionMicroseconds', title: 'an insertion', unit: 'us' },
      { key: 'searchMicroseconds', title: 'a search of all segments', unit: 'us' },
    ],
  }
}

function storageCase(short) {
  // The compression of a chunk is that of its 120 samples. Shorter intervals than 250 ms would not be aligned by Prometheus.
  const size = short ? { scrapes: 15, intervalMs: 100 } : { scrapes: 122, intervalMs: 250 }
  return {
    name: 'what Prometheus keeps on disk',
    note: 'Between two scrapes each series gets what 15 s would bring it. A snapshot of all that was scraped: chunks, and the index beside them.',
    reference: CLASSIC,
    contenders: {
      'counters and gauges': { task: { kind: 'numbers', series: 300 } },
      [CLASSIC]: { task: { kind: 'histograms', series: 100 } },
      'histograms, native': { task: { kind: 'histograms', series: 100 }, native: true },
    },
    runRound(names, { node }) {
      const contenders = new Map(names.map((name) => [name, this.contenders[name]]))
      return measureStorage(contenders, { node, ...size })
    },
    measures: [
      { key: 'sampleBytes', title: 'a sample, in chunks', unit: 'bytes' },
      { key: 'scrapeBytes', title: 'a series of the program and a scrape, in chunks', unit: 'bytes' },
      { key: 'samples', title: 'samples of a series of the program and a scrape', unit: '' },
      { key: 'indexBytes', title: 'a series of Prometheus, in the index', unit: 'bytes' },
    ],
  }
}
