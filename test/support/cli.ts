// Runs the CLI: in this process, or as a user does, in one of its own, its output a pipe or a pseudo terminal.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, Server as HttpServer, type RequestListener } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { text as readText } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { onTestFinished } from 'vitest'
import { run } from '../../dist/cli/run.js'
import { until } from './until.js'

export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const PSEUDO_TERMINAL = fileURLToPath(new URL('pseudo-terminal.py', import.meta.url))

const END_FRAME = '\x1b[?2026l'

export interface CliResult {
  exitCode: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface CliOptions {
  env?: Readonly<Record<string, string>>
  /** Written to stdin. Default: stdin is at its end. */
  input?: string | Uint8Array
  cwd?: string
}

function environment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NO_COLOR: _, NANOTALLY_USER: __, ...inherited } = process.env
  return { ...inherited, TERM: 'xterm-256color', ...env }
}

/** Starts the CLI; it does not outlive the test. */
export function startCli(args: readonly string[], { env, cwd }: CliOptions = {}): ChildProcess {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env: environment(env), stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Runs the CLI to its end, in this process; `signal` is null then. */
export async function cli(args: readonly string[], input: string | Uint8Array = ''): Promise<CliResult> {
  const io = { stdin: Readable.from([Buffer.from(input)]), stdout: new PassThrough(), stderr: new PassThrough() }
  const texts = Promise.all([readText(io.stdout), readText(io.stderr)])
  const exitCode = await run(args, io)
  io.stdout.end()
  io.stderr.end()
  const [stdout, stderr] = await texts
  return { exitCode, signal: null, stdout, stderr }
}

/** Runs the CLI to its end, in a process of its own. */
export async function cliProcess(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = startCli(args, options)
  child.stdin?.on('error', () => {}) // the CLI may end before it has read everything
  child.stdin?.end(options.input ?? '')
  const [[exitCode, signal], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    readText(child.stdout as NonNullable<typeof child.stdout>),
    readText(child.stderr as NonNullable<typeof child.stderr>),
  ])
  return { exitCode, signal, stdout, stderr }
}

/** What is left of a terminal's program. */
export interface TerminalEnd {
  exitCode: number | null
  signal: number | null
  /** Whether the terminal echoes and reads by lines, as it did before. */
  echo: boolean
  canonical: boolean
}

/** The CLI in a pseudo terminal; it does not outlive the test. */
export class TerminalCli {
  output = ''
  readonly ended: Promise<TerminalEnd>
  readonly #child: ChildProcess
  #ended = false

  constructor(args: readonly string[], { columns = 100, lines = 30, env = {} } = {}) {
    const command = [PSEUDO_TERMINAL, `${columns}`, `${lines}`, process.execPath, CLI, ...args]
    this.#child = spawn('python3', command, { env: environment(env), stdio: 'pipe' })
    onTestFinished(() => void this.#child.stdin?.end()) // which ends what it runs
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
    })
    this.ended = this.#end()
  }

  async #end(): Promise<TerminalEnd> {
    const stderr = readText(this.#child.stderr as NonNullable<ChildProcess['stderr']>)
    await once(this.#child, 'close')
    this.#ended = true
    const told = await stderr
    if (!told.startsWith('{')) throw new Error(`the pseudo terminal failed: ${told}`)
    return JSON.parse(told)
  }

  /** The last screen that was drawn whole, as lines without colours. */
  get screen(): string[] {
    const frames = this.output.split('\x1b[H').slice(1)
    const frame = frames.findLast((text) => text.includes(END_FRAME)) ?? ''
    return stripVTControlCharacters(frame.slice(0, frame.indexOf(END_FRAME))).split(/\r+\n/)
  }

  press(keys: string): void {
    this.#order({ write: keys })
  }

  resize(columns: number, lines: number): void {
    this.#order({ resize: [columns, lines] })
  }

  signal(number: number): void {
    this.#order({ signal: number })
  }

  /** Waits until the screen is as wanted, and returns it. */
  until(what: string, probe: (screen: string[]) => boolean): Promise<string[]> {
    const seen = () => {
      const ended = this.#ended // before the probe, which may be what sees the last of the output
      if (probe(this.screen)) return this.screen
      if (ended) throw new Error(`it ended without ${what} on the screen`)
      return false
    }
    return until(`${what} on the screen`, seen).catch((error) => {
      throw new Error(`${error.message}\n${this.screen.join('\n')}\n${JSON.stringify(this.output.slice(-500))}`)
    })
  }

  #order(order: object): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`)
  }
}

/** Starts a server on a free port of the loopback for the length of a test. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    if (server instanceof HttpServer) server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** The same for a web server. */
export async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`
}

/** A server that answers everything with a text as an exposition. */
export function serveText(text: string, contentType = 'text/plain; version=0.0.4'): Promise<string> {
  return serve((_, response) => response.writeHead(200, { 'content-type': contentType }).end(text))
}

/** A port at which nothing listens: it was taken a moment ago. */
export async function deadPort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
