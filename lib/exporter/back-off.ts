// When what has ended is started again: later each time, unless it ran well in between.

const FIRST_MS = 100
const LONGEST_MS = 30_000
/** Who has run for this long begins anew. */
const STABLE_MS = 60_000

/** The delays of one that is started again and again. */
export class BackOff {
  readonly #stableMs: number
  #failures = 0
  /** Of the run that goes on; undefined before it runs. */
  #runningSince: number | undefined

  constructor(stableMs = STABLE_MS) {
    this.#stableMs = stableMs
  }

  running(): void {
    this.#runningSince = performance.now()
  }

  /** It has ended, or could not begin. In how many milliseconds it is started again. */
  ended(): number {
    if (this.#runningSince !== undefined && performance.now() - this.#runningSince >= this.#stableMs) this.#failures = 0
    this.#runningSince = undefined
    return Math.min(FIRST_MS * 2 ** this.#failures++, LONGEST_MS)
  }
}
