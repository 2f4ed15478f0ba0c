// A lock in shared memory (Drepper, "Futexes are tricky", 2011: the third mutex). An uncontended acquire is one
// compare-and-exchange; who has to wait sleeps in Atomics.wait. Not reentrant. All accesses are Atomics, which are
// sequentially consistent: what one holder wrote, the next one reads.
//
// The engine has one lock per queue and one per shard of memory. No thread holds two of them at once.

const FREE = 0
const HELD = 1
/** Held, and somebody sleeps. */
const AWAITED = 2

/** One thread's access to a lock. */
export class Lock {
  #words
  #at
  /** Acquires of this object that had to wait: another thread was faster. */
  contended = 0

  /** @param {Int32Array} words in shared memory @param {number} at the lock's word, 0 at first */
  constructor(words, at) {
    this.#words = words
    this.#at = at
  }

  /** Blocks the thread until the lock is its own. */
  acquire() {
    if (Atomics.compareExchange(this.#words, this.#at, FREE, HELD) === FREE) return
    this.contended++
    // Whoever had to wait leaves the word at AWAITED: it cannot know whether others still sleep.
    while (Atomics.exchange(this.#words, this.#at, AWAITED) !== FREE) Atomics.wait(this.#words, this.#at, AWAITED)
  }

  release() {
    if (Atomics.exchange(this.#words, this.#at, FREE) === AWAITED) Atomics.notify(this.#words, this.#at, 1)
  }
}
