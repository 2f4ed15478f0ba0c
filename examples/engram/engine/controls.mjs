// What the main thread tells the workers while they run, in shared memory: to stand still, to take longer over an
// observation, to find the index corrupt. Scenarios use it; a calm engine has all of it at zero.

const CORRUPT = 0
const COST_US = 1
const STALLED = 2

/** @param {number} workers @returns {Int32Array} */
export function createControls(workers) {
  return new Int32Array(new SharedArrayBuffer((STALLED + workers) * 4))
}

/** Either side of the controls. */
export class Controls {
  #words

  /** @param {Int32Array} words of {@link createControls} */
  constructor(words) {
    this.#words = words
  }

  /** Whether the index refuses every batch. */
  get isCorrupt() {
    return Atomics.load(this.#words, CORRUPT) === 1
  }

  set isCorrupt(value) {
    Atomics.store(this.#words, CORRUPT, value ? 1 : 0)
  }

  /** Work that each observation makes besides its own, in microseconds. */
  get costUs() {
    return Atomics.load(this.#words, COST_US)
  }

  set costUs(value) {
    Atomics.store(this.#words, COST_US, Math.trunc(value))
  }

  /** Stops a worker before its next take, or lets it go on. @param {number} worker @param {boolean} stalled */
  stall(worker, stalled) {
    Atomics.store(this.#words, STALLED + worker, stalled ? 1 : 0)
    Atomics.notify(this.#words, STALLED + worker)
  }

  /** Worker: blocks the thread for as long as it has to stand still. @param {number} worker @returns {boolean} whether it had to */
  stand(worker) {
    return Atomics.wait(this.#words, STALLED + worker, 1) !== 'not-equal'
  }

  /** Back to calm. */
  release() {
    for (let at = 0; at < this.#words.length; at++) {
      Atomics.store(this.#words, at, 0)
      Atomics.notify(this.#words, at)
    }
  }
}
