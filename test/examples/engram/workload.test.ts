// The load: the same for the same seed, and of the make-up that it promises.
import { expect, test } from 'vitest'
import { Random } from '../../../examples/engram/engine/random.mjs'
import { Workload } from '../../../examples/engram/engine/workload.mjs'
import { OBSERVE, PRIORITIES } from '../../../examples/engram/wordnet/vocabulary.mjs'
import { tinyGraph } from './tiny-graph.js'

const names = Array.from({ length: 50 }, (_, i) => `s${i}`)
const { graph } = tinyGraph(Object.fromEntries(names.map((name, i) => [name, i % 7 === 0 ? [] : ['similar s3']])))

/** The first requests of a load. */
function requests(seed: number, count: number) {
  const workload = new Workload(graph, seed)
  return Array.from({ length: count }, () => workload.next())
}

test('the same seed makes the same load, another seed another', () => {
  expect(requests(1, 500)).toEqual(requests(1, 500))
  expect(requests(2, 500)).not.toEqual(requests(1, 500))
  expect(requests(-1, 500)).toEqual(requests(2 ** 32 - 1, 500))
})

test('it has all kinds and priorities, words that fit a job, and some that WordNet does not have', () => {
  const all = requests(3, 5000)
  const observations = all.filter(({ kind }) => kind === OBSERVE)
  expect(all[0].kind).toBe(OBSERVE)
  expect(observations.length / all.length).toBeCloseTo(0.4, 1)
  for (const priority of PRIORITIES.keys()) expect(all.some((request) => request.priority === priority)).toBe(true)
  expect(observations.every(({ words }) => words.length >= 3 && words.length <= 6)).toBe(true)
  const cues = all.filter(({ kind }) => kind !== OBSERVE)
  expect(cues.every(({ words }) => words.length === 1 || words.length === 2)).toBe(true)
  const unknown = cues.filter(({ words }) => graph.lemmaOf(words[0]) === -1)
  expect(unknown.length / cues.length).toBeCloseTo(0.03, 1)
  expect(unknown.length).toBeGreaterThan(0)
})

test('random numbers stay in their ranges and reach all of them', () => {
  const random = new Random(11)
  const counts = [0, 0, 0]
  const weighted = [0, 0, 0]
  for (let i = 0; i < 30_000; i++) {
    counts[random.below(3)]++
    weighted[random.weighted([0.5, 0.25, 0.25])]++
  }
  for (const count of counts) expect(count / 30_000).toBeCloseTo(1 / 3, 1)
  expect(weighted[0] / 30_000).toBeCloseTo(0.5, 1)
  expect(weighted[2] / 30_000).toBeCloseTo(0.25, 1)
})
