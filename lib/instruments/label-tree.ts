// From label values to a bound handle: nested Maps, one level per label. No concatenation and no hashing of our own, so
// no two label sets can collide; a hit allocates nothing.
import { type LabelFinder, type LabelLevel, labelFinder, labelOf } from './label-finder.js'

/** What a miss needs: the metric that owns the tree. */
export interface LabelHost<Bound> {
  /** The handle of the series with these texts; `cached` false when it must not be kept (the overflow series). */
  bind(texts: readonly string[]): { bound: Bound; cached: boolean }
  /** The handle that drops what is recorded through it, for labels that cannot be used. Counts nothing by itself. */
  refuse(detail: string): Bound
}

const NOT_TEXT = /[\0\ud800-\udfff]/gu

/**
 * The text that a label value stands for; undefined when it cannot be one (objects would leak as Map keys). NUL and lone
 * surrogates, which no format can carry, are U+FFFD here as they are in C++.
 */
export function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.replace(NOT_TEXT, '\ufffd')
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined
    case 'boolean':
    case 'bigint':
      return String(value)
    default:
      return undefined
  }
}

/** Why a label's value cannot be used. */
function refusalOf(name: string, value: unknown): string {
  const given = value === undefined ? 'absent' : typeof value === 'number' ? String(value) : `of type ${typeof value}`
  return `label ${name} is ${given}`
}

/** Every value whose text this is, and so may lead to the same handle. */
function keysOf(text: string): unknown[] {
  const keys: unknown[] = [text]
  if (text === '') keys.push(undefined)
  if (text === 'true' || text === 'false') keys.push(text === 'true')
  if (String(Number(text)) === text) keys.push(Number(text))
  if (/^-?\d+$/.test(text)) keys.push(BigInt(text))
  return keys
}

export class LabelTree<Bound> {
  readonly _names: readonly string[]
  readonly #required: number
  readonly #host: LabelHost<Bound>
  readonly _find: LabelFinder
  /** The first level; the handle itself where there are no labels. */
  // biome-ignore lint/suspicious/noExplicitAny: which of the two follows from the number of labels
  _root: any = new Map() satisfies LabelLevel

  constructor(names: readonly string[], required: number, host: LabelHost<Bound>) {
    this._names = names
    this.#required = required
    this.#host = host
    this._find = labelFinder(names, required)
  }

  /** The handle of a labels object. */
  get(labels: Record<string, unknown>): Bound {
    try {
      return this._find(this._root, labels) ?? this.#resolveLabels(labels)
    } catch {
      return this.#host.refuse('reading its labels threw') // a getter or a proxy of the caller
    }
  }

  /** The handle of values in the order of the labels; undefined stands for an absent one. */
  getValues(values: readonly unknown[]): Bound {
    const length = this._names.length
    if (values.length > length) return this.#host.refuse(`${values.length} label values for ${length} labels`)
    let node = this._root
    for (let i = 0; i < length; i++) {
      node = node.get(values[i])
      if (node === undefined) return this.#resolve(values)
    }
    return node
  }

  /** Every handle that is kept, some more than once. */
  *handles(): Generator<Bound> {
    yield* this.#leaves(this._root, this._names.length)
  }

  clear(): void {
    this._root = new Map()
  }

  /** The texts of a label set as recording calls are given it; a message where it cannot be one. */
  textsOf(first: unknown, values: readonly unknown[]): string[] | string {
    let given = values
    if (typeof first === 'object' && first !== null) {
      const stranger = this.#strangerIn(first as Record<string, unknown>)
      if (stranger !== undefined) return stranger
      given = this._names.map((name) => labelOf(first as Record<string, unknown>, name))
    } else if (values.length > this._names.length) {
      return `${values.length} label values for ${this._names.length} labels`
    }
    const texts: string[] = []
    for (let i = 0; i < this._names.length; i++) {
      const text = this.#textAt(i, given[i])
      if (text === undefined) return refusalOf(this._names[i] as string, given[i])
      texts.push(text)
    }
    return texts
  }

  /** Takes out the handle of these texts, with every value that leads to it, if it is the one that is meant. */
  take(texts: readonly string[], isMeant: (bound: Bound) => boolean): Bound | undefined {
    const bound = this.#lookUp(texts)
    if (bound === undefined || !isMeant(bound)) return undefined
    this.#drop(this._root, texts, 0, bound)
    return bound
  }

  #drop(level: LabelLevel, texts: readonly string[], depth: number, bound: Bound): void {
    for (const key of keysOf(texts[depth] as string)) {
      const next = level.get(key)
      if (next === undefined) continue
      if (depth < texts.length - 1) {
        this.#drop(next, texts, depth + 1, bound)
        if (next.size === 0) level.delete(key)
      } else if (next === bound) {
        level.delete(key)
      }
    }
  }

  *#leaves(node: Bound | LabelLevel, depth: number): Generator<Bound> {
    if (depth === 0) yield node as Bound
    else for (const child of (node as LabelLevel).values()) yield* this.#leaves(child, depth - 1)
  }

  #resolveLabels(labels: Record<string, unknown>): Bound {
    if (labels === null || typeof labels !== 'object') return this.#host.refuse('labels are not an object')
    const stranger = this.#strangerIn(labels)
    if (stranger !== undefined) return this.#host.refuse(stranger)
    return this.#resolve(this._names.map((name) => labelOf(labels, name)))
  }

  #resolve(values: readonly unknown[]): Bound {
    const texts: string[] = []
    // Endless strings share a text that stands for what is no text: they must not fill the Maps.
    let isKept = true
    for (let i = 0; i < this._names.length; i++) {
      const value = values[i]
      const text = this.#textAt(i, value)
      if (text === undefined) return this.#host.refuse(refusalOf(this._names[i] as string, value))
      if (typeof value === 'string' && value !== text) isKept = false
      texts.push(text)
    }
    const known = this.#lookUp(texts)
    const { bound, cached } = known === undefined ? this.#host.bind(texts) : { bound: known, cached: true }
    if (cached) {
      this.#keep(texts, bound)
      if (isKept) this.#keep(values, bound)
    }
    return bound
  }

  #strangerIn(labels: Record<string, unknown>): string | undefined {
    for (const name in labels) {
      if (!this._names.includes(name)) return `there is no label ${JSON.stringify(name)}`
    }
    return undefined
  }

  #textAt(index: number, value: unknown): string | undefined {
    return value === undefined && index >= this.#required ? '' : textOf(value)
  }

  #lookUp(texts: readonly string[]): Bound | undefined {
    let node = this._root
    for (const text of texts) {
      node = node.get(text)
      if (node === undefined) return undefined
    }
    return this._names.length === 0 ? undefined : node
  }

  /** Keeps a handle under its texts and under the values as they were given, so that `200` and `'200'` both hit. */
  #keep(path: readonly unknown[], bound: Bound): void {
    const last = this._names.length - 1
    if (last < 0) {
      this._root = bound
      return
    }
    let node = this._root
    for (let i = 0; i < last; i++) {
      let next = node.get(path[i])
      if (next === undefined) {
        next = new Map()
        node.set(path[i], next)
      }
      node = next
    }
    node.set(path[last], bound)
  }
}
