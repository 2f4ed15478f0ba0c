// Time, as it is given to what escalates and tries again, so that tests need not wait.

/** What a program without a test's needs never gives. */
export interface AlertClock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Milliseconds since any moment, by a clock that nobody sets. */
  elapsed(): number
  /** Calls that once, after so many milliseconds; keeps no process alive. */
  after(ms: number, then: () => void): { cancel(): void }
}

/** A moment, by both clocks. */
export interface Moment {
  readonly now: number
  readonly elapsed: number
}

export function momentOf(clock: AlertClock): Moment {
  return { now: clock.now(), elapsed: clock.elapsed() }
}

/** setTimeout() holds no more. */
export const LONGEST_MS = 2 ** 31 - 1

export const SYSTEM_CLOCK: AlertClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, Math.min(ms, LONGEST_MS)).unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
