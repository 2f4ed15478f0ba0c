// Starts a real server for a test in a temporary folder of its own, so that neither can outlive the test process.
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './until.js'

const GUARD = fileURLToPath(new URL('server-guard.mjs', import.meta.url))
const TOOLS = fileURLToPath(new URL('../../scripts/tools.sh', import.meta.url))
const LOG_CHARACTERS = 100_000
const paths = new Map<string, string>()

/**
 * The path of a tool that scripts/tools.sh knows, fetched when it is missing.
 *
 * @throws Error with the script's instruction when it cannot be had
 */
export function toolPath(name: string): string {
  let path = paths.get(name)
  if (path === undefined) {
    path = execFileSync(TOOLS, [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
    paths.set(name, path)
  }
  return path
}

export interface ServerOptions {
  /** The program to run; it runs in the server's folder. */
  command: string
  args: readonly string[]
  /** Files to write into the folder first, by their names. */
  files?: Readonly<Record<string, string>>
  /** A user's id, and a group's of the same number, that the folder is given to. Default: this process's. */
  owner?: number | undefined
  /** What its environment has besides this process's. */
  env?: Readonly<Record<string, string>>
}

/** A running server. Its guard stops it and removes its folder when `stop` is called or this process ends. */
export class Server {
  /** The server's temporary folder. */
  readonly folder: string
  readonly #command: string
  readonly #guard: ChildProcess
  readonly #gone: Promise<unknown>
  #pid = 0
  #log = ''
  #ended = false

  private constructor(command: string, folder: string, guard: ChildProcess) {
    this.#command = command
    this.folder = folder
    this.#guard = guard
    // Not 'close': Node emits none when this side has closed the IPC channel.
    this.#gone = once(guard, 'exit')
    const outputs = [guard.stdout, guard.stderr].filter((stream) => stream !== null)
    for (const output of outputs) {
      output.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-LOG_CHARACTERS)
      })
    }
    Promise.all([this.#gone, ...outputs.map((output) => once(output, 'end'))]).then(() => {
      this.#ended = true
    })
  }

  /** Starts the server and resolves as soon as its process exists; whether it is ready, ask it with `until`. */
  static async start({ command, args, files = {}, owner, env = {} }: ServerOptions): Promise<Server> {
    const folder = mkdtempSync(join(tmpdir(), 'nanotally-server-'))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    if (owner !== undefined) chownSync(folder, owner, owner)
    const guard = fork(GUARD, [folder, command, ...args], {
      env: { ...process.env, ...env },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const server = new Server(command, folder, guard)
    guard.once('message', ({ pid }: { pid: number }) => {
      server.#pid = pid
    })
    await server.until('the process', () => server.#pid !== 0)
    return server
  }

  /** The server's process id. */
  get pid(): number {
    return this.#pid
  }

  /** What the server wrote to stdout and stderr; of a long log the end. */
  get log(): string {
    return this.#log
  }

  /** Whether the server's process has ended and `log` is complete. */
  get ended(): boolean {
    return this.#ended
  }

  /**
   * Waits like `until` of until.ts, but no longer than the server lives.
   *
   * @throws Error with the server's log when it ends first or the deadline passes
   */
  async until<T>(what: string, probe: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
    try {
      return await until(`${what} of ${this.#command}`, async () => {
        const ended = this.#ended // before the probe, which may be what sees the last of the log
        const result = await probe()
        if ((result === undefined || result === false) && ended) throw new Error(`${this.#command} ended early`)
        return result
      })
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.#log}`, { cause: error })
    }
  }

  /** Stops the server and resolves when its process is gone and its folder removed. May be called again. */
  async stop(): Promise<void> {
    if (this.#guard.connected) this.#guard.disconnect()
    await this.#gone
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
