// What is recorded of spreads, recalls, completions and replays: each thing once into the metrics of nanotally's catalogs, and
// once into the engine's own books. One per worker thread.
import { cognitiveMetrics, NETWORK_SIZES } from 'nanotally/catalogs/cognitive'
import { graphMetrics, SWITCH } from 'nanotally/catalogs/graph'
import { memoryMetrics } from 'nanotally/catalogs/memory'
import { spreadingMetrics } from 'nanotally/catalogs/spreading'
import { branchingClass, hopPlace, LOCKS, sizeClass } from '../books/cognition-slots.mjs'
import { SLOTS } from '../books/tally.mjs'
import { COMPLETION_TYPES } from '../cognition/completion.mjs'
import { CONSOLIDATION_STATES } from '../cognition/consolidation.mjs'
import { TIERS } from '../index/terms.mjs'
import { nowNs } from './queue.mjs'

const cognitive = cognitiveMetrics()
const graph = graphMetrics()
const spreading = spreadingMetrics()
const memory = memoryMetrics()
const contentions = LOCKS.map((component) => memory.contention(component, 'acquire'))
const batchStores = [graph.operation('batch_store', 'success'), graph.operation('batch_store', 'error')]
const recalls = graph.operation('recall', 'success', { cueType: 'words' })
const searches = graph.operation('similarity_search', 'success', { cueType: 'embedding' })

// What may happen is there at 0, so that a rate sees its first time.
for (const size of NETWORK_SIZES) {
  cognitive.spreadingActivatedNodes.labels(size)
  cognitive.spreadingNetworkNodes.labels(size)
}
for (const simd of SWITCH) graph.batchItems.labels('batch_store', simd)
spreading.spreadingFailures.labels('no_activation')

/** @typedef {import('./spread.mjs').Spreader} Spreader */

/** Records what a worker's steps made. */
export class Recording {
  #tally
  #hopNs = 0
  #hits = 0
  #misses = 0
  /** [lock] */
  #contended = LOCKS.map(() => 0)

  /** @param {import('../books/tally.mjs').Tally} tally the thread's row of it */
  constructor(tally) {
    this.#tally = tally
  }

  /** A spread begins: the time of its hops is told by {@link hop}. */
  spreadBegins() {
    spreading.updateConcurrentSpreads(1)
    this.#hopNs = nowNs()
  }

  /** A hop is over: to be given to the spread. @param {number} hop from 1 on */
  hop = (hop) => {
    const atNs = nowNs()
    spreading.recordHopLatency((atNs - this.#hopNs) / 1e9, hop)
    this.#tally.add(SLOTS.hopLatency[hopPlace(hop)])
    this.#hopNs = atNs
  }

  /**
   * A spread is over.
   * @param {Spreader} spreader @param {number} synsets of the graph @param {number[]} confidences of the strongest
   */
  spreadEnds(spreader, synsets, confidences) {
    spreading.updateConcurrentSpreads(0)
    const { hops, touchedCount, cycles, aggregations, branchingFactor, averageHops } = spreader
    spreading.recordSpreadingResult({
      averageHops,
      cyclesDetected: cycles,
      activations: touchedCount,
      confidenceAggregations: aggregations,
      confidences,
    })
    cognitive.recordSpread({
      depthHops: hops,
      maxDepth: spreader.maxHops,
      branchingFactor,
      activatedNodes: touchedCount,
      networkNodes: synsets,
    })
    const tally = this.#tally
    tally.add(SLOTS.cycles, cycles)
    tally.add(SLOTS.activationsProcessed, touchedCount)
    tally.add(SLOTS.aggregations, aggregations)
    tally.add(SLOTS.confidences, confidences.length)
    const branching = branchingClass(branchingFactor)
    tally.add(SLOTS.depth[branching])
    tally.add(SLOTS.depthSum[branching], hops)
    tally.add(SLOTS.activatedNodes[sizeClass(synsets)], touchedCount)
    tally.add(SLOTS.networkNodes[sizeClass(synsets)], synsets)
    if (touchedCount > 0) return
    spreading.recordSpreadingFailure('no_activation')
    tally.add(SLOTS.spreadingFailures[0])
  }

  /** A recall by spreading was answered. @param {number} seconds @param {number} tier the coldest that it needed, index into TIERS */
  recalled(seconds, tier) {
    spreading.recordSpreadingLatency(seconds, TIERS[tier])
    this.#tally.add(SLOTS.spreadingLatency[tier])
    this.#tally.add(SLOTS.spreads[tier])
    recalls.observe(seconds)
    this.#tally.add(SLOTS.recallOperations)
  }

  /** The index was searched. @param {import('../index/memory-index.mjs').Answer} answer */
  searched(answer) {
    let all = 0
    for (const [tier, name] of TIERS.entries()) {
      // A tier that is still empty took no time.
      if (answer.seconds[name] === 0) continue
      all += answer.seconds[name]
      spreading.recordTierAccessLatency(answer.seconds[name], name)
      this.#tally.add(SLOTS.tierAccess[tier])
    }
    searches.observe(all)
    this.#tally.add(SLOTS.searchOperations)
  }

  /** Vectors of synsets were asked for. @param {{ hits: number, misses: number }} vectors the thread's, with what it counted so far */
  vectorsAsked({ hits, misses }) {
    spreading.recordCacheLookups('hot', hits - this.#hits, misses - this.#misses)
    this.#tally.add(SLOTS.cacheLookups[0], hits - this.#hits)
    this.#tally.add(SLOTS.cacheLookups[1], misses - this.#misses)
    this.#hits = hits
    this.#misses = misses
  }

  /** What recalled the observations that a recall found. @param {readonly import('./memory.mjs').Found[]} found */
  found(found) {
    for (const { evidence } of found) {
      const { state, hippocampal, neocortical, transition } = evidence
      cognitive.recordClsContribution(CONSOLIDATION_STATES[state], hippocampal, neocortical)
      if (transition !== undefined) this.moved([transition])
    }
  }

  /** Memories changed their states. @param {readonly import('../cognition/consolidation.mjs').Transition[]} transitions */
  moved(transitions) {
    for (const { from, to, ms } of transitions) {
      cognitive.recordConsolidationTransition(CONSOLIDATION_STATES[from], CONSOLIDATION_STATES[to], ms)
      this.#tally.add(SLOTS.transitions[from][to])
    }
  }

  /** A cue was completed. @param {readonly import('../cognition/completion.mjs').Completion[]} completions */
  completed(completions) {
    for (const { type, plausibility, isFalse } of completions) {
      cognitive.recordPatternCompletion(COMPLETION_TYPES[type], plausibility, isFalse)
      this.#tally.add(SLOTS.completions[type][isFalse ? 1 : 0])
    }
  }

  /** A batch was stored, or rejected. @param {number} seconds @param {boolean} isStored @param {number} items @param {boolean} simd whether distances are computed so */
  batch(seconds, isStored, items, simd) {
    const status = isStored ? 0 : 1
    batchStores[status].observe(seconds)
    this.#tally.add(SLOTS.batchStores[status])
    if (!isStored) return
    graph.recordBatch('batch_store', simd ? 'enabled' : 'disabled', items)
    this.#tally.add(SLOTS.batchItems[simd ? 1 : 0], items)
  }

  /** How often the thread had to wait for locks so far. @param {readonly number[]} contended in the order of LOCKS */
  contended(contended) {
    for (const [lock, times] of contended.entries()) {
      contentions[lock].inc(times - this.#contended[lock])
      this.#tally.add(SLOTS.contentions[lock], times - this.#contended[lock])
      this.#contended[lock] = times
    }
  }

  /** Batches became larger, as the queue grew. */
  batchGrew() {
    graph.recordBatchBackpressure('adaptive_resize')
    this.#tally.add(SLOTS.batchResizes)
  }
}
