// The spreading catalog: activation that spreads from a node of a graph over its edges, through storage tiers. Planning
// document 002; the utilisation of memory pools, which it asks for too, is in the catalog of memory.

import { AVERAGED_SPREADS, FAMILIES, HOP_CLASSES, type HopClass } from './families/spreading.js'
import { type Catalog, type CatalogOptions, defineFamilies, type Instruments } from './shared/catalog.js'
import { PairRecorder } from './shared/pair-recorder.js'
import { amountOrNoNumber, isAmount, NO_NUMBER } from './shared/recording.js'

export { HOP_CLASSES, type HopClass }

/** The catalog as data. */
export const spreading: Catalog = {
  name: 'spreading',
  about: 'Activation that spreads through a graph: latency by tier and hop, results, failures.',
  families: FAMILIES,
}

/** What came of one spread. Numbers are finite and not negative. */
export interface SpreadingResult {
  /** Average over the paths of the spread. */
  averageHops: number
  cyclesDetected?: number | undefined
  /** Nodes that were activated. */
  activations?: number | undefined
  /** Times that the confidences of several paths were made one. */
  confidenceAggregations?: number | undefined
  /** Of what was activated, 0 to 1 each. */
  confidences?: ArrayLike<number> | undefined
}

/** Spreading metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface SpreadingMetrics extends Instruments<typeof FAMILIES> {
  /** One spread that succeeded: its time, and that it was one. */
  recordSpreadingLatency(seconds: number, tier: string): void
  /** @param hop - 1 for the first one */
  recordHopLatency(seconds: number, hop: number): void
  recordTierAccessLatency(seconds: number, tier: string): void
  /** What came of it. A result with a number that is none is dropped as a whole; of the confidences, those alone. */
  recordSpreadingResult(result: SpreadingResult): void
  recordCacheLookups(tier: string, hits: number, misses: number): void
  /** Of the calling thread; those of all threads are added up. */
  updateConcurrentSpreads(spreads: number): void
  /** @param errorType - a short fixed text, such as an error's code */
  recordSpreadingFailure(errorType: string): void
}

/** The class of a hop's distance; undefined where that is no whole number from 1 on. */
export function hopClass(hop: number): HopClass | undefined {
  if (!Number.isInteger(hop) || hop < 1) return undefined
  return HOP_CLASSES[Math.min(hop, HOP_CLASSES.length) - 1]
}

/** A moving average: the plain one of the first values, from then on each one weighs 1 / AVERAGED_SPREADS. */
class MovingAverage {
  #average = 0
  #values = 0

  add(value: number): number {
    if (this.#values < AVERAGED_SPREADS) this.#values++
    this.#average += (value - this.#average) / this.#values
    return this.#average
  }
}

/** The averages of this thread, however often the families are found again. */
const averages = new WeakMap<object, MovingAverage>()

function averageOf(gauge: object): MovingAverage {
  const average = averages.get(gauge) ?? new MovingAverage()
  averages.set(gauge, average)
  return average
}

/**
 * Defines the spreading families in a registry, or finds them there, and returns what records them.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = spreadingMetrics()
 * metrics.recordSpreadingLatency(0.0021, 'hot')
 * metrics.recordSpreadingResult({ averageHops: 2.4, cyclesDetected: 1, activations: 310, confidences: [0.9, 0.35] })
 */
export function spreadingMetrics(options: CatalogOptions = {}): SpreadingMetrics {
  const families = defineFamilies(FAMILIES, options)
  const averageHops = families.averageHopCount.labels('successful')
  const cycles = families.cyclesDetected.labels('detected')
  const confidence = families.confidenceDistribution.labels('final')
  const activations = families.activationsProcessed.labels()
  const aggregations = families.confidenceAggregations.labels()
  const average = averageOf(families.averageHopCount)

  const recordConfidences = (confidences: ArrayLike<number>) => {
    for (let i = 0; i < confidences.length; i++) {
      const value = confidences[i]
      confidence.observe(isAmount(value) && value <= 1 ? value : NO_NUMBER)
    }
  }
  return {
    ...families,
    recordSpreadingLatency: (seconds, tier) => {
      families.spreadingLatency.observe({ tier }, amountOrNoNumber(seconds))
      if (isAmount(seconds)) families.spreads.inc({ tier })
    },
    recordHopLatency: (seconds, hop) => {
      // What has no class has no label, and is dropped and counted for it.
      families.hopLatency.observe({ hop: hopClass(hop) as HopClass }, amountOrNoNumber(seconds))
    },
    recordTierAccessLatency: (seconds, tier) => families.tierAccessLatency.observe({ tier }, amountOrNoNumber(seconds)),
    recordSpreadingResult: (result) => {
      const { averageHops: hops, cyclesDetected = 0, activations: nodes = 0, confidenceAggregations = 0 } = result ?? {}
      if (!(isAmount(hops) && isAmount(cyclesDetected) && isAmount(nodes) && isAmount(confidenceAggregations))) {
        averageHops.set(NO_NUMBER)
        return
      }
      averageHops.set(average.add(hops))
      if (cyclesDetected > 0) cycles.inc(cyclesDetected)
      activations.inc(nodes)
      aggregations.inc(confidenceAggregations)
      if (result.confidences) recordConfidences(result.confidences)
    },
    recordCacheLookups: (tier, hits, misses) => {
      const { cacheLookups } = families
      new PairRecorder(cacheLookups.labels(tier, 'hit'), cacheLookups.labels(tier, 'miss')).record(hits, misses)
    },
    updateConcurrentSpreads: (spreads) => families.concurrentSpreads.set(amountOrNoNumber(spreads)),
    recordSpreadingFailure: (error_type) => families.spreadingFailures.inc({ error_type }),
  }
}
