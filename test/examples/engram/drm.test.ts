// The DRM paradigm on the real WordNet: the critical lures are recognised and what is unrelated is not, because of what was
// studied; and the rates on a graph where they can be worked out.
import { registry } from 'nanotally'
import { beforeAll, describe, expect, test } from 'vitest'
import { DRM_LISTS, drmRates, drmTrials, ITEM_KINDS, runDrm } from '../../../examples/engram/cognition/drm.mjs'
import { plausibilityOf } from '../../../examples/engram/cognition/plausibility.mjs'
import { DrmMeasurement, THRESHOLD } from '../../../examples/engram/engine/drm-measurement.mjs'
import { Spreader } from '../../../examples/engram/engine/spread.mjs'
import { buildGraph, type Graph } from '../../../examples/engram/wordnet/graph.mjs'
import { loadWordNet } from '../../../examples/engram/wordnet/wordnet.mjs'
import { read } from '../../support/registry.js'
import { tinyGraph } from './tiny-graph.js'

type Trial = ReturnType<typeof drmTrials>[number]

const THRESHOLDS = Array.from({ length: 21 }, (_, i) => i / 20)
const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
const isLure = ({ kind }: Trial) => ITEM_KINDS[kind] === 'lure'
const isUnrelated = ({ kind }: Trial) => ITEM_KINDS[kind] === 'unrelated'

test('plausibility rises with confidence, from 0, and is one half at 0.05', () => {
  expect([0, 0.05].map(plausibilityOf)).toEqual([0, 0.5])
  const scale = Array.from({ length: 101 }, (_, i) => plausibilityOf(i / 100))
  for (let i = 1; i < scale.length; i++) expect(scale[i]).toBeGreaterThan(scale[i - 1])
  expect(scale[100]).toBeLessThan(1)
})

describe('on WordNet', () => {
  let graph: Graph
  let spreader: Spreader
  let trials: Trial[]

  beforeAll(async () => {
    graph = buildGraph(await loadWordNet())
    spreader = new Spreader(graph)
    trials = drmTrials({ graph, spreader, seed: 1 })
  })

  test('it has every word, and no list has its lure or a word of another list', () => {
    const words = Object.entries(DRM_LISTS).flatMap(([lure, list]) => [lure, ...list])
    expect(words).toHaveLength(6 * 13)
    expect(new Set(words).size).toBe(words.length)
    expect(trials).toHaveLength(20 * 6 * (12 + 1 + 12))
  })

  test('the rate that is measured while the engine runs is that of its subjects, late ones counting more', async () => {
    const measurement = new DrmMeasurement(graph)
    let [taken, asked] = [0, 0]
    for (let subject = 1; subject <= 5; subject++) {
      const own = drmTrials({ graph, spreader, seed: subject, subjects: 1 }).filter(isLure)
      for (const { plausibility } of own) {
        taken = taken * 0.95 + Number(plausibility >= THRESHOLD)
        asked = asked * 0.95 + 1
      }
      const rate = own.filter(({ plausibility }) => plausibility >= THRESHOLD).length / own.length
      expect(measurement.next()).toBe(rate)
    }
    const measured = await read(registry, 'engram_false_memory_generation_rate', {
      paradigm: 'drm',
      plausibility_threshold: '0.7',
    })
    expect(measured).toBeCloseTo(taken / asked, 9)
    expect(measured).toBeGreaterThan(0)
  })

  test('false recognition of lures is far above that of unrelated words, and below the hits', () => {
    const { falseRate, hitRate, unrelatedRate } = drmRates(trials, 0.5)
    expect(hitRate).toBeGreaterThan(0.8)
    // A fifth was missed, and some of that is recognised for what it has in common with the rest.
    expect(hitRate).toBeLessThan(0.95)
    expect(falseRate).toBeGreaterThan(0.5)
    expect(falseRate).toBeLessThan(hitRate)
    expect(unrelatedRate).toBeLessThan(0.05)
  })

  test.each(Object.keys(DRM_LISTS))('%s is more plausible after its list than after any other', (lure) => {
    const after = trials.filter((trial) => isLure(trial) && trial.word === lure)
    const control = trials.filter((trial) => isUnrelated(trial) && trial.word === lure)
    expect(after).toHaveLength(20)
    expect(control.length).toBeGreaterThan(2)
    expect(mean(after.map(({ plausibility }) => plausibility))).toBeGreaterThan(
      5 * mean(control.map(({ plausibility }) => plausibility)),
    )
    const unrelated = trials.filter((trial) => isUnrelated(trial) && trial.lure === lure)
    expect(mean(after.map(({ plausibility }) => plausibility))).toBeGreaterThan(
      5 * mean(unrelated.map(({ plausibility }) => plausibility)),
    )
  })

  test('the rates fall as the threshold rises, from all to nothing, and the false rate in many steps', () => {
    const rates = THRESHOLDS.map((threshold) => drmRates(trials, threshold))
    for (const kind of ['falseRate', 'hitRate', 'unrelatedRate'] as const) {
      expect([rates[0][kind], rates[20][kind]]).toEqual([1, 0])
      for (let i = 1; i < rates.length; i++) expect(rates[i][kind]).toBeLessThanOrEqual(rates[i - 1][kind])
    }
    expect(new Set(rates.map(({ falseRate }) => falseRate)).size).toBeGreaterThan(10)
    for (const { falseRate, perList } of rates) {
      expect(mean(perList.map((list) => list.falseRate))).toBeCloseTo(falseRate, 12)
    }
  })

  test('a seed tells all', () => {
    expect(drmTrials({ graph, spreader, seed: 1 })).toEqual(trials)
    const options = { graph, spreader, subjects: 2 }
    expect(runDrm({ ...options, seed: 5, threshold: 0.4 })).toEqual(drmRates(drmTrials({ ...options, seed: 5 }), 0.4))
    expect(drmTrials({ ...options, seed: 6 })).not.toEqual(drmTrials({ ...options, seed: 5 }))
  })
})

test('what nothing leads to is not recognised; a word that the graph does not have is an error', () => {
  const { graph } = tinyGraph({ a: ['similar lure'], b: ['similar lure'], lure: [], c: [], d: [], other: [] })
  const spreader = new Spreader(graph)
  const lists = { lure: ['a', 'b'], other: ['c', 'd'] }
  const { falseRate, unrelatedRate, perList } = runDrm({
    graph,
    spreader,
    seed: 2,
    threshold: 0.9,
    subjects: 50,
    lists,
  })
  const [linked, apart] = perList
  // Missed when both words were, once in 25 times.
  expect(linked.falseRate).toBeGreaterThan(0.8)
  expect(apart.falseRate).toBe(0)
  expect(falseRate).toBe(linked.falseRate / 2)
  expect(unrelatedRate).toBe(0)
  expect(() => runDrm({ graph, spreader, seed: 2, threshold: 0.5, lists: { lure: ['absent'] } })).toThrow(/"absent"/)
})
