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

test('sessions come and go, told one by one, and are closed at the end', () => {
  let open = 0
  let opened = 0
  const workload = new Workload(graph, 4, {
    onSession: (change) => {
      open += change
      if (change > 0) opened++
    },
  })
  let sum = 0
  for (let i = 0; i < 20_000; i++) {
    workload.next()
    expect(workload.sessions).toBe(open)
    expect(open).toBeLessThanOrEqual(32)
    sum += open
  }
  // The mean is 17 in the long run.
  expect(sum / 20_000).toBeGreaterThan(10)
  expect(sum / 20_000).toBeLessThan(25)
  expect(opened).toBeGreaterThan(open)
  workload.closeSessions()
  expect([open, workload.sessions]).toEqual([0, 0])
})

test('a load has the contexts that it accepts, and one without any is refused', () => {
  const places = { other: [], some: [] }
  const contexts = tinyGraph(places).graph
  contexts.arrays.context[0] = 7
  const workload = new Workload(contexts, 1, { accepts: (context) => context === 7 })
  const requests = Array.from({ length: 200 }, () => workload.next())
  expect(new Set(requests.map(({ context }) => context))).toEqual(new Set([7]))
  expect(workload.extra(2)).toMatchObject({ kind: OBSERVE, priority: 2, context: 7 })
  expect(() => new Workload(contexts, 1, { accepts: (context) => context === 8 })).toThrow(RangeError)
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
