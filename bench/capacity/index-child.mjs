// An index with all its tiers full: what a vector takes in each of them, and how long an insertion and a search take.
import { MemoryIndex } from '../../examples/engram/index/memory-index.mjs'
import { childTask, release, report } from '../harness/child.mjs'
import { uniform } from '../harness/random.mjs'

const DIMENSIONS = 64
const WARM_SEGMENTS = 2
const COLD_SEGMENTS = 2

const { m, efConstruction, hotCapacity, searches } = childTask()
const index = MemoryIndex.create({
  dimensions: DIMENSIONS,
  m,
  efConstruction,
  hotCapacity,
  warmSegments: WARM_SEGMENTS,
  coldSegments: COLD_SEGMENTS,
})
const random = uniform(41)

/** Directions: sums of uniform numbers are near enough to normal ones for that. */
function directions(count) {
  return Array.from({ length: count }, () => {
    const vector = Float32Array.from({ length: DIMENSIONS }, () => random() + random() + random() + random() - 2)
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
    return vector.map((value) => value / norm)
  })
}

/** Microseconds of processor time for each of them: the index has no threads, so that no neighbour is measured. */
function time(vectors, operation) {
  const { user, system } = process.cpuUsage()
  for (let i = 0; i < vectors.length; i++) operation(vectors[i], i)
  const after = process.cpuUsage()
  return (after.user + after.system - user - system) / vectors.length
}

// All but one vector of the hot segment: the last one would seal it.
const vectors = (COLD_SEGMENTS + WARM_SEGMENTS + 1) * hotCapacity - 1
const insertionMicroseconds = time(directions(vectors), (vector, id) => index.insert(id, vector))
const { tiers, inserted } = index.stats()
if (inserted !== vectors) throw new Error(`${inserted} of ${vectors} vectors were inserted`)
let found = 0
const searchMicroseconds = time(directions(searches), (vector) => {
  found += index.search(vector).ids.length
})
if (found !== 10 * searches) throw new Error(`${found} of ${10 * searches} neighbours were found`)

const each = (tier, key) => {
  if (tiers[tier].vectors < hotCapacity - 1) throw new Error(`only ${tiers[tier].vectors} vectors are ${tier}`)
  return tiers[tier][key] / tiers[tier].vectors
}
await report({
  measures: {
    hotBytes: each('hot', 'memoryBytes'),
    warmBytes: each('warm', 'memoryBytes'),
    coldBytes: each('cold', 'memoryBytes'),
    coldFileBytes: each('cold', 'fileBytes'),
    insertionMicroseconds,
    searchMicroseconds,
  },
})
release()
