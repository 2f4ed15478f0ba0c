// Spreading activation on hand-made graphs, where every number can be worked out by hand.
import { expect, test } from 'vitest'
import { Spreader } from '../../../examples/engram/engine/spread.mjs'
import { RELATIONS, relationIndex } from '../../../examples/engram/wordnet/vocabulary.mjs'
import { tinyGraph } from './tiny-graph.js'

/** Powers of two, so that all sums are exact. */
const HALVES = { decay: 0.5, threshold: 0.01, maxHops: 8, maxFired: 100, fanExponent: 1, relationWeights: {} }

test('each hop passes on activation * decay / degree', () => {
  const { graph, at } = tinyGraph({ a: ['hypernym b', 'hypernym c'], b: ['hyponym d'], c: [], d: [] })
  const spreader = new Spreader(graph, HALVES)
  spreader.seed(at.a, 1)
  spreader.spread()
  expect(spreader.activation[at.a]).toBe(1)
  expect(spreader.activation[at.b]).toBe(0.25)
  expect(spreader.activation[at.c]).toBe(0.25)
  expect(spreader.activation[at.d]).toBe(0.125)
  expect(spreader.hops).toBe(2)
  expect(spreader.touchedCount).toBe(4)
  // c and d fire as well: they have the activation, and no edge to pass it along.
  expect(spreader.firedCount).toBe(4)
})

test('relation weights and the fan exponent scale what crosses an edge', () => {
  const { graph, at } = tinyGraph({ a: ['hypernym b', 'antonym c', 'similar c', 'similar c'], b: [], c: [] })
  const spreader = new Spreader(graph, { ...HALVES, fanExponent: 0.5, relationWeights: { antonym: 0.5 } })
  spreader.seed(at.a, 1)
  spreader.spread()
  // Four edges: 1 * 0.5 / sqrt(4) on each, half of that along the antonym; parallel edges add up.
  expect(spreader.activation[at.b]).toBe(0.25)
  expect(spreader.activation[at.c]).toBe(0.125 + 0.25 + 0.25)
})

test('a relation that does not exist cannot be weighted', () => {
  const { graph } = tinyGraph({ a: [] })
  expect(() => new Spreader(graph, { relationWeights: { hypernim: 1 } })).toThrow(RangeError)
})

test('crossed edges are counted by relation, and the meters are told of each', () => {
  const { graph, at } = tinyGraph({ a: ['hypernym b', 'similar c'], b: ['hyponym a', 'hyponym c'], c: [] })
  const counts = RELATIONS.map(() => 0)
  const meters = counts.map((_, relation) => ({ inc: () => counts[relation]++ }))
  const spreader = new Spreader(graph, HALVES)
  spreader.seed(at.a, 1)
  spreader.spread(meters)
  expect(spreader.crossed[relationIndex('hypernym')]).toBe(1)
  expect(spreader.crossed[relationIndex('similar')]).toBe(1)
  expect(spreader.crossed[relationIndex('hyponym')]).toBe(2)
  expect(counts).toEqual([...spreader.crossed])
})

test('a cycle ends: a synset fires once, and still collects what comes back', () => {
  const { graph, at } = tinyGraph({ a: ['hypernym b'], b: ['hypernym c'], c: ['hypernym a'], self: ['similar self'] })
  const spreader = new Spreader(graph, { ...HALVES, threshold: 0, maxHops: 1000 })
  spreader.seed(at.a, 1)
  spreader.seed(at.self, 1)
  spreader.spread()
  expect(spreader.activation[at.b]).toBe(0.5)
  expect(spreader.activation[at.c]).toBe(0.25)
  expect(spreader.activation[at.a]).toBe(1.125)
  expect(spreader.activation[at.self]).toBe(1.5)
  expect(spreader.hops).toBe(3)
  expect(spreader.firedCount).toBe(4)
})

test('below the threshold nothing fires, and what comes together over it does', () => {
  const { graph, at } = tinyGraph({ a: ['hypernym m'], b: ['hypernym m'], m: ['hypernym end'], end: [] })
  const spreader = new Spreader(graph, { ...HALVES, threshold: 0.75 })
  spreader.seed(at.a, 1)
  spreader.spread()
  expect(spreader.activation[at.m]).toBe(0.5)
  expect(spreader.activation[at.end]).toBe(0)
  expect(spreader.hops).toBe(1)

  spreader.clear()
  spreader.seed(at.a, 1)
  spreader.seed(at.b, 1)
  spreader.spread()
  expect(spreader.activation[at.m]).toBe(1)
  expect(spreader.activation[at.end]).toBe(0.5)
  expect(spreader.hops).toBe(2)
})

test('a synset that a hop left below the threshold fires when a later one lifts it', () => {
  const { graph, at } = tinyGraph({ a: ['hypernym m', 'hypernym x'], x: ['hypernym m'], m: ['hypernym end'], end: [] })
  const spreader = new Spreader(graph, { ...HALVES, threshold: 0.25 })
  spreader.seed(at.a, 0.9)
  spreader.seed(at.x, 0.1)
  spreader.spread()
  // Hop 1: m 0.225, x 0.325. Hop 2: m gets 0.1625 from x. Hop 3: m fires.
  expect(spreader.activation[at.m]).toBeCloseTo(0.3875, 12)
  expect(spreader.activation[at.end]).toBeCloseTo(0.19375, 12)
  expect(spreader.hops).toBe(3)
})

test('what fires in a hop fires with what it had when the hop began', () => {
  // a and b fire together, and a passes some on to b: that must not go on to c in the same hop.
  const { graph, at } = tinyGraph({ a: ['similar b'], b: ['similar c'], c: [] })
  const spreader = new Spreader(graph, HALVES)
  spreader.seed(at.a, 1)
  spreader.seed(at.b, 1)
  spreader.spread()
  expect(spreader.activation[at.b]).toBe(1.5)
  expect(spreader.activation[at.c]).toBe(0.5)
})

test('the limits on hops and on firing synsets hold', () => {
  const { graph, at } = tinyGraph({ a: ['hypernym b'], b: ['hypernym c'], c: ['hypernym d'], d: [] })
  const short = new Spreader(graph, { ...HALVES, maxHops: 2 })
  short.seed(at.a, 1)
  short.spread()
  expect(short.hops).toBe(2)
  expect(short.activation[at.d]).toBe(0)

  const few = new Spreader(graph, { ...HALVES, maxFired: 1 })
  few.seed(at.a, 1)
  few.spread()
  expect(few.firedCount).toBe(1)
  expect(few.activation[at.b]).toBe(0.5)
  expect(few.activation[at.c]).toBe(0)
})

test('nothing seeded: nothing happens; a synset without edges: no hop', () => {
  const { graph, at } = tinyGraph({ a: [] })
  const spreader = new Spreader(graph, HALVES)
  spreader.spread()
  expect([spreader.hops, spreader.touchedCount]).toEqual([0, 0])
  spreader.seed(at.a, 1)
  spreader.spread()
  expect([spreader.hops, spreader.touchedCount]).toEqual([0, 1])
})

test('a spread leaves nothing behind for the next one', () => {
  const { graph, at } = tinyGraph({ a: ['hypernym b'], b: ['hypernym c'], c: ['hypernym a'] })
  const spreader = new Spreader(graph, HALVES)
  const run = () => {
    spreader.clear()
    spreader.seed(at.a, 1)
    spreader.spread()
    return [...spreader.activation, ...spreader.crossed, spreader.hops, spreader.touchedCount, spreader.firedCount]
  }
  const first = run()
  spreader.clear()
  spreader.seed(at.c, 7)
  spreader.spread()
  expect(run()).toEqual(first)
})

test('the strongest come first, equals by number', () => {
  const { graph, at } = tinyGraph({ a: [], b: [], c: [], d: [] })
  const spreader = new Spreader(graph, HALVES)
  for (const [name, amount] of Object.entries({ d: 0.5, b: 0.25, c: 0.5, a: 0.125 })) spreader.seed(at[name], amount)
  expect(spreader.strongest(3)).toEqual([
    { synset: at.c, activation: 0.5 },
    { synset: at.d, activation: 0.5 },
    { synset: at.b, activation: 0.25 },
  ])
  expect(spreader.strongest(10)).toHaveLength(4)
})
