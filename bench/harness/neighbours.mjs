// Measures how much processor time processes outside of a bench used meanwhile: figures from a busy machine are worth less.
import os from 'node:os'

/** From its construction to `processors()`; the caller adds what its own children used. */
export class Neighbours {
  #start = { time: performance.now(), busy: busyMilliseconds(), own: ownMilliseconds() }
  #children = 0

  /** @param {number} milliseconds Processor time of a child that ran within the watch. */
  addChild(milliseconds) {
    this.#children += milliseconds
  }

  /** How many processors the others kept busy on average. The system counts in ticks of 10 ms. */
  processors() {
    const busy = busyMilliseconds() - this.#start.busy
    const ours = ownMilliseconds() - this.#start.own + this.#children
    return Math.max(0, busy - ours) / (performance.now() - this.#start.time)
  }
}

function busyMilliseconds() {
  return os.cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
}

function ownMilliseconds() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
