// Runs a script in a forked Node process and tells how it ended: crashes, exit codes and signals are seen from outside.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { TIME_FACTOR } from './time-factor.mjs'
import { DEADLINE_MS, until } from './until.js'

export interface ChildOptions {
  args?: readonly string[]
  /** Flags for Node itself, such as `--jitless`. Those of the test process are not passed on. */
  nodeFlags?: readonly string[]
  /** Added to this process' environment; undefined takes a variable out. */
  env?: Readonly<Record<string, string | undefined>>
  cwd?: string
  /** How far it stands back behind others: 19 has it run only while nobody else wants a processor. Default 0. */
  niceness?: number
  /** When the child is killed and counts as timed out, times TIME_FACTOR. Default 60 000. */
  timeoutMs?: number
}

export interface ChildResult {
  /** Null where a signal ended it. */
  exitCode: number | null
  signal: NodeJS.Signals | null
  timedOut: boolean
  stdout: string
  stderr: string
  /**
   * What it sent with `process.send`, in order. A child that ends with `process.exit` loses what Node has not written
   * yet: let it wait for the callback of `send`.
   */
  messages: unknown[]
}

/**
 * Flags for children that end while V8 compiles. Node's main thread waits at its end for V8's threads, one of which may
 * wait, in the middle of a concurrent compilation, for that thread to collect garbage: https://github.com/nodejs/node/issues/54918.
 * Seen on Node 22 on a loaded machine, once in twenty to eighty ends: NodePlatform::DrainTasks in the one stack,
 * CollectionBarrier::AwaitCollectionBackground in the other, and no lock of nanotally's in any.
 */
export const ENDING_FLAGS: readonly string[] = ['--no-concurrent-recompilation']

const living = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

/** A forked script. It is killed at its timeout and at the end of this process at the latest. */
export class Child {
  /** Resolves when the process is gone and its output read to the end. Never rejects over how it ended. */
  readonly finished: Promise<ChildResult>
  readonly #process: ChildProcess
  readonly #result: ChildResult = {
    exitCode: null,
    signal: null,
    timedOut: false,
    stdout: '',
    stderr: '',
    messages: [],
  }
  #read = 0
  #ended = false

  constructor(script: string | URL, options: ChildOptions = {}) {
    const { args = [], nodeFlags = [], env = {}, cwd, niceness = 0, timeoutMs } = options
    // Not os.setPriority(): on Linux that is about one thread.
    const nice = niceness === 0 ? undefined : { execPath: 'nice', execArgv: ['-n', `${niceness}`, process.execPath] }
    this.#process = fork(script, args, {
      cwd,
      env: { ...process.env, ...env },
      ...(nice && { execPath: nice.execPath }),
      execArgv: [...(nice?.execArgv ?? []), ...nodeFlags],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    living.add(this.#process)
    for (const name of ['stdout', 'stderr'] as const) {
      this.#process[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#result[name] += text
      })
    }
    this.#process.on('message', (message) => this.#result.messages.push(message))
    this.finished = this.#finish(timeoutMs === undefined ? DEADLINE_MS : timeoutMs * TIME_FACTOR)
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Sends a message to the child's `process.on('message')`. */
  send(message: string | number | boolean | object): void {
    this.#process.send(message)
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#process.kill(signal)
  }

  /**
   * The child's next message that was not yet returned.
   *
   * @throws Error with the child's output when it ends without another message
   */
  async nextMessage(): Promise<unknown> {
    await until('a message of the child', () => {
      if (this.#result.messages.length > this.#read) return true
      if (this.#ended) throw new Error(`the child ended without another message\n${describe(this.#result)}`)
      return false
    })
    return this.#result.messages[this.#read++]
  }

  async #finish(timeoutMs: number): Promise<ChildResult> {
    const timer = setTimeout(() => {
      this.#result.timedOut = true
      this.#process.kill('SIGKILL')
    }, timeoutMs)
    try {
      // 'close' waits for the output, 'disconnect' for the last messages.
      const [[exitCode, signal]] = await Promise.all([once(this.#process, 'close'), once(this.#process, 'disconnect')])
      return Object.assign(this.#result, { exitCode, signal })
    } finally {
      clearTimeout(timer)
      living.delete(this.#process)
      this.#ended = true
    }
  }
}

/** Forks a script and resolves when it has ended, however it did. */
export function runChild(script: string | URL, options?: ChildOptions): Promise<ChildResult> {
  return new Child(script, options).finished
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/**
 * Checks how a child ended: by default well.
 *
 * @throws Error with the child's output when it ended in another way
 */
export function assertEnded(
  result: ChildResult,
  { exitCode = 0, signal = null }: { exitCode?: number | null; signal?: NodeJS.Signals | null } = {},
): void {
  const expectedCode = signal === null ? exitCode : null
  if (result.timedOut || result.exitCode !== expectedCode || result.signal !== signal) {
    const expected = signal ?? `exit code ${exitCode}`
    throw new Error(`expected the child to end with ${expected}\n${describe(result)}`)
  }
}

function describe({ exitCode, signal, timedOut, stdout, stderr, messages }: ChildResult): string {
  const end = timedOut ? 'killed at its timeout' : (signal ?? `exit code ${exitCode}`)
  return `it: ${end}\nstdout: ${stdout}\nstderr: ${stderr}\nmessages: ${JSON.stringify(messages)}`
}
