// The cognitive catalog: a memory engine that is modelled on complementary learning systems, which consolidates memories,
// completes patterns and spreads activation. Planning document 003.
import type { LabelValue } from '../index.js'
import type { Catalog, CatalogFamilies, Instruments } from './shared/catalog.js'
import { type CatalogOptions, defineFamilies } from './shared/catalog.js'
import { RecentPairs } from './shared/recent-pairs.js'
import { amountOrNoNumber, booleanLabel, isAmount, isShare, NO_LABEL, NO_NUMBER, oneOf } from './shared/recording.js'

export const CONSOLIDATION_STATES = ['recent', 'consolidating', 'remote'] as const
export type ConsolidationState = (typeof CONSOLIDATION_STATES)[number]

/** Which states a memory can move to. A remote one that is reactivated is open to change again. */
export const CONSOLIDATION_TRANSITIONS: Readonly<Record<ConsolidationState, readonly ConsolidationState[]>> = {
  recent: ['consolidating'],
  consolidating: ['remote'],
  remote: ['recent', 'consolidating'],
}

/** The two learning systems. */
export const MEMORY_SYSTEMS = ['hippocampal', 'neocortical'] as const
export type MemorySystem = (typeof MEMORY_SYSTEMS)[number]

export const NETWORK_SIZES = ['small', 'medium', 'large'] as const
export type NetworkSize = (typeof NETWORK_SIZES)[number]

const BOOLEANS = ['true', 'false'] as const
const PLAUSIBILITY_THRESHOLDS = ['0', '0.1', '0.2', '0.3', '0.4', '0.5', '0.6', '0.7', '0.8', '0.9', '1'] as const
const BRANCHING_FACTORS = ['0-1', '1-2', '2-4', '4-8', '8-16', '16-32', '32+'] as const
const MAX_DEPTHS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11-20', '21+'] as const

const FAMILIES = {
  clsRecentWeight: {
    name: 'engram_cls_recent_weight',
    type: 'gauge',
    help: 'Weight of each learning system in recalls, each recall fading by a twentieth with every later one.',
    labels: ['consolidation_state', 'system'],
    values: { consolidation_state: CONSOLIDATION_STATES, system: MEMORY_SYSTEMS },
    query: 'sum by (system) (engram_cls_recent_weight)',
    queryUnit: 'weight of up to 20 recalls of each state and thread',
    expected: [0, 1000],
    source: 'whoever weighs the two systems in a recall; what the two ratios are computed from',
  },
  clsHippocampalWeight: {
    name: 'engram_cls_hippocampal_weight_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of the hippocampal system in late recalls of memories in a state of consolidation.',
    labels: ['consolidation_state'],
    values: { consolidation_state: CONSOLIDATION_STATES },
    derived: {
      of: [{ family: 'clsRecentWeight', where: { system: 'hippocampal' } }],
      to: [
        { family: 'clsRecentWeight', where: { system: 'hippocampal' } },
        { family: 'clsRecentWeight', where: { system: 'neocortical' } },
      ],
    },
    // Document 003 compares within each state; there a healthy system is one-sided, as that is what consolidation is:
    // recent memories are hippocampal, remote ones neocortical. Only all states together should have some of both.
    query: 'abs(avg(engram_cls_hippocampal_weight_ratio) - avg(engram_cls_neocortical_weight_ratio))',
    queryUnit: 'difference of the two shares',
    expected: [0, 0.8],
    warning: { above: 0.8, forSeconds: 120 },
    source: 'computed of engram_cls_recent_weight',
    documents: ['003'],
  },
  clsNeocorticalWeight: {
    name: 'engram_cls_neocortical_weight_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of the neocortical system in late recalls of memories in a state of consolidation.',
    labels: ['consolidation_state'],
    values: { consolidation_state: CONSOLIDATION_STATES },
    derived: {
      of: [{ family: 'clsRecentWeight', where: { system: 'neocortical' } }],
      to: [
        { family: 'clsRecentWeight', where: { system: 'hippocampal' } },
        { family: 'clsRecentWeight', where: { system: 'neocortical' } },
      ],
    },
    query: 'avg by (consolidation_state) (engram_cls_neocortical_weight_ratio)',
    expected: [0, 1],
    source: 'computed of engram_cls_recent_weight',
    documents: ['003'],
  },
  patternCompletionPlausibility: {
    name: 'engram_pattern_completion_plausibility',
    type: 'histogram',
    help: 'Plausibility of completed patterns, 0 to 1.',
    labels: ['completion_type', 'false_memory'],
    values: { completion_type: MEMORY_SYSTEMS, false_memory: BOOLEANS },
    buckets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1],
    query:
      'histogram_quantile(0.5, sum by (le, completion_type) (rate(engram_pattern_completion_plausibility_bucket{false_memory="false"}[5m])))',
    queryUnit: 'median plausibility',
    expected: [0.5, 1],
    source: 'pattern completion, for each pattern that it completed',
    documents: ['003'],
  },
  falseMemoryRecentWeight: {
    name: 'engram_false_memory_recent_weight',
    type: 'gauge',
    help: 'Completions, each fading by a twentieth with every later one.',
    labels: ['paradigm', 'plausibility_threshold', 'false_memory'],
    values: { plausibility_threshold: PLAUSIBILITY_THRESHOLDS, false_memory: BOOLEANS },
    query: 'sum by (false_memory) (engram_false_memory_recent_weight)',
    queryUnit: 'up to 20 completions of each paradigm, threshold and thread',
    expected: [0, 1000],
    source: 'a measurement of false memories; what the rate is computed from',
  },
  // An average that moves with completions and not a share since the start, which a spike would hardly move, nor a share of
  // the last minutes, which is nothing while nobody measures. Document 003 moves it for false memories only, so that it
  // could but rise: here every completion counts, 1 or 0.
  falseMemoryRate: {
    name: 'engram_false_memory_generation_rate',
    type: 'gauge',
    help: 'Share of false memories among completions: a moving average over the last twenty or so.',
    labels: ['paradigm', 'plausibility_threshold'],
    values: { plausibility_threshold: PLAUSIBILITY_THRESHOLDS },
    derived: {
      of: [{ family: 'falseMemoryRecentWeight', where: { false_memory: 'true' } }],
      to: [
        { family: 'falseMemoryRecentWeight', where: { false_memory: 'true' } },
        { family: 'falseMemoryRecentWeight', where: { false_memory: 'false' } },
      ],
    },
    query: 'engram_false_memory_generation_rate{paradigm="drm"}',
    queryUnit: 'of all completions',
    expected: [0, 0.8],
    critical: { above: 0.8, forSeconds: 300 },
    source: 'computed of engram_false_memory_recent_weight',
    documents: ['003'],
  },
  consolidationTransitionDuration: {
    name: 'engram_consolidation_transition_duration_ms',
    type: 'histogram',
    unit: 'ms',
    help: 'Time from when a memory came into a state of consolidation until it moved to another.',
    labels: ['from_state', 'to_state'],
    values: { from_state: CONSOLIDATION_STATES, to_state: CONSOLIDATION_STATES },
    // Document 003 takes the rate of the histogram itself, which has no sample of that name.
    query: 'sum(rate(engram_consolidation_transition_duration_ms_count[5m]))',
    // From a millisecond to a day.
    classicRange: [1, 86_400_000],
    queryUnit: 'transitions per second',
    expected: [0.001, 100_000],
    // One transition in 5 minutes is 0.0033 a second: below this is none at all.
    warning: { below: 0.001, forSeconds: 900 },
    source: 'the consolidation store, when a memory changes its state',
    documents: ['003'],
  },
  spreadingDepth: {
    name: 'engram_spreading_activation_depth_hops',
    type: 'histogram',
    help: 'Hops that activation went before it faded out or came to its limit.',
    labels: ['max_depth', 'branching_factor'],
    values: { max_depth: MAX_DEPTHS, branching_factor: BRANCHING_FACTORS },
    buckets: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30, 50],
    query: 'histogram_quantile(0.9, sum by (le, max_depth) (rate(engram_spreading_activation_depth_hops_bucket[5m])))',
    queryUnit: 'hops',
    expected: [1, 10],
    source: 'spreading activation, at the end of each spread',
    documents: ['003'],
  },
  spreadingActivatedNodes: {
    name: 'engram_spreading_activated_nodes_total',
    type: 'counter',
    help: 'Nodes that spreads activated, each once a spread.',
    labels: ['network_size'],
    values: { network_size: NETWORK_SIZES },
    query: 'sum by (network_size) (rate(engram_spreading_activated_nodes_total[5m]))',
    queryUnit: 'nodes per second',
    expected: [0, 1e9],
    source: 'spreading activation, at the end of each spread',
  },
  spreadingNetworkNodes: {
    name: 'engram_spreading_network_nodes_total',
    type: 'counter',
    help: 'Nodes of the networks that spreads went through: those that each could have activated.',
    labels: ['network_size'],
    values: { network_size: NETWORK_SIZES },
    query: 'sum by (network_size) (rate(engram_spreading_network_nodes_total[5m]))',
    queryUnit: 'nodes per second',
    expected: [0, 1e12],
    source: 'spreading activation, at the end of each spread',
  },
  spreadingCoverage: {
    name: 'engram_spreading_activation_coverage_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of a network that a spread activated, over all spreads since the start.',
    labels: ['network_size'],
    values: { network_size: NETWORK_SIZES },
    derived: { of: [{ family: 'spreadingActivatedNodes' }], to: [{ family: 'spreadingNetworkNodes' }] },
    query: 'max by (network_size) (engram_spreading_activation_coverage_ratio)',
    expected: [0.0001, 0.5],
    source: 'computed of engram_spreading_activated_nodes_total and engram_spreading_network_nodes_total',
    documents: ['003'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const cognitive: Catalog = {
  name: 'cognitive',
  about: 'Complementary learning systems: consolidation, pattern completion, false memories and spreading activation.',
  families: FAMILIES,
}

/** What a spread was. */
export interface Spread {
  /** Hops to the node that was activated farthest away: 0 when nothing but the sources was. */
  depthHops: number
  /** The limit that it was given, in hops. */
  maxDepth: number
  /** Edges that were crossed for each node that had any. */
  branchingFactor: number
  /** Nodes that were activated, each once. */
  activatedNodes: number
  /** Nodes that the network has: at least as many. */
  networkNodes: number
}

/** Cognitive metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface CognitiveMetrics extends Instruments<typeof FAMILIES> {
  /**
   * What each system contributed to a recall; the ratios are over the last twenty or so of each state.
   *
   * @param state - of the memory that was recalled
   * @param hippocampalWeight - finite and not negative, in any unit
   * @param neocorticalWeight - in the same
   */
  recordClsContribution(state: ConsolidationState, hippocampalWeight: number, neocorticalWeight: number): void
  /** @param plausibility - 0 to 1 */
  recordPatternCompletion(completionType: MemorySystem, plausibility: number, falseMemory: boolean): void
  /**
   * A completion in a measurement of false memories.
   *
   * @param paradigm - a short fixed text, such as `drm`
   * @param plausibilityThreshold - from which plausibility on completions are taken for memories; 0 to 1, rounded to a tenth
   */
  recordFalseMemory(paradigm: string, plausibilityThreshold: number, falseMemory: boolean): void
  /**
   * Tells whether a completion is a false memory, plausible enough to be taken for a memory (`plausibility` is
   * `plausibilityThreshold` or more) though it was never stored, and records it as `recordFalseMemory`. What cannot be told
   * is no false memory.
   */
  classifyCompletion(paradigm: string, plausibilityThreshold: number, plausibility: number, wasStored: boolean): boolean
  /**
   * A memory is to move from one state to another. Returns the state that it is in then: `to`, or `from` where
   * CONSOLIDATION_TRANSITIONS has no such transition, which is dropped and counted.
   *
   * @param milliseconds - since it came into `from`; finite and not negative
   */
  recordConsolidationTransition(
    from: ConsolidationState,
    to: ConsolidationState,
    milliseconds: number,
  ): ConsolidationState
  recordSpread(spread: Spread): void
}

/** The class of a threshold of plausibility, 0 to 1: it is rounded to a tenth, half a tenth upwards. NaN of anything else. */
export function plausibilityThresholdClass(threshold: number): LabelValue {
  return isShare(threshold) ? Math.round(threshold * 10) / 10 : NO_LABEL
}

/**
 * The class of a branching factor, finite and not negative: from 0 or a power of two, inclusive, to the next, such as `2-4`;
 * `32+` is the last. NaN of anything else.
 */
export function branchingFactorClass(factor: number): LabelValue {
  if (!isAmount(factor)) return NO_LABEL
  if (factor < 1) return '0-1'
  return BRANCHING_FACTORS[32 - Math.clz32(Math.min(factor, 32))] as string
}

/** The class of a limit of hops, an integer from 0 on: itself to 10, then `11-20` and `21+`. NaN of anything else. */
export function maxDepthClass(hops: number): LabelValue {
  if (!Number.isInteger(hops) || hops < 0) return NO_LABEL
  if (hops <= 10) return hops
  return hops <= 20 ? '11-20' : '21+'
}

/** The class of a network by its nodes: `small` below 1 000, `large` from 100 000 on. NaN of what is no number of nodes. */
export function networkSizeClass(nodes: number): LabelValue {
  if (!isAmount(nodes)) return NO_LABEL
  if (nodes < 1000) return 'small'
  return nodes < 100_000 ? 'medium' : 'large'
}

/**
 * Defines the cognitive families in a registry, or finds them there, and returns what records them. Each family that is not
 * computed is also there itself, to be bound where a function that looks its labels up is too slow.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = cognitiveMetrics()
 * metrics.recordClsContribution('recent', 0.8, 0.2)
 * const isFalse = metrics.classifyCompletion('drm', 0.7, 0.83, false)
 * metrics.recordPatternCompletion('neocortical', 0.83, isFalse)
 * let state = metrics.recordConsolidationTransition('recent', 'consolidating', 5200)
 * state = metrics.recordConsolidationTransition(state, 'remote', 86_400_000)
 */
export function cognitiveMetrics(options: CatalogOptions = {}): CognitiveMetrics {
  const families = defineFamilies(FAMILIES, options)
  const { clsRecentWeight, falseMemoryRecentWeight, consolidationTransitionDuration: transitions } = families
  const recent = new RecentPairs()
  // They are there at 0 from the start: a store that never moves a memory has stalled too.
  for (const [from, allowed] of Object.entries(CONSOLIDATION_TRANSITIONS)) {
    for (const to of allowed) transitions.labels(from, to)
  }

  const recordFalseMemory = (paradigm: string, plausibilityThreshold: number, falseMemory: boolean) => {
    const threshold = plausibilityThresholdClass(plausibilityThreshold)
    if (typeof falseMemory !== 'boolean') {
      falseMemoryRecentWeight.set(
        { paradigm, plausibility_threshold: threshold, false_memory: booleanLabel(falseMemory) },
        0,
      )
      return
    }
    const hits = falseMemoryRecentWeight.labels(paradigm, threshold, true)
    const others = falseMemoryRecentWeight.labels(paradigm, threshold, false)
    recent.record(hits, falseMemory ? 1 : 0, others, falseMemory ? 0 : 1)
  }

  return {
    ...families,
    recordClsContribution: (state, hippocampalWeight, neocorticalWeight) => {
      const label = oneOf(CONSOLIDATION_STATES, state)
      const hippocampal = clsRecentWeight.labels(label, 'hippocampal')
      const neocortical = clsRecentWeight.labels(label, 'neocortical')
      if (isAmount(hippocampalWeight) && isAmount(neocorticalWeight)) {
        recent.record(hippocampal, hippocampalWeight, neocortical, neocorticalWeight)
      } else hippocampal.set(NO_NUMBER)
    },
    recordPatternCompletion: (completionType, plausibility, falseMemory) => {
      const completion_type = oneOf(MEMORY_SYSTEMS, completionType)
      const value = isShare(plausibility) ? plausibility : NO_NUMBER
      const false_memory = booleanLabel(falseMemory)
      families.patternCompletionPlausibility.observe({ completion_type, false_memory }, value)
    },
    recordFalseMemory,
    classifyCompletion: (paradigm, plausibilityThreshold, plausibility, wasStored) => {
      const isKnown = isShare(plausibility) && isShare(plausibilityThreshold) && typeof wasStored === 'boolean'
      const isFalse = isKnown && !wasStored && plausibility >= plausibilityThreshold
      recordFalseMemory(paradigm, plausibilityThreshold, isKnown ? isFalse : (undefined as unknown as boolean))
      return isFalse
    },
    recordConsolidationTransition: (from, to, milliseconds) => {
      const allowed = CONSOLIDATION_STATES.includes(from) ? CONSOLIDATION_TRANSITIONS[from] : []
      const isPossible = allowed.includes(to)
      const labels = { from_state: from, to_state: isPossible ? to : NO_LABEL }
      transitions.observe(labels, amountOrNoNumber(milliseconds))
      return isPossible ? to : from
    },
    recordSpread: (spread) => {
      const { depthHops, maxDepth, branchingFactor, activatedNodes, networkNodes } = spread ?? {}
      const labels = { max_depth: maxDepthClass(maxDepth), branching_factor: branchingFactorClass(branchingFactor) }
      families.spreadingDepth.observe(labels, amountOrNoNumber(depthHops))
      const network_size = networkSizeClass(networkNodes)
      // Both or neither: the ratio is of the two.
      if (isAmount(activatedNodes) && activatedNodes <= networkNodes) {
        families.spreadingActivatedNodes.inc({ network_size }, activatedNodes)
        families.spreadingNetworkNodes.inc({ network_size }, networkNodes)
      } else families.spreadingActivatedNodes.inc({ network_size }, Number.NaN)
    },
  }
}
