// The heap of this thread's isolate, read when a scrape asks for it.
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { type Gauge, gauge } from '../instruments/gauge.js'
import type { Registry } from '../registry.js'

type HeapStatistic = keyof ReturnType<typeof getHeapStatistics>
type SpaceStatistic = Exclude<keyof ReturnType<typeof getHeapSpaceStatistics>[number], 'space_name'>

const HEAP: [name: string, help: string, of: HeapStatistic][] = [
  ['nodejs_heap_size_total_bytes', "Memory that V8's heap has taken.", 'total_heap_size'],
  ['nodejs_heap_size_used_bytes', "Memory that objects in V8's heap take.", 'used_heap_size'],
  ['nodejs_heap_size_limit_bytes', "How large V8's heap may become.", 'heap_size_limit'],
  ['nodejs_external_memory_bytes', 'Memory outside of the heap that objects in it hold.', 'external_memory'],
  ['nodejs_heap_malloced_memory_bytes', 'Memory that V8 has taken by malloc.', 'malloced_memory'],
]

const SPACES: [name: string, help: string, of: SpaceStatistic][] = [
  ['nodejs_heap_space_size_total_bytes', "Memory that a space of V8's heap has taken.", 'space_size'],
  ['nodejs_heap_space_size_used_bytes', 'Memory that objects in the space take.', 'space_used_size'],
  ['nodejs_heap_space_size_available_bytes', 'Memory that the space has free.', 'space_available_size'],
]

export const HEAP_NAMES = [...HEAP, ...SPACES].map(([name]) => name)

/** prom-client's names of the spaces: `new` for V8's `new_space`. */
function spaceName(name: string): string {
  return name.replace(/_space$/, '')
}

/** The gauges of one registry, whose values are set by their collect callbacks while it is on. */
export class HeapGauges {
  readonly #registry: Registry
  readonly #thread: string
  #heap: Gauge<['thread']>[] = []
  #spaces: Gauge<['thread', 'space']>[] = []
  #on = false

  constructor(registry: Registry, thread: string) {
    this.#registry = registry
    this.#thread = thread
  }

  /** Defines them where they are not, or no more. */
  define(): void {
    const registry = this.#registry
    // One callback reads for all: readings of V8 are not free.
    const labels = ['thread'] as const
    this.#heap = HEAP.map(([name, help], index) =>
      gauge({ name, help, unit: 'bytes', labels, registry, ...(index === 0 && { collect: () => this.#collect() }) }),
    )
    this.#spaces = SPACES.map(([name, help]) =>
      gauge({ name, help, unit: 'bytes', labels: ['thread', 'space'], registry }),
    )
  }

  /** Sets the values from the next scrape on. */
  start(): void {
    this.#on = true
  }

  /** Takes the values back. */
  stop(): void {
    this.#on = false
    for (const one of this.#heap) if (this.#isThere(one)) one.remove({ thread: this.#thread })
    for (const one of this.#spaces) {
      if (!this.#isThere(one)) continue
      for (const { space_name } of getHeapSpaceStatistics()) {
        one.remove({ thread: this.#thread, space: spaceName(space_name) })
      }
    }
  }

  /** The program may remove them, as any metric. */
  #isThere({ name }: { name: string }): boolean {
    return this.#registry._find(name) !== undefined
  }

  #collect(): void {
    if (!this.#on) return
    const heap = getHeapStatistics()
    for (const [index, [, , of]] of HEAP.entries()) {
      const one = this.#heap[index] as Gauge<['thread']>
      if (this.#isThere(one)) one.set({ thread: this.#thread }, heap[of])
    }
    const spaces = this.#spaces.map((one) => this.#isThere(one))
    for (const space of getHeapSpaceStatistics()) {
      const labels = { thread: this.#thread, space: spaceName(space.space_name) }
      for (const [index, [, , of]] of SPACES.entries()) {
        if (spaces[index]) this.#spaces[index]?.set(labels, space[of])
      }
    }
  }
}
