// Runs one benchmark of build/native-bench/native_bench in a process of its own and reports the medians of its repetitions.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { childTask, release, report } from '../harness/child.mjs'
import { median } from '../harness/statistics.mjs'

const PROGRAM = fileURLToPath(new URL('../../build/native-bench/native_bench', import.meta.url))

const { benchmark, threads, rseq, seconds, repetitions } = childTask()
const { status, signal, error, stdout, stderr } = spawnSync(
  PROGRAM,
  [
    `--benchmark_filter=^${benchmark}$`,
    `--benchmark_min_time=${seconds}`,
    `--benchmark_repetitions=${repetitions}`,
    '--benchmark_format=json',
  ],
  { encoding: 'utf8', maxBuffer: 2 ** 24 },
)
if (error) throw error
if (status !== 0) throw new Error(`${PROGRAM} ended with ${signal ?? `exit code ${status}`}\n${stderr}`)
// It writes what is no JSON where it cannot tell a spread (that of no aborts at all).
const { context, benchmarks } = JSON.parse(stdout.replaceAll(/: -?(?:NaN|Infinity)\b/g, ': null'))
if ((context.rseq === 'yes') !== rseq)
  throw new Error(`expected ${rseq ? '' : 'no '}rseq, the program says ${context.rseq}`)
const runs = benchmarks.filter(({ run_type }) => run_type === 'iteration')
if (runs.length !== repetitions) throw new Error(`expected ${repetitions} runs of ${benchmark}, found ${runs.length}`)

// google-benchmark divides both times by the iterations of all threads, the time on the clock also by the threads (it
// means throughput). Times the threads, it is what one operation takes in each of them.
await report({
  measures: {
    processor: median(runs.map(({ cpu_time }) => cpu_time)),
    real: median(runs.map(({ real_time }) => real_time * threads)),
  },
  detail: runs.map(({ iterations, real_time, cpu_time, time_unit, aborts }) => {
    return { iterations, real_time, cpu_time, time_unit, aborts }
  }),
  childrenMilliseconds: childrenMilliseconds(),
})
release()

/** Processor time of the children that have ended: fields 16 and 17 of proc(5)'s stat, in ticks of 10 ms. */
function childrenMilliseconds() {
  const [, fields] = /\) (.*)$/s.exec(readFileSync('/proc/self/stat', 'utf8'))
  const [user, system] = fields.split(' ').slice(13, 15).map(Number)
  return (user + system) * 10
}
