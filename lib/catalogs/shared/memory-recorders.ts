// Where pools record what happens to them, bound to their series: an event is an add to memory, and nothing is looked up.
import type { BoundCounter, BoundGauge } from '../../index.js'
import { amountOf, isAmount } from './recording.js'

/**
 * Checks addresses against an alignment. Made by `alignment()`; belongs to the thread that made it. Its functions never
 * throw: what cannot be recorded is dropped and counted.
 *
 * The fields are plain: private ones of the language cost more than the add (DESIGN.md, section 4).
 */
export class AlignmentRecorder {
  /** @internal */
  readonly _mask: number
  /** @internal */
  readonly _aligned: BoundCounter
  /** @internal */
  readonly _unaligned: BoundCounter

  /** @internal */
  constructor(bytes: number, aligned: BoundCounter, unaligned: BoundCounter) {
    this._mask = bytes - 1
    this._aligned = aligned
    this._unaligned = unaligned
  }

  /**
   * Records whether an address is a multiple of the alignment, and returns it.
   *
   * @param address - an integer, 0 to 2^53 - 1: an address, or an offset in memory that is aligned itself
   */
  check(address: number): boolean {
    if (!Number.isSafeInteger(address) || address < 0) {
      this._unaligned.inc(Number.NaN)
      return false
    }
    // & takes the lowest 32 bits of whatever integer it is.
    const isAligned = (address & this._mask) === 0
    if (isAligned) this._aligned.inc()
    else this._unaligned.inc()
    return isAligned
  }
}

/** What a pool records into. @internal */
export interface PoolSeries {
  allocated: BoundCounter
  freed: BoundCounter
  capacity: BoundGauge
  fragmented: BoundGauge
  fragmentable: BoundGauge
  alignment: AlignmentRecorder
}

/**
 * One pool. Made by `pool()`; belongs to the thread that made it. A pool that threads share has a recorder in each of them:
 * any of them records what it allocates and frees, and one, its owner, everything else. Its functions never throw: what
 * cannot be recorded is dropped and counted.
 */
export class PoolRecorder {
  /** @internal */
  readonly _allocated: BoundCounter
  /** @internal */
  readonly _freed: BoundCounter
  /** @internal */
  readonly _alignment: AlignmentRecorder
  readonly #capacity: OwnShare
  readonly #fragmented: OwnShare
  readonly #fragmentable: OwnShare

  /** @internal */
  constructor({ allocated, freed, capacity, fragmented, fragmentable, alignment }: PoolSeries) {
    this._allocated = allocated
    this._freed = freed
    this._alignment = alignment
    this.#capacity = new OwnShare(capacity)
    this.#fragmented = new OwnShare(fragmented)
    this.#fragmentable = new OwnShare(fragmentable)
  }

  /**
   * Memory was allocated.
   *
   * @param bytes - finite and not negative
   * @param address - checked against the alignment where it is given, see `AlignmentRecorder.check`
   */
  allocated(bytes: number, address?: number): void {
    this._allocated.inc(amountOf(bytes))
    if (address !== undefined) this._alignment.check(address)
  }

  /** Memory was given back. @param bytes - finite and not negative */
  freed(bytes: number): void {
    this._freed.inc(amountOf(bytes))
  }

  /** What the pool has room for, from now on: 0 when it is closed. @param bytes - finite and not negative */
  setCapacity(bytes: number): void {
    this.#capacity.set(isAmount(bytes) ? bytes : Number.NaN)
  }

  /**
   * How fragmented the pool is, by its own measure.
   *
   * @param fragmentedBytes - that nobody can use for now: free ones outside of the largest free block; or, where blocks have
   *   size classes, the rests of blocks and the free blocks of slabs in use. Finite and not negative
   * @param ofBytes - that could be: all that are free; or those of the slabs in use. Not less
   */
  recordFragmentation(fragmentedBytes: number, ofBytes: number): void {
    const isPossible = isAmount(fragmentedBytes) && isAmount(ofBytes) && fragmentedBytes <= ofBytes
    this.#fragmented.set(isPossible ? fragmentedBytes : Number.NaN)
    if (isPossible) this.#fragmentable.set(ofBytes)
  }

  /**
   * The same, of a list of all free blocks, for a pool that serves any size: some 5 ns for each.
   *
   * @param sizes - in bytes, finite and not negative, in any order
   */
  recordFreeBlocks(sizes: ArrayLike<number>): void {
    // What is no list of numbers has a sum that is refused.
    let free = typeof sizes?.length === 'number' ? 0 : Number.NaN
    let largest = 0
    for (let i = 0; i < sizes?.length; i++) {
      const size = sizes[i]
      if (!isAmount(size)) {
        free = Number.NaN
        break
      }
      free += size
      if (size > largest) largest = size
    }
    this.recordFragmentation(free - largest, free)
  }
}

/**
 * What one pool has of a gauge that adds pools up. It is moved by differences, not set: that lets pools share a series, and
 * what a thread leaves behind at its end still counts, as what it allocated does.
 */
class OwnShare {
  readonly #series: BoundGauge
  #value = 0

  constructor(series: BoundGauge) {
    this.#series = series
  }

  /** NaN is dropped and counted. */
  set(value: number): void {
    this.#series.inc(value - this.#value)
    if (!Number.isNaN(value)) this.#value = value
  }
}
