// The test addon, built by scripts/build-addons.sh: nanotally.h as functions (addon/recorder.cc).
import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../support/temporary.js'

/** A `nanotally_status` without its prefix. */
export type Status =
  | 'OK'
  | 'NOT_ATTACHED'
  | 'INVALID_ARGUMENT'
  | 'CONFLICT'
  | 'CLOSED'
  | 'NO_MEMORY'
  | 'INCOMPATIBLE'
  | 'ATTACHED_ELSEWHERE'

export type Type = 'counter' | 'gauge' | 'histogram'

/** `nanotally_counter_add`, `nanotally_gauge_set`, `nanotally_gauge_add`, `nanotally_histogram_observe`. */
export type Recording = 'add' | 'set' | 'change' | 'observe'

/** Null is C's NULL; a Buffer may hold what is not UTF-8. */
export type CText = string | Buffer | null

/** A handle of any type, the same number in every thread. 0 is NULL. */
export type Handle = number

export interface GetOptions {
  registry?: CText
  help?: CText
  unit?: CText
  buckets?: readonly number[]
  schema?: number
  /** Default: what the header says. */
  size?: number
}

export interface Recorder {
  attach(value: unknown): Status
  attachNoTable(): Status
  /** An External with a table that is no copy's; `smaller` by so many bytes than it should be. */
  external(tag: 'none' | 'other' | 'right', version: number, smaller: number): object
  get(
    type: Type,
    name: CText,
    labels?: readonly (readonly [CText, CText])[] | null,
    options?: GetOptions,
  ): { status: Status; handle: Handle }
  getToNowhere(): Status[]
  /** The address is the handle, 0n is NULL. */
  region(name: CText, events: readonly string[] | null): { status: Status; address: bigint }
  /** So many runs on each of so many new threads. */
  runRegion(address: bigint, threads: number, each: number): void
  /** A run on this thread in which `fn` is called. */
  aroundRegion(address: bigint, fn: () => void): void
  releaseRegion(address: bigint): void
  release(handle: Handle): void
  record(what: Recording, handle: Handle, values: readonly number[]): void
  /** By a thread that stays on one CPU; false where it may not. */
  recordOnOneCpu(what: Recording, handle: Handle, values: readonly number[]): boolean
  /** Starts threads that record the values in turn: `each` times, or until `end(team, true)`. */
  start(threads: number, what: Recording, handle: Handle, values: readonly number[], each?: number): number
  recordings(team: number): number
  /**
   * Signals so often a thread that gets, releases and records through the handles and NULL; the signal handler records
   * through them too. How often the thread recorded.
   */
  interrupt(counter: Handle, gauge: Handle, histogram: Handle, times: number): number
  /** Waits for a team's threads; the recordings they made. */
  end(team: number, stop: boolean): number
}

export const RECORDER = fileURLToPath(new URL('addon/build/Release/recorder.node', import.meta.url))

const require = createRequire(import.meta.url)

/** The instance of this process. */
export const recorder: Recorder = require(RECORDER)

/** An instance of its own, attached to nothing: the loader tells addons apart by their files. */
export function freshRecorder(): Recorder {
  const file = join(temporaryFolder(), 'recorder.node')
  copyFileSync(RECORDER, file)
  return require(file)
}

/** A handle that must be given. @throws Error with the status when it is not */
export function handleOf(from: Recorder, ...request: Parameters<Recorder['get']>): Handle {
  const { status, handle } = from.get(...request)
  if (status !== 'OK' || handle === 0) throw new Error(`get ${String(request[1])}: ${status}, handle ${handle}`)
  return handle
}
