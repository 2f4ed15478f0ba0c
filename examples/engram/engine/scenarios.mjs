// What can go wrong, on purpose. Each scenario has a turn every few milliseconds on the main thread, beside the load, and
// steers by what it sees in the queues rather than by rates: a fast machine and a slow one show the same.
//
// Alerts want a state to last for minutes, people want to see it soon: phases double in length each time.
import { ENTERED_AT, LEFT_BELOW } from './backpressure.mjs'
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
 * @property {{ corrupt(): void, repair(): void }} index
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
  /** What an observation costs at first, and where no feeder gets ahead of the workers. */
  static #COST_US = 50
  static #MAX_COST_US = 5000
  /** Beyond what there is room for, by turn. */
  static #EXCESS = 16
  /** The share that is taken where the queues are held, and how far past a threshold they tremble. */
  static #HELD_AT = ENTERED_AT[OVERLOADED] + 0.02
  static #PAST = 0.03

  #site
  #phases
  #from = 0

  /** @param {Site} site */
  constructor(site) {
    this.#site = site
    this.#phases = new Phases(site, 3)
    site.controls.costUs = Overload.#COST_US
  }

  turn() {
    const { intake } = this.#site
    const { index, progress } = this.#phases
    if (index === RISE) {
      this.#fillTo(Math.min(1, this.#from + progress) * Overload.#HELD_AT)
      if (intake.levels.every((level) => level === OVERLOADED)) this.#phases.next()
      return
    }
    if (index === HOLD) {
      this.#fillTo(Overload.#HELD_AT)
      for (let i = 0; i < Overload.#EXCESS; i++) this.#submit()
    } else if (intake.utilisation < LEFT_BELOW[CRITICAL] - Overload.#PAST) {
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
    while (intake.utilisation < utilisation) {
      this.#submit()
      if (nowNs() < endNs) continue
      // The workers are faster than that.
      controls.costUs = Math.min(Overload.#MAX_COST_US, Math.ceil(1.1 * controls.costUs))
      return
    }
  }

  #submit() {
    this.#site.intake.submit(this.#site.workload.extra())
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
    this.#site.controls.stall(0, this.#phases.index === 1)
  }
}

/** All contexts lead to worker 0 (see {@link accepts}), and each observation is work, more than it can do alone. */
class Imbalance {
  /** At the default rate 1.3 workers' work: the owner is busy all the time, one thief half of it. */
  static #COST_US = 800

  /** @param {Site} site */
  constructor(site) {
    site.controls.costUs = Imbalance.#COST_US
  }

  turn() {}
}

/** The index is corrupt for a while, again and again. */
class Corrupt {
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
    if (this.#phases.index === 1) this.#site.index.corrupt()
    else this.#site.index.repair()
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

/** Which contexts a scenario's load has. @param {string} name @param {number} workers @returns {(context: number) => boolean} */
export function accepts(name, workers) {
  return name === 'imbalance' ? (context) => shardOf(context, workers) === 0 : () => true
}
