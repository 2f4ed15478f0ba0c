// What a worker records of spreads, recalls and replays: the gauges, which the tally does not have, against sums of the test's
// own; and that both books are told the same.
import { registry } from 'nanotally'
import { expect, test } from 'vitest'
import { branchingClass, hopPlace, sizeClass } from '../../../examples/engram/books/cognition-slots.mjs'
import { compare } from '../../../examples/engram/books/compare.mjs'
import { Tally } from '../../../examples/engram/books/tally.mjs'
import { CONSOLIDATION_STATES } from '../../../examples/engram/cognition/consolidation.mjs'
import { createMemory, EpisodicMemory } from '../../../examples/engram/engine/memory.mjs'
import { Recording } from '../../../examples/engram/engine/recording.mjs'
import { Spreader } from '../../../examples/engram/engine/spread.mjs'
import { Scrape } from '../../../examples/engram/view/exposition.mjs'
import { tinyGraph } from './tiny-graph.js'

const tally = new Tally(Tally.createBuffer(1), 1, 1)
const recording = new Recording(tally)
const { graph, at } = tinyGraph({ a: ['hyponym b'], b: ['hyponym c', 'hypernym a'], c: [] })

const scraped = async () => new Scrape(await registry.metrics())

async function differing() {
  const rows = compare(tally.read(), await scraped())
  // What the engine sets when it starts is not there.
  return rows.filter(({ equal, tally: own }) => !equal && own !== 0)
}

test('weights of the two systems are those of the recalls, each fading by a twentieth', async () => {
  const memory = new EpisodicMemory(graph, createMemory(graph.synsetCount, 10))
  const lemmas = Int32Array.of(graph.lemmaOf('a'), graph.lemmaOf('b'))
  memory.store(lemmas, 2, 0, 1)
  const spreader = new Spreader(graph, { maxHops: 0 })
  const sums = CONSOLIDATION_STATES.map(() => [0, 0])
  let moved = 0
  for (let round = 0; round < 40; round++) {
    const transitions = memory.replay(1)
    recording.moved(transitions)
    spreader.clear()
    spreader.seed(at.a as number, 1)
    const found = memory.match(spreader, 0)
    recording.found(found)
    for (const { evidence } of found) {
      const sum = sums[evidence.state] as [number, number]
      sum[0] = sum[0] * 0.95 + evidence.hippocampal
      sum[1] = sum[1] * 0.95 + evidence.neocortical
      moved += Number(evidence.transition !== undefined)
    }
    moved += transitions.length
  }
  const scrape = await scraped()
  for (const [state, [hippocampal, neocortical] = []] of sums.entries()) {
    const consolidation_state = CONSOLIDATION_STATES[state] as string
    for (const [system, expected = 0] of [
      ['hippocampal', hippocampal] as const,
      ['neocortical', neocortical] as const,
    ]) {
      if (expected === 0) continue
      const weight = scrape.sum('engram_cls_recent_weight', { consolidation_state, system })
      expect(weight).toBeCloseTo(expected, 9)
      const all = (hippocampal as number) + (neocortical as number)
      const ratio = scrape.sum(`engram_cls_${system}_weight_ratio`, { consolidation_state })
      expect(ratio).toBeCloseTo(expected / all, 9)
    }
  }
  expect(sums.filter(([hippocampal = 0]) => hippocampal > 0).length).toBeGreaterThanOrEqual(2)
  expect(scrape.sum('engram_consolidation_transition_duration_ms_count')).toBe(moved)
  expect(moved).toBeGreaterThan(5)
  expect(await differing()).toEqual([])
})

test('spreads, hops and their averages', async () => {
  const spreader = new Spreader(graph)
  let hops = 0
  const spreads = 10
  let averages = 0
  for (let i = 0; i < spreads; i++) {
    spreader.clear()
    spreader.seed((i % 2 === 0 ? at.a : at.b) as number, 1)
    recording.spreadBegins()
    spreader.spread(undefined, recording.hop)
    hops += spreader.hops
    averages += spreader.averageHops
    recording.spreadEnds(spreader, graph.synsetCount, [1, 0.5])
    recording.recalled(0.001, i % 3)
  }
  const scrape = await scraped()
  expect(hops).toBeGreaterThan(spreads)
  expect(scrape.sum('engram_spreading_hop_latency_count')).toBe(hops)
  expect(scrape.sum('engram_spreading_activation_depth_hops_sum')).toBe(hops)
  expect(scrape.sum('engram_spreading_average_hop_count')).toBeCloseTo(averages / spreads, 9)
  expect(scrape.sum('engram_spreading_concurrent_spreads')).toBe(0)
  expect(scrape.sum('engram_spreads_per_second')).toBe(spreads)
  expect(await differing()).toEqual([])
})

test('a spread that activates nothing is a failure', async () => {
  const spreader = new Spreader(graph)
  recording.spreadBegins()
  spreader.spread(undefined, recording.hop)
  recording.spreadEnds(spreader, graph.synsetCount, [])
  expect((await scraped()).sum('engram_spreading_failures', { error_type: 'no_activation' })).toBe(1)
  expect(await differing()).toEqual([])
})

test('what is told as sums so far is recorded as differences', async () => {
  recording.vectorsAsked({ hits: 3, misses: 1 })
  recording.vectorsAsked({ hits: 5, misses: 1 })
  recording.contended([2, 0])
  recording.contended([2, 4])
  const scrape = await scraped()
  expect(scrape.sum('engram_spreading_cache_lookups_total', { outcome: 'hit' })).toBe(5)
  expect(scrape.sum('engram_spreading_cache_hit_rate')).toBeCloseTo(5 / 6, 9)
  expect(scrape.sum('engram_lock_free_contentions_total', { component: 'queue' })).toBe(2)
  expect(scrape.sum('engram_lock_free_contentions_total', { component: 'shard' })).toBe(4)
  expect(await differing()).toEqual([])
})

test('the classes of the books, at their bounds', () => {
  expect([0, 0.9, 1, 1.9, 2, 4, 31.9, 32, 1e9].map(branchingClass)).toEqual([0, 0, 1, 1, 2, 3, 5, 6, 6])
  expect([1, 7, 8, 9, 100].map(hopPlace)).toEqual([0, 6, 7, 7, 7])
  expect([0, 999, 1000, 99_999, 100_000].map(sizeClass)).toEqual([0, 0, 1, 1, 2])
})
