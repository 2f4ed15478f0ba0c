// Info metrics, state sets and initial zeros of several threads: one fact is one, one state holds, a zero overrides nothing.
import { gauge, info, Registry, stateSet } from 'nanotally'
import { expect, test } from 'vitest'
import { read, samplesOf } from '../support/registry.js'
import { Actor, type Nanotally } from './actor.js'

const STATES = ['a', 'b', 'c', 'd']
let registries = 0
const registryName = () => `facts-${registries++}`

test('a fact that several threads tell is 1, also when they end', async () => {
  const name = registryName()
  const registry = new Registry(name)
  const tell = (n: Nanotally, _: unknown, name: string) =>
    n.info({ name: 'build_info', help: 'h', labels: ['v'], registry: new n.Registry(name) }).set({ v: 1 })
  const actors = [new Actor(), new Actor()]
  for (const actor of actors) await actor.run(tell, name)
  expect(await read(registry, 'build_info', { v: '1' })).toBe(1)
  info({ name: 'build_info', help: 'h', labels: ['v'], registry }).set({ v: 1 })
  expect(await read(registry, 'build_info', { v: '1' })).toBe(1)
  for (const actor of actors) await actor.end()
  expect(await read(registry, 'build_info', { v: '1' })).toBe(1)
})

test('the last thread to set a state decides about all of them, also when it ends', async () => {
  const name = registryName()
  const registry = new Registry(name)
  const set = (n: Nanotally, _: unknown, { name, states, state }: { name: string; states: string[]; state: string }) =>
    n.stateSet({ name: 's', help: 'h', states, registry: new n.Registry(name) }).set(state)
  const holding = async () => Object.entries(await samplesOf(registry, 's')).filter(([, value]) => value !== 0)
  const actors = [new Actor(), new Actor(), new Actor()]
  let checked = 0
  for (let round = 0; round < 12; round++) {
    // A scrape advances the tick, so each set is later than the one before.
    const state = STATES[(round * 3) % 4] as string
    await actors[round % 3]?.run(set, { name, states: STATES, state })
    expect(await holding()).toEqual([[JSON.stringify({ s: state }), 1]])
    checked++
  }
  expect(checked).toBe(12)
  for (const actor of actors) await actor.end()
  expect(await holding()).toEqual([['{"s":"b"}', 1]])
})

test('threads that set states at the same time leave exactly one', async () => {
  const name = registryName()
  const registry = new Registry(name)
  stateSet({ name: 's', help: 'h', states: STATES, registry })
  const storm = (n: Nanotally, _: unknown, { name, states }: { name: string; states: string[] }) => {
    const s = n.stateSet({ name: 's', help: 'h', states, registry: new n.Registry(name) })
    for (let i = 0; i < 5_000; i++) s.set(states[(i * 7 + (i >> 3)) % 4] as string)
  }
  const actors = [new Actor(), new Actor()]
  let scrapes = 0
  for (let round = 0; round < 10; round++) {
    let running = true
    const storms = Promise.all(actors.map((actor) => actor.run(storm, { name, states: STATES })))
    storms.finally(() => {
      running = false
    })
    // Each scrape advances the tick, in the middle of some set.
    for (; running; scrapes++) await registry.metrics()
    await storms
    const values = Object.values(await samplesOf(registry, 's'))
    expect(values.toSorted()).toEqual([0, 0, 0, 1])
  }
  expect(scrapes).toBeGreaterThan(10)
})

test.each(['sum', 'last'] as const)('an initial zero of a later thread changes nothing: %s', async (aggregate) => {
  const name = registryName()
  const registry = new Registry(name)
  const options = { name: 'g', help: 'h', labels: ['l'], initial: [{ l: 1 }, { l: 2 }], aggregate }
  gauge({ ...options, registry }).set({ l: 1 }, 5)
  const actor = new Actor()
  await actor.run((n, _, { name, options }) => void n.gauge({ ...options, registry: new n.Registry(name) }), {
    name,
    options,
  })
  expect(await samplesOf(registry, 'g')).toEqual({ '{"l":"1"}': 5, '{"l":"2"}': 0 })
  await actor.end()
  expect(await samplesOf(registry, 'g')).toEqual({ '{"l":"1"}': 5, '{"l":"2"}': 0 })
})
