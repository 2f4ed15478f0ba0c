// The demo's work, the same on each thread: pictures come in bursts, take their time, and fail now and then. All of it is
// imaginary but the records.
import { counter, gauge, histogram, info } from '../../index.js'
import { packageVersion } from '../version.js'

const TICK_MS = 20
const KINDS = ['decode', 'resize', 'encode'] as const
const SECONDS = { decode: 0.004, resize: 0.02, encode: 0.06 }
/** A burst comes and goes in this time. */
const PERIOD_MS = 30_000
const MOST_A_TICK = 20

/** Works in small steps until it is stopped. */
export function startWork(thread: string): { stop(): void } {
  const jobs = counter({ name: 'demo_jobs_total', help: 'Jobs done.', labels: ['kind', 'thread'] })
  const failures = counter({ name: 'demo_failures_total', help: 'Jobs that failed.', labels: ['kind'] })
  const waiting = gauge({ name: 'demo_waiting_jobs', help: 'Jobs that wait.', labels: ['thread'] })
  const seconds = histogram({
    ...{ name: 'demo_job_duration_seconds', help: 'How long jobs took.', unit: 'seconds' },
    labels: ['kind'],
  })
  const sizes = histogram({
    ...{ name: 'demo_picture_bytes', help: 'Sizes of pictures.', unit: 'bytes' },
    buckets: [1e4, 1e5, 1e6, 1e7],
  })
  info({ name: 'demo_build_info', help: 'What runs.', labels: ['version', 'node'] }).set({
    ...{ version: packageVersion(), node: process.version },
  })
  const bound = KINDS.map((kind) => ({
    done: jobs.labels({ kind, thread }),
    failed: failures.labels({ kind }),
    seconds: seconds.labels({ kind }),
    typicalSeconds: SECONDS[kind],
  }))
  const queue = waiting.labels({ thread })
  const timer = setInterval(() => {
    const burst = (1 - Math.cos((2 * Math.PI * Date.now()) / PERIOD_MS)) / 2
    const count = 1 + Math.round(burst * MOST_A_TICK * Math.random())
    queue.set(count)
    sizes.observe(10 ** (4 + 3 * Math.random()))
    for (const job of bound) {
      for (let i = 0; i < count; i++) {
        job.done.inc()
        // Skewed, as durations are.
        job.seconds.observe(job.typicalSeconds * Math.exp(2 * Math.random() - 1))
        if (Math.random() < 0.01) job.failed.inc()
      }
    }
  }, TICK_MS)
  return { stop: () => clearInterval(timer) }
}
