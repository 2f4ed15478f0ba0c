// What is due when, the earliest first; of what is due at the same time, what came first. A binary heap, so that whatever waits,
// to add one and to take one costs a few comparisons.

export interface Scheduled {
  /** In milliseconds. It does not change while it is in here. */
  readonly dueAt: number
  /** It differs: what came first has the least. */
  readonly order: number
}

export class Schedule<T extends Scheduled> {
  /** Of one at `i`, those that are not before it are at `2 * i + 1` and `2 * i + 2`. */
  #heap: T[] = []

  /** The earliest. */
  get first(): T | undefined {
    return this.#heap[0]
  }

  /** These in place of all. */
  set(all: T[]): void {
    this.#heap = all.sort((a, b) => (isBefore(a, b) ? -1 : 1))
  }

  add(one: T): void {
    let at = this.#heap.push(one) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(one, this.#at(above))) break
      this.#heap[at] = this.#at(above)
      at = above
    }
    this.#heap[at] = one
  }

  /** Takes the earliest out. */
  take(): T | undefined {
    const { first } = this
    const last = this.#heap.pop()
    if (last === undefined || last === first) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= this.#heap.length) break
      if (below + 1 < this.#heap.length && isBefore(this.#at(below + 1), this.#at(below))) below++
      if (!isBefore(this.#at(below), last)) break
      this.#heap[at] = this.#at(below)
      at = below
    }
    this.#heap[at] = last
    return first
  }

  #at(i: number): T {
    return this.#heap[i] as T
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order)
}
