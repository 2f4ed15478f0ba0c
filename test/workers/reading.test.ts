// Histograms read in JavaScript: what all threads recorded, those that have ended too, whichever thread reads.
import { histogram, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { Actor } from './actor.js'

let registries = 0

interface Definition {
  registry: string
  buckets: number[] | undefined
  classicBuckets: number[] | undefined
}

/** A histogram in a registry that all threads can open. */
function define(buckets?: number[]) {
  const definition: Definition = {
    registry: `reading-${registries++}`,
    buckets,
    classicBuckets: buckets === undefined ? [1, 2, 1024] : undefined,
  }
  const registry = new Registry(definition.registry)
  const { classicBuckets } = definition
  const h = histogram({ name: 'h', help: 'h', labels: ['l'], buckets, classicBuckets, registry })
  return { definition, registry, h }
}

/** Records in another thread. */
function observe(actor: Actor, definition: Definition, l: string, values: number[]): Promise<void> {
  return actor.run(
    (n, _, { registry, buckets, classicBuckets, l, values }) => {
      const owner = new n.Registry(registry)
      const h = n.histogram({ name: 'h', help: 'h', labels: ['l'], buckets, classicBuckets, registry: owner })
      for (const value of values) h.observe({ l }, value)
    },
    { ...definition, l, values },
  )
}

/** Reads in another thread: counts, the median, and the series together with itself. */
function read(actor: Actor, definition: Definition, l: string) {
  return actor.run(
    (n, _, { registry, buckets, classicBuckets, l }) => {
      const owner = new n.Registry(registry)
      const h = n.histogram({ name: 'h', help: 'h', labels: ['l'], buckets, classicBuckets, registry: owner })
      const snapshot = h.snapshot({ l })
      return {
        one: snapshot.toJSON(),
        median: snapshot.quantile(0.5),
        twice: snapshot.merge(snapshot).count,
        all: h.count,
      }
    },
    { ...definition, l },
  )
}

describe.each([{ kind: 'exponential' }, { kind: 'explicit', buckets: [1, 10, 100] }])('$kind', ({ buckets }) => {
  test('every thread reads the same of all, and of those that have ended', async () => {
    const { definition, h } = define(buckets)
    const [stays, ends, dies] = [new Actor(), new Actor(), new Actor()]
    h.observe({ l: 'a' }, 2)
    await observe(stays, definition, 'a', [3, 2, -50])
    await observe(ends, definition, 'a', [2, 1000])
    await observe(dies, definition, 'a', [0, 5])
    await observe(dies, definition, 'b', [7])

    const here = h.snapshot({ l: 'a' })
    expect(here.count).toBe(8)
    expect(here.sum).toBe(2 + 3 + 2 - 50 + 2 + 1000 + 0 + 5)
    expect(here.buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(8)
    expect(h.count).toBe(9)
    expect(here.merge(here).count).toBe(16)
    const expected = { one: here.toJSON(), median: here.quantile(0.5), twice: 16, all: 9 }
    expect(await read(stays, definition, 'a')).toEqual(expected)

    await ends.end()
    await dies.terminate()
    expect(h.snapshot({ l: 'a' }).toJSON()).toEqual(here.toJSON())
    expect(await read(stays, definition, 'a')).toEqual(expected)
    // A snapshot that was taken stays.
    await observe(stays, definition, 'a', [2])
    expect(here.count).toBe(8)
    expect(h.labels('a').count).toBe(9)
  })

  test('what another thread has removed reads as nothing', async () => {
    const { definition, h } = define(buckets)
    const other = new Actor()
    const bound = h.labels('a')
    bound.observe(2)
    expect(bound.count).toBe(1)
    expect(await other.run((n, _, name) => new n.Registry(name).remove('h'), definition.registry)).toBe(true)
    expect(bound.count).toBe(0)
    expect(h.count).toBe(0)
    expect(h.quantile({ l: 'a' }, 0.5)).toBeNaN()
  })
})
