// A metric that one thread removes, while others still hold handles: these drop and count, and what is defined anew under
// the name has exact values. Registries that one thread closes, likewise.
import { counter, registry as defaultRegistry, gauge, histogram, Registry, startExporter } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { read, rejections, scrape } from '../support/registry.js'
import { until } from '../support/until.js'
import { Actor } from './actor.js'

let names = 0
const freshName = () => `removal-${names++}`

/** Binds and records x_total{l="a"} in another thread. */
const bind = (actor: Actor, registry: string, amount: number) =>
  actor.run(
    (n, state, { registry, amount }) => {
      state.owner = new n.Registry(registry)
      state.x = n.counter({ name: 'x_total', help: 'h', labels: ['l'], registry: state.owner })
      state.bound = state.x.labels('a')
      state.bound.inc(amount)
    },
    { registry, amount },
  )
const incBound = (actor: Actor, amount: number) => actor.run((_, state, amount) => state.bound.inc(amount), amount)
const incDynamic = (actor: Actor, l: string) => actor.run((_, state, l) => state.x.inc({ l }), l)

const dropped = async (registry: Registry) => (await rejections(registry)).removed ?? 0

/** Records until one record is dropped: until its thread has heard of the removal. */
async function untilDropped(registry: Registry, record: () => void | Promise<void>): Promise<void> {
  const before = await dropped(registry)
  await until('a handle of a removed metric to drop', async () => {
    await record()
    return (await dropped(registry)) > before
  })
}

describe('remove()', () => {
  test('old handles in other threads drop and count; the new metric of another type is exact', async () => {
    const name = freshName()
    const registry = new Registry(name)
    const mine = counter({ name: 'x_total', help: 'h', labels: ['l'], registry }).labels('a')
    mine.inc(1)
    const actors = [new Actor(), new Actor()]
    for (const actor of actors) await bind(actor, name, 10)
    expect(await read(registry, 'x_total', { l: 'a' })).toBe(21)

    // A worker removes it; this thread and the other worker hear of it.
    expect(await actors[0]?.run((_, state) => state.owner.remove('x_total'))).toBe(true)
    expect((await scrape(registry)).has('x_total')).toBe(false)
    const g = gauge({ name: 'x_total', help: 'anew', labels: ['m'], registry })
    g.labels('b').set(5)
    await untilDropped(registry, () => mine.inc(100))
    for (const actor of actors) {
      await untilDropped(registry, () => incBound(actor, 1000))
      const before = await dropped(registry)
      await incBound(actor, 1000)
      await incDynamic(actor, 'a')
      await incDynamic(actor, 'never seen')
      expect(await dropped(registry)).toBe(before + 3)
    }
    // None of it reached the new metric, which all threads record into under its new definition.
    for (const actor of actors) {
      await actor.run((n, state) => {
        n.gauge({ name: 'x_total', help: 'anew', labels: ['m'], registry: state.owner }).set({ m: 'b' }, 20)
      })
    }
    expect((await scrape(registry)).get('x_total')).toMatchObject({
      type: 'gauge',
      samples: [{ labels: { m: 'b' }, value: 45 }],
    })
  })

  test('a thread that is blocked meanwhile records into nothing that anyone else reads', async () => {
    const name = freshName()
    const registry = new Registry(name)
    const actor = new Actor()
    await bind(actor, name, 10)
    const gate = new Int32Array(new SharedArrayBuffer(8))
    const blocked = actor.run((_, state, gate) => {
      Atomics.store(gate, 0, 1)
      // It cannot hear of the removal before it returns to its event loop.
      while (Atomics.load(gate, 1) === 0) state.bound.inc()
      state.bound.inc(1000)
    }, gate)
    await until('the loop', () => Atomics.load(gate, 0) === 1)
    registry.remove('x_total')
    const replaced = [1, 2, 3].map((i) => counter({ name: `y${i}_total`, help: 'h', labels: ['l'], registry }))
    const again = counter({ name: 'x_total', help: 'h', labels: ['l'], registry })
    for (const c of [...replaced, again]) for (let l = 0; l < 100; l++) c.inc({ l })
    again.inc({ l: 'a' }, 7)
    Atomics.store(gate, 1, 1)
    await blocked
    const families = await scrape(registry)
    expect(families.get('x_total')?.samples.find(({ labels }) => labels.l === 'a')?.value).toBe(7)
    const defined = [...families.values()].filter(({ name }) => !name.startsWith('nanotally_'))
    const values = defined.flatMap(({ samples }) => samples.map(({ value }) => value))
    expect(values.filter((value) => value === 1)).toHaveLength(400)
    expect(values).toHaveLength(401)
    await untilDropped(registry, () => incBound(actor, 1))
  })

  test('a removed metric that a thread ended with leaves nothing behind', async () => {
    const name = freshName()
    const registry = new Registry(name)
    counter({ name: 'x_total', help: 'h', labels: ['l'], registry }).inc({ l: 'a' }, 1)
    const actor = new Actor()
    await bind(actor, name, 10)
    await actor.end()
    expect(await read(registry, 'x_total', { l: 'a' })).toBe(11)
    registry.remove('x_total')
    counter({ name: 'x_total', help: 'h', labels: ['l'], registry }).inc({ l: 'a' }, 2)
    expect(await read(registry, 'x_total', { l: 'a' })).toBe(2)
    const late = new Actor()
    await bind(late, name, 3)
    registry.remove('x_total')
    await late.terminate()
    counter({ name: 'x_total', help: 'h', labels: ['l'], registry }).inc({ l: 'a' }, 4)
    expect(await read(registry, 'x_total', { l: 'a' })).toBe(4)
  })

  test('definition and removal by several threads at once', async () => {
    const name = freshName()
    const registry = new Registry(name)
    const actors = [new Actor(), new Actor(), new Actor()]
    const cycles = await Promise.all(
      actors.map((actor, i) =>
        actor.run(
          async (n, _, { name, i }) => {
            const owner = new n.Registry(name)
            let conflicts = 0
            for (let cycle = 0; cycle < 300; cycle++) {
              const metric = cycle % 2 === 0 ? 'shared' : `own_${i}`
              try {
                if (i === 0)
                  n.counter({ name: metric, help: 'h', labels: ['l'], registry: owner }).inc({ l: cycle % 7 })
                else n.histogram({ name: metric, help: 'h', registry: owner }).observe(2 ** (cycle % 60))
              } catch (error) {
                if ((error as { code?: string }).code !== 'ERR_NANOTALLY_METRIC_CONFLICT') throw error
                conflicts++
              }
              if (cycle % 3 === 0) owner.remove(metric)
              if (cycle % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
            }
            return conflicts
          },
          { name, i },
        ),
      ),
    )
    expect(cycles.every((conflicts) => conflicts < 300)).toBe(true)
    // What is left is whole: the strict parser reads it, and new metrics count exactly.
    await scrape(registry)
    for (const family of (await scrape(registry)).keys()) registry.remove(family)
    const h = histogram({ name: 'fresh', help: 'h', registry })
    const c = counter({ name: 'fresh_total', help: 'h', labels: ['l'], registry })
    for (let i = 0; i < 1000; i++) {
      h.observe(i)
      c.inc({ l: i % 50 })
    }
    expect(await read(registry, 'fresh_count')).toBe(1000)
    const samples = (await scrape(registry)).get('fresh_total')?.samples ?? []
    expect(samples.map(({ value }) => value)).toEqual(Array(50).fill(20))
  })

  test('from the default registry', async () => {
    counter({ name: 'gone_total', help: 'h' }).inc()
    const actor = new Actor()
    expect(await actor.run((n) => n.registry.remove('gone_total'))).toBe(true)
    expect(await read(defaultRegistry, 'gone_total')).toBeUndefined()
  })
})

describe('close()', () => {
  test('a named registry that another thread closes', async () => {
    const name = freshName()
    const registry = new Registry(name)
    const actor = new Actor()
    await bind(actor, name, 10)
    const mine = counter({ name: 'x_total', help: 'h', labels: ['l'], registry }).labels('a')
    mine.inc()
    await actor.run((_, state) => state.owner.close())
    // Whether this thread has heard of it yet or not: recording is harmless, and a new one of the name is empty.
    mine.inc()
    const anew = new Registry(name)
    expect(anew).not.toBe(registry)
    expect(await anew.metrics()).toBe('')
    mine.inc()
    expect(() => counter({ name: 'y_total', help: 'h', registry })).toThrow(
      expect.objectContaining({ code: 'ERR_NANOTALLY_REGISTRY_CLOSED' }),
    )
    counter({ name: 'x_total', help: 'h', labels: ['l'], registry: anew }).inc({ l: 'a' }, 2)
    await bind(actor, name, 3)
    expect(await read(anew, 'x_total', { l: 'a' })).toBe(5)
  })

  test('a thread records in a loop while its registry is closed', async () => {
    const name = freshName()
    const registry = new Registry(name)
    const actor = new Actor()
    await bind(actor, name, 1)
    const gate = new Int32Array(new SharedArrayBuffer(8))
    const looping = actor.run((_, state, gate) => {
      Atomics.store(gate, 0, 1)
      while (Atomics.load(gate, 1) === 0) state.bound.inc()
    }, gate)
    await until('the loop', () => Atomics.load(gate, 0) === 1)
    registry.close()
    const others = Array.from({ length: 20 }, () => new Registry())
    for (const other of others) counter({ name: 'c_total', help: 'h', registry: other }).inc()
    Atomics.store(gate, 1, 1)
    await looping
    for (const other of others) expect(await read(other, 'c_total')).toBe(1)
    await actor.run((_, state) => {
      state.bound.inc()
      state.x.inc({ l: 'b' })
    })
  })

  test('a private registry ends with its thread, also while it is served', async () => {
    const actor = new Actor()
    const url = await actor.run(async (n, state) => {
      const owner = new n.Registry()
      n.counter({ name: 'c_total', help: 'h', registry: owner }).inc(3)
      state.exporter = await n.startExporter({ port: 0, registry: owner })
      return state.exporter.url
    })
    expect(await (await fetch(url)).text()).toContain('c_total 3\n')
    await actor.terminate()
    // The exporter's thread belongs to the worker's, and goes with it.
    await until('the port to be closed', async () => !(await fetch(url).catch(() => undefined)))
  })

  test('an exporter of this thread serves what is left when another thread closes the registry', async () => {
    const name = freshName()
    const registry = new Registry(name)
    const actor = new Actor()
    await bind(actor, name, 10)
    const exporter = await startExporter({ port: 0, registry })
    expect(await (await fetch(exporter.url)).text()).toContain('x_total{l="a"} 10\n')
    await actor.run((_, state) => state.owner.close())
    expect(await (await fetch(exporter.url)).text()).toBe('')
    await exporter.close()
  })
})
