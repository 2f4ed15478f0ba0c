// One series of an exponential histogram: the recording path, and the cold ways around it.
//
// The series' head (native/core/metric.h, ExponentialCells) starts at `_at`: five cells, then int32 words that only this
// thread uses: the first block of the directory, whether that is set, and 32 block addresses. Buckets lie in blocks of
// max(2^schema, 8) cells that the registry places when any thread first needs one.

import { native } from '../native.js'
import { CHUNK_BITS, OFFSET_MASK, SINK_BLOCK } from '../sink.js'
import { BoundHistogram } from './bound-histogram.js'
import {
  BOUNDARY_NUMBER_BITS,
  BOUNDARY_NUMBER_MASK,
  type BucketLayout,
  HIGH_WORD,
  MANTISSA_BITS,
  MANTISSA_MASK,
  ZERO_THRESHOLD,
} from './bucket-layout.js'
import type { Instrument, Place } from './instrument.js'

// Offsets from `_at`, in cells. The sum comes first.
const ZERO = 1
const NAN = 2
const POSITIVE_INFINITY = 3
const NEGATIVE_INFINITY = 4
const FIRST_BLOCK = 5
const DIRECTORY = 8
const DIRECTORY_SLOTS = 32
/** A first block so far away that no slot is in the directory. */
const NO_DIRECTORY = 1 << 28

export class BoundExponential extends BoundHistogram {
  /** @internal */
  readonly _cells: Float64Array
  /** The same chunk as int32 words. @internal */
  readonly _words: Int32Array
  /** Cell of the series' sum. @internal */
  readonly _at: number
  /** Word of the directory's first entry. @internal */
  readonly _directory: number
  /** Block that the directory's first entry stands for. @internal */
  _firstBlock: number
  /** All of the registry's chunks in this thread. @internal */
  readonly _chunks: Float64Array[]
  /** @internal */
  readonly _layout: BucketLayout
  readonly #series: number
  /** Addresses of blocks that the directory does not hold. */
  #farBlocks: Map<number, number> | undefined

  /** @internal */
  constructor(metric: Instrument<BoundHistogram>, place: Place, layout: BucketLayout, chunks: Float64Array[]) {
    super(metric)
    this._cells = place.cells
    this._words = place.words
    this._at = place.at
    this._directory = (place.at + DIRECTORY) * 2
    this._chunks = place.series === -1 ? [place.cells] : chunks
    this._layout = layout
    this.#series = place.series
    const first = (place.at + FIRST_BLOCK) * 2
    this._firstBlock = place.words[first + 1] === 1 ? (place.words[first] as number) : NO_DIRECTORY
  }

  override observe(value: number): void {
    if (typeof value !== 'number') {
      this._metric._reject('not_a_number', value)
      return
    }
    const cells = this._cells
    const words = this._words
    const layout = this._layout
    cells[0] = value // the chunk's scratch cell, to read the double's upper word from
    const high = words[HIGH_WORD] as number
    const mantissa = high & MANTISSA_MASK
    const candidate = layout.table[mantissa >>> layout.tableShift] as number
    const boundary = candidate >>> BOUNDARY_NUMBER_BITS
    if (mantissa !== boundary) {
      // 1 if the mantissa is above the boundary: the sign of their difference.
      const below = (candidate & BOUNDARY_NUMBER_MASK) + ((boundary - mantissa) >>> 31)
      const key = (((high >>> MANTISSA_BITS) << layout.fine) + below - layout.bias) >> layout.coarse
      const slot = (key >> layout.blockBits) - this._firstBlock
      if (slot >>> 0 < DIRECTORY_SLOTS) {
        const block = words[this._directory + slot] as number
        if (block !== 0) {
          const chunk = this._chunks[block >>> CHUNK_BITS] as Float64Array
          chunk[(block & OFFSET_MASK) + (key & layout.blockMask)] += 1
          cells[this._at] += value
          return
        }
      }
    }
    this._observeExactly(value)
  }

  /** Zeros, infinities, NaN, ties in the upper word, blocks that are new or outside the directory. @internal */
  _observeExactly(value: number): void {
    const cells = this._cells
    if (Number.isNaN(value)) {
      cells[this._at + NAN] += 1
    } else if (value <= ZERO_THRESHOLD && value >= -ZERO_THRESHOLD) {
      cells[this._at + ZERO] += 1
    } else if (value === Infinity) {
      cells[this._at + POSITIVE_INFINITY] += 1
    } else if (value === -Infinity) {
      cells[this._at + NEGATIVE_INFINITY] += 1
    } else {
      const key = this._layout.keyOf(value)
      const address = this.#blockAddress(key >> this._layout.blockBits)
      if (address === 0) return
      const chunk = this._chunks[address >>> CHUNK_BITS] as Float64Array
      chunk[(address & OFFSET_MASK) + (key & this._layout.blockMask)] += 1
    }
    cells[this._at] += value
  }

  /** 0 when there is none to be had; the recording is counted as dropped by then. */
  #blockAddress(block: number): number {
    const isNear = this._layout.isWhole(block) && this.#directoryHolds(block)
    const slot = this._directory + block - this._firstBlock
    let address = isNear ? (this._words[slot] as number) : this.#farBlocks?.get(block)
    if (address) return address
    address = this.#resolveBlock(block)
    if (address === 0) return 0
    if (isNear) {
      this._words[slot] = address
    } else {
      this.#farBlocks ??= new Map()
      this.#farBlocks.set(block, address)
    }
    return address
  }

  /** The first value places the directory: 32 blocks around its own. */
  #directoryHolds(block: number): boolean {
    if (this._firstBlock === NO_DIRECTORY) {
      this._firstBlock = block - DIRECTORY_SLOTS / 2
      const first = (this._at + FIRST_BLOCK) * 2
      this._words[first] = this._firstBlock
      this._words[first + 1] = 1
    }
    return (block - this._firstBlock) >>> 0 < DIRECTORY_SLOTS
  }

  #resolveBlock(block: number): number {
    if (this.#series === -1) return SINK_BLOCK
    const registry = this._metric._registry
    try {
      const address = native.resolveBlock(registry._handle, this._metric._id, this.#series, block)
      registry._openChunk(address >>> CHUNK_BITS)
      return address
    } catch (error) {
      this._metric._dropAfter(error)
      return 0
    }
  }
}
