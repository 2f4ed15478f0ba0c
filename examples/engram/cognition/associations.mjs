// What the neocortex of the engine knows: how strongly synsets go together, learnt slowly from many replays. A bounded
// sparse table in shared arrays: a row holds up to 16 associations of one synset, four rows of a bucket are open to it,
// and what is full lets its weakest go. No row depends on another: a pair stands in both of its rows, or in one of them
// when the other has been let go.
//
// Learning is Hebbian (Hebb, 1949) with a soft bound: w += rate * (1 - w) for every pair that occurs together, so that w
// stays in [0, 1). Forgetting is exponential in what is learnt, not in time: a strength halves while `halfLife` sets of
// synsets are learnt. It is worked out when a row is looked at, so nothing ever walks through the table.
//
// Not thread-safe: threads that share the arrays hold a lock around each call. About 132 bytes a row.

/** Associations of one synset, at most. */
const TARGETS = 16
/** Rows in which a synset may be found. */
const WAYS = 4
const MAX_ROWS = 2 ** 24
/** A strength below this is none. */
const FORGOTTEN = 1e-3
const NONE = -1

/** In `figures`: sets of synsets that were learnt, associations that are kept. */
const CLOCK = 0
const SIZE = 1

/**
 * @typedef {object} AssociationArrays
 * @property {Int32Array} owner the synset of a row, -1: free. [row]
 * @property {Float64Array} seenAt the clock when the row's strengths were right. [row]
 * @property {Int32Array} target synsets, -1: free. [row][TARGETS]
 * @property {Float32Array} strength [row][TARGETS]
 * @property {Float64Array} figures CLOCK, SIZE
 */

/**
 * The shared arrays of a table.
 * @param {number} rows synsets that it has associations of, at most; a power of two of 4 to 2^24
 * @returns {AssociationArrays}
 * @throws {RangeError}
 */
export function createAssociations(rows) {
  if (!Number.isInteger(rows) || rows < WAYS || rows > MAX_ROWS || (rows & (rows - 1)) !== 0) {
    throw new RangeError(`rows: expected a power of two of ${WAYS} to ${MAX_ROWS}, received ${rows}`)
  }
  return {
    owner: new Int32Array(new SharedArrayBuffer(rows * 4)).fill(NONE),
    seenAt: new Float64Array(new SharedArrayBuffer(rows * 8)),
    target: new Int32Array(new SharedArrayBuffer(rows * TARGETS * 4)).fill(NONE),
    strength: new Float32Array(new SharedArrayBuffer(rows * TARGETS * 4)),
    figures: new Float64Array(new SharedArrayBuffer(16)),
  }
}

/** A view of a table. */
export class Associations {
  #arrays
  #mask
  #rate
  #halfLife

  /**
   * @param {AssociationArrays} arrays
   * @param {object} [options]
   * @param {number} [options.rate] of learning, in (0, 1); default 0.2
   * @param {number} [options.halfLife] sets of synsets that are learnt while a strength halves; default 20 000
   */
  constructor(arrays, { rate = 0.2, halfLife = 20_000 } = {}) {
    this.#arrays = arrays
    this.#mask = arrays.owner.length - 1
    this.#rate = rate
    this.#halfLife = halfLife
  }

  /** Associations that are kept, each direction for itself. */
  get size() {
    return this.#arrays.figures[SIZE]
  }

  /** Synsets of which one call of {@link read} can tell at most. */
  static get most() {
    return TARGETS
  }

  /**
   * Strengthens the association of each synset with each other. Bounded by their number: some microseconds.
   * @param {ArrayLike<number>} synsets all different
   */
  learn(synsets) {
    this.#arrays.figures[CLOCK]++
    for (let i = 0; i < synsets.length; i++) {
      const row = this.#claim(synsets[i])
      for (let j = 0; j < synsets.length; j++) if (j !== i) this.#strengthen(row * TARGETS, synsets[j])
    }
  }

  /**
   * How strongly one synset leads to another: 0 to 1. What the table has let go is 0.
   * @param {number} from @param {number} to
   */
  strength(from, to) {
    const row = this.#find(from)
    if (row === NONE) return 0
    const { target, strength } = this.#arrays
    for (let i = row * TARGETS; i < (row + 1) * TARGETS; i++) {
      if (target[i] === to) return strength[i] * this.#faded(row)
    }
    return 0
  }

  /**
   * How well a set of synsets is known: the mean strength over its pairs, 0 to 1; 0 for a single one.
   * @param {ArrayLike<number>} synsets all different
   */
  cohesion(synsets) {
    let sum = 0
    for (let i = 0; i < synsets.length; i++) {
      for (let j = 0; j < synsets.length; j++) if (j !== i) sum += this.strength(synsets[i], synsets[j])
    }
    return sum / Math.max(1, synsets.length * (synsets.length - 1))
  }

  /**
   * The associations of a synset, in no order.
   * @param {number} synset
   * @param {Int32Array} targets receives synsets, from `at` on: {@link most} at most
   * @param {number} at
   * @returns {number} the entry after the last that was written
   */
  read(synset, targets, at) {
    const row = this.#find(synset)
    if (row === NONE) return at
    const { target, strength } = this.#arrays
    const faded = this.#faded(row)
    for (let i = row * TARGETS; i < (row + 1) * TARGETS; i++) {
      if (target[i] !== NONE && strength[i] * faded >= FORGOTTEN) targets[at++] = target[i]
    }
    return at
  }

  /** What is left of a row's strengths since they were right. @param {number} row */
  #faded(row) {
    const { figures, seenAt } = this.#arrays
    return 2 ** ((seenAt[row] - figures[CLOCK]) / this.#halfLife)
  }

  /** The first of the rows that are open to a synset. @param {number} synset */
  #bucket(synset) {
    // Fibonacci hashing (Knuth, volume 3, section 6.4): neighbours in WordNet's files go to rows far apart.
    return (Math.imul(synset, 0x9e3779b1) >>> 8) & this.#mask & ~(WAYS - 1)
  }

  /** @param {number} synset @returns {number} its row, or NONE */
  #find(synset) {
    const first = this.#bucket(synset)
    for (let row = first; row < first + WAYS; row++) if (this.#arrays.owner[row] === synset) return row
    return NONE
  }

  /** Its row, with the strengths of now; where all that are open to it are taken, the weakest is let go. @param {number} synset */
  #claim(synset) {
    const { owner, seenAt, target, strength, figures } = this.#arrays
    let row = this.#find(synset)
    if (row === NONE) {
      row = this.#weakest(this.#bucket(synset))
      for (let i = row * TARGETS; i < (row + 1) * TARGETS; i++) {
        if (target[i] !== NONE) figures[SIZE]--
        target[i] = NONE
        strength[i] = 0
      }
      owner[row] = synset
    } else {
      const faded = this.#faded(row)
      for (let i = row * TARGETS; i < (row + 1) * TARGETS; i++) strength[i] *= faded
    }
    seenAt[row] = figures[CLOCK]
    return row
  }

  /** A free row of a bucket, or the one whose associations come to the least. @param {number} first */
  #weakest(first) {
    const { owner, strength } = this.#arrays
    let weakest = first
    let least = Number.POSITIVE_INFINITY
    for (let row = first; row < first + WAYS; row++) {
      if (owner[row] === NONE) return row
      let sum = 0
      for (let i = row * TARGETS; i < (row + 1) * TARGETS; i++) sum += strength[i]
      sum *= this.#faded(row)
      if (sum < least) {
        least = sum
        weakest = row
      }
    }
    return weakest
  }

  /** @param {number} start of the row @param {number} to */
  #strengthen(start, to) {
    const { target, strength, figures } = this.#arrays
    let at = start
    for (let i = start; i < start + TARGETS; i++) {
      if (target[i] === to) {
        strength[i] += this.#rate * (1 - strength[i])
        return
      }
      // A free one has the strength 0.
      if (strength[i] < strength[at]) at = i
    }
    if (target[at] === NONE) figures[SIZE]++
    target[at] = to
    strength[at] = this.#rate
  }
}
