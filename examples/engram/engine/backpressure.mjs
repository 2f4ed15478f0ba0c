// Back-pressure: how full the queues of a memory space are, as one of four states. A state is entered at a higher
// utilisation than the one at which it is left, so that a queue at a threshold does not make it flicker. A pure module.
import { LEVELS, NORMAL } from './terms.mjs'

/** Shares of the capacity from which a state is entered, and below which it is left. [level] */
export const ENTERED_AT = Object.freeze([0, 0.5, 0.8, 0.95])
export const LEFT_BELOW = Object.freeze([0, 0.4, 0.7, 0.85])

/** The back-pressure of one memory space. */
export class Backpressure {
  /** Index into LEVELS. */
  level = NORMAL

  /**
   * Goes one level towards what a utilisation asks for: call it until it says 0, so that no state is passed over.
   * @param {number} utilisation 0 to 1
   * @returns {number} 1: a level up; -1: a level down; 0: where it has to be
   */
  step(utilisation) {
    if (this.level + 1 < LEVELS.length && utilisation >= ENTERED_AT[this.level + 1]) {
      this.level++
      return 1
    }
    if (utilisation < LEFT_BELOW[this.level]) {
      this.level--
      return -1
    }
    return 0
  }
}
