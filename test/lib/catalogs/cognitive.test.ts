// The cognitive catalog: what its recording functions show in a scrape, its classes, and what it drops.
import { Registry } from 'nanotally'
import {
  branchingFactorClass,
  CONSOLIDATION_STATES,
  type CognitiveMetrics,
  type ConsolidationState,
  cognitiveMetrics,
  maxDepthClass,
  networkSizeClass,
  plausibilityThresholdClass,
} from 'nanotally/catalogs/cognitive'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { read, rejections, samplesOf, scrape } from '../../support/registry.js'

const HIPPOCAMPAL = 'engram_cls_hippocampal_weight_ratio'
const NEOCORTICAL = 'engram_cls_neocortical_weight_ratio'
const CLS_WEIGHT = 'engram_cls_recent_weight'
const PLAUSIBILITY = 'engram_pattern_completion_plausibility'
const FALSE_MEMORY_RATE = 'engram_false_memory_generation_rate'
const FALSE_MEMORY_WEIGHT = 'engram_false_memory_recent_weight'
const TRANSITION = 'engram_consolidation_transition_duration_ms'
const DEPTH = 'engram_spreading_activation_depth_hops'
const COVERAGE = 'engram_spreading_activation_coverage_ratio'

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockReturnValue()
})

function setUp() {
  const registry = new Registry()
  return { registry, metrics: cognitiveMetrics({ registry }) }
}

/** Records as a caller without types would. */
function untyped(metrics: CognitiveMetrics): Record<string, (...args: unknown[]) => unknown> {
  return metrics as never
}

/** What is no value of a closed label set, not even by accident. */
const STRANGERS: readonly unknown[] = ['', 'other', 'constructor', '__proto__', undefined, null, 3, {}, Symbol('s')]
const NO_AMOUNTS: readonly unknown[] = [Number.NaN, -1, Infinity, -Infinity, '1', undefined, null, 1n, {}, Symbol('s')]

test('registries are apart; twice in one is once', async () => {
  const { registry, metrics } = setUp()
  const other = setUp()
  const again = cognitiveMetrics({ registry })
  metrics.recordConsolidationTransition('recent', 'consolidating', 1)
  again.recordConsolidationTransition('recent', 'consolidating', 2)
  other.metrics.recordConsolidationTransition('recent', 'consolidating', 4)
  const labels = { from_state: 'recent', to_state: 'consolidating' }
  expect(await read(registry, `${TRANSITION}_sum`, labels)).toBe(3)
  expect(await read(other.registry, `${TRANSITION}_sum`, labels)).toBe(4)
})

describe('complementary learning systems', () => {
  test('the two shares are of one recall, and make one', async () => {
    const { registry, metrics } = setUp()
    metrics.recordClsContribution('recent', 3, 1)
    metrics.recordClsContribution('remote', 0.1, 0.9)
    expect(await samplesOf(registry, HIPPOCAMPAL)).toEqual({
      '{"consolidation_state":"recent"}': 0.75,
      '{"consolidation_state":"remote"}': 0.1,
    })
    expect(await samplesOf(registry, NEOCORTICAL)).toEqual({
      '{"consolidation_state":"recent"}': 0.25,
      '{"consolidation_state":"remote"}': 0.9,
    })
  })

  test('they follow what happens now', async () => {
    const { registry, metrics } = setUp()
    for (let i = 0; i < 1000; i++) metrics.recordClsContribution('recent', 1, 0)
    for (let i = 0; i < 20; i++) metrics.recordClsContribution('recent', 0, 1)
    // 0.95 ** 20 of the old ones are left.
    expect(await read(registry, HIPPOCAMPAL, { consolidation_state: 'recent' })).toBeCloseTo(0.95 ** 20, 12)
    for (let i = 0; i < 20_000; i++) metrics.recordClsContribution('recent', 0, 1)
    // Nor does a remainder stay for ever.
    expect(await read(registry, HIPPOCAMPAL, { consolidation_state: 'recent' })).toBe(0)
    expect(await read(registry, NEOCORTICAL, { consolidation_state: 'recent' })).toBe(1)
  })

  test('are absent while nothing was contributed', async () => {
    const { registry, metrics } = setUp()
    metrics.recordClsContribution('recent', 0, 0)
    expect(await samplesOf(registry, HIPPOCAMPAL)).toEqual({})
    expect(await samplesOf(registry, CLS_WEIGHT)).not.toEqual({})
  })

  test('states that are none and weights that are none are dropped and counted', async () => {
    const { registry, metrics } = setUp()
    for (const state of STRANGERS) untyped(metrics).recordClsContribution?.(state, 1, 1)
    expect(await rejections(registry, CLS_WEIGHT)).toEqual({ labels: STRANGERS.length })
    for (const weight of NO_AMOUNTS) {
      untyped(metrics).recordClsContribution?.('recent', weight, 1)
      untyped(metrics).recordClsContribution?.('recent', 1, weight)
    }
    expect(await rejections(registry, CLS_WEIGHT)).toEqual({
      labels: STRANGERS.length,
      not_a_number: 2 * NO_AMOUNTS.length,
    })
    expect(await samplesOf(registry, CLS_WEIGHT)).toEqual({})
  })
})

describe('pattern completion', () => {
  test('plausibility is a histogram of tenths', async () => {
    const { registry, metrics } = setUp()
    for (const plausibility of [0, 0.1, 0.72, 1]) metrics.recordPatternCompletion('hippocampal', plausibility, false)
    metrics.recordPatternCompletion('neocortical', 0.93, true)
    const labels = { completion_type: 'hippocampal', false_memory: 'false' }
    expect(await read(registry, `${PLAUSIBILITY}_count`, labels)).toBe(4)
    expect(await read(registry, `${PLAUSIBILITY}_sum`, labels)).toBeCloseTo(1.82, 12)
    expect(await read(registry, `${PLAUSIBILITY}_bucket`, { ...labels, le: '0.1' })).toBe(2)
    expect(await read(registry, `${PLAUSIBILITY}_bucket`, { ...labels, le: '0.7' })).toBe(2)
    expect(await read(registry, `${PLAUSIBILITY}_bucket`, { ...labels, le: '0.8' })).toBe(3)
    expect(await read(registry, `${PLAUSIBILITY}_bucket`, { ...labels, le: '1' })).toBe(4)
    const falseOnes = { completion_type: 'neocortical', false_memory: 'true' }
    expect(await read(registry, `${PLAUSIBILITY}_bucket`, { ...falseOnes, le: '0.95' })).toBe(1)
    expect(await read(registry, `${PLAUSIBILITY}_bucket`, { ...falseOnes, le: '0.9' })).toBe(0)
  })

  test('what is no plausibility, no type and no boolean is dropped and counted', async () => {
    const { registry, metrics } = setUp()
    const { recordPatternCompletion } = untyped(metrics)
    for (const plausibility of [-0.001, 1.001, ...NO_AMOUNTS])
      recordPatternCompletion?.('neocortical', plausibility, true)
    for (const type of STRANGERS) recordPatternCompletion?.(type, 0.5, true)
    for (const falseMemory of STRANGERS) recordPatternCompletion?.('neocortical', 0.5, falseMemory)
    expect(await rejections(registry, PLAUSIBILITY)).toEqual({
      not_a_number: NO_AMOUNTS.length + 2,
      labels: 2 * STRANGERS.length,
    })
    expect(
      await read(registry, `${PLAUSIBILITY}_count`, { completion_type: 'neocortical', false_memory: 'true' }),
    ).toBe(0)
  })
})

describe('false memories', () => {
  const drm = { paradigm: 'drm', plausibility_threshold: '0.7' }

  test('the rate is a moving average: it rises and falls', async () => {
    const { registry, metrics } = setUp()
    let average: number | undefined
    const record = (falseMemory: boolean, times: number) => {
      for (let i = 0; i < times; i++) {
        metrics.recordFalseMemory('drm', 0.7, falseMemory)
        average = (average ?? 0) * 0.95 + (falseMemory ? 0.05 : 0)
      }
    }
    record(true, 300)
    expect(await read(registry, FALSE_MEMORY_RATE, drm)).toBe(1)
    record(false, 10)
    expect(await read(registry, FALSE_MEMORY_RATE, drm)).toBeCloseTo(average as number, 6)
    record(true, 5)
    expect(await read(registry, FALSE_MEMORY_RATE, drm)).toBeCloseTo(average as number, 6)
    record(false, 1000)
    expect(await read(registry, FALSE_MEMORY_RATE, drm)).toBe(0)
  })

  test('the first completions count as much as they can', async () => {
    const { registry, metrics } = setUp()
    expect(await samplesOf(registry, FALSE_MEMORY_RATE)).toEqual({})
    metrics.recordFalseMemory('drm', 0.7, true)
    expect(await read(registry, FALSE_MEMORY_RATE, drm)).toBe(1)
    metrics.recordFalseMemory('drm', 0.7, false)
    expect(await read(registry, FALSE_MEMORY_RATE, drm)).toBeCloseTo(0.95 / 1.95, 12)
  })

  test('paradigms and thresholds are told apart', async () => {
    const { registry, metrics } = setUp()
    metrics.recordFalseMemory('drm', 0.7, true)
    metrics.recordFalseMemory('drm', 0.5, false)
    metrics.recordFalseMemory('misinformation', 0.7, false)
    expect(await samplesOf(registry, FALSE_MEMORY_RATE)).toEqual({
      '{"paradigm":"drm","plausibility_threshold":"0.7"}': 1,
      '{"paradigm":"drm","plausibility_threshold":"0.5"}': 0,
      '{"paradigm":"misinformation","plausibility_threshold":"0.7"}': 0,
    })
  })

  test('a completion is false when it is plausible and was never stored', async () => {
    const { registry, metrics } = setUp()
    expect(metrics.classifyCompletion('drm', 0.7, 0.7, false)).toBe(true)
    expect(metrics.classifyCompletion('drm', 0.7, 0.69, false)).toBe(false)
    expect(metrics.classifyCompletion('drm', 0.7, 1, true)).toBe(false)
    expect(await read(registry, FALSE_MEMORY_WEIGHT, { ...drm, false_memory: 'true' })).toBeCloseTo(0.95 ** 2, 12)
    expect(await read(registry, FALSE_MEMORY_WEIGHT, { ...drm, false_memory: 'false' })).toBeCloseTo(1.95, 12)
  })

  test('what cannot be told or has no class is dropped and counted, once each', async () => {
    const { registry, metrics } = setUp()
    const { classifyCompletion, recordFalseMemory } = untyped(metrics)
    let dropped = 0
    const refuse = (result: unknown) => {
      expect([false, undefined]).toContain(result)
      dropped++
    }
    for (const value of NO_AMOUNTS) {
      refuse(classifyCompletion?.('drm', 0.7, value, false))
      refuse(classifyCompletion?.('drm', value, 0.9, false))
      refuse(recordFalseMemory?.('drm', value, true))
    }
    for (const value of STRANGERS) {
      refuse(classifyCompletion?.('drm', 0.7, 0.9, value))
      refuse(recordFalseMemory?.('drm', 0.7, value))
    }
    for (const paradigm of [undefined, null, {}, [], Number.NaN, Symbol('s')]) {
      refuse(recordFalseMemory?.(paradigm, 0.7, true))
    }
    expect(await rejections(registry, FALSE_MEMORY_WEIGHT)).toEqual({ labels: dropped })
    expect(await samplesOf(registry, FALSE_MEMORY_WEIGHT)).toEqual({})
  })

  test('paradigms without end take one series, of which no rate is told', async () => {
    const { registry, metrics } = setUp()
    for (let i = 0; i < 1200; i++) metrics.recordFalseMemory(`paradigm ${i}`, 0.7, true)
    const rates = await samplesOf(registry, FALSE_MEMORY_RATE)
    expect(Object.keys(rates).length).toBe(1000)
    expect(new Set(Object.values(rates))).toEqual(new Set([1]))
    const overflowed = await read(registry, FALSE_MEMORY_WEIGHT, { otel_metric_overflow: 'true' })
    expect(overflowed).toBeCloseTo((1 - 0.95 ** 200) / 0.05, 6)
  })
})

describe('consolidation', () => {
  test('a memory goes its way, and may come back', async () => {
    const { registry, metrics } = setUp()
    let state: ConsolidationState = 'recent'
    for (const [to, ms] of [
      ['consolidating', 4],
      ['remote', 16],
      ['recent', 64],
      ['consolidating', 2],
      ['remote', 8],
      ['consolidating', 1],
    ] as const) {
      state = metrics.recordConsolidationTransition(state, to, ms)
      expect(state).toBe(to)
    }
    const sums = Object.fromEntries(
      ((await scrape(registry)).get(TRANSITION)?.samples ?? [])
        .filter(({ name }) => name === `${TRANSITION}_sum`)
        .map(({ labels, value }) => [`${labels.from_state} ${labels.to_state}`, value]),
    )
    expect(sums).toEqual({
      'recent consolidating': 6,
      'consolidating remote': 24,
      'remote recent': 64,
      'remote consolidating': 1,
    })
    expect(await rejections(registry, TRANSITION)).toEqual({})
  })

  test('every transition that is possible is there at 0 from the start, so that a stall can be seen', async () => {
    const { registry } = setUp()
    const counts = (await scrape(registry)).get(TRANSITION)?.samples.filter(({ name }) => name.endsWith('_count'))
    expect(counts?.map(({ value }) => value)).toEqual([0, 0, 0, 0])
  })

  test('the others are dropped and counted, and the memory stays where it is', async () => {
    const { registry, metrics } = setUp()
    let dropped = 0
    for (const from of [...CONSOLIDATION_STATES, ...STRANGERS]) {
      for (const to of [...CONSOLIDATION_STATES, ...STRANGERS]) {
        const way = typeof from === 'string' && typeof to === 'string' ? `${from} ${to}` : ''
        if (['recent consolidating', 'consolidating remote', 'remote recent', 'remote consolidating'].includes(way))
          continue
        expect(untyped(metrics).recordConsolidationTransition?.(from, to, 1)).toBe(from)
        dropped++
      }
    }
    expect(dropped).toBe(140)
    expect(await rejections(registry, TRANSITION)).toEqual({ labels: dropped })
    expect(metrics.consolidationTransitionDuration.count).toBe(0)
  })

  test('a time that is none is dropped and counted; the memory has moved all the same', async () => {
    const { registry, metrics } = setUp()
    for (const ms of NO_AMOUNTS) {
      expect(untyped(metrics).recordConsolidationTransition?.('recent', 'consolidating', ms)).toBe('consolidating')
    }
    expect(await rejections(registry, TRANSITION)).toEqual({ not_a_number: NO_AMOUNTS.length })
  })
})

describe('spreading activation', () => {
  test('depth by classes, coverage over all spreads of a size', async () => {
    const { registry, metrics } = setUp()
    const spread = { depthHops: 3, maxDepth: 3, branchingFactor: 2.5, activatedNodes: 1000, networkNodes: 100_000 }
    metrics.recordSpread(spread)
    metrics.recordSpread({ ...spread, depthHops: 1, activatedNodes: 500, networkNodes: 200_000 })
    metrics.recordSpread({ ...spread, maxDepth: 40, branchingFactor: 50, activatedNodes: 0, networkNodes: 10 })
    const labels = { max_depth: '3', branching_factor: '2-4' }
    expect(await read(registry, `${DEPTH}_count`, labels)).toBe(2)
    expect(await read(registry, `${DEPTH}_bucket`, { ...labels, le: '1' })).toBe(1)
    expect(await read(registry, `${DEPTH}_sum`, labels)).toBe(4)
    expect(await read(registry, `${DEPTH}_count`, { max_depth: '21+', branching_factor: '32+' })).toBe(1)
    expect(await samplesOf(registry, COVERAGE)).toEqual({
      '{"network_size":"large"}': 0.005,
      '{"network_size":"small"}': 0,
    })
  })

  test('what cannot be is dropped and counted by the families that it is of', async () => {
    const { registry, metrics } = setUp()
    const spread = { depthHops: 3, maxDepth: 3, branchingFactor: 2, activatedNodes: 5, networkNodes: 10 }
    for (const one of [
      { ...spread, depthHops: -1 },
      { ...spread, maxDepth: 2.5 },
      { ...spread, branchingFactor: Number.NaN },
      { ...spread, activatedNodes: 11 },
      { ...spread, activatedNodes: 'many' },
      { ...spread, networkNodes: -1 },
      {},
      undefined,
      null,
    ]) {
      untyped(metrics).recordSpread?.(one)
    }
    expect(await rejections(registry, DEPTH)).toEqual({ not_a_number: 1, labels: 5 })
    expect(await rejections(registry, 'engram_spreading_activated_nodes_total')).toEqual({ not_a_number: 2, labels: 4 })
    expect(await samplesOf(registry, COVERAGE)).toEqual({ '{"network_size":"small"}': 0.5 })
  })
})

describe('classes', () => {
  test.each([
    [0, 0],
    [0.049, 0],
    [0.05, 0.1],
    [0.649, 0.6],
    [0.65, 0.7],
    [0.7, 0.7],
    [0.949, 0.9],
    [0.95, 1],
    [1, 1],
    [1.001, Number.NaN],
    [-0.001, Number.NaN],
    [Number.NaN, Number.NaN],
  ])('a plausibility threshold of %d is %d', (threshold, expected) => {
    expect(plausibilityThresholdClass(threshold)).toBe(expected)
  })

  test.each([
    [0, '0-1'],
    [0.999, '0-1'],
    [1, '1-2'],
    [1.999, '1-2'],
    [2, '2-4'],
    [2.5, '2-4'],
    [4, '4-8'],
    [8, '8-16'],
    [15.99, '8-16'],
    [16, '16-32'],
    [31.99, '16-32'],
    [32, '32+'],
    [2 ** 32, '32+'],
    [Number.MAX_VALUE, '32+'],
    [Infinity, Number.NaN],
    [-1, Number.NaN],
    [Number.NaN, Number.NaN],
  ])('a branching factor of %d is %s', (factor, expected) => {
    expect(branchingFactorClass(factor)).toBe(expected)
  })

  test.each([
    [0, 0],
    [10, 10],
    [11, '11-20'],
    [20, '11-20'],
    [21, '21+'],
    [Number.MAX_SAFE_INTEGER, '21+'],
    [1.5, Number.NaN],
    [-1, Number.NaN],
    [Infinity, Number.NaN],
  ])('a maximum of %d hops is %s', (hops, expected) => {
    expect(maxDepthClass(hops)).toBe(expected)
  })

  test.each([
    [0, 'small'],
    [999, 'small'],
    [1000, 'medium'],
    [99_999, 'medium'],
    [100_000, 'large'],
    [-1, Number.NaN],
    [Infinity, Number.NaN],
  ])('a network of %d nodes is %s', (nodes, expected) => {
    expect(networkSizeClass(nodes)).toBe(expected)
  })
})
