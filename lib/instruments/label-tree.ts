// From label values to a bound handle: nested Maps, one level per label. No concatenation and no hashing of our own, so
// no two label sets can collide; a hit allocates nothing.

/** What a miss needs: the metric that owns the tree. */
export interface LabelHost<Bound> {
  /** The handle of the series with these texts; `cached` false when it must not be kept (the overflow series). */
  bind(texts: readonly string[]): { bound: Bound; cached: boolean }
  /** The handle that drops what is recorded through it, for labels that cannot be used. Counts nothing by itself. */
  refuse(detail: string): Bound
}

const NOTHING = {}

/**
 * One label's values. The last one that was looked up is remembered: comparing takes a nanosecond, a look-up in a Map four,
 * and most programs repeat themselves.
 */
class LabelNode {
  readonly children = new Map<unknown, Child>()
  /** At first something that no label value equals. */
  lastValue: unknown = NOTHING
  lastChild: Child = undefined
}

// A leaf is a handle, a node is a LabelNode; which one a level holds follows from the depth.
// biome-ignore lint/suspicious/noExplicitAny: a recursive type would cost a cast at every level
type Child = any

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

/** The child of `node` for a label value as it was given; undefined when that value was not seen yet. */
function childOf(node: LabelNode, value: unknown): Child {
  if (node.lastValue === value) return node.lastChild
  const child = node.children.get(value)
  if (child === undefined) return undefined
  node.lastValue = value
  node.lastChild = child
  return child
}

export class LabelTree<Bound> {
  readonly _names: readonly string[]
  readonly #required: number
  readonly #host: LabelHost<Bound>
  _root: Child = new LabelNode()

  constructor(names: readonly string[], required: number, host: LabelHost<Bound>) {
    this._names = names
    this.#required = required
    this.#host = host
  }

  /** The handle of a labels object. Fastest when its keys are in the order of the labels. */
  get(labels: Record<string, unknown>): Bound {
    try {
      const names = this._names
      let node = this._root
      let i = 0
      // for-in reads keys and values by the object's shape, where labels[name] is a megamorphic look-up.
      for (const key in labels) {
        if (key !== names[i]) return this.#getInAnyOrder(labels)
        node = childOf(node, labels[key])
        if (node === undefined) return this.#resolveLabels(labels)
        i++
      }
      return i === names.length ? node : this.#getInAnyOrder(labels)
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
      node = childOf(node, values[i])
      if (node === undefined) return this.#resolve(values)
    }
    return node
  }

  /** Every handle that is kept, some more than once. */
  *handles(): Generator<Bound> {
    yield* this.#leaves(this._root, this._names.length)
  }

  clear(): void {
    this._root = new LabelNode()
  }

  *#leaves(node: Child, depth: number): Generator<Bound> {
    if (depth === 0) yield node
    else for (const child of (node as LabelNode).children.values()) yield* this.#leaves(child, depth - 1)
  }

  /** Keys in another order, absent labels, keys that are no label. */
  #getInAnyOrder(labels: Record<string, unknown>): Bound {
    let node = this._root
    let present = 0
    for (const name of this._names) {
      const value = labels[name]
      if (value !== undefined) present++
      node = childOf(node, value)
      if (node === undefined) return this.#resolveLabels(labels)
    }
    for (const _ in labels) present--
    return present === 0 ? node : this.#resolveLabels(labels)
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
    const known = this.#find(texts)
    const { bound, cached } = known === undefined ? this.#host.bind(texts) : { bound: known, cached: true }
    if (cached) {
      this.#keep(texts, bound)
      if (isKept) this.#keep(values, bound)
    }
    return bound
  }

  #find(texts: readonly string[]): Bound | undefined {
    let node = this._root
    for (const text of texts) {
      node = childOf(node, text)
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
      let next = node.children.get(path[i])
      if (next === undefined) {
        next = new LabelNode()
        node.children.set(path[i], next)
      }
      node = next
    }
    node.children.set(path[last], bound)
  }
}
