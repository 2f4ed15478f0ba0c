// Series that end, rest and begin anew while several threads record into them. The order of what threads do comes from
// what they send and from gates in shared memory; what needs the registry's housekeeping is waited for.
import { type Counter, counter, gauge, histogram, Registry, startExporter } from 'nanotally'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openMetricsSamples } from '../support/created.js'
import { read, rejections, samplesOf, scrape } from '../support/registry.js'
import { parseTextFormat, sampleValue } from '../support/text-format.js'
import { until } from '../support/until.js'
import { Actor } from './actor.js'

interface Options {
  idleTimeoutMs?: number
  maxSeries?: number
}

let names = 0
/** A registry with x_total{l}, in this thread. */
function open(options: Options = {}): { name: string; registry: Registry; x: Counter<['l']> } {
  const name = `series-life-${names++}`
  const registry = new Registry(name)
  onTestFinished(() => registry.close())
  return { name, registry, x: counter({ name: 'x_total', help: 'h', labels: ['l'], registry, ...options }) }
}

/** Another thread with a handle of x_total{l="a"}, through which it has recorded `amount`. */
async function holder(name: string, amount: number, options: Options = {}): Promise<Actor> {
  const actor = new Actor()
  await actor.run(
    (n, state, { name, amount, options }) => {
      state.owner = new n.Registry(name)
      state.x = n.counter({ name: 'x_total', help: 'h', labels: ['l'], registry: state.owner, ...options })
      state.bound = state.x.labels('a')
      state.bound.inc(amount)
    },
    { name, amount, options },
  )
  return actor
}

const incBound = (actor: Actor, amount: number) => actor.run((_, state, amount) => state.bound.inc(amount), amount)
const incDynamic = (actor: Actor, amount: number) =>
  actor.run((_, state, amount) => state.x.inc({ l: 'a' }, amount), amount)

const valueAt = (registry: Registry, l = 'a') => read(registry, 'x_total', { l })
const dropped = async (registry: Registry) => (await rejections(registry, 'x_total')).removed ?? 0

async function states(registry: Registry): Promise<Record<string, number>> {
  const samples = (await scrape(registry)).get('nanotally_series')?.samples ?? []
  return Object.fromEntries(samples.map(({ labels, value }) => [labels.state, value]))
}

/** Records until one recording is dropped: until the actor's thread has heard of the removal. */
async function untilDropped(registry: Registry, actor: Actor): Promise<void> {
  const before = await dropped(registry)
  await until('a handle of a removed series to drop', async () => {
    await incBound(actor, 1000)
    return (await dropped(registry)) > before
  })
}

/** The actor records through its handle in a loop, deaf to everything, until `release` is called. */
async function block(actor: Actor): Promise<() => Promise<void>> {
  const gate = new Int32Array(new SharedArrayBuffer(8))
  const blocked = actor.run((_, state, gate) => {
    Atomics.store(gate, 0, 1)
    while (Atomics.load(gate, 1) === 0) state.bound.inc(1000)
  }, gate)
  await until('the loop', () => Atomics.load(gate, 0) === 1)
  return () => {
    Atomics.store(gate, 1, 1)
    return blocked
  }
}

describe('remove()', () => {
  test('the handles of all threads drop and count; the labels lead every thread to one new series', async () => {
    const { name, registry, x } = open()
    const mine = x.labels('a')
    mine.inc(1)
    const actors = [await holder(name, 10), await holder(name, 100)]
    expect(await valueAt(registry)).toBe(111)
    const [before] = Object.values(await openMetricsSamples(registry, 'x_created')) as [number]
    expect(await actors[0]?.run((_, state) => state.x.remove({ l: 'a' }))).toBe(true)
    expect(await valueAt(registry)).toBeUndefined()
    expect(x.remove('a'), 'it was removed already').toBe(false)
    for (const actor of actors) await untilDropped(registry, actor)
    const from = await dropped(registry)
    mine.inc(1000)
    for (const actor of actors) await incBound(actor, 1000)
    expect(await dropped(registry)).toBe(from + 3)
    // The removed series returns in another thread, and then in all.
    for (const [i, actor] of actors.entries()) {
      await incDynamic(actor, 2)
      expect(await valueAt(registry)).toBe(2 * (i + 1))
    }
    x.inc({ l: 'a' }, 3)
    expect(await valueAt(registry)).toBe(7)
    const [after] = Object.values(await openMetricsSamples(registry, 'x_created')) as [number]
    expect(after).toBeGreaterThanOrEqual(before)
    await until('all threads to have let go', async () => (await states(registry)).waiting === 0)
  })

  test('a slot is not used anew before the thread that is blocked has answered', async () => {
    const { name, registry, x } = open({ maxSeries: 2 })
    const actor = await holder(name, 10, { maxSeries: 2 })
    x.inc({ l: 'b' })
    const release = await block(actor)
    expect(x.remove('a')).toBe(true)
    expect(await states(registry)).toEqual({ live: 1, idle: 0, waiting: 1 })
    // There is no room before: what comes overflows, and sees nothing of what the blocked thread records.
    for (let i = 0; i < 50; i++) {
      x.inc({ l: 'a' })
      x.inc({ l: `c${i}` })
      const values = await samplesOf(registry, 'x_total')
      expect(values).toEqual({ '{"l":"b"}': 1, '{"otel_metric_overflow":"true"}': 2 * (i + 1) })
      expect((await states(registry)).waiting).toBe(1)
    }
    await release()
    await until('the slot', async () => (await states(registry)).waiting === 0)
    x.inc({ l: 'a' }, 7)
    await incDynamic(actor, 1)
    expect(await samplesOf(registry, 'x_total')).toEqual({
      '{"l":"b"}': 1,
      '{"otel_metric_overflow":"true"}': 100,
      '{"l":"a"}': 8,
    })
    await untilDropped(registry, actor)
  })

  test('a thread that is blocked records into no series that begins meanwhile', async () => {
    const { name, registry, x } = open()
    const actor = await holder(name, 10)
    const release = await block(actor)
    for (let round = 1; round <= 20; round++) {
      expect(x.remove('a')).toBe(true)
      for (let l = 0; l < 50; l++) x.inc({ l: `${round}-${l}` })
      x.inc({ l: 'a' }, round)
      const values = Object.entries(await samplesOf(registry, 'x_total'))
      expect(values).toHaveLength(50 * round + 1)
      for (const [labels, value] of values)
        expect([labels, value]).toEqual([labels, labels === '{"l":"a"}' ? round : 1])
    }
    await release()
    await untilDropped(registry, actor)
    expect(await valueAt(registry)).toBe(20)
  })

  test('clear() in one thread, while two others record', async () => {
    const { name, registry, x } = open()
    const actors = [await holder(name, 1), await holder(name, 1)]
    const gate = new Int32Array(new SharedArrayBuffer(8))
    const storms = actors.map((actor) =>
      actor.run(async (_, state, gate) => {
        while (Atomics.load(gate, 0) === 0) {
          for (let l = 0; l < 100; l++) state.x.inc({ l })
          Atomics.add(gate, 1, 1)
          await new Promise((resolve) => setImmediate(resolve))
        }
      }, gate),
    )
    await until('both to record', () => Atomics.load(gate, 1) > 4)
    for (let i = 0; i < 100; i++) {
      x.clear()
      x.inc({ l: 'mine' }, 0.5)
      expect(await valueAt(registry, 'mine')).toBe(0.5)
    }
    Atomics.store(gate, 0, 1)
    await Promise.all(storms)
    x.clear()
    expect(await samplesOf(registry, 'x_total')).toEqual({})
    await until('all threads to have let go', async () => (await states(registry)).waiting === 0)
    for (const actor of actors) await incDynamic(actor, 1)
    expect(await samplesOf(registry, 'x_total')).toEqual({ '{"l":"a"}': 2 })
  })

  test('a thread that ends meanwhile lets go, and leaves nothing in what begins in the slot', async () => {
    const { name, registry, x } = open({ maxSeries: 1 })
    for (const isSudden of [false, true]) {
      const actor = await holder(name, 10, { maxSeries: 1 })
      const release = isSudden ? await block(actor) : undefined
      expect(x.remove('a')).toBe(true)
      if (isSudden) {
        expect((await states(registry)).waiting).toBe(1)
        release?.().catch(() => {})
        await actor.terminate()
      } else {
        await actor.end()
      }
      await until('the slot', async () => (await states(registry)).waiting === 0)
      x.inc({ l: 'a' }, 3)
      expect(await samplesOf(registry, 'x_total')).toEqual({ '{"l":"a"}': 3 })
      x.remove('a')
    }
  })

  test('what a thread left when it ended goes with the series', async () => {
    const { name, registry, x } = open()
    x.inc({ l: 'a' }, 1)
    await (await holder(name, 0.1)).end()
    await (await holder(name, 0.2)).terminate()
    expect(await valueAt(registry)).toBeCloseTo(1.3, 12)
    x.remove('a')
    x.inc({ l: 'a' }, 4)
    expect(await valueAt(registry)).toBe(4)
  })

  test('a newer series that a thread finds before it hears of the removal stays its own', async () => {
    const options = { idleTimeoutMs: 100 }
    const { name, registry, x } = open(options)
    const actor = await holder(name, 1, options)
    await actor.run(async (_, state) => {
      const { setFlagsFromString } = process.getBuiltinModule('node:v8')
      setFlagsFromString('--expose-gc')
      state.gc = process.getBuiltinModule('node:vm').runInNewContext('gc')
      // Parted: the series rests, and only the program leads to the handle.
      while (state.x._tree._root.size > 0) await new Promise((resolve) => setTimeout(resolve, 20))
      state.bound = undefined
    })
    const gate = new Int32Array(new SharedArrayBuffer(8))
    const bound = actor.run((_, state, gate) => {
      state.gc() // the handle is gone, and its finalizer has yet to run
      Atomics.store(gate, 0, 1)
      Atomics.wait(gate, 1, 0)
      state.bound = state.x.labels('a')
      state.bound.inc(2)
    }, gate)
    await until('the collection', () => Atomics.load(gate, 0) === 1)
    expect(x.remove('a')).toBe(true)
    Atomics.store(gate, 1, 1)
    Atomics.notify(gate, 1)
    await bound
    await until('the thread to have let go of the removed series', async () => (await states(registry)).waiting === 0)
    let recorded = 2
    await until('the new series to be shown', async () => {
      await incBound(actor, 1)
      recorded++
      const value = await valueAt(registry)
      if (value !== undefined) expect(value).toBe(recorded)
      expect(await dropped(registry)).toBe(0)
      return value !== undefined
    })
  })
})

test('a reset in another thread: what was recorded before is gone, handles go on', async () => {
  const { name, registry, x } = open()
  const h = histogram({ name: 'h', help: 'h', labels: ['l'], registry })
  const mine = x.labels('a')
  const actor = await holder(name, 0.3)
  await (await holder(name, 0.7)).end()
  mine.inc(0.1)
  for (const value of [0.1, 0.2, 50]) h.observe({ l: 'a' }, value)
  for (let round = 1; round <= 3; round++) {
    const ends = await holder(name, 0.4)
    await actor.run((n, state) => {
      state.x.reset()
      n.histogram({ name: 'h', help: 'h', labels: ['l'], registry: state.owner }).reset()
    })
    expect(await valueAt(registry)).toBe(0)
    expect(await read(registry, 'h_count', { l: 'a' })).toBe(0)
    expect(await read(registry, 'h_sum', { l: 'a' })).toBe(0)
    mine.inc(1)
    await incBound(actor, 2)
    h.observe({ l: 'a' }, 4)
    // With recordings from before the reset and after it.
    await incBound(ends, 4)
    await ends.end()
    expect(await valueAt(registry)).toBeCloseTo(7, 12)
    expect(h.snapshot({ l: 'a' }).buckets.map(({ count }) => count)).toEqual([1])
  }
  expect(await rejections(registry, 'x_total')).toEqual({})
})

test('gauges of each aggregate after a reset: only what is recorded later, in any thread', async () => {
  const { name, registry } = open()
  const AGGREGATES = ['sum', 'last', 'min', 'max', 'average'] as const
  const set = (n: typeof import('nanotally'), _: unknown, { name, value }: { name: string; value: number }) => {
    for (const aggregate of ['sum', 'last', 'min', 'max', 'average'] as const) {
      const registry = new n.Registry(name)
      n.gauge({ name: aggregate, help: 'h', aggregate, onExit: 'keep', registry }).set(value)
    }
  }
  const shown = async () => {
    const families = await scrape(registry)
    return AGGREGATES.map((aggregate) => sampleValue(families, aggregate))
  }
  const [ended, actor] = [new Actor(), new Actor()]
  await ended.run(set, { name, value: -100 })
  await ended.end()
  await actor.run(set, { name, value: 100 })
  expect(await shown()).toEqual([0, 100, -100, 100, 0])
  const mine = AGGREGATES.map((aggregate) => gauge({ name: aggregate, help: 'h', aggregate, onExit: 'keep', registry }))
  for (const metric of mine) metric.reset()
  expect(await shown()).toEqual(AGGREGATES.map(() => undefined))
  for (const metric of mine) metric.set(3)
  expect(await shown()).toEqual([3, 3, 3, 3, 3])
  // What it had set before the reset is not kept when it ends.
  await actor.end()
  expect(await shown()).toEqual([3, 3, 3, 3, 3])
  const late = new Actor()
  await late.run(set, { name, value: 5 })
  expect(await shown()).toEqual([8, 5, 3, 5, 4])
})

describe('idleTimeoutMs', () => {
  const options = { idleTimeoutMs: 100 }
  /** Live and expired together, which is all that was recorded. */
  async function total(registry: Registry): Promise<{ shown: number | undefined; all: number }> {
    const families = await scrape(registry)
    const shown = sampleValue(families, 'x_total', { l: 'a' })
    return { shown, all: (shown ?? 0) + (sampleValue(families, 'nanotally_expired', { metric: 'x_total' }) ?? 0) }
  }

  test('a series that one thread holds and another does not waits hidden, and comes back whole', async () => {
    const { name, registry, x } = open(options)
    const actor = await holder(name, 10, options)
    x.inc({ l: 'a' }, 1) // found, not held
    // One that nobody holds has the same time: when it has expired, the other could have.
    x.inc({ l: 'expires' }, 100)
    let recorded = 111
    // It may rest at once, where this thread does not get to run.
    const created = await until('its created time', async () => {
      await incBound(actor, 1)
      recorded++
      return (await openMetricsSamples(registry, 'x_created'))['l="a"']
    })
    await until('what nobody holds to have expired', async () => {
      const { live, waiting } = await states(registry)
      return live === 0 && waiting === 0 && (await states(registry)).idle === 1
    })
    expect(await total(registry)).toEqual({ shown: undefined, all: recorded })
    await until('the series to be back', async () => {
      await incBound(actor, 1)
      recorded++
      const { shown, all } = await total(registry)
      expect(all).toBe(recorded)
      if (shown === undefined) return false
      expect(shown).toBe(recorded - 100)
      return Object.values(await openMetricsSamples(registry, 'x_created')).includes(created)
    })
    // This thread, whose handle was given up, finds the same series.
    x.inc({ l: 'a' }, 1)
    expect((await total(registry)).all).toBe(recorded + 1)
    expect(await dropped(registry)).toBe(0)
  })

  test('a thread that ends lets go: the series expires with what it recorded', async () => {
    for (const isSudden of [false, true]) {
      const { name, registry, x } = open(options)
      const actor = await holder(name, 10, options)
      await until('it to rest', async () => (await states(registry)).idle === 1)
      if (isSudden) await actor.terminate()
      else await actor.end()
      await until('it to have expired', async () => {
        expect((await total(registry)).all).toBe(10)
        const { live, idle, waiting } = await states(registry)
        return live === 0 && idle === 0 && waiting === 0
      })
      x.inc({ l: 'a' }, 1)
      const { shown = 1, all } = await total(registry)
      expect([shown, all]).toEqual([1, 11])
    }
  })

  test('a thread that is blocked keeps what it records into', async () => {
    const { name, registry, x } = open(options)
    const actor = await holder(name, 1, options)
    const release = await block(actor)
    // Only look-ups of others: the blocked one cannot be asked.
    x.inc({ l: 'expires' })
    let least = 0
    await until('what nobody records into to have expired', async () => {
      const { shown } = await total(registry)
      if (shown !== undefined) {
        expect(shown).toBeGreaterThanOrEqual(least)
        least = shown
      }
      return (await read(registry, 'nanotally_expired', { metric: 'x_total' })) === 1
    })
    await release()
    expect((await total(registry)).all).toBeGreaterThan(least)
    expect(await dropped(registry)).toBe(0)
  })

  test('the exporter shows the same', async () => {
    const { name, registry, x } = open(options)
    const exporter = await startExporter({ port: 0, registry })
    onTestFinished(() => exporter.close())
    const served = async () => parseTextFormat(await (await fetch(exporter.url)).text())
    const actor = await holder(name, 2, options)
    await until('the exporter to hide it', async () => {
      const families = await served()
      const expired = sampleValue(families, 'nanotally_expired', { metric: 'x_total' }) ?? 0
      expect((sampleValue(families, 'x_total', { l: 'a' }) ?? 0) + expired).toBe(2)
      return expired === 2
    })
    expect(x.remove('a')).toBe(true)
    const after = await served()
    expect(after.get('x_total')?.samples).toEqual([])
    expect(sampleValue(after, 'nanotally_expired', { metric: 'x_total' })).toBeUndefined()
    await untilDropped(registry, actor)
    expect(sampleValue(await served(), 'nanotally_rejected_total', { metric: 'x_total', reason: 'removed' })).toBe(
      await dropped(registry),
    )
    x.clear()
    x.inc({ l: 'b' }, 5)
    x.reset()
    expect(sampleValue(await served(), 'x_total', { l: 'b' }) ?? 0).toBe(0)
  })
})
