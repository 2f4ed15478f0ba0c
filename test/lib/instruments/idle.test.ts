// idleTimeoutMs in one environment: a series that is not recorded is hidden, comes back as it was, or expires. Every wait
// is for something to be seen; what must not happen meanwhile is asserted at each look.
import { counter, derivedGauge, gauge, histogram, Registry } from 'nanotally'
import { describe, expect, onTestFinished, test } from 'vitest'
import { assertEnded, runChild } from '../../support/children.js'
import { openMetricsSamples } from '../../support/created.js'
import { read, refusal, rejections, samplesOf, scrape } from '../../support/registry.js'
import { until } from '../../support/until.js'

const IDLE_MS = 100
let names = 0
/** Named, so that it tells the states of its series. */
function fresh(): Registry {
  const registry = new Registry(`idle-${names++}`)
  onTestFinished(() => registry.close())
  return registry
}

async function states(registry: Registry): Promise<Record<string, number>> {
  const samples = (await scrape(registry)).get('nanotally_series')?.samples ?? []
  return Object.fromEntries(samples.map(({ labels, value }) => [labels.state, value]))
}

const untilHidden = (registry: Registry, name: string, labels: Record<string, string>) =>
  until(`${name} to be hidden`, async () => (await read(registry, name, labels)) === undefined)

const untilNoSeries = (registry: Registry) =>
  until('all series to have expired', async () => {
    const { live, idle, waiting } = await states(registry)
    return live === 0 && idle === 0 && waiting === 0
  })

describe('a series that a handle is held of', () => {
  test('comes back with its value and created time, through the handle', async () => {
    const registry = fresh()
    const options = { help: 'h', labels: ['l'], idleTimeoutMs: IDLE_MS, registry } as const
    const bound = counter({ ...options, name: 'c_total' }).labels('a')
    const level = gauge({ ...options, name: 'g', aggregate: 'last' }).labels('a')
    const observers = [
      histogram({ ...options, name: 'exponential' }).labels('a'),
      histogram({ ...options, name: 'explicit', buckets: [2] }).labels('a'),
    ]
    let recorded = 0
    const record = () => {
      bound.inc(0.5)
      level.inc(0.5)
      for (const observer of observers) observer.observe(0.5)
      recorded += 0.5
    }
    const SUMS = ['c_total', 'g', 'exponential_sum', 'explicit_sum']
    /** What is shown now: never anything but what was recorded. */
    const shown = async () => {
      const families = await scrape(registry)
      return SUMS.filter((name) => {
        const samples = families.get(name.replace('_sum', ''))?.samples.filter((sample) => sample.name === name) ?? []
        for (const { value } of samples) expect(value, name).toBe(recorded)
        return samples.length > 0
      })
    }
    record()
    const created = await openMetricsSamples(registry, 'c_created')
    for (let round = 0; round < 3; round++) {
      await until('all to be hidden', async () => (await shown()).length === 0)
      await until('all to be back', async () => {
        record()
        return (await shown()).length === SUMS.length
      })
      await until('the created time', async () => {
        record()
        const now = await openMetricsSamples(registry, 'c_created')
        if (Object.keys(now).length === 0) return false
        expect(now).toEqual(created)
        return true
      })
    }
    expect(await rejections(registry, 'c_total')).toEqual({})
  })

  test('hidden, it is among what is idle and counts for nanotally_expired until it is back', async () => {
    const registry = fresh()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], idleTimeoutMs: IDLE_MS, registry })
    const bound = c.labels('a')
    bound.inc(7)
    let recorded = 7
    const total = async () => {
      const families = await scrape(registry)
      const sum = (name: string) => (families.get(name)?.samples ?? []).reduce((all, { value }) => all + value, 0)
      expect(sum('c_total') + sum('nanotally_expired')).toBe(recorded)
      return sum('nanotally_expired')
    }
    await until('it to be hidden', async () => (await total()) === 7)
    expect(await states(registry)).toEqual({ live: 0, idle: 1, waiting: 0 })
    await until('it to be back', async () => {
      bound.inc()
      recorded++
      return (await total()) === 0
    })
  })

  test('its labels lead to the same handle again', async () => {
    const registry = fresh()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], idleTimeoutMs: IDLE_MS, registry })
    const bound = c.labels(200)
    bound.inc(2)
    for (let round = 1; round <= 3; round++) {
      await untilHidden(registry, 'c_total', { l: '200' })
      // Until this thread has taken the handle out of its labels' tree.
      await until('the handle to be parted', () => c._tree._root.size === 0)
      expect(c.labels('200')).toBe(bound)
      expect(c.labels({ l: 200n })).toBe(bound)
      c.inc({ l: 200 })
      bound.inc()
      expect(c._tree._root.size).toBeGreaterThan(0)
    }
    await until('it to be shown', async () => {
      bound.inc(0.25)
      return (await read(registry, 'c_total', { l: '200' })) !== undefined
    })
    expect((await rejections(registry, 'c_total')).removed).toBeUndefined()
  })

  test('remove() and clear() end it, parted or not', async () => {
    const registry = fresh()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], idleTimeoutMs: IDLE_MS, registry })
    for (const [end, count] of [
      [() => expect(c.remove('a')).toBe(true), 1],
      [() => c.clear(), 2],
    ] as const) {
      const bound = c.labels('a')
      bound.inc(5)
      await until('the handle to be parted', () => c._tree._root.size === 0)
      end()
      bound.inc(5)
      expect(await rejections(registry, 'c_total')).toEqual({ removed: count })
      expect(c.labels('a')).not.toBe(bound)
      c.inc({ l: 'a' }, 1)
      await until('its value', async () => {
        const value = await read(registry, 'c_total', { l: 'a' })
        if (value !== undefined) expect(value).toBe(1)
        return (await read(registry, 'nanotally_expired', { metric: 'c_total' })) === 1 || value === 1
      })
      c.clear()
    }
  })

  test('a reset does not bring it back, and it comes back from zero', async () => {
    const registry = fresh()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], idleTimeoutMs: IDLE_MS, registry })
    const bound = c.labels('a')
    bound.inc(5)
    await untilHidden(registry, 'c_total', { l: 'a' })
    c.reset()
    expect(await read(registry, 'nanotally_expired', { metric: 'c_total' })).toBeUndefined()
    let recorded = 0
    await until('it to be back', async () => {
      bound.inc()
      recorded++
      const value = await read(registry, 'c_total', { l: 'a' })
      if (value !== undefined) expect(value).toBe(recorded)
      return value !== undefined
    })
  })
})

describe('a series that nobody holds', () => {
  test('expires: its count moves to a total, its slot is used anew', async () => {
    const registry = fresh()
    const options = { help: 'h', labels: ['l'], maxSeries: 3, idleTimeoutMs: IDLE_MS, registry } as const
    const c = counter({ ...options, name: 'c_total' })
    const h = histogram({ ...options, name: 'h' })
    const g = gauge({ ...options, name: 'g' })
    for (let round = 1; round <= 4; round++) {
      for (let i = 0; i < 3; i++) {
        c.inc({ l: `${round}-${i}` }, 0.5)
        h.observe({ l: `${round}-${i}` }, 2 ** i)
        g.set({ l: `${round}-${i}` }, 5)
      }
      await untilNoSeries(registry)
      const families = await scrape(registry)
      expect(families.has('nanotally_overflowed_total')).toBe(false)
      expect(await samplesOf(registry, 'nanotally_expired')).toEqual({
        [JSON.stringify({ metric: 'c_total' })]: 1.5 * round,
        [JSON.stringify({ metric: 'h' })]: 3 * round,
      })
    }
    expect(await rejections(registry, 'c_total')).toEqual({})
  })

  test('begins at zero after it, with a later created time', async () => {
    const registry = fresh()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], idleTimeoutMs: IDLE_MS, registry })
    c.inc({ l: 'a' }, 5)
    const [before] = Object.values(await openMetricsSamples(registry, 'c_created')) as [number]
    await untilNoSeries(registry)
    let recorded = 0
    await until('it to be shown', async () => {
      c.inc({ l: 'a' })
      recorded++
      const value = await read(registry, 'c_total', { l: 'a' })
      if (value !== undefined) expect(value).toBe(recorded)
      const [after] = Object.values(await openMetricsSamples(registry, 'c_created'))
      if (after !== undefined) expect(after).toBeGreaterThan(before)
      return value !== undefined && after !== undefined
    })
  })

  test('does not while it is recorded by its labels; hidden, that brings it back', async () => {
    const registry = fresh()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], idleTimeoutMs: 400, registry })
    c.inc({ l: 'sleeper' }, 3)
    let recorded = 0
    // Alive for as many looks as it takes the other to be hidden.
    await until('the sleeper to be hidden', async () => {
      c.inc({ l: 'busy' })
      recorded++
      const families = await samplesOf(registry, 'c_total')
      const busy = families[JSON.stringify({ l: 'busy' })]
      if (busy !== undefined) expect(busy).toBe(recorded)
      return families[JSON.stringify({ l: 'sleeper' })] === undefined
    })
    // At once by a look-up; after it expired, which may be now, anew.
    c.inc({ l: 'sleeper' }, 10)
    const total = await until('the sleeper', async () => {
      const value = await read(registry, 'c_total', { l: 'sleeper' })
      const expired = (await read(registry, 'nanotally_expired', { metric: 'c_total' })) ?? 0
      return value !== undefined ? value + (value === 10 ? 3 : 0) : expired >= 13 && 13
    })
    expect(total).toBe(13)
  })

  test('what only reads does not hold it', async () => {
    const registry = fresh()
    const h = histogram({ name: 'h', help: 'h', labels: ['l'], idleTimeoutMs: IDLE_MS, registry })
    h.observe({ l: 'a' }, 1)
    expect(h.quantile({ l: 'a' }, 0.5)).toBeCloseTo(1, 0)
    expect(h.snapshot({ l: 'a' }).count).toBe(1)
    await untilNoSeries(registry)
    expect(await read(registry, 'nanotally_expired', { metric: 'h' })).toBe(1)
  })

  test('an initial one too', async () => {
    const registry = fresh()
    const initial = [{ l: 'a' }, { l: 'b' }]
    counter({ name: 'c_total', help: 'h', labels: ['l'], initial, idleTimeoutMs: IDLE_MS, registry })
    await untilNoSeries(registry)
    expect(await read(registry, 'nanotally_expired', { metric: 'c_total' })).toBeUndefined()
  })
})

test('a metric without labels is hidden and comes back; the overflow series stays', async () => {
  const registry = fresh()
  const options = { help: 'h', idleTimeoutMs: IDLE_MS, registry } as const
  const plain = counter({ ...options, name: 'plain_total' })
  const c = counter({ ...options, name: 'c_total', labels: ['l'], maxSeries: 1 })
  plain.inc()
  c.inc({ l: 'a' }, 1)
  c.inc({ l: 'b' }, 5)
  const overflow = { otel_metric_overflow: 'true' }
  await until('both to be hidden', async () => {
    const families = await scrape(registry)
    expect(families.get('c_total')?.samples.find(({ labels }) => 'otel_metric_overflow' in labels)?.value).toBe(5)
    return families.get('plain_total')?.samples.length === 0 && families.get('c_total')?.samples.length === 1
  })
  expect(await read(registry, 'c_total', overflow)).toBe(5)
  let recorded = 1
  await until('it to be back', async () => {
    plain.inc()
    recorded++
    const value = await read(registry, 'plain_total')
    if (value !== undefined) expect(value).toBe(recorded)
    return value !== undefined
  })
  expect(await rejections(registry, 'plain_total')).toEqual({})
})

test('without idleTimeoutMs nothing is ever hidden', async () => {
  const registry = fresh()
  const options = { help: 'h', labels: ['l'], registry } as const
  counter({ ...options, name: 'stays_total' }).inc({ l: 'a' }, 2)
  counter({ ...options, name: 'goes_total', idleTimeoutMs: IDLE_MS }).inc({ l: 'a' })
  await until('the other to have expired', async () => {
    expect(await read(registry, 'stays_total', { l: 'a' })).toBe(2)
    const { idle, waiting } = await states(registry)
    return idle === 0 && waiting === 0 && (await read(registry, 'goes_total', { l: 'a' })) === undefined
  })
})

test('a ratio is of what is shown', async () => {
  const registry = fresh()
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], idleTimeoutMs: IDLE_MS, registry })
  const stays = counter({ name: 'stays_total', help: 'h', registry })
  derivedGauge({ name: 'share', help: 'h', registry, ratio: { of: [c], to: [c, stays] } })
  c.inc({ l: 'a' }, 1)
  stays.inc(1)
  await until('it to be hidden', async () => {
    const share = await read(registry, 'share')
    expect([0, 0.5]).toContain(share)
    return share === 0
  })
})

test('a handle that the program lets go of lets its series expire; one that it keeps does not', async () => {
  const script = new URL('../fixtures/held-handles.mjs', import.meta.url)
  const result = await runChild(script, { nodeFlags: ['--expose-gc'] })
  assertEnded(result)
  const [seen] = result.messages
  expect(seen).toEqual({ expired: 3, idleAfter: 1, kept: 'as it was', created: 'as it was', rejected: false })
})

describe('options', () => {
  test.each([
    ['a string', '100', TypeError, 'INVALID_TYPE'],
    ['a fraction', 100.5, TypeError, 'INVALID_TYPE'],
    ['NaN', Number.NaN, TypeError, 'INVALID_TYPE'],
    ['Infinity', Number.POSITIVE_INFINITY, TypeError, 'INVALID_TYPE'],
    ['null', null, TypeError, 'INVALID_TYPE'],
    ['a bigint', 100n, TypeError, 'INVALID_TYPE'],
    ['0', 0, RangeError, 'INVALID_VALUE'],
    ['negative', -1, RangeError, 'INVALID_VALUE'],
    ['too short', 99, RangeError, 'INVALID_VALUE'],
    ['too long', 2 ** 31, RangeError, 'INVALID_VALUE'],
  ])('%s', (_, idleTimeoutMs, type, code) => {
    const registry = fresh()
    for (const make of [counter, gauge, histogram]) {
      const error = refusal(() => make({ name: 'm', help: 'h', idleTimeoutMs: idleTimeoutMs as number, registry }))
      expect(error).toBeInstanceOf(type)
      expect(error.code).toBe(`ERR_NANOTALLY_${code}`)
      expect(error.message).toContain('idleTimeoutMs')
    }
  })

  test('both ends of the range; of two definitions the first holds', async () => {
    const registry = fresh()
    const define = (name: string, idleTimeoutMs?: number) =>
      counter({ name, help: 'h', labels: ['l'], idleTimeoutMs, registry })
    define('short_total', 100).inc({ l: 'a' })
    define('long_total', 2 ** 31 - 1).inc({ l: 'a' })
    expect(define('short_total')).toBe(define('short_total', 5000))
    expect(define('long_total', 100)).toBe(define('long_total'))
    await until('the first to be hidden', async () => {
      expect(await read(registry, 'long_total', { l: 'a' })).toBe(1)
      return (await read(registry, 'short_total', { l: 'a' })) === undefined
    })
  })
})
