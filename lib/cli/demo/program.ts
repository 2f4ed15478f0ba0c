// The demo's main thread: starts the workers and the exporter, works itself, and blocks when it is asked to.
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type SHARE_ENV, Worker } from 'node:worker_threads'
import { collectRuntimeMetrics, startExporter } from '../../index.js'
import { startWork } from './work.js'

const STALL_MS = 2000
const FREE_MS = 1000

export interface DemoOptions {
  port: number
  workers: number
  /** Whether the main thread is blocked again and again. */
  stall: boolean
}

export interface Demo {
  readonly url: string
  stop(): Promise<void>
}

/** @throws NanotallyError where it cannot serve */
export async function startDemo({ port, workers, stall }: DemoOptions): Promise<Demo> {
  const exporter = await startExporter({ port })
  const runtime = collectRuntimeMetrics()
  const { NODE_OPTIONS: _, ...env } = process.env
  const threads = Array.from({ length: workers }, (_, i) => {
    const name = `demo-${i + 1}`
    return new Worker(join(__dirname, 'worker.js'), {
      ...{ name, workerData: name, execArgv: [], env: env as typeof SHARE_ENV | NodeJS.ProcessEnv },
    })
  })
  const work = startWork('main')
  const stopped = new AbortController()
  const stalling = stall ? blockAgainAndAgain(stopped.signal) : Promise.resolve()
  return {
    url: exporter.url,
    async stop() {
      stopped.abort()
      work.stop()
      for (const thread of threads) thread.postMessage('stop')
      await Promise.all([stalling, ...threads.map((thread) => once(thread, 'exit'))])
      runtime.stop()
      await exporter.close()
    },
  }
}

async function blockAgainAndAgain(signal: AbortSignal): Promise<void> {
  const never = new Int32Array(new SharedArrayBuffer(4))
  while (!signal.aborted) {
    await delay(FREE_MS, undefined, { signal }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error
    })
    if (!signal.aborted) Atomics.wait(never, 0, 0, STALL_MS)
  }
}
