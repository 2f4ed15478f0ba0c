// One series of an exponential histogram: the recording path, and the slower ways around it.
//
// The series' head (native/core/metric.h, ExponentialCells) starts at `_at`: sum, counts of zeros, NaN and infinities, then
// int32 words that only this thread uses: the octave of the directory's first slot, 1 once that is set, and from DIRECTORY
// on a slot for each of 32 octaves. A slot of 0 leads nowhere yet. Above 0 it is 1 less than the offset of the octave's first
// bucket in the head's own chunk, where the first blocks of a series lie, so that adding a bucket's number (from 1 on) gives
// its cell. Below 0 it is the negative of 1 less than that bucket's address in another chunk. The registry places buckets in
// blocks when any thread first needs one.
//
// Exemplars. A slot of 0 sends the next observation of its octave the slower way, where it may take an exemplar. So an
// octave is armed by parking its slot and putting 0 in its place, and the way of all others is as short as without
// exemplars. The places of a series (exemplars.ts) are its directory's slots, and one for all that has none.
import { native } from '../native.js'
import { CHUNK_BITS, OFFSET_MASK, SINK_BLOCK, SINK_EXPONENTIAL } from '../sink.js'
import { BoundHistogram, type ObserveOptions } from './bound-histogram.js'
import {
  type BucketLayout,
  bucketTables,
  HIGH_WORD,
  scratch as layoutScratch,
  ZERO_THRESHOLD,
} from './bucket-layout.js'
import { awaitArming, isSampling, takeExemplar } from './exemplars.js'
import { IN_SINK, type Instrument, type Place } from './instrument.js'

// Offsets from `_at`, in cells. The sum comes first.
const ZERO = 1
const NAN = 2
const POSITIVE_INFINITY = 3
const NEGATIVE_INFINITY = 4
const FIRST_OCTAVE = 5
const DIRECTORY = 8
const DIRECTORY_SLOTS = 32
/** So far away that no octave has a slot. */
const NO_DIRECTORY = 1 << 28
/** The place of zeros, infinities and octaves without a slot. */
const REST = DIRECTORY_SLOTS
const NO_PLACE = -1

// Module constants that V8 folds into the code, where imports and fields would be loads and checks: measured 10 ns -> 4 ns
// for the whole record, with the octave directory and the fused table.
const tables = bucketTables
const HIGH = HIGH_WORD
const CHUNK_SHIFT = CHUNK_BITS
const IN_CHUNK = OFFSET_MASK
const scratch = layoutScratch
const scratchWords = new Int32Array(scratch.buffer)

export class BoundExponential extends BoundHistogram {
  /** @internal */
  _cells: Float64Array
  /** The same chunk as int32 words. @internal */
  _words: Int32Array
  /** Cell of the series' sum. @internal */
  _at: number
  /** Start of the schema's lookup table. @internal */
  _table: number
  /** Word of the directory's first slot. @internal */
  _directory: number
  /** Octave of the directory's first slot. @internal */
  _firstOctave: number
  /** All of the registry's chunks in this thread. @internal */
  readonly _chunks: Float64Array[]
  readonly #layout: BucketLayout
  /** Addresses of first buckets of octaves that have no slot. */
  #farOctaves: Map<number, number> | undefined
  /** What slots of the directory held when they were armed. */
  #parked: Int32Array | undefined
  #isRestArmed = true
  /** The place that the observation under way opened, or REST. */
  #opened = NO_PLACE

  /** @internal */
  constructor(metric: Instrument<BoundHistogram>, place: Place, layout: BucketLayout, chunks: Float64Array[]) {
    super(metric, place)
    this._cells = place.cells
    this._words = place.words
    this._at = place.series === IN_SINK ? SINK_EXPONENTIAL : place.at
    this._table = layout.table
    this._directory = (this._at + DIRECTORY) * 2
    this._firstOctave = NO_DIRECTORY
    this._chunks = place.series === IN_SINK ? [place.cells] : chunks
    this.#layout = layout
    // A series that had a handle here before.
    const word = (this._at + FIRST_OCTAVE) * 2
    if (this._words[word + 1] !== 0) {
      this._firstOctave = this._words[word] as number
      if (isSampling()) awaitArming(this)
    }
  }

  /** @internal */
  override get _shape(): number {
    return this.#layout.schema
  }

  override observe(value: number, options?: ObserveOptions): void {
    if (options !== undefined) {
      this._observeWith(value, options)
      return
    }
    if (typeof value === 'number') {
      scratch[0] = value
      const high = scratchWords[HIGH] as number
      const mantissa = high & 0xfffff
      const sum = ((tables[(this._table + (mantissa >>> 11)) | 0] as number) + mantissa) | 0
      const slot = ((high >>> 20) - this._firstOctave) | 0
      // Low bits of 0xfffff: a tie in the upper word, such as every power of two.
      if ((sum & 0xfffff) !== 0xfffff && slot >>> 0 < DIRECTORY_SLOTS) {
        const octave = this._words[(this._directory + slot) | 0] as number
        if (octave > 0) {
          const cells = this._cells
          cells[(octave + (sum >>> 20)) | 0] += 1
          cells[this._at] += value
          return
        }
        if (octave < 0) {
          this._addTo(octave, sum >>> 20)
          this._cells[this._at] += value
          return
        }
      }
      this._observeExactly()
    } else {
      this._metric._reject('not_a_number', value)
    }
  }

  /** Counts in bucket `number` of the octave that a slot leads to. @internal */
  _addTo(slot: number, number: number): void {
    if (slot > 0) {
      this._cells[slot + number] += 1
    } else {
      const address = number - slot
      const chunk = this._chunks[address >>> CHUNK_SHIFT] as Float64Array
      chunk[address & IN_CHUNK] += 1
    }
  }

  /** The value in `scratch`: zeros, infinities, NaN, ties in the upper word, octaves that are new or have no slot. @internal */
  _observeExactly(): void {
    const value = scratch[0] as number
    const cells = this._cells
    this.#opened = REST
    if (Number.isNaN(value)) {
      cells[this._at + NAN] += 1
      this.#opened = NO_PLACE // no bucket holds it
    } else if (value <= ZERO_THRESHOLD && value >= -ZERO_THRESHOLD) {
      cells[this._at + ZERO] += 1
    } else if (value === Infinity) {
      cells[this._at + POSITIVE_INFINITY] += 1
    } else if (value === -Infinity) {
      cells[this._at + NEGATIVE_INFINITY] += 1
    } else {
      const located = this.#layout.locate()
      const slot = this.#slotOf(located >>> 9)
      if (slot === 0) return
      this._addTo(slot, located & 511)
    }
    cells[this._at] += value
    // Asked here: a call that is not inlined would allocate a number for each value that it is passed.
    if (this.#opened === REST ? this.#isRestArmed : this.#opened !== NO_PLACE) this.#sample(this.#opened, value)
  }

  #sample(place: number, value: number): void {
    if (place === REST) this.#isRestArmed = false
    takeExemplar(this, place, value)
  }

  /** @internal */
  override _startSampling(): number[] {
    const places = [REST]
    for (let place = 0; place < DIRECTORY_SLOTS; place++) {
      if (this._words[this._directory + place] !== 0) places.push(place)
    }
    return places
  }

  /** What is armed is found in #parked at its next use. @internal */
  override _stopSampling(): void {}

  /** @internal */
  override _arm(place: number): void {
    if (place === REST) {
      this.#isRestArmed = true
      return
    }
    const word = this._directory + place
    const slot = this._words[word] as number
    if (slot === 0) return
    this.#parked ??= new Int32Array(DIRECTORY_SLOTS)
    this.#parked[place] = slot
    this._words[word] = 0
  }

  /**
   * What the octave's slot holds or would hold, and in #opened the slot's place if it held nothing. 0 when it is not to be
   * had; the recording is counted as dropped by then.
   */
  #slotOf(octave: number): number {
    const place = octave - this._firstOctave
    const isNear = place >>> 0 < DIRECTORY_SLOTS
    const known = isNear ? this._words[this._directory + place] : this.#farOctaves?.get(octave)
    if (known) {
      if (isNear) this.#opened = NO_PLACE
      return known
    }
    const parked = isNear ? this.#parked?.[place] : undefined
    const slot = parked || this.#resolve(octave)
    if (slot === 0) return 0
    if (this._firstOctave === NO_DIRECTORY) this.#placeDirectory(octave)
    if ((octave - this._firstOctave) >>> 0 < DIRECTORY_SLOTS) {
      this.#opened = octave - this._firstOctave
      this._words[this._directory + this.#opened] = slot
    } else {
      this.#farOctaves ??= new Map()
      this.#farOctaves.set(octave, slot)
    }
    return slot
  }

  /** The first value of the series in this thread places the directory, 32 octaves around its own. */
  #placeDirectory(octave: number): void {
    this._firstOctave = octave - DIRECTORY_SLOTS / 2
    const word = (this._at + FIRST_OCTAVE) * 2
    this._words[word] = this._firstOctave
    this._words[word + 1] = 1
  }

  #resolve(octave: number): number {
    const { blockBits } = this.#layout
    const key = this.#layout.firstKey(octave)
    const inBlock = key & ((1 << blockBits) - 1)
    if (this._series === IN_SINK) return SINK_BLOCK + inBlock - 1
    const registry = this._metric._registry
    try {
      const block = native.resolveBlock(registry._handle, this._metric._id, this._series, key >> blockBits)
      const chunk = block >>> CHUNK_SHIFT
      registry._openChunk(chunk)
      const before = block + inBlock - 1
      return this._chunks[chunk] === this._cells ? before & IN_CHUNK : -before
    } catch (error) {
      this._metric._dropAfter(error)
      return 0
    }
  }
}
