// One HNSW graph, mutable: recall on real vectors against looking at all of them, every kind of corruption and its repair,
// and what is refused.
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { useKernel } from '../../../examples/engram/index/addon.mjs'
import { MemoryIndex } from '../../../examples/engram/index/memory-index.mjs'
import { FAULTS, type QUERY_TYPES } from '../../../examples/engram/index/terms.mjs'
import { glossVectors, nearest, Recall, randomVectors } from './gloss-vectors.js'

const COUNT = 5000
const QUERIES = 200
let glosses: Float32Array[]
const open: MemoryIndex[] = []

beforeAll(() => {
  glosses = glossVectors(COUNT + QUERIES)
})

afterEach(() => {
  for (const index of open.splice(0)) index.close()
})

/** An index with one graph of these vectors, whose ids are their numbers. */
function graphOf(vectors: readonly Float32Array[], options: Parameters<typeof MemoryIndex.create>[0] = {}) {
  const index = MemoryIndex.create({ hotCapacity: vectors.length + 100, ...options })
  open.push(index)
  for (const [id, vector] of vectors.entries()) index.insert(id, vector)
  return index
}

/** The recall of searches with each `ef`. */
function recallsOf(
  index: MemoryIndex,
  vectors: readonly Float32Array[],
  queries: readonly Float32Array[],
  efs: number[],
) {
  const recalls = efs.map(() => new Recall())
  for (const query of queries) {
    const truth = nearest(vectors, query, 10)
    for (const [i, ef] of efs.entries()) recalls[i]?.add(index.search(query, { k: 10, ef }).ids, truth)
  }
  return recalls
}

test('recall@10 of 5000 real glosses is 0.9 or more, and grows with ef', () => {
  const vectors = glosses.slice(0, COUNT)
  const queries = glosses.slice(COUNT)
  const index = graphOf(vectors)
  const [few, default_, many] = recallsOf(index, vectors, queries, [16, 64, 256])
  console.log(`recall@10 of ${COUNT}: ${few?.share} with ef 16, ${default_?.share} with 64, ${many?.share} with 256`)
  expect(default_?.wanted).toBe(10 * QUERIES)
  expect(default_?.share).toBeGreaterThanOrEqual(0.9)
  expect(many?.share).toBeGreaterThanOrEqual(0.99)
  expect(few?.share).toBeLessThan(default_?.share as number)
  const { hot } = index.checkIntegrity()
  expect(hot).toMatchObject({ isSound: true, nodes: COUNT })
  expect(hot.edges).toBeGreaterThan(16 * COUNT)
})

test('scores are cosines, the best first, and it does less than to look at all', () => {
  const vectors = glosses.slice(0, 2000)
  const index = graphOf(vectors)
  const query = glosses[COUNT] as Float32Array
  const answer = index.search(query, { k: 5, ef: 100 })
  const truth = nearest(vectors, query, 2000)
  for (const [i, id] of answer.ids.entries()) {
    expect(answer.scores[i]).toBeCloseTo(truth.find((one) => one.id === id)?.score as number, 5)
  }
  expect([...answer.scores]).toEqual([...answer.scores].sort((a, b) => b - a))
  expect([...answer.tiers]).toEqual([0, 0, 0, 0, 0])
  expect(answer.distances).toBeLessThan(1900)
  expect(answer.near + answer.far).toBeLessThan(answer.distances)
  expect(answer.hops).toBeGreaterThan(20)
  expect(answer.seconds.hot).toBeGreaterThan(0)
})

test('the same seed and vectors give the same graph, whatever kernel is used for it', () => {
  const vectors = glosses.slice(0, 800)
  const found = ['', 'scalar'].map((kernel) => {
    useKernel(kernel)
    const index = graphOf(vectors)
    const answers = glosses.slice(COUNT, COUNT + 50).map((query) => [...index.search(query, { ef: 200 }).ids])
    useKernel()
    return answers
  })
  let equal = 0
  for (const [i, ids] of found[0]?.entries() ?? []) equal += ids.filter((id) => found[1]?.[i]?.includes(id)).length
  expect(equal).toBeGreaterThan(490) // roundings may change an edge here and there
})

test('many equal vectors are no island: others are still found from everywhere', () => {
  const others = randomVectors(300)
  const twins = Array.from({ length: 300 }, () => glosses[0] as Float32Array)
  const vectors = others.flatMap((vector, i) => [vector, twins[i] as Float32Array])
  const index = graphOf(vectors)
  expect(index.checkIntegrity().hot).toMatchObject({ isSound: true })
  const found = others.filter((vector, i) => index.search(vector, { k: 1 }).ids[0] === 2 * i)
  expect(found.length).toBeGreaterThanOrEqual(290) // 297 were seen, and 277 without AddEdgesOfTwin
})

test('an index of none, of one, of fewer than asked for', () => {
  const index = graphOf([])
  expect(index.search(glosses[0] as Float32Array).ids).toHaveLength(0)
  expect(index.checkIntegrity().hot).toMatchObject({ isSound: true, nodes: 0, shareReached: 1 })
  index.insert(7, glosses[0] as Float32Array)
  const { ids, scores } = index.search(glosses[0] as Float32Array)
  expect([...ids]).toEqual([7])
  expect(scores[0]).toBeCloseTo(1, 5)
  index.insert(2 ** 32 - 1, glosses[1] as Float32Array)
  expect([...index.search(glosses[1] as Float32Array).ids]).toEqual([2 ** 32 - 1, 7])
})

describe('corruption', () => {
  /** What the check has to say of each fault of one graph. */
  const SHOWS = {
    range: 'outOfRange',
    self_loop: 'selfLoops',
    degree: 'overDegree',
    layer: 'wrongLayer',
    entry: 'badEntries',
    reach: 'shareReached',
    vector: 'badVectors',
  } as const
  const faults = Object.entries(SHOWS) as [keyof typeof SHOWS, string][]

  test('of every kind is tried', () => {
    expect([...Object.keys(SHOWS), 'segment']).toEqual([...FAULTS])
  })

  test.each(faults)('%s shows as %s, stops insertions, and is repaired', (fault, shows) => {
    const vectors = glosses.slice(0, 500)
    const index = graphOf(vectors)
    const sound = index.checkIntegrity().hot
    for (let seed = 1; seed <= 3; seed++) {
      expect(index.corrupt(fault, seed)).toBe(true)
      // Searches go on: they trust no edge. Insertions too, until it is noticed.
      for (const query of glosses.slice(COUNT, COUNT + 20)) {
        const { ids } = index.search(query)
        for (const id of ids) expect(id).toBeLessThan(500)
      }
      const { hot } = index.checkIntegrity()
      expect(hot.isSound).toBe(false)
      const otherwise = Object.values(SHOWS).filter((key) => key !== shows && key !== 'shareReached')
      for (const key of otherwise) expect(hot[key], key).toBe(0)
      if (shows === 'shareReached') expect(hot.shareReached).toBeLessThan(0.96)
      else expect(hot[shows as 'badVectors']).toBeGreaterThan(0)

      expect(index.stats().isBroken).toBe(true)
      const refused = () => index.insert(4999, glosses[4999] as Float32Array)
      expect(refused).toThrow(expect.objectContaining({ code: 'ERR_ENGRAM_INDEX_BROKEN' }))
      const lost = fault === 'vector' ? 1 : 0
      expect(index.repair()).toEqual({ kept: 500 - lost, lost })
      expect(index.checkIntegrity().hot).toMatchObject({ isSound: true, nodes: 500 - lost })
      if (lost > 0) index.insert(499, vectors[499] as Float32Array) // whichever it was: 500 again
    }
    expect(sound.isSound).toBe(true)
    expect(index.stats().broken).toBe(3)
    const [recall] = recallsOf(index, vectors, glosses.slice(COUNT, COUNT + 50), [64])
    expect(recall?.share).toBeGreaterThan(0.9)
  })

  test('that an insertion meets is noticed, and nothing is inserted', () => {
    const index = graphOf(glosses.slice(0, 100))
    for (let seed = 0; seed < 200; seed++) index.corrupt('range', seed)
    expect(index.stats().isBroken).toBe(false)
    expect(() => index.insert(100, glosses[100] as Float32Array)).toThrow(/broken/)
    expect(index.stats()).toMatchObject({ isBroken: true, broken: 1, inserted: 100 })
    expect(index.stats().tiers.hot.vectors).toBe(100)
  })

  test('needs something to break', () => {
    const index = graphOf(glosses.slice(0, 7))
    for (const fault of FAULTS) expect(index.corrupt(fault)).toBe(false)
    expect(index.checkIntegrity().hot.isSound).toBe(true)
    expect(index.repair()).toEqual({ kept: 0, lost: 0 })
  })
})

test('what is no vector, no id or no option is refused', () => {
  const index = graphOf(glosses.slice(0, 10))
  const vector = glosses[0] as Float32Array
  for (const bad of [
    new Float32Array(64),
    vector.map((x) => x * 2),
    vector.map((x, i) => (i === 5 ? Number.NaN : x)),
  ]) {
    expect(() => index.insert(1, bad)).toThrow(expect.objectContaining({ code: 'ERR_ENGRAM_NOT_UNIT' }))
    expect(() => index.search(bad)).toThrow(expect.objectContaining({ code: 'ERR_ENGRAM_NOT_UNIT' }))
  }
  expect(index.stats()).toMatchObject({ notUnit: 3, inserted: 10, isBroken: false })
  expect(() => index.insert(1, vector.subarray(1))).toThrow(RangeError)
  expect(() => index.insert(-1, vector)).toThrow(RangeError)
  expect(() => index.insert(1.5, vector)).toThrow(RangeError)
  expect(() => index.search(vector, { k: 0 })).toThrow(RangeError)
  expect(() => index.search(vector, { ef: -1 })).toThrow(RangeError)
  expect(() => index.search(vector, { queryType: 'none' as (typeof QUERY_TYPES)[number] })).toThrow(RangeError)
  expect(() => index.corrupt('none' as 'range')).toThrow(RangeError)
  for (const options of [{ dimensions: 20 }, { dimensions: 2048 }, { m: 1 }, { hotCapacity: 0 }, { seed: -1 }]) {
    expect(() => MemoryIndex.create(options)).toThrow(RangeError)
  }
  expect(index.close()).toBe(true)
  expect(index.close()).toBe(false)
  expect(() => index.stats()).toThrow(expect.objectContaining({ code: 'ERR_ENGRAM_INDEX_CLOSED' }))
})
