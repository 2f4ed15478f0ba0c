// What is counted of spreads, recalls and replays: slots of the tally, and the classes that some samples are of, found here
// by other code than the catalogs'.
import { COMPLETION_TYPES } from '../cognition/completion.mjs'
import { CONSOLIDATION_STATES } from '../cognition/consolidation.mjs'

const TIERS = ['hot', 'warm', 'cold']
const NETWORK_SIZES = ['small', 'medium', 'large']
const BRANCHING = ['0-1', '1-2', '2-4', '4-8', '8-16', '16-32', '32+']
const HOPS = ['1', '2', '3', '4', '5', '6', '7', '8_or_more']
/** What the engine has locks for. */
export const LOCKS = ['queue', 'shard']
const SPREAD_ERRORS = ['no_activation']
/** The last of them is in the catalog; this engine makes a remote memory that is recalled consolidating. */
const TRANSITIONS = ['recent consolidating', 'consolidating remote', 'remote consolidating', 'remote recent']

/** Index into the slots by branching factor. @param {number} factor */
export function branchingClass(factor) {
  let place = 0
  while (place < BRANCHING.length - 1 && factor >= 2 ** place) place++
  return place
}

/** Index into the slots by hop. @param {number} hop from 1 on */
export const hopPlace = (hop) => (hop < HOPS.length ? hop : HOPS.length) - 1

/** Index into the slots by size of the network. @param {number} nodes */
export const sizeClass = (nodes) => [1e3, 1e5].filter((bound) => nodes >= bound).length

/**
 * @param {(type: 'counter' | 'gauge' | 'histogram', name: string, labels?: Record<string, string>) => number} slot
 */
export function cognitionSlots(slot) {
  /** @param {string} name @param {string} label @param {readonly string[]} values @param {'counter' | 'histogram'} type */
  const by = (type, name, label, values) => values.map((value) => slot(type, name, { [label]: value }))
  return {
    /** [tier] */
    spreadingLatency: by('histogram', 'engram_spreading_latency_count', 'tier', TIERS),
    /** [tier] */
    spreads: by('counter', 'engram_spreads_per_second', 'tier', TIERS),
    /** [hopPlace] */
    hopLatency: by('histogram', 'engram_spreading_hop_latency_count', 'hop', HOPS),
    /** [tier] */
    tierAccess: by('histogram', 'engram_spreading_tier_access_latency_count', 'tier', TIERS),
    activationsProcessed: slot('counter', 'engram_spreading_activations_processed_total'),
    aggregations: slot('counter', 'engram_spreading_confidence_aggregations_total'),
    cycles: slot('counter', 'engram_cycle_detection_rate', { status: 'detected' }),
    confidences: slot('histogram', 'engram_spreading_confidence_distribution_count', { stage: 'final' }),
    /** Lookups of the vectors of synsets: hits, misses. */
    cacheLookups: ['hit', 'miss'].map((outcome) =>
      slot('counter', 'engram_spreading_cache_lookups_total', { tier: 'hot', outcome }),
    ),
    /** [error] */
    spreadingFailures: by('counter', 'engram_spreading_failures', 'error_type', SPREAD_ERRORS),
    /** [branchingClass] */
    depth: BRANCHING.map((branching_factor) =>
      slot('histogram', 'engram_spreading_activation_depth_hops_count', { max_depth: '8', branching_factor }),
    ),
    depthSum: BRANCHING.map((branching_factor) =>
      slot('histogram', 'engram_spreading_activation_depth_hops_sum', { max_depth: '8', branching_factor }),
    ),
    /** [sizeClass] */
    activatedNodes: by('counter', 'engram_spreading_activated_nodes_total', 'network_size', NETWORK_SIZES),
    /** [sizeClass] */
    networkNodes: by('counter', 'engram_spreading_network_nodes_total', 'network_size', NETWORK_SIZES),
    /** [type][0: a true one, 1: a false one] */
    completions: COMPLETION_TYPES.map((completion_type) =>
      ['false', 'true'].map((false_memory) =>
        slot('histogram', 'engram_pattern_completion_plausibility_count', { completion_type, false_memory }),
      ),
    ),
    /** [from][to]; those that never are, are not there */
    transitions: CONSOLIDATION_STATES.map((from_state) =>
      CONSOLIDATION_STATES.map((to_state) =>
        TRANSITIONS.includes(`${from_state} ${to_state}`)
          ? slot('histogram', 'engram_consolidation_transition_duration_ms_count', { from_state, to_state })
          : -1,
      ),
    ),
    /** [0: success, 1: error] */
    batchStores: ['success', 'error'].map((status) =>
      slot('histogram', 'engram_operation_duration_seconds_count', { operation: 'batch_store', status }),
    ),
    recallOperations: slot('histogram', 'engram_operation_duration_seconds_count', {
      operation: 'recall',
      status: 'success',
      cue_type: 'words',
    }),
    searchOperations: slot('histogram', 'engram_operation_duration_seconds_count', {
      operation: 'similarity_search',
      status: 'success',
      cue_type: 'embedding',
    }),
    /** [0: scalar kernels, 1: SIMD] */
    batchItems: ['disabled', 'enabled'].map((simd) =>
      slot('counter', 'engram_batch_operation_items_total', { operation: 'batch_store', simd }),
    ),
    /** [lock] */
    contentions: LOCKS.map((component) =>
      slot('counter', 'engram_lock_free_contentions_total', { component, operation: 'acquire' }),
    ),
    batchResizes: slot('counter', 'engram_streaming_batch_backpressure_events', { strategy: 'adaptive_resize' }),
  }
}
