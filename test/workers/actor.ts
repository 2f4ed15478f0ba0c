// Threads that a test directs step by step, so that what they do has an order without any waiting.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type * as nanotally from 'nanotally'
import { onTestFinished } from 'vitest'

type Nanotally = typeof nanotally

/** A worker with nanotally loaded. It ends with the test at the latest. */
export class Actor {
  readonly #worker = new Worker(new URL('fixtures/actor.mjs', import.meta.url))
  readonly #exit = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))

  constructor() {
    onTestFinished(() => this.terminate())
  }

  /**
   * Runs a function in the worker. It is sent as text, so it sees nothing but its parameters: nanotally, an object that
   * the worker keeps, and a copy of `argument`.
   *
   * @throws Error with the message and code of what the function throws
   */
  async run<R, A = undefined>(
    // biome-ignore lint/suspicious/noExplicitAny: what a worker keeps is of any type
    step: (n: Nanotally, state: any, argument: A) => R,
    argument?: A,
  ): Promise<Awaited<R>> {
    this.#worker.postMessage({ code: step.toString(), argument })
    const [{ result, error }] = await once(this.#worker, 'message')
    if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code })
    return result
  }

  /** Lets the worker end by itself. */
  async end(): Promise<void> {
    this.#worker.postMessage({ code: '() => process.exit(0)' })
    await this.#exit
  }

  /** Ends the worker wherever it is. */
  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }
}

export type { Nanotally }
