// State sets: which one of several states something is in. A series per state, told apart by a label that is named as the
// metric itself (OpenMetrics, "StateSet"): the value is 1 for the state that holds and 0 for the others.
//
// Underneath a gauge whose aggregate is `last` and which keeps what ended threads told. Each set writes the cells of all
// states with one and the same stamp, so whichever thread's set is the last one, it is so for every state: two threads never
// add up to two states, nor to none. Only a scrape that copies the cells in the middle of a set may see it half done, the
// old and the new state both at 1 or both at 0: cells are read one by one, and no order of writes forbids both.
import { invalidType, invalidValue, NanotallyError } from '../errors.js'
import { isText } from '../names.js'
import {
  checkDefinition,
  checkHead,
  checkLabelNames,
  type Definition,
  type LabelNames,
  type MetricOptions,
  type WithLabels,
} from './definition.js'
import { type BoundGauge, GAUGE_HANDLES } from './gauge.js'
import { define, Instrument } from './instrument.js'

/** Options of `stateSet()`. */
export interface StateSetOptions<S extends readonly string[], L extends LabelNames, O extends LabelNames>
  extends Omit<MetricOptions<L, O>, 'unit' | 'initial'> {
  /** All states, in the order of exposition; each once, none empty. */
  states: S
  /**
   * Series beyond this many are not kept apart; a label set takes as many as there are states, or none. Default 2000.
   */
  maxSeries?: number | undefined
}

const NO_LABELS = {}

/** A state set of the states `S` with required labels `L` and optional ones `O`. Made by `stateSet()`. */
export class StateSet<
  S extends readonly string[] = readonly string[],
  L extends LabelNames = LabelNames,
  O extends LabelNames = LabelNames,
> extends Instrument<BoundGauge> {
  readonly states: S
  readonly #enabled: boolean

  /** @internal */
  constructor(definition: Definition, id: number, states: S) {
    super(definition, id, GAUGE_HANDLES)
    this.states = states
    this.#enabled = definition.enabled
  }

  /**
   * Sets the state; every other one of these labels becomes 0. Not exposed before its first use. Never throws: a state that
   * is none of `states` and unusable labels are dropped and counted.
   */
  set(...args: WithLabels<L, O, [state: S[number]]>): void
  set(first?: unknown, second?: unknown): void {
    const hasLabels = typeof first === 'object' && first !== null
    const state = hasLabels ? second : first
    if (typeof state !== 'string' || !this.states.includes(state)) {
      this.#refuse(`there is no state ${typeof state === 'string' ? JSON.stringify(state) : `of type ${typeof state}`}`)
      return
    }
    const labels = this.#copy(hasLabels ? first : NO_LABELS)
    if (labels !== undefined) this.#switch(labels, state)
  }

  /**
   * Ends the series of all states of these labels, in all threads: see `Counter.remove`. The next set begins new ones.
   *
   * @returns false when there are none.
   * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_LABEL`, `ERR_NANOTALLY_REGISTRY_CLOSED`,
   * `ERR_NANOTALLY_METRIC_REMOVED`
   */
  remove(...args: WithLabels<L, O, []>): boolean
  remove(labels: object = NO_LABELS): boolean {
    if (typeof labels !== 'object' || labels === null) throw invalidType('labels', 'an object', labels)
    if (Object.hasOwn(labels, this.name)) {
      throw invalidValue('labels', 'labels without the state', this.name, 'ERR_NANOTALLY_INVALID_LABEL')
    }
    const removed = this.states.map((state) => this._remove({ ...labels, [this.name]: state }, []))
    return removed.includes(true)
  }

  /** `undefined` when they cannot be used; counted by then. */
  #copy(given: object): Record<string, unknown> | undefined {
    try {
      if (!Object.hasOwn(given, this.name)) return { ...given }
      this.#refuse(`the label ${JSON.stringify(this.name)} is the state's`)
    } catch {
      this.#refuse('reading its labels threw') // a getter or a proxy of the caller
    }
    return undefined
  }

  #switch(labels: Record<string, unknown>, state: string): void {
    // All handles before the first write, which is then as short as can be: finding a new series takes locks.
    const handles = this.states.map((one) => {
      labels[this.name] = one
      return this._tree.get(labels)
    })
    const chosen = handles[this.states.indexOf(state)] as BoundGauge
    chosen.set(1)
    const stamp = chosen._cells[chosen._at + 1] as number
    for (const other of handles) {
      if (other === chosen) continue // past maxSeries all of them lead to the overflow series
      other._cells[other._at] = 0
      other._cells[other._at + 1] = stamp
    }
  }

  #refuse(detail: string): void {
    if (this.#enabled) this._registry._reject(this, 'labels', detail)
  }
}

function checkStates(states: unknown, maxSeries: number): string[] {
  if (!Array.isArray(states)) throw invalidType('states', 'an array of strings', states)
  for (const state of states) {
    if (typeof state !== 'string') throw invalidType('states', 'strings', state)
    if (!isText(state)) throw invalidValue('states', 'states without NUL or lone surrogates, none of them empty', state)
  }
  const twice = states.find((state, i) => states.indexOf(state) !== i)
  if (twice !== undefined) throw invalidValue('states', 'each state once', twice)
  if (states.length < 1 || states.length > maxSeries) {
    throw invalidValue('states', `1 to maxSeries (${maxSeries}) states`, states.length)
  }
  return [...states]
}

/**
 * Defines a state set, or returns the one that is already defined so. OpenMetrics tells it as `stateset`, the older text
 * format as a gauge. None of its labels may be named as the metric.
 *
 * @throws as `counter`; `ERR_NANOTALLY_METRIC_CONFLICT` also for other states than this thread has defined before
 *
 * @example
 * const breaker = stateSet({ name: 'breaker_state', help: 'Circuit breaker.', states: ['closed', 'half_open', 'open'] })
 * breaker.set('closed')
 */
export function stateSet<
  const S extends readonly string[],
  const L extends LabelNames = [],
  const O extends LabelNames = [],
>(options: StateSetOptions<S, L, O>): StateSet<S, L, O> {
  const { name, unit } = checkHead(options)
  if (unit !== '') throw invalidValue('unit', 'no unit for a state set', unit)
  const definition = checkDefinition('gauge', {
    ...options,
    labels: [...checkLabelNames(options.labels, 'labels'), name],
    initial: undefined,
  })
  const { native } = definition
  const states = checkStates(options.states, native.maxSeries)
  native.maxSeries -= native.maxSeries % states.length
  Object.assign(native, { kind: 'stateset', aggregate: 'last', onExit: 'keep' })
  const made = define(definition, (id) => new StateSet<S, L, O>(definition, id, states as readonly string[] as S))
  if (made.states.length !== states.length || states.some((state, i) => state !== made.states[i])) {
    throw new NanotallyError('ERR_NANOTALLY_METRIC_CONFLICT', `metric ${name} is defined already, with other states`)
  }
  return made
}
