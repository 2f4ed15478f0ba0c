// The memory pool: its books against a plain model over random allocations and frees, and what it refuses.
import { expect, test } from 'vitest'
import { Random } from '../../../examples/engram/engine/random.mjs'
import { addon, type pools } from '../../../examples/engram/index/addon.mjs'

type Books = ReturnType<typeof pools>['vector_arena']

const SLAB = 64 * 1024

/** Written anew from the text of pool.h: steps of 64 up to 1024, then four a doubling. */
function classBytes(bytes: number): number {
  let step = 64
  for (let least = 1024; bytes > least; least *= 2) step = least / 4
  return Math.ceil(bytes / step) * step
}

function openPool() {
  const pool = addon.createPool()
  return {
    allocate: (bytes: number): number => addon.poolAllocate(pool, bytes),
    free: (address: number): boolean => addon.poolFree(pool, address),
    trim: (): number => addon.poolTrim(pool),
    books: (): Books => addon.poolBooks(pool),
  }
}

/** What is out, by address. */
class Model {
  readonly blocks = new Map<number, { requested: number; used: number }>()
  #sum(key: 'requested' | 'used'): number {
    return Array.from(this.blocks.values()).reduce((sum, block) => sum + block[key], 0)
  }

  /** Fails unless the books say what the model knows. */
  check(books: Books): void {
    const slabs = new Set(Array.from(this.blocks.keys(), (address) => Math.floor(address / SLAB)))
    const [requested, used] = [this.#sum('requested'), this.#sum('used')]
    expect(books).toMatchObject({
      requested,
      used,
      internal: used - requested,
      external: slabs.size * SLAB - used,
      empty: books.capacity - slabs.size * SLAB,
      capacity: books.slabs * SLAB,
      aligned: books.allocations,
      frees: books.allocations - this.blocks.size,
    })
    expect(books.utilization).toBe(books.capacity === 0 ? 0 : used / books.capacity)
    const inUse = slabs.size * SLAB
    expect(books.fragmentation).toBe(inUse === 0 ? 0 : (inUse - requested) / inUse)
  }
}

test.each([1, 2, 3])('random allocations and frees, seed %i: the books are those of the model', (seed) => {
  const random = new Random(seed)
  const pool = openPool()
  const model = new Model()
  let checked = 0
  for (let step = 0; step < 6000; step++) {
    // Grows in the first half, shrinks in the second.
    if (random.next() < (step < 3000 ? 0.65 : 0.4) || model.blocks.size === 0) {
      const requested = 1 + random.below(random.next() < 0.8 ? 300 : 8192)
      const used = classBytes(requested)
      const address = pool.allocate(requested)
      expect(address % 64).toBe(0)
      expect(model.blocks.has(address)).toBe(false)
      model.blocks.set(address, { requested, used })
    } else {
      const address = [...model.blocks.keys()][random.below(model.blocks.size)] as number
      expect(pool.free(address)).toBe(true)
      model.blocks.delete(address)
    }
    if (step % 100 === 0) {
      model.check(pool.books())
      checked++
    }
  }
  // No two blocks overlap.
  const sorted = Array.from(model.blocks, ([address, { used }]) => ({ address, end: address + used }))
  sorted.sort((a, b) => a.address - b.address)
  for (const [i, { address }] of sorted.entries()) expect(sorted[i - 1]?.end ?? 0).toBeLessThanOrEqual(address)
  expect(sorted.length).toBeGreaterThan(50)

  for (const address of model.blocks.keys()) pool.free(address)
  model.blocks.clear()
  model.check(pool.books())
  const { capacity } = pool.books()
  expect(pool.books()).toMatchObject({ empty: capacity })
  expect(pool.trim()).toBe(capacity)
  expect(pool.books()).toMatchObject({ capacity: 0, empty: 0, slabs: 0, refused: 0 })
  expect(checked).toBe(60)
})

test('what is not out is not freed, and nothing of it is touched', () => {
  const pool = openPool()
  const other = openPool()
  const block = pool.allocate(256)
  const foreign = other.allocate(256)
  const refused = [block + 64, block + 1, block + 256, foreign, 8, 2 ** 47, 2 ** 52]
  for (const address of refused) expect(pool.free(address), String(address)).toBe(false)
  expect(pool.free(block)).toBe(true)
  expect(pool.free(block)).toBe(false)
  expect(pool.books()).toMatchObject({ frees: 1, refused: refused.length + 1, used: 0 })
  expect(pool.trim()).toBe(SLAB)
  expect(pool.free(block)).toBe(false) // of a slab that is gone
  expect(pool.free(0)).toBe(true) // as free(NULL)
  expect(other.free(foreign)).toBe(true)
})

test('nothing, and more than a block can hold, is not given', () => {
  const pool = openPool()
  expect(pool.allocate(0)).toBe(0)
  expect(pool.allocate(8193)).toBe(0)
  expect(pool.books()).toMatchObject({ failures: 2, allocations: 0, capacity: 0, utilization: 0, fragmentation: 0 })
  expect(pool.allocate(8192)).toBeGreaterThan(0)
  expect(pool.books()).toMatchObject({ used: 8192, external: SLAB - 8192 })
})

test('an empty slab serves any size, a partly used one only its own', () => {
  const pool = openPool()
  const small = pool.allocate(64)
  pool.allocate(128)
  expect(pool.books().slabs).toBe(2)
  pool.free(small)
  pool.allocate(5000)
  expect(pool.books()).toMatchObject({ slabs: 2, empty: 0 })
})
