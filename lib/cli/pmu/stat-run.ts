// Runs a command under the counters, and tells what it did.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Writable } from 'node:stream'
import { type Arguments, CliError, EXIT, type Io, usageError } from '../command.js'
import { OutputFile } from '../output-file.js'
import { Counters, type Counts, eventsOf } from './counting.js'
import { type Outcome, statJson, statText } from './stat-report.js'

/** Waits until the counters are open, then becomes the command: a shell's exec, so the process is the same. */
const WAIT_THEN_EXEC = 'read -r _ <&3; exec 3<&-; exec "$@"'
/** Those that a terminal's keys send to all programs in its foreground, the command too. */
const KEY_SIGNALS = ['SIGINT', 'SIGQUIT'] as const
const SIGNALS = [...KEY_SIGNALS, 'SIGTERM', 'SIGHUP'] as const

export async function runStat(args: Arguments, io: Io): Promise<number> {
  const words = args.positionals
  if (words.length === 0) throw usageError('a command is missing')
  const events = eventsOf(args)
  const file = OutputFile.of(args, 'output')
  const child = await start(words)
  const stopForwarding = forwardSignals(child, io.stdin.isTTY === true)
  try {
    const counters = new Counters(events, { pid: child.pid ?? 0, withChildren: true, fromExecOn: true })
    const began = performance.now()
    const exit = once(child, 'exit')
    const [, , , gate] = child.stdio
    ;(gate as Writable).on('error', () => {}).end('\n')
    const [exitCode, signal] = (await exit) as [number | null, NodeJS.Signals | null]
    const counts = counters.read()
    const outcome: Outcome = {
      command: words,
      elapsedSeconds: (performance.now() - began) / 1000,
      ...{ exitCode, signal, events, counts, errors: counters.errors() },
    }
    counters.close()
    tell(outcome, args, file, io)
    stopForwarding()
    return signal === null ? (exitCode ?? EXIT.internal) : endBy(signal)
  } finally {
    stopForwarding()
  }
}

async function start(words: readonly string[]): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', WAIT_THEN_EXEC, 'sh', ...words], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  })
  try {
    await once(child, 'spawn')
  } catch (error) {
    throw new CliError(EXIT.internal, `no shell to start the command with: ${(error as Error).message}`, {
      cause: error,
    })
  }
  return child
}

/** Signals are the command's; this process ends with it. @returns what takes that back; idempotent */
function forwardSignals(child: ChildProcess, fromTerminal: boolean): () => void {
  const listeners = SIGNALS.map((signal) => {
    const isSentToBoth = fromTerminal && KEY_SIGNALS.some((key) => key === signal)
    return [signal, isSentToBoth ? () => {} : () => void child.kill(signal)] as const
  })
  for (const [signal, listener] of listeners) process.on(signal, listener)
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener)
  }
}

function tell(outcome: Outcome, args: Arguments, file: OutputFile | undefined, { stderr }: Io): void {
  if (!didStart(outcome)) {
    // The shell has said why.
    stderr.write(`nanotally: the command did not start, nothing was counted\n`)
    return
  }
  const text = args.flag('json') ? statJson(outcome) : statText(outcome)
  if (file === undefined) stderr.write(`${text}\n`)
  else file.write(`${text}\n`)
}

/** 126 and 127 are also what a command may end with; one that was never executed was never to be counted. */
function didStart({ exitCode, counts }: { exitCode: number | null; counts: Counts }): boolean {
  if (exitCode !== 126 && exitCode !== 127) return true
  return counts.size === 0 ? false : [...counts.values()].some(({ enabled }) => enabled > 0)
}

/** Ends this process as the command was ended, so that whoever waits for it sees the same. */
function endBy(signal: NodeJS.Signals): number {
  process.kill(process.pid, signal)
  // Not all of them end a program of Node's.
  return 128 + constants.signals[signal]
}
