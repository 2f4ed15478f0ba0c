// From label values to a bound handle: nested Maps, one level per label. No concatenation and no hashing of our own, so
// no two label sets can collide; a hit allocates nothing.
import { type LabelFinder, type LabelLevel, labelFinder } from './label-finder.js'

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
function textOf(value: unknown): string | undefined {
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

  *#leaves(node: Bound | LabelLevel, depth: number): Generator<Bound> {
    if (depth === 0) yield node as Bound
    else for (const child of (node as LabelLevel).values()) yield* this.#leaves(child, depth - 1)
  }

  #resolveLabels(labels: Record<string, unknown>): Bound {
    if (labels === null || typeof labels !== 'object') return this.#host.refuse('labels are not an object')
    for (const name in labels) {
      if (!this._names.includes(name)) return this.#host.refuse(`there is no label ${JSON.stringify(name)}`)
    }
    return this.#resolve(this._names.map((name) => labels[name]))
  }

  #resolve(values: readonly unknown[]): Bound {
    const texts: string[] = []
    // Endless strings share a text that stands for what is no text: they must not fill the Maps.
    let isKept = true
    for (let i = 0; i < this._names.length; i++) {
      const value = values[i]
      const text = value === undefined && i >= this.#required ? '' : textOf(value)
      if (text === undefined) {
        const given =
          value === undefined ? 'absent' : typeof value === 'number' ? String(value) : `of type ${typeof value}`
        return this.#host.refuse(`label ${this._names[i]} is ${given}`)
      }
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
