// Spreading activation on hand-made graphs, where every number can be worked out by hand; and what it tells of itself
// against a plain model that carries whole paths, on random graphs.
import { expect, test } from 'vitest'
import { Random } from '../../../examples/engram/engine/random.mjs'
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

/** A spread from `a`, and what it tells of cycles. */
function cyclesOf(edges: Record<string, string[]>, options = {}) {
  const { graph, at } = tinyGraph(edges)
  const spreader = new Spreader(graph, { ...HALVES, threshold: 0, ...options })
  spreader.seed(at.a, 1)
  spreader.spread()
  return { cycles: spreader.cycles, echoes: spreader.echoes, aggregations: spreader.aggregations }
}

test('an edge back to the path of the one that fires closes a cycle; straight back, it is an echo', () => {
  expect(cyclesOf({ a: ['similar b'], b: ['similar c'], c: ['similar d'], d: [] })).toMatchObject({ cycles: 0 })
  expect(cyclesOf({ a: ['similar b'], b: ['similar a'] })).toMatchObject({ cycles: 1, echoes: 1 })
  expect(cyclesOf({ a: ['similar a'] })).toMatchObject({ cycles: 1, echoes: 0 })
  expect(cyclesOf({ a: ['similar b'], b: ['similar c'], c: ['similar a'] })).toMatchObject({ cycles: 1, echoes: 0 })
  // The way to c is a, c: what b sends there has not been at c before, and neither has what c sends to b.
  const triangle = { a: ['similar b', 'similar c'], b: ['similar c'], c: ['similar b'] }
  expect(cyclesOf(triangle)).toEqual({ cycles: 0, echoes: 0, aggregations: 2 })
})

test('activation that comes together from several paths is aggregated; what comes back is not', () => {
  const diamond = { a: ['similar b', 'similar c'], b: ['similar d'], c: ['similar d'], d: ['similar b'] }
  // d is reached by two paths. From d, which has fired after b, activation goes back to b.
  expect(cyclesOf(diamond)).toEqual({ cycles: 1, echoes: 1, aggregations: 1 })
})

test('how far and how wide it went', () => {
  const { graph, at } = tinyGraph({
    a: ['similar b', 'similar c', 'similar d'],
    b: ['similar e'],
    c: [],
    d: [],
    e: [],
    f: [],
  })
  const spreader = new Spreader(graph, HALVES)
  expect([spreader.averageHops, spreader.branchingFactor, spreader.coverage, spreader.confidence(at.a)]).toEqual([
    0, 0, 0, 0,
  ])
  spreader.seed(at.a, 1)
  const hops: number[][] = []
  spreader.spread(undefined, (hop, reached) => hops.push([hop, reached]))
  expect(spreader.averageHops).toBe((1 + 1 + 1 + 2) / 4)
  expect(spreader.firedCount).toBe(5)
  expect(spreader.branchingFactor).toBe(4 / 5)
  expect(spreader.coverage).toBe(5 / 6)
  expect(hops).toEqual([
    [1, 4],
    [2, 5],
  ])
})

test('confidence is activation relative to the highest', () => {
  const { graph, at } = tinyGraph({ a: ['similar b', 'similar c'], b: [], c: [], d: [] })
  const spreader = new Spreader(graph, HALVES)
  spreader.seed(at.a, 2)
  spreader.spread()
  expect(['a', 'b', 'c', 'd'].map((name) => spreader.confidence(at[name]))).toEqual([1, 0.25, 0.25, 0])
  spreader.seed(at.b, 3.5)
  expect(spreader.confidence(at.a)).toBe(0.5)
})

/** The rules at the head of spread.mjs, with whole paths and no tricks. */
function modelOf(edges: number[][], seeds: number[], threshold: number, maxHops: number, maxFired: number) {
  const activation = edges.map(() => 0)
  const reachedIn = new Map(seeds.map((seed) => [seed, 0]))
  const path = new Map<number, number[]>()
  const told = { cycles: 0, echoes: 0, crossed: 0, fired: 0, hops: 0, aggregations: 0 }
  for (const seed of seeds) activation[seed] += 1
  const enlist = (synset: number, before: number[], list: number[]) => {
    if (path.has(synset) || activation[synset] < threshold) return
    path.set(synset, [...before, synset])
    list.push(synset)
  }
  let firing: number[] = []
  for (const seed of new Set(seeds)) enlist(seed, [], firing)
  for (let hop = 1; hop <= maxHops && firing.length > 0; hop++) {
    firing = firing.slice(0, maxFired - told.fired)
    told.fired += firing.length
    const pulse = firing.map((from) => activation[from])
    for (const [i, from] of firing.entries()) {
      const way = path.get(from) as number[]
      for (const to of edges[from]) {
        told.crossed++
        told.hops = hop
        if (way.includes(to)) told.cycles++
        else if (reachedIn.has(to)) told.aggregations++
        if (way.length > 1 && way.at(-2) === to) told.echoes++
        if (!reachedIn.has(to)) reachedIn.set(to, hop)
        activation[to] += pulse[i] * 0.5 * (1 / edges[from].length)
      }
    }
    const next: number[] = []
    for (const from of firing) for (const to of edges[from]) enlist(to, path.get(from) as number[], next)
    firing = next
  }
  const later = [...reachedIn.values()].filter((hop) => hop > 0)
  const averageHops = later.reduce((sum, hop) => sum + hop, 0) / Math.max(1, later.length)
  return { ...told, activation, averageHops, reached: reachedIn.size }
}

test('on 400 random graphs it tells what a model with whole paths tells (seed 5)', () => {
  const random = new Random(5)
  const seen = { echoes: 0, longer: 0, aggregations: 0 }
  for (let round = 0; round < 400; round++) {
    const size = 1 + random.below(20)
    const isTwoWay = random.next() < 0.5
    const edges: number[][] = Array.from({ length: size }, () => [])
    for (let i = random.below(3 * size); i > 0; i--) {
      const [from, to] = [random.below(size), random.below(size)]
      edges[from].push(to)
      if (isTwoWay) edges[to].push(from)
    }
    const seeds = Array.from({ length: 1 + random.below(3) }, () => random.below(size))
    const threshold = random.next() < 0.5 ? 0 : 0.3 * random.next()
    const maxHops = 1 + random.below(300)
    const maxFired = 1 + random.below(2 * size)
    const { graph } = tinyGraph(Object.fromEntries(edges.map((to, s) => [`s${s}`, to.map((t) => `similar s${t}`)])))
    const spreader = new Spreader(graph, { ...HALVES, threshold, maxHops, maxFired })
    for (const seed of seeds) spreader.seed(seed, 1)
    const expected = modelOf(edges, seeds, threshold, maxHops, maxFired)
    spreader.spread()
    expect({
      cycles: spreader.cycles,
      echoes: spreader.echoes,
      crossed: spreader.crossedCount,
      fired: spreader.firedCount,
      hops: spreader.hops,
      aggregations: spreader.aggregations,
      averageHops: spreader.averageHops,
      reached: spreader.touchedCount,
      activation: [...spreader.activation],
    }).toEqual(expected)
    seen.echoes += spreader.echoes
    seen.longer += spreader.cycles - spreader.echoes
    seen.aggregations += spreader.aggregations
  }
  expect(seen.echoes).toBeGreaterThan(300)
  expect(seen.longer).toBeGreaterThan(300)
  expect(seen.aggregations).toBeGreaterThan(300)
})

test('a path longer than a state can tell is still a path', () => {
  // A ring, and a line there and back.
  const length = 600
  const ring = Array.from({ length }, (_, i) => [`r${i}`, [`similar r${(i + 1) % length}`]])
  const line = Array.from({ length }, (_, i) => [
    `l${i}`,
    [i - 1, i + 1].filter((to) => to >= 0 && to < length).map((to) => `similar l${to}`),
  ])
  const run = (edges: Record<string, string[]>) => {
    const spreader = new Spreader(tinyGraph(edges).graph, { ...HALVES, threshold: 0, maxHops: 1000, maxFired: 1000 })
    spreader.seed(0, 1)
    spreader.spread()
    const { hops, cycles, echoes, touchedCount } = spreader
    return { hops, cycles, echoes, touchedCount }
  }
  expect(run(Object.fromEntries(ring))).toEqual({ hops: 600, cycles: 1, echoes: 0, touchedCount: 600 })
  expect(run(Object.fromEntries(line))).toEqual({ hops: 600, cycles: 599, echoes: 599, touchedCount: 600 })
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
    const { hops, touchedCount, firedCount, cycles, echoes, averageHops, aggregations } = spreader
    return [
      ...spreader.activation,
      ...spreader.crossed,
      ...[hops, touchedCount, firedCount, cycles, echoes, averageHops, aggregations, spreader.confidence(at.b)],
    ]
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
