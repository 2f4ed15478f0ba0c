// The suite `native`: what a recording by a native thread costs, and reading what they recorded. The programs are those of
// native/bench, without Node; each runs one benchmark in a process of its own.
import { spawnSync } from 'node:child_process'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { OURS } from '../harness/libraries.mjs'

const script = fileURLToPath(new URL('child.mjs', import.meta.url))
const ONE_THREAD = `${OURS}, one thread`
const WITHOUT_RSEQ = `${OURS}, without rseq`
const THREADS = [1, 2, 4]

/** What the files of native/bench call them. */
const COUNTER = {
  'plain add, each its own': 'counter/plain',
  'fetch_add on a long, each its own': 'counter/own_long',
  'fetch_add on a double, each its own': 'counter/own_double',
  'fetch_add on a long, shared': 'counter/shared_long',
  'fetch_add on a double, shared': 'counter/shared_double',
  'the restartable sequence alone': 'counter/rseq',
  [OURS]: 'counter/handle',
}
const UNCONTENDED = 'fetch_add on a long, each its own'

const KINDS = [
  { name: 'counter_add()', benchmarks: COUNTER, uncontended: UNCONTENDED },
  {
    name: 'gauge_set()',
    benchmarks: {
      'store to an atomic, each its own': 'gauge_set/own',
      'store to an atomic, shared': 'gauge_set/shared',
      [`${OURS}, each its own gauge`]: 'gauge_set/own_handle',
      [OURS]: 'gauge_set/handle',
    },
    fallback: false,
  },
  {
    name: 'gauge_add()',
    benchmarks: {
      'fetch_add on a double, each its own': 'gauge_add/own',
      'fetch_add on a double, shared': 'gauge_add/shared',
      [`${OURS}, each its own gauge`]: 'gauge_add/own_handle',
      [OURS]: 'gauge_add/handle',
    },
    fallback: false,
  },
  {
    name: 'histogram_observe(), schema 3, rotating over ten octaves',
    note: 'The rivals search no bucket: they add to one and to a sum.',
    benchmarks: {
      'two plain adds, each its own': 'observe_exponential/plain',
      'two fetch_adds, each its own': 'observe_exponential/own',
      'two fetch_adds, shared': 'observe_exponential/shared',
      [`${OURS}, one bucket`]: 'observe_exponential/handle_same_bucket',
      [OURS]: 'observe_exponential/handle',
    },
  },
  {
    name: 'histogram_observe(), 11 buckets, values over ten octaves',
    benchmarks: {
      'search and two plain adds, each its own': 'observe_explicit/plain',
      'search and two fetch_adds, each its own': 'observe_explicit/own',
      'search and two fetch_adds, shared': 'observe_explicit/shared',
      [OURS]: 'observe_explicit/handle',
    },
  },
]

export const rounds = 9

/** Builds the program, where it is missing or older than its sources. */
export function prepare() {
  const build = fileURLToPath(new URL('../../scripts/build-native-bench.sh', import.meta.url))
  const { status, error } = spawnSync(build, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) throw error
  if (status !== 0) throw new Error(`${build} ended with exit code ${status}; its output is above`)
}

/** @param {{ short: boolean }} options */
export function makeCases({ short }) {
  const times = short ? { seconds: 0.01, repetitions: 3 } : { seconds: 0.05, repetitions: 5 }
  return [
    ...KINDS.flatMap((kind) => THREADS.map((threads) => recordCase(kind, threads, times))),
    ...['counters', 'histograms'].map((what) => readCase(what, times)),
    runtimeCase(times),
  ]
}

/** Glibc's way to have no restartable sequences. */
const rseqOff = { GLIBC_TUNABLES: 'glibc.pthread.rseq=0' }

function recordCase({ name, note, benchmarks, uncontended, fallback = true }, threads, times) {
  const contender = (benchmark, count, rseq = true) => ({
    task: { benchmark: `${benchmark}/real_time/threads:${count}`, threads: count, rseq, ...times },
    env: rseq ? {} : rseqOff,
  })
  const contenders = Object.fromEntries(
    Object.entries(benchmarks).map(([how, benchmark]) => [how, contender(benchmark, threads)]),
  )
  if (fallback) contenders[WITHOUT_RSEQ] = contender(benchmarks[OURS], threads, false)
  if (threads > 1) contenders[ONE_THREAD] = contender(benchmarks[OURS], 1)
  const fasterThanAtomic = { of: OURS, against: uncontended, atMost: 0.6, source: 'DESIGN 9' }
  const scales = { of: OURS, against: ONE_THREAD, atMost: 1.3, source: 'DESIGN 9' }
  const scaling = uncontended && threads === 2 ? [scales] : []
  return {
    name: `native ${name}, ${threads === 1 ? 'one thread' : `${threads} threads`}`,
    note: [note, threadsNote(threads)].filter(Boolean).join(' ') || undefined,
    script,
    reference: OURS,
    contenders,
    measures: [
      {
        key: 'processor',
        title: 'processor time of one operation',
        unit: 'ns',
        budgets: uncontended && threads === 1 ? [fasterThanAtomic] : scaling,
      },
      {
        key: 'real',
        title: 'time of one operation in each thread',
        unit: 'ns',
        budgets: scaling.map((budget) => ({ ...budget, needsIdle: true })),
      },
    ],
  }
}

/** What one thread of a process that records nothing reads at each scrape. */
function runtimeCase(times) {
  const contender = (how) => ({
    task: { benchmark: `read_runtime/${how}/real_time`, threads: 1, rseq: true, ...times },
  })
  return {
    name: "native reading of the process's own metrics",
    note: 'The rival opens and reads 12 files of /proc and takes nothing out of them; ours reads the cgroup as well.',
    script,
    reference: OURS,
    contenders: { 'reading the files': contender('plain'), [OURS]: contender('families') },
    measures: [
      { key: 'processor', title: 'processor time of one reading', unit: 'us' },
      { key: 'real', title: 'time of one reading', unit: 'us' },
    ],
  }
}

function threadsNote(threads) {
  const cpus = os.availableParallelism()
  return threads > cpus ? `${threads} threads take turns on ${cpus} CPUs: their time holds the wait for a turn.` : ''
}

function readCase(what, times) {
  const snapshot = `read_${what}/snapshot`
  const contender = (benchmark, rseq = true) => ({
    task: { benchmark: `${benchmark}/real_time`, threads: 1, rseq, ...times },
    env: rseq ? {} : rseqOff,
  })
  return {
    name: `native snapshot of 2000 ${what}${what === 'histograms' ? ', 80 buckets each' : ''}`,
    note: 'Cells of all CPUs and of the atomic slots are merged; the loads are of as many cells.',
    script,
    reference: OURS,
    contenders: {
      'plain loads': contender(`read_${what}/plain`),
      [OURS]: contender(snapshot),
      [WITHOUT_RSEQ]: contender(snapshot, false),
    },
    measures: [
      { key: 'processor', title: 'processor time of one snapshot', unit: 'us' },
      { key: 'real', title: 'time of one snapshot', unit: 'us' },
    ],
  }
}
