// How many observations a worker takes at once, and from whom it steals. Pure functions of queue depths.
//
// Large batches cost less per observation where many wait; small ones do not make a recall wait behind them.

export const MIN_BATCH = 4
export const MAX_BATCH = 64

/** The size of a worker's batches: doubles where two of them wait, halves where not half of one does. */
export class BatchSizer {
  size = MIN_BATCH

  /** Looks at the observations that wait before a batch is taken. @param {number} waiting @returns {boolean} whether it grew */
  adapt(waiting) {
    const before = this.size
    if (waiting >= 2 * this.size) this.size = Math.min(MAX_BATCH, 2 * this.size)
    else if (2 * waiting < this.size) this.size = Math.max(MIN_BATCH, this.size / 2)
    return this.size > before
  }
}

/**
 * Observations that a queue keeps for its owner: the largest batch that the owner may be about to take, and another one. A
 * queue of which this would be more than half keeps half.
 * @param {number} capacity observations that the queue has room for
 */
export function stealAbove(capacity) {
  return Math.min(2 * MAX_BATCH, capacity / 2)
}

/**
 * The queue to steal a batch from: the longest of the others, where it holds more than {@link stealAbove}. Where the load is
 * balanced none does.
 * @param {readonly { observations: number, observationCapacity: number }[]} queues @param {number} own index of the thief's own
 * @returns {number} -1 for none
 */
export function victimOf(queues, own) {
  let victim = -1
  let longest = 0
  for (let i = 0; i < queues.length; i++) {
    const waiting = i === own ? 0 : queues[i].observations
    if (waiting <= longest || waiting <= stealAbove(queues[i].observationCapacity)) continue
    victim = i
    longest = waiting
  }
  return victim
}
