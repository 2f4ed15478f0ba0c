// What asks the demo to end: a signal, a time, a failure, the end of stdin. There are two ends: the load stops, and then,
// where the demo holds, its metrics go.
import { fstatSync } from 'node:fs'
import { constants } from 'node:os'

/** A signal that comes so long after the first one means that the clean end takes too long. */
const PATIENCE_MS = 2000

/** Listens for signals and remembers what was asked, so that nothing is missed while nobody waits. */
export class Ends {
  /** @type {'loading' | 'running' | 'holding'} */
  #phase = 'loading'
  #askedAtMs = Number.POSITIVE_INFINITY
  #resolveStop = () => {}
  #resolveLeave = () => {}

  /** Settles when the load has to stop. @type {Promise<void>} */
  stop = new Promise((resolve) => {
    this.#resolveStop = resolve
  })
  /** Settles when the demo has to go. @type {Promise<void>} */
  leave = new Promise((resolve) => {
    this.#resolveLeave = resolve
  })

  constructor() {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
      process.on(signal, () => {
        // While loading there is nothing to end cleanly, and out of patience there is nobody to do it.
        if (this.#phase === 'loading' || performance.now() - this.#askedAtMs > PATIENCE_MS) {
          process.exit(128 + constants.signals[signal])
        }
        if (this.#phase === 'running') this.askToStop()
        else this.#resolveLeave()
      })
    }
  }

  /** From here on a signal stops the load. */
  running() {
    this.#phase = 'running'
  }

  /** From here on a signal lets the metrics go. */
  holding() {
    this.#phase = 'holding'
    this.#askedAtMs = Number.POSITIVE_INFINITY
  }

  /**
   * The load has to stop. Asking twice is asking once: a Ctrl-C under npm comes from the terminal and from npm.
   */
  askToStop() {
    if (this.#askedAtMs === Number.POSITIVE_INFINITY) this.#askedAtMs = performance.now()
    this.#resolveStop()
  }

  /**
   * Lets the going of whoever started the demo count as both ends: the end of stdin, where something can be at its other
   * side (/dev/null and files end at once and say nothing), or of the channel to a parent that forked it.
   */
  watchStarter() {
    process.on('disconnect', this.#starterGone)
    const stdin = fstatSync(0)
    if (!stdin.isFIFO() && !stdin.isSocket() && !process.stdin.isTTY) return
    process.stdin.on('end', this.#starterGone).on('close', this.#starterGone).resume()
  }

  #starterGone = () => {
    this.askToStop()
    this.#resolveLeave()
  }

  /** Lets go of the channel and of stdin, which would keep the process. */
  unwatchStarter() {
    process.off('disconnect', this.#starterGone)
    process.stdin.destroy()
  }
}
