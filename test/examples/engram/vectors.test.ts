// Vectors of glosses: what they are made of, that they mean something, and that threads share them.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { buildVectors, GlossVectors } from '../../../examples/engram/index/vectors.mjs'
import { buildGlosses } from '../../../examples/engram/wordnet/glosses.mjs'
import { parseDataLine } from '../../../examples/engram/wordnet/wordnet.mjs'
import { dot, glossVectors } from './gloss-vectors.js'

function vectorsOf(...texts: string[]) {
  const synsets = texts.map((gloss) => ({ words: [], gloss }))
  return new GlossVectors(buildVectors(buildGlosses(synsets)))
}

const length = (vector: Float32Array) => Math.sqrt(dot(vector, vector))

describe('a gloss', () => {
  test('is what follows the bar, without the blanks at its end', () => {
    const line = '00001740 03 n 01 entity 0 000 | that which is perceived | or "known"  '
    expect(parseDataLine(line).gloss).toBe('that which is perceived | or "known"')
    expect(parseDataLine('00001740 03 n 01 entity 0 000').gloss).toBe('')
  })

  test('is kept after the words of its synset', () => {
    const { start, text } = buildGlosses([
      { words: ['ice_cream', 'ice'], gloss: 'frozen' },
      { words: ['naïve'.normalize('NFC')] },
    ])
    expect(Buffer.from(text).toString('latin1')).toBe('ice_cream ice frozennaïve ')
    expect([...start]).toEqual([0, 20, 26])
  })
})

describe('a vector', () => {
  test('is of unit length, and the same for the same words in any order and case', () => {
    const vectors = vectorsOf('a frozen dessert of cream', 'Cream; FROZEN (dessert)', 'a molten metal')
    const [first, second, third] = [0, 1, 2].map((s) => vectors.of(s) as Float32Array)
    expect(length(first as Float32Array)).toBeCloseTo(1, 6)
    expect(dot(first as Float32Array, second as Float32Array)).toBeCloseTo(1, 6)
    expect(dot(first as Float32Array, third as Float32Array)).toBeLessThan(0.7)
  })

  test('is none where there are stop words and single letters only', () => {
    const vectors = vectorsOf('of the or a x', 'dog')
    expect(vectors.of(0)).toBeUndefined()
    expect(vectors.of(0)).toBeUndefined()
    expect(vectors.of(1)).toBeDefined()
  })

  test('has more of a rare word than of a common one', () => {
    const vectors = vectorsOf('plant zebra', 'plant', 'zebra', ...Array.from({ length: 50 }, () => 'plant'))
    const [both, common, rare] = [0, 1, 2].map((s) => vectors.of(s) as Float32Array)
    expect(dot(both as Float32Array, rare as Float32Array)).toBeGreaterThan(
      dot(both as Float32Array, common as Float32Array) + 0.2,
    )
  })

  test('of several synsets is their sum, of unit length; unknown ones do not count', () => {
    const vectors = vectorsOf('zebra', 'violin', 'of the')
    const out = new Float32Array(64)
    expect(vectors.sum([0, -1, 1, 2, 0], 4, out)).toBe(true)
    const [zebra, violin] = [vectors.of(0) as Float32Array, vectors.of(1) as Float32Array]
    expect(length(out)).toBeCloseTo(1, 6)
    expect(dot(out, zebra)).toBeCloseTo(dot(out, violin), 5)
    expect(vectors.sum([-1, 2], 2, out)).toBe(false)
    expect(out.every((x) => x === 0)).toBe(true)
  })

  test('has a multiple of 16 dimensions', () => {
    const glosses = buildGlosses([{ words: ['dog'] }])
    expect(new GlossVectors(buildVectors(glosses, { dimensions: 128 })).of(0)).toHaveLength(128)
    for (const dimensions of [0, 8, 20, 17.5]) expect(() => buildVectors(glosses, { dimensions })).toThrow(RangeError)
  })
})

test('real glosses: the same vectors each time, all of unit length, hardly any two alike', () => {
  const vectors = glossVectors(1000)
  const again = glossVectors(1000)
  expect(vectors).toEqual(again)
  for (const vector of vectors) expect(length(vector)).toBeCloseTo(1, 5)
  let alike = 0
  for (let a = 0; a < 1000; a++) {
    for (let b = a + 1; b < 1000; b++)
      alike += Number(dot(vectors[a] as Float32Array, vectors[b] as Float32Array) > 0.7)
  }
  // Chance alone: a cosine of 64 dimensions is 0 with a deviation of 0.125.
  expect(alike).toBeLessThan(1000)
})

test('two threads that compute them at once have the same', async () => {
  const texts = Array.from({ length: 3000 }, (_, i) => `word${'abcdefghij'[i % 10]} thing${i} ${i * 7} stuff${i % 13}`)
  const vectors = vectorsOf(...texts)
  const worker = new Worker(new URL('fixtures/vectors-worker.mjs', import.meta.url), { workerData: vectors.arrays })
  const [theirs] = (await once(worker, 'message')) as [number]
  let mine = 0
  for (let s = vectors.synsetCount - 1; s >= 0; s--) mine += (vectors.of(s)?.[s % 64] ?? 0) * (1 + (s % 7))
  expect(mine).toBeCloseTo(theirs, 6)
  expect(Math.abs(theirs)).toBeGreaterThan(0)
})
