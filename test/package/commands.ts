// Commands run as a user's shell would, in an environment that is told whole: how they ended, and every line that they said.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface RunOptions {
  cwd: string
  /** All of it: nothing of this process' environment is passed on. */
  env: Readonly<Record<string, string>>
  /** True to run it in a network namespace of its own, which has no interface that is up, where the kernel permits that. */
  withoutNetwork?: boolean
  /** When the command and all that it started are killed. Default 120 000. */
  timeoutMs?: number
  /** Kills it likewise as soon as its output matches: for what is known not to end by itself. */
  killAt?: RegExp
}

export interface Run {
  command: string
  /** Null where a signal ended it. */
  exitCode: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** Groups of processes that were started and not yet seen to end. */
const living = new Set<ChildProcess>()
process.on('exit', () => living.forEach(killGroup))

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** @throws Error where PATH has no such command */
export function onPath(name: string): string {
  const found = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  const path = found.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (path === undefined) throw new Error(`${name} is not on PATH`)
  return path
}

const WITHOUT_NETWORK = ['/usr/bin/unshare', '-rn']

/** Whether this kernel and this user permit a network namespace. */
export const canTakeNetworkAway = spawnSync(WITHOUT_NETWORK[0] as string, ['-rn', 'true']).status === 0

/** Runs a command and resolves when it and its output have ended, however it did. */
export async function run(command: readonly string[], options: RunOptions): Promise<Run> {
  const { cwd, env, withoutNetwork = false, timeoutMs = 120_000, killAt } = options
  const words = withoutNetwork && canTakeNetworkAway ? [...WITHOUT_NETWORK, ...command] : command
  const [file = '', ...args] = words
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  living.add(child)
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
      if (killAt?.test(said[name])) killGroup(child)
    })
  }
  const timer = setTimeout(() => killGroup(child), timeoutMs)
  try {
    const [exitCode, signal] = await once(child, 'close')
    return { command: command.join(' '), exitCode, signal, ...said }
  } finally {
    clearTimeout(timer)
    living.delete(child)
  }
}

/** What it said, line by line, without blank lines. */
export function linesOf({ stdout, stderr }: Run): string[] {
  return `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '')
}

/**
 * Returns the run if it ended well.
 *
 * @throws Error with all that it said
 */
export function ended(run: Run): Run {
  const { command, exitCode, signal, stdout, stderr } = run
  if (exitCode === 0) return run
  throw new Error(`${command}\nended with ${signal ?? `exit code ${exitCode}`}\nstdout: ${stdout}\nstderr: ${stderr}`)
}
