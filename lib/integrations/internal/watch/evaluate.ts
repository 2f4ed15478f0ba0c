// Evaluates expressions over the series of a store, as Prometheus does at one moment. Of the values of one vector no two have the same
// labels, which is refused where Prometheus refuses it.
import {
  type Aggregation,
  type Binary,
  type Call,
  COMPARISONS,
  type Expression,
  type Matcher,
  partsOf,
  patternOf,
  type Range,
  SET_OPERATORS,
  type Selector,
} from './expression.js'
import { type Bucket, quantileOf } from './quantile.js'
import type { LabelSet, Series, SeriesStore } from './store.js'

export interface Value {
  readonly labels: LabelSet
  readonly value: number
}

type Vector = readonly Value[]
type Result = number | Vector

/** What has no one answer, as when several values meet one. */
export class Ambiguous extends Error {}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
}

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

function matcherOf({ label, op, value }: Matcher): (labels: LabelSet) => boolean {
  if (op === '=') return (labels) => (labels[label] ?? '') === value
  if (op === '!=') return (labels) => (labels[label] ?? '') !== value
  const pattern = patternOf(value)
  return (labels) => pattern.test(labels[label] ?? '') === (op === '=~')
}

/** A selector with the series that it found the last time. */
class Finder {
  readonly #name: string
  readonly #matchers: readonly ((labels: LabelSet) => boolean)[]
  #version = -1
  #found: Series[] = []

  constructor({ name, matchers }: Selector) {
    this.#name = name
    this.#matchers = matchers.map(matcherOf)
  }

  find(store: SeriesStore): readonly Series[] {
    const version = store.versionOf(this.#name)
    if (version !== this.#version) {
      this.#version = version
      this.#found = [...store.seriesOf(this.#name)].filter(({ labels }) => this.#matchers.every((one) => one(labels)))
    }
    return this.#found
  }
}

function keyOf(labels: LabelSet): string {
  const names = Object.keys(labels)
  if (names.length > 1) names.sort()
  return JSON.stringify(names.map((name) => [name, labels[name]]))
}

function pick(labels: LabelSet, names: readonly string[]): LabelSet {
  // An empty label is one that is not there.
  return Object.fromEntries(
    names.filter((name) => (labels[name] ?? '') !== '').map((name) => [name, labels[name] ?? '']),
  )
}

function omit(labels: LabelSet, names: readonly string[]): LabelSet {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)))
}

/** What labels become, and the key of that. The labels of a series are one object for as long as it is kept: they are looked at once. */
class Keys {
  readonly #labelsOf: (labels: LabelSet) => LabelSet
  readonly #known = new WeakMap<LabelSet, { key: string; own: LabelSet }>()

  constructor(labelsOf: (labels: LabelSet) => LabelSet) {
    this.#labelsOf = labelsOf
  }

  of(labels: LabelSet): { key: string; own: LabelSet } {
    let known = this.#known.get(labels)
    if (known === undefined) {
      const own = this.#labelsOf(labels)
      known = { key: keyOf(own), own }
      this.#known.set(labels, known)
    }
    return known
  }
}

/** By their key; no two values may have the same. */
function indexed(values: Vector, keys: Keys): Map<string, Value> {
  const index = new Map<string, Value>()
  for (const one of values) {
    const { key } = keys.of(one.labels)
    if (index.has(key)) throw new Ambiguous('several values have the same labels')
    index.set(key, one)
  }
  return index
}

function aggregate(op: Aggregation['op'], values: readonly number[]): number {
  if (op === 'count') return values.length
  const numbers = values.filter((value) => !Number.isNaN(value))
  if (op === 'min' || op === 'max') return numbers.length === 0 ? Number.NaN : numbers.reduce((a, b) => Math[op](a, b))
  const sum = values.reduce((a, b) => a + b, 0)
  return op === 'sum' ? sum : sum / values.length
}

/** Which labels of an operand a part of an expression goes by. */
function groupingOf(expression: Expression): (labels: LabelSet) => LabelSet {
  if (expression.kind === 'aggregation') {
    const { without, labels: names } = expression
    return (labels) => (without ? omit(labels, names) : pick(labels, names))
  }
  if (expression.kind === 'call') return (labels) => omit(labels, ['le'])
  const matching = expression.kind === 'binary' ? expression.matching : undefined
  if (matching === undefined) return (labels) => labels
  return (labels) => (matching.on ? pick(labels, matching.labels) : omit(labels, matching.labels))
}

/** One expression, ready to be evaluated again and again. */
export class Evaluation {
  /** Names that it asks for. */
  readonly names: readonly string[]
  readonly #expression: Expression
  readonly #finders = new Map<Selector, Finder>()
  readonly #keys = new Map<Expression, Keys>()
  #store: SeriesStore | undefined
  #epochSeconds = 0

  constructor(expression: Expression) {
    this.#expression = expression
    for (const part of partsOf(expression)) if (part.kind === 'selector') this.#finders.set(part, new Finder(part))
    for (const part of partsOf(expression)) this.#keys.set(part, new Keys(groupingOf(part)))
    this.names = [...new Set([...this.#finders.keys()].map(({ name }) => name))]
  }

  /**
   * What it comes to now. A number is a value without labels.
   *
   * @throws Ambiguous
   */
  evaluate(store: SeriesStore, epochSeconds: number): Vector {
    this.#store = store
    this.#epochSeconds = epochSeconds
    const result = this.#of(this.#expression)
    return typeof result === 'number' ? [{ labels: {}, value: result }] : result
  }

  #of(expression: Expression): Result {
    switch (expression.kind) {
      case 'number':
        return expression.value
      case 'selector':
        return this.#selected(expression)
      case 'range':
        return this.#ranged(expression)
      case 'aggregation':
        return this.#aggregated(expression)
      case 'call':
        return this.#called(expression)
      case 'binary':
        return this.#combined(expression)
    }
  }

  #vector(expression: Expression): Vector {
    const result = this.#of(expression)
    if (typeof result === 'number') throw new Ambiguous('a number where series are expected')
    return result
  }

  #keysOf(expression: Expression): Keys {
    return this.#keys.get(expression) as Keys
  }

  #find(selector: Selector): readonly Series[] {
    return (this.#finders.get(selector) as Finder).find(this.#store as SeriesStore)
  }

  #selected(selector: Selector): Vector {
    return this.#find(selector)
      .filter((series) => this.#store?.isThere(series))
      .map(({ labels, value }) => ({ labels, value }))
  }

  #ranged({ of, selector, windowMs }: Range): Vector {
    const scale = of === 'rate' ? 1 : windowMs / 1000
    return this.#find(selector).flatMap((series) => {
      const rate = this.#store?.rateOf(series, windowMs)
      return rate === undefined ? [] : [{ labels: series.labels, value: rate * scale }]
    })
  }

  #aggregated(expression: Aggregation): Vector {
    const { op, operand } = expression
    const keys = this.#keysOf(expression)
    const groups = new Map<string, { labels: LabelSet; values: number[] }>()
    for (const one of this.#vector(operand)) {
      const { key, own } = keys.of(one.labels)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { labels: own, values: [one.value] })
      else group.values.push(one.value)
    }
    return [...groups.values()].map((group) => ({ labels: group.labels, value: aggregate(op, group.values) }))
  }

  #called(call: Call): Result {
    const { of, operands } = call
    if (of === 'time') return this.#epochSeconds
    const [first, second] = operands as [Expression, Expression]
    if (of === 'vector') return [{ labels: {}, value: this.#of(first) as number }]
    if (of === 'abs') return this.#vector(first).map(({ labels, value }) => ({ labels, value: Math.abs(value) }))
    return this.#quantiles(call, this.#of(first) as number, this.#vector(second))
  }

  #quantiles(call: Call, quantile: number, values: Vector): Vector {
    const keys = this.#keysOf(call)
    const histograms = new Map<string, { labels: LabelSet; buckets: Bucket[] }>()
    for (const { labels, value } of values) {
      if (labels.le === undefined) continue
      const { key, own } = keys.of(labels)
      const bucket = { upTo: labels.le === '+Inf' ? Infinity : Number(labels.le), count: value }
      const histogram = histograms.get(key)
      if (histogram === undefined) histograms.set(key, { labels: own, buckets: [bucket] })
      else histogram.buckets.push(bucket)
    }
    return [...histograms.values()].map(({ labels, buckets }) => ({ labels, value: quantileOf(quantile, buckets) }))
  }

  #combined(expression: Binary): Result {
    const { op, bool } = expression
    const [left, right] = [this.#of(expression.left), this.#of(expression.right)]
    if (SET_OPERATORS.includes(op)) return this.#sets(expression, left, right)
    const apply = (a: number, b: number, kept: number): number | undefined => {
      if (!COMPARISONS.includes(op)) return (ARITHMETIC[op] as (a: number, b: number) => number)(a, b)
      const holds = (COMPARE[op] as (a: number, b: number) => boolean)(a, b)
      if (bool) return Number(holds)
      return holds ? kept : undefined
    }
    const map = (values: Vector, each: (value: number) => number | undefined): Vector =>
      values.flatMap(({ labels, value }) => {
        const result = each(value)
        return result === undefined ? [] : [{ labels, value: result }]
      })
    if (typeof left === 'number') {
      if (typeof right !== 'number') return map(right, (value) => apply(left, value, value))
      return apply(left, right, Number.NaN) ?? Number.NaN
    }
    if (typeof right === 'number') return map(left, (value) => apply(value, right, value))
    return this.#matched(expression, left, right, apply)
  }

  #matched(
    expression: Binary,
    left: Vector,
    right: Vector,
    apply: (a: number, b: number, kept: number) => number | undefined,
  ): Vector {
    const keys = this.#keysOf(expression)
    const others = indexed(right, keys)
    const result: Value[] = []
    for (const [key, { labels, value }] of indexed(left, keys)) {
      const other = others.get(key)
      if (other === undefined) continue
      const combined = apply(value, other.value, value)
      if (combined !== undefined) result.push({ labels: keys.of(labels).own, value: combined })
    }
    return result
  }

  #sets(expression: Binary, left: Result, right: Result): Vector {
    if (typeof left === 'number' || typeof right === 'number') throw new Ambiguous('a number where series are expected')
    const keys = this.#keysOf(expression)
    const keyed = (values: Vector) => new Set(values.map(({ labels }) => keys.of(labels).key))
    if (expression.op === 'or') {
      const mine = keyed(left)
      return [...left, ...right.filter(({ labels }) => !mine.has(keys.of(labels).key))]
    }
    const theirs = keyed(right)
    return left.filter(({ labels }) => theirs.has(keys.of(labels).key) === (expression.op === 'and'))
  }
}
