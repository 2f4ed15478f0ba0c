// Methods of a library's objects, replaced and put back.

/** What an integration has set up. */
export interface Instrumentation {
  /** Ends the recording and puts back what was replaced. What is under way is recorded still. May be called again. */
  stop(): void
}

// biome-ignore lint/suspicious/noExplicitAny: methods of any library
export type Method = (this: any, ...args: any[]) => any

/** Makes a method of the one that it stands for. */
type Layer = (original: Method) => Method

/** A method that was replaced, for as many as asked for it. */
interface Replaced {
  readonly wrapper: Method
  readonly layers: Set<Layer>
  /** Makes the wrapper do what the layers say. */
  update(): void
  putBack(): void
}

const replaced = new WeakMap<object, Map<string, Replaced>>()

/**
 * Replaces a method of one object by what `layer` makes of it. The last one to stop puts it back, or, where somebody else has
 * replaced it since, leaves what leads through to what was there.
 */
export function wrap(target: object, name: string, layer: Layer): Instrumentation {
  let ofTarget = replaced.get(target)
  if (ofTarget === undefined) {
    ofTarget = new Map()
    replaced.set(target, ofTarget)
  }
  const all = ofTarget
  let entry = all.get(name)
  if (entry === undefined || (target as Record<string, unknown>)[name] !== entry.wrapper) {
    entry = replace(target, name)
    all.set(name, entry)
  }
  const { layers, update, putBack } = entry
  layers.add(layer)
  update()
  return {
    stop() {
      if (!layers.delete(layer)) return
      update()
      if (layers.size > 0) return
      putBack()
      if (all.get(name) === entry) all.delete(name)
    },
  }
}

function replace(target: object, name: string): Replaced {
  const methods = target as Record<string, unknown>
  const own = Object.getOwnPropertyDescriptor(target, name)
  const original = methods[name] as Method
  const layers = new Set<Layer>()
  let current = original
  // Named as what it stands for, since libraries look at that.
  const { [name]: wrapper } = {
    [name](this: unknown, ...args: unknown[]) {
      return current.apply(this, args)
    },
  } as unknown as Record<string, Method>
  const enumerable = own?.enumerable ?? false
  Object.defineProperty(target, name, { value: wrapper, writable: true, configurable: true, enumerable })
  return {
    wrapper: wrapper as Method,
    layers,
    update() {
      current = [...layers].reduce((method, layer) => layer(method), original)
    },
    putBack() {
      if (methods[name] !== wrapper) return
      if (own === undefined) delete methods[name]
      else Object.defineProperty(target, name, own)
    },
  }
}

const instrumented = new WeakMap<object, Map<unknown, Instrumentation>>()

/** Instruments an object once under a key, until that is stopped: whoever asks again is given what is there. */
export function once(target: object, key: unknown, start: () => Instrumentation): Instrumentation {
  let ofTarget = instrumented.get(target)
  if (ofTarget === undefined) {
    ofTarget = new Map()
    instrumented.set(target, ofTarget)
  }
  const all = ofTarget
  const existing = all.get(key)
  if (existing !== undefined) return existing
  const started = start()
  const instrumentation = {
    stop() {
      if (all.get(key) !== instrumentation) return
      all.delete(key)
      started.stop()
    },
  }
  all.set(key, instrumentation)
  return instrumentation
}
