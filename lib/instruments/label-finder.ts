// How a labels object leads to a handle on the hot path: one function for each list of label names.
//
// A loop over the names would read labels[name] at one place in the code for all metrics of the program; V8 does not
// specialize a place that has seen many names, and two such reads cost 11 ns, where `labels.method` costs 1. So the function
// is made from source text. Names can be any text: they stand in it as JSON, whose strings are string literals of
// JavaScript, so nothing in a name is ever code.

/** A level of the tree: label values as they were given, to the next level or, on the last one, to the handle. */
// biome-ignore lint/suspicious/noExplicitAny: a recursive type would cost a cast at every level
export type LabelLevel = Map<unknown, any>

/** The handle; undefined on a miss, when a label is absent that must not be, and when there is a key that is no label. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export type LabelFinder = (root: any, labels: Record<string, unknown>) => any

const finders = new Map<string, LabelFinder>()

/** The finder of these names, of which the first `required` must be there. */
export function labelFinder(names: readonly string[], required: number): LabelFinder {
  const key = JSON.stringify([required, ...names])
  let finder = finders.get(key)
  if (finder === undefined) {
    finder = compile(names, required) ?? interpret(names)
    finders.set(key, finder)
  }
  return finder
}

/** The value that an object holds under a label's name: `constructor` and the like, which every object has, are none. */
export function labelOf(labels: Record<string, unknown>, name: string): unknown {
  const value = labels[name]
  return name in Object.prototype && !Object.hasOwn(labels, name) ? undefined : value
}

/** How many of the names are keys that hold undefined, as `{ node: options.node }` makes them: to us they are absent. */
function undefinedKeys(labels: Record<string, unknown>, names: readonly string[]): number {
  let found = 0
  for (const key in labels) if (labels[key] === undefined && names.includes(key)) found++
  return found
}

function compile(names: readonly string[], required: number): LabelFinder | undefined {
  const lines = names.map((name, i) => {
    const count = i < required ? '' : 'if (value === undefined) keys--; '
    const text = JSON.stringify(name)
    const read = name in Object.prototype ? `labelOf(labels, ${text})` : `labels[${text}]`
    return `value = ${read}; ${count}node = node.get(value); if (node === undefined) return undefined`
  })
  try {
    const make = new Function(
      'labelOf',
      'undefinedKeys',
      `return (node, labels) => {
         let value, keys = ${names.length}
         ${lines.join('\n')}
         for (const _ in labels) keys--
         if (keys < 0) keys += undefinedKeys(labels)
         return keys === 0 ? node : undefined
       }`,
    )
    const optional = names.slice(required)
    return make(labelOf, (labels: Record<string, unknown>) => undefinedKeys(labels, optional))
  } catch (error) {
    if (error instanceof EvalError) return undefined // --disallow-code-generation-from-strings
    throw error
  }
}

/** The same, slower, where code must not be made from text. */
function interpret(names: readonly string[]): LabelFinder {
  return (root, labels) => {
    let node = root
    let keys = 0
    for (const name of names) {
      const value = labelOf(labels, name)
      if (value !== undefined) keys++
      node = node.get(value)
      if (node === undefined) return undefined
    }
    for (const _ in labels) keys--
    if (keys < 0) keys += undefinedKeys(labels, names)
    return keys === 0 ? node : undefined
  }
}
