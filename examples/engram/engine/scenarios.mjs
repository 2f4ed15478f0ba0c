// What can go wrong, on purpose. Each scenario has a turn every few milliseconds on the main thread, beside the load, and
// steers by what it sees in the queues rather than by rates: a fast machine and a slow one show the same.
//
// Alerts want a state to last for minutes, people want to see it soon: phases double in length each time.

import { PRIORITIES } from '../wordnet/vocabulary.mjs'
import { ENTERED_AT } from './backpressure.mjs'
import { MAX_TURN_MS } from './feeder.mjs'
import { shardOf } from './memory.mjs'
import { CRITICAL, OVERLOADED } from './terms.mjs'

/** A phase is no longer than this. */
const MAX_PHASE_SECONDS = 768

/**
 * What a scenario may see and touch.
 * @typedef {object} Site
 * @property {import('./intake.mjs').Intake} intake
 * @property {import('./workload.mjs').Workload} workload
 * @property {import('./controls.mjs').Controls} controls
 * @property {{ corrupt(): void, repair(): void, stall(worker: number): void, resume(worker: number): void }} faults
 * @property {() => number} thievesBusy how busy the workers but the first are, on average, in percent
 * @property {() => number} nowNs
 * @property {number} phaseSeconds how long a phase is at first
 *
 * @typedef {{ turn(): void }} Scenario
 */

/** Phases that follow each other in a circle, each round twice as long as the one before. */
class Phases {
  #site
  #count
  #seconds
  #sinceNs
  index = 0

  /** @param {Site} site @param {number} count */
  constructor(site, count) {
    this.#site = site
    this.#count = count
    this.#seconds = site.phaseSeconds
    this.#sinceNs = site.nowNs()
  }

  /** How much of this phase is over, from 0; past 1 when it is time for the next. */
  get progress() {
    return (this.#site.nowNs() - this.#sinceNs) / 1e9 / this.#seconds
  }

  next() {
    this.#sinceNs = this.#site.nowNs()
    this.index = (this.index + 1) % this.#count
    if (this.index === 0) this.#seconds = Math.min(MAX_PHASE_SECONDS, 2 * this.#seconds)
  }
}

const RISE = 0
const HOLD = 1

/**
 * More observations than the workers take. The queues are filled little by little until back-pressure has gone through its
 * states; held there, where observations are turned away; and then tremble around the threshold of `critical`.
 */
class Overload {
  /** What an observation costs at least; more where the feeder does not get ahead of the workers. */
  static #MIN_COST_US = 100
  static #MAX_COST_US = 5000
  /** Observations between two looks at the queues. */
  static #CHUNK = 16
  /** How far past their threshold the trembling queues are filled. */
  static #PAST = 0.03

  #site
  #phases
  #from = 0
  #turns = 0

  /** @param {Site} site */
  constructor(site) {
    this.#site = site
    this.#phases = new Phases(site, 3)
    site.controls.costUs = Overload.#MIN_COST_US
  }

  turn() {
    const { intake, controls } = this.#site
    const { index, progress } = this.#phases
    // Where this is too little, the next turns that come too late will tell.
    controls.costUs = Math.max(Overload.#MIN_COST_US, 0.995 * controls.costUs)
    if (index === RISE) {
      this.#fillTo(this.#from + progress)
      if (intake.levels.includes(OVERLOADED)) this.#phases.next()
      return
    }
    if (index === HOLD) {
      this.#fillTo(ENTERED_AT[OVERLOADED])
      // Beyond what there is room for.
      this.#submitChunk(this.#turns++ % PRIORITIES.length)
    } else if (intake.levels.every((level) => level < CRITICAL)) {
      this.#fillTo(ENTERED_AT[CRITICAL] + Overload.#PAST)
    }
    if (progress < 1) return
    this.#from = intake.utilisation
    this.#phases.next()
  }

  /** @param {number} utilisation */
  #fillTo(utilisation) {
    const { intake, controls, nowNs } = this.#site
    const endNs = nowNs() + MAX_TURN_MS * 1e6
    while (intake.utilisation < utilisation && this.#submitChunk(intake.emptiest)) {
      if (nowNs() < endNs) continue
      // The workers take them as fast as they come.
      controls.costUs = Math.min(Overload.#MAX_COST_US, 1.1 * controls.costUs + 1)
      return
    }
  }

  /** @param {number} priority @returns {boolean} whether any was queued */
  #submitChunk(priority) {
    const { intake, workload } = this.#site
    let queued = 0
    for (let i = 0; i < Overload.#CHUNK; i++) {
      if (intake.submit(workload.extra(priority)) === undefined) queued++
    }
    return queued > 0
  }
}

/** Worker 0 hangs, again and again. The others store what they can steal of it; its recalls wait. */
class Stall {
  #site
  #phases

  /** @param {Site} site */
  constructor(site) {
    this.#site = site
    this.#phases = new Phases(site, 2)
  }

  turn() {
    if (this.#phases.progress < 1) return
    this.#phases.next()
    if (this.#phases.index === 1) this.#site.faults.stall(0)
    else this.#site.faults.resume(0)
  }
}

/**
 * All contexts lead to worker 0 (see {@link accepts}), and each observation is so much work that it cannot do all: it is busy
 * all the time, the thieves about half of it.
 */
class Imbalance {
  static #FIRST_COST_US = 800
  static #MIN_COST_US = 50
  static #MAX_COST_US = 20_000
  /** How busy the thieves should be, in percent, and what the cost is multiplied by where they are not. */
  static #LEAST = 35
  static #MOST = 60
  static #RISE = 1.15
  static #FALL = 0.75

  #site
  #lookedAtNs
  #taken = 0

  /** @param {Site} site */
  constructor(site) {
    this.#site = site
    this.#lookedAtNs = site.nowNs()
    site.controls.costUs = Imbalance.#FIRST_COST_US
  }

  turn() {
    const { controls, intake, nowNs, thievesBusy } = this.#site
    // Workers tell how busy they were once a second.
    if (nowNs() - this.#lookedAtNs < 1e9) return
    this.#lookedAtNs = nowNs()
    const busy = thievesBusy()
    const taken = intake.utilisation
    // A queue that gets shorter keeps them busy for some time yet.
    const isTooMuch = busy > Imbalance.#MOST && taken >= this.#taken
    const factor = busy < Imbalance.#LEAST ? Imbalance.#RISE : isTooMuch ? Imbalance.#FALL : 1
    this.#taken = taken
    controls.costUs = Math.min(Imbalance.#MAX_COST_US, Math.max(Imbalance.#MIN_COST_US, factor * controls.costUs))
  }
}

/** The index is corrupt for a while, again and again. */
class Corrupt {
  #site
  #phases
  #brokenAtNs = -Infinity

  /** @param {Site} site */
  constructor(site) {
    this.#site = site
    this.#phases = new Phases(site, 2)
  }

  turn() {
    const { faults, nowNs } = this.#site
    if (this.#phases.progress >= 1) {
      this.#phases.next()
      if (this.#phases.index === 0) faults.repair()
      this.#brokenAtNs = -Infinity
    }
    if (this.#phases.index === 0 || nowNs() - this.#brokenAtNs < 1e9) return
    // Anew each second: the newest vectors may be moved to the next tier, where their graph is built anew, before a check has seen
    // what is broken of it.
    this.#brokenAtNs = nowNs()
    faults.corrupt()
  }
}

/** @type {Record<string, (new (site: Site) => Scenario) | undefined>} */
const MADE_BY = { calm: undefined, overload: Overload, stall: Stall, imbalance: Imbalance, corrupt: Corrupt }

/** The names of all scenarios. */
export const SCENARIOS = Object.freeze(Object.keys(MADE_BY))

/** @param {string} name one of {@link SCENARIOS} @param {Site} site @returns {Scenario | undefined} undefined where nothing goes wrong */
export function makeScenario(name, site) {
  const Made = MADE_BY[name]
  return Made === undefined ? undefined : new Made(site)
}

/** Jobs that a ring has room for in a scenario. Small ones tremble faster. @param {string} name */
export function queueCapacityOf(name) {
  return name === 'overload' ? 256 : 1024
}

/** Which contexts a scenario's load has. @param {string} name @param {number} workers @returns {(context: number) => boolean} */
export function accepts(name, workers) {
  return name === 'imbalance' ? (context) => shardOf(context, workers) === 0 : () => true
}
