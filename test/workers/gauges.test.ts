// Gauges set by several threads: how each aggregate merges them, and what the end of a thread does.
import { gauge, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { read } from '../support/registry.js'
import { until } from '../support/until.js'
import { Actor } from './actor.js'

type Aggregate = 'sum' | 'last' | 'min' | 'max' | 'average'
type OnExit = 'keep' | 'drop' | undefined
interface Definition {
  registry: string
  aggregate: Aggregate
  onExit?: OnExit
}

let registries = 0

/** A gauge in a registry of its own that all threads can open. */
function define(aggregate: Aggregate, onExit?: OnExit) {
  const definition: Definition = { registry: `gauges-${registries++}`, aggregate, onExit }
  const registry = new Registry(definition.registry)
  return { definition, registry, g: gauge({ name: 'g', help: 'h', aggregate, onExit, registry }) }
}

/** Does something with the same gauge in another thread. */
function act(actor: Actor, definition: Definition, call: 'set' | 'inc' | 'dec', value: number): Promise<void> {
  return actor.run(
    (n, state, { registry, aggregate, onExit, call, value }) => {
      const owner = new n.Registry(registry)
      state.g ??= n.gauge({ name: 'g', help: 'h', aggregate, onExit, registry: owner })
      state.g[call](value)
    },
    { ...definition, call, value },
  )
}

describe('live threads', () => {
  test.each<[Aggregate, number]>([
    ['sum', 10 - 2 + 7],
    ['min', -2],
    ['max', 10],
    ['average', (10 - 2 + 7) / 3],
  ])('%s', async (aggregate, merged) => {
    const { definition, registry, g } = define(aggregate)
    const [first, second, silent] = [new Actor(), new Actor(), new Actor()]
    g.set(10)
    await act(first, definition, 'set', -2)
    await act(second, definition, 'set', 7)
    // One that has only defined it takes no part.
    await silent.run((n, _, name) => {
      n.gauge({ name: 'g', help: 'h', aggregate: 'sum', registry: new n.Registry(`${name}-other`) }).set(1)
    }, definition.registry)
    expect(await read(registry, 'g')).toBe(merged)
  })

  test('last is the latest by tick, whichever thread', async () => {
    const { definition, registry, g } = define('last')
    const other = new Actor()
    const threads = [
      (value: number) => Promise.resolve(g.set(value)),
      (value: number) => act(other, definition, 'set', value),
    ]
    for (let value = 1; value <= 6; value++) {
      await threads[value % 2]?.(value)
      // Each scrape advances the tick, so this value is later than all that a scrape has shown.
      expect(await read(registry, 'g')).toBe(value)
    }
    // Without a scrape in between the order of two sets is known after 100 ms, when the tick has moved on by itself.
    g.set(100)
    await until('the other thread to be the last', async () => {
      await act(other, definition, 'set', 200)
      return (await read(registry, 'g')) === 200
    })
  })

  test('inc and dec in different threads add up', async () => {
    const { definition, registry, g } = define('sum')
    const other = new Actor()
    g.inc(5)
    await act(other, definition, 'dec', 3)
    expect(await read(registry, 'g')).toBe(2)
    await act(other, definition, 'inc', 0.5)
    expect(await read(registry, 'g')).toBe(2.5)
  })
})

describe('the end of a thread', () => {
  // This thread sets 4; a worker does the call with 10 and ends.
  test.each<[Aggregate, OnExit, 'set' | 'inc', number]>([
    ['sum', undefined, 'set', 4],
    ['sum', undefined, 'inc', 14],
    ['sum', 'keep', 'set', 14],
    ['sum', 'keep', 'inc', 14],
    ['sum', 'drop', 'set', 4],
    ['sum', 'drop', 'inc', 4],
    ['last', undefined, 'set', 10],
    ['last', 'keep', 'set', 10],
    ['last', 'drop', 'set', 4],
    ['max', undefined, 'set', 4],
    ['max', 'keep', 'set', 10],
    ['max', 'drop', 'set', 4],
    ['min', undefined, 'set', 4],
    ['min', 'keep', 'set', 4],
    ['average', undefined, 'set', 4],
    ['average', 'keep', 'set', 7],
    ['average', 'drop', 'set', 4],
  ])('%s, onExit %s, %s: %d', async (aggregate, onExit, call, merged) => {
    for (const end of ['end', 'terminate'] as const) {
      const { definition, registry, g } = define(aggregate, onExit)
      g.set(4)
      await read(registry, 'g') // advances the tick: the worker's value is later
      const actor = new Actor()
      await act(actor, definition, call, 10)
      await actor[end]()
      expect(await read(registry, 'g'), end).toBe(merged)
    }
  })

  test('a gauge whose only thread has ended is absent where its value went with it', async () => {
    const { definition, registry } = define('max')
    const actor = new Actor()
    await act(actor, definition, 'set', 10)
    expect(await read(registry, 'g')).toBe(10)
    await actor.end()
    expect(await read(registry, 'g')).toBeUndefined()
  })

  test('a later thread takes part anew', async () => {
    const { definition, registry } = define('sum')
    for (const value of [3, 5]) {
      const actor = new Actor()
      await act(actor, definition, 'inc', value)
      await actor.end()
    }
    expect(await read(registry, 'g')).toBe(8)
  })
})
