// What `nanotally pmu top PID` watches: the threads of a process, each under counters of its own.
import { readdirSync, readFileSync } from 'node:fs'
import type { PerfEvent } from '../../hardware/perf-events.js'
import { CliError, EXIT } from '../command.js'
import { plural } from '../text.js'
import type { Note } from '../top/view.js'
import { type Absence, absencesOf } from './absences.js'
import { Counters, type Counts, countedRatio, countsSince, estimateOf } from './counting.js'
import type { CountRow } from './rows.js'

const CPU_TIME = 'task_clock_seconds'
const NANOSECOND = 1e-9

interface Watched {
  counters: Counters
  counts: Counts
  /** When they were read, in seconds. */
  at: number
}

export class Threads {
  rows: CountRow[] = []
  readonly name: string
  readonly #pid: number
  readonly #events: readonly PerfEvent[]
  readonly #kinds: ReadonlyMap<string, PerfEvent['kind']>
  readonly #watched = new Map<number, Watched>()
  #absences: Absence[] = []
  #countedRatio = 1
  #started: string | undefined

  /** @throws CliError where there is no such process */
  constructor(pid: number, events: readonly PerfEvent[]) {
    this.#pid = pid
    this.#events = events
    this.#kinds = new Map(events.map(({ name, kind }) => [name, kind]))
    this.name = `process ${pid}`
    this.#started = startOf(pid)
    if (this.#started === undefined)
      throw new CliError(EXIT.unreachable, `there is no process ${pid}${pid < 65536 ? `: a port is :${pid}` : ''}`)
  }

  /**
   * Reads all threads, opens new ones, and lets go of those that have ended.
   *
   * @throws CliError where the process has ended, and where none of its events may be counted
   */
  read(): void {
    // A number that is used again is another process'.
    const hasEnded = this.#started === undefined || startOf(this.#pid) !== this.#started
    const threads = hasEnded ? [] : threadsOf(this.#pid)
    for (const tid of this.#watched.keys()) if (!threads.includes(tid)) this.#release(tid)
    if (threads.length === 0) {
      this.#started = undefined
      throw new CliError(EXIT.unreachable, `${this.name}: it has ended`)
    }
    const sums = { enabled: 0, running: 0 }
    this.rows = threads.flatMap((tid) => this.#row(tid, sums) ?? [])
    this.#countedRatio = sums.enabled > 0 ? Math.min(1, sums.running / sums.enabled) : 1
  }

  close(): void {
    for (const tid of [...this.#watched.keys()]) this.#release(tid)
  }

  get note(): Note {
    const threads = plural(this.#watched.size, 'thread')
    const why = this.#absences[0]
    if (why !== undefined) {
      const [first = ''] = why.events
      const more = this.#absences.reduce((sum, { events }) => sum + events.length, 0) - 1
      const which = more > 0 ? `${first} and ${more} more` : first
      return { text: `${threads}; not counted: ${which} (${why.reason}: see nanotally pmu)`, alarms: false }
    }
    const ratio = this.#countedRatio
    return {
      text: ratio < 1 ? `${threads}; estimates: counted for ${(ratio * 100).toFixed(0)} % of the time` : threads,
      alarms: false,
    }
  }

  #row(tid: number, sums: { enabled: number; running: number }): CountRow | undefined {
    const name = nameOf(this.#pid, tid)
    if (name === undefined) return undefined
    const before = this.#watched.get(tid) ?? this.#open(tid)
    if (before === undefined) return undefined
    const counts = before.counters.read()
    const at = performance.now() / 1000
    this.#watched.set(tid, { ...before, counts, at })
    const elapsed = at - before.at
    const rates = new Map<string, number>()
    for (const [event, count] of countsSince(before.counts, counts)) {
      const kind = this.#kinds.get(event) ?? 'hardware'
      const estimate = estimateOf(count, kind)
      if (estimate !== undefined && elapsed > 0) rates.set(event, estimate / elapsed)
      if (kind === 'software' || countedRatio(count) === 1) continue
      sums.enabled += count.enabled
      sums.running += count.running
    }
    const nanoseconds = rates.get(CPU_TIME)
    return { name, id: tid, ...(nanoseconds !== undefined && { time: nanoseconds * NANOSECOND }), rates }
  }

  /** Undefined for a thread that has ended meanwhile. */
  #open(tid: number): Watched | undefined {
    const counters = new Counters(this.#events, { pid: tid, withChildren: false, fromExecOn: false })
    const errors = counters.errors()
    const hasEnded = [...errors.values()].includes('ESRCH')
    const absences = absencesOf(this.#events, errors, [])
    if (hasEnded || counters.events.length === errors.size) {
      counters.close()
      if (hasEnded) return undefined
      const [why] = absences
      const reason = why === undefined ? 'nothing can be counted' : `${why.message} ${why.hint}`.trimEnd()
      throw new CliError(EXIT.unreachable, `${this.name}: ${reason}`)
    }
    this.#absences = absences
    return { counters, counts: counters.read(), at: performance.now() / 1000 }
  }

  #release(tid: number): void {
    this.#watched.get(tid)?.counters.close()
    this.#watched.delete(tid)
  }
}

function readLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trimEnd()
  } catch {
    return undefined // it has ended
  }
}

/** When a process was started; undefined where there is none. */
function startOf(pid: number): string | undefined {
  const stat = readLine(`/proc/${pid}/stat`)
  // Behind the name, which may hold anything: field 22 of all, proc(5).
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

function nameOf(pid: number, tid: number): string | undefined {
  return readLine(`/proc/${pid}/task/${tid}/comm`)
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return [] // it has ended
  }
}
