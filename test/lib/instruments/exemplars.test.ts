// Exemplars: which observations ask the source, how often, what is kept, and what is refused. Arming is done by hand here
// where it matters; the timer only decides when.
import { setImmediate as turn } from 'node:timers/promises'
import { type Exemplar, type Histogram, histogram, Registry, setExemplarSource } from 'nanotally'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { armWaiting, MOST_ARMED } from '../../../dist/instruments/exemplars.js'
import { watchExemplars } from '../../support/exemplars.js'
import { read, rejections } from '../../support/registry.js'
import { warningsOf } from '../../support/warnings.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

const exemplars = watchExemplars()
/** The values whose exemplars were kept since the test began, in order. */
const kept = () => exemplars.map(({ value }) => value)
/** The values that the source was asked about: it is called inside of the observation. */
let asked: number[] = []
let observing = Number.NaN

function observe(h: Pick<Histogram, 'observe'>, values: readonly number[]): void {
  for (const value of values) {
    observing = value
    h.observe(value)
  }
}

function useSource(answer: () => Exemplar | undefined = () => ({ traceId: TRACE, spanId: SPAN })): void {
  setExemplarSource(() => {
    asked.push(observing)
    return answer()
  })
}

beforeEach(() => {
  asked = []
  exemplars.length = 0
})
afterEach(() => setExemplarSource(undefined))

/** Closed at the test's end, so that its series do not wait for a turn in the next one. */
function fresh(): Registry {
  const registry = new Registry()
  onTestFinished(() => registry.close())
  return registry
}

const boom = () => {
  throw new Error('boom')
}

const make = (registry: Registry, options: { buckets?: number[]; labels?: string[] } = {}) =>
  histogram({ name: 'h', help: 'h', registry, ...options })

describe('a source', () => {
  test('is asked once for each octave of an exponential histogram, until that is armed again', async () => {
    const registry = fresh()
    const h = make(registry)
    useSource()
    observe(h, [1.5, 1.6, 3, 1.7, 3.5, 1.5, 100])
    expect(asked).toEqual([1.5, 3, 100])
    armWaiting()
    observe(h, [1.9, 1.8, 100, 101])
    expect(asked).toEqual([1.5, 3, 100, 1.9, 100])
    expect(kept()).toEqual(asked)
    expect(await read(registry, 'h_count')).toBe(11)
  })

  test('is asked once for each bucket of an explicit one', async () => {
    const registry = fresh()
    const h = make(registry, { buckets: [1, 2] })
    useSource()
    observe(h, [0.5, 1, 1.5, 2, 3, 4])
    expect(asked).toEqual([0.5, 1.5, 3])
    armWaiting()
    observe(h, [4, 5, 1, 1])
    expect(asked).toEqual([0.5, 1.5, 3, 4, 1])
    expect(kept()).toEqual(asked)
    expect(await read(registry, 'h_count')).toBe(10)
  })

  test.each([{ buckets: undefined }, { buckets: [1, 2] }])(
    'samples series that were there before it ($buckets)',
    (o) => {
      const h = make(fresh(), { ...(o.buckets && { buckets: o.buckets }), labels: ['l'] })
      const before = h.labels('a')
      observe(before, [1.5, 0.7])
      useSource()
      const after = h.labels('b')
      for (const bound of [before, after]) observe(bound, [1.5, 1.6, 0.7, 0.8])
      expect(asked).toEqual([1.5, 0.7, 1.5, 0.7])
    },
  )

  test('is asked about ties, zeros, infinities and what is far from the rest, at a bounded rate as well', async () => {
    const registry = fresh()
    const h = make(registry)
    useSource()
    observe(h, [1.5, 1, 2 ** 100, 2 ** 101, 0, 0, 2 ** -90, Number.POSITIVE_INFINITY, 1, 2])
    // 2 is the last bucket of 1.5's octave, 1 of the one below; all that has no slot shares one turn.
    expect(asked).toEqual([1.5, 1, 2 ** 100])
    armWaiting()
    observe(h, [0, 2 ** 100, Number.NEGATIVE_INFINITY, 2])
    expect(asked).toEqual([1.5, 1, 2 ** 100, 0, 2])
    expect(kept()).toEqual(asked)
    expect(await read(registry, 'h_count')).toBe(14)
  })

  test.each([{ buckets: undefined }, { buckets: [1] }])('is not asked about NaN ($buckets)', ({ buckets }) => {
    const h = make(fresh(), { ...(buckets && { buckets }) })
    useSource()
    observe(h, [Number.NaN, 0, Number.NaN])
    armWaiting()
    observe(h, [Number.NaN])
    expect(asked).toEqual([0])
  })

  test('without a trace there is no exemplar, and the next turn comes with the next arming', () => {
    const h = make(fresh())
    useSource(() => undefined)
    observe(h, [1.5, 1.5])
    armWaiting()
    observe(h, [1.5, 1.5])
    expect(asked).toEqual([1.5, 1.5])
    expect(kept()).toEqual([])
  })

  test('a turn is short: so many octaves are armed at once, the others after them', () => {
    const h = make(fresh(), { labels: ['l'] })
    const handles = Array.from({ length: 1300 }, (_, i) => h.labels(i))
    const count = (): number => {
      const before = asked.length
      for (const bound of handles) observe(bound, [1.5])
      return asked.length - before
    }
    count()
    useSource()
    // Each series has a second place, for what has no slot.
    expect(count()).toBe(MOST_ARMED / 2)
    armWaiting()
    expect(count()).toBe(MOST_ARMED / 2)
    for (let i = 0; i < 4; i++) armWaiting()
    expect(count()).toBe(handles.length)
  })

  test('turned off, nothing is asked, and every count stays right', async () => {
    const registry = fresh()
    const exponential = make(registry)
    const explicit = histogram({ name: 'x', help: 'h', buckets: [2, 8], registry })
    const both = [1.5, 3, 100, 2 ** 100]
    for (const h of [exponential, explicit]) observe(h, both)
    useSource()
    setExemplarSource(undefined)
    armWaiting()
    for (const h of [exponential, explicit]) observe(h, both)
    expect(asked).toEqual([])
    useSource()
    for (const h of [exponential, explicit]) observe(h, both)
    expect(asked).toEqual([1.5, 3, 100, 2 ** 100, 1.5, 3, 100])
    setExemplarSource(() => ({ traceId: TRACE }))
    armWaiting()
    observe(exponential, both)
    expect(asked).toHaveLength(7)
    expect(kept()).toHaveLength(11)
    expect(await read(registry, 'h_count')).toBe(16)
    expect(await read(registry, 'x_count')).toBe(12)
    expect(await read(registry, 'h_bucket', { le: '2' })).toBe(4)
  })

  test('that observes is not asked about that', async () => {
    const registry = fresh()
    const h = make(registry)
    const inner = histogram({ name: 'inner', help: 'h', buckets: [1], registry })
    useSource(() => {
      for (const value of [0.3, 1.5, 5]) h.observe(value)
      inner.observe(0.5)
      return { traceId: TRACE }
    })
    observe(h, [1.5])
    expect(asked).toEqual([1.5])
    expect(kept()).toEqual([1.5])
    expect(await read(registry, 'h_count')).toBe(4)
    expect(await read(registry, 'inner_count')).toBe(1)
  })

  test('a metric that is disabled never asks', () => {
    const registry = fresh()
    useSource()
    const off = histogram({ name: 'off', help: 'h', enabled: false, registry })
    const explicit = histogram({ name: 'x', help: 'h', enabled: false, buckets: [1], registry })
    for (const h of [off, explicit]) {
      observe(h, [1.5, 0, 1.5])
      h.observe(1.5, { exemplar: { traceId: TRACE } })
    }
    armWaiting()
    for (const h of [off, explicit]) observe(h, [1.5])
    expect(asked).toEqual([])
    expect(kept()).toEqual([])
  })

  test.each([{ buckets: undefined }, { buckets: [1] }])('nor does a handle of a removed one ($buckets)', async (o) => {
    const registry = fresh()
    const bound = make(registry, { ...(o.buckets && { buckets: o.buckets }) }).labels()
    useSource()
    observe(bound, [1.5])
    registry.remove('h')
    armWaiting()
    const live = make(registry, { ...(o.buckets && { buckets: o.buckets }) })
    observe(bound, [1.5, 0.5])
    bound.observe(1.5, { exemplar: { traceId: TRACE } })
    expect(asked).toEqual([1.5])
    expect(kept()).toEqual([1.5])
    observe(live, [1.5])
    expect(await read(registry, 'h_count')).toBe(1)
    expect(await rejections(registry)).toEqual({ removed: 3 })
  })

  test('is called by observations that a timer makes', () => {
    const h = make(fresh())
    useSource()
    h.time(() => 1)
    h.startTimer()()
    expect(asked.length).toBeGreaterThan(0)
    expect(kept()).toHaveLength(asked.length)
  })

  test.each<unknown>([null, 'x', {}, 1])('that is %s is refused', (source) => {
    expect(() => setExemplarSource(source as () => undefined)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_NANOTALLY_INVALID_TYPE' }),
    )
  })
})

describe('a given exemplar', () => {
  test.each([
    { buckets: undefined, le: '2.0' },
    { buckets: [1, 2], le: '2.0' },
  ])('is shown at its bucket by OpenMetrics ($buckets)', async ({ buckets, le }) => {
    const registry = fresh()
    const h = make(registry, { ...(buckets && { buckets }) })
    const before = Date.now() / 1000
    h.observe(1.5, { exemplar: { traceId: TRACE.toUpperCase(), spanId: SPAN } })
    const { body } = await registry.render({ accept: 'application/openmetrics-text;version=1.0.0' })
    const line = new RegExp(`^h_bucket{le="${le}"} 1 # {trace_id="${TRACE}",span_id="${SPAN}"} 1.5 (.+)$`, 'm')
    const [, seconds] = line.exec(body.toString()) ?? []
    // It is told in milliseconds.
    expect(Number(seconds)).toBeGreaterThanOrEqual(before - 0.001)
    expect(Number(seconds)).toBeLessThanOrEqual(Date.now() / 1000)
  })

  test.each([{ buckets: undefined }, { buckets: [1] }])('is kept each time ($buckets)', async ({ buckets }) => {
    const registry = fresh()
    const h = make(registry, { labels: ['l'], ...(buckets && { buckets }) })
    h.labels('a').observe(1.5, { exemplar: { traceId: TRACE, spanId: SPAN } })
    h.observe({ l: 'a' }, 1.5, { exemplar: { traceId: TRACE } })
    h.observe({ l: 'b' }, 1.25, { exemplar: { traceId: TRACE } })
    expect(exemplars).toEqual([
      { series: 0, value: 1.5, traceId: TRACE, spanId: SPAN },
      { series: 0, value: 1.5, traceId: TRACE, spanId: '' },
      { series: 1, value: 1.25, traceId: TRACE, spanId: '' },
    ])
    expect(await read(registry, 'h_count', { l: 'a' })).toBe(2)
  })

  test('comes after the one of the source', () => {
    const h = make(fresh())
    useSource(() => ({ traceId: 'a'.repeat(32) }))
    h.observe(1.5, { exemplar: { traceId: TRACE } })
    expect(exemplars.map(({ traceId }) => traceId)).toEqual(['a'.repeat(32), TRACE])
  })

  test.each<unknown>([{}, { exemplar: undefined }, null, 1, 'x'])('options of %s are none', async (options) => {
    const registry = fresh()
    const h = make(registry)
    h.observe(1.5, options as object)
    h.labels().observe(1.5, options as object)
    expect(await read(registry, 'h_count')).toBe(2)
    expect(kept()).toEqual([])
    expect(await rejections(registry, 'h')).toEqual({})
  })

  test('of what is no number is dropped with it', async () => {
    const registry = fresh()
    const h = make(registry)
    h.observe('1' as unknown as number, { exemplar: { traceId: TRACE } })
    expect(kept()).toEqual([])
    expect(await rejections(registry, 'h')).toEqual({ not_a_number: 1 })
  })
})

describe('what is no exemplar', () => {
  test.each<[string, () => unknown]>([
    ['null', () => null],
    ['a string', () => 'x'],
    ['an object without a trace', () => ({})],
    ['a number for a trace', () => ({ traceId: 7 })],
    ['an empty trace', () => ({ traceId: '' })],
    ['too short a trace', () => ({ traceId: SPAN })],
    ['too long a trace', () => ({ traceId: `${TRACE}0` })],
    ['a trace and a line feed', () => ({ traceId: `${TRACE}\n` })],
    ['a trace of zeros', () => ({ traceId: '0'.repeat(32) })],
    ['a trace of other letters', () => ({ traceId: 'g'.repeat(32) })],
    ['null for a span', () => ({ traceId: TRACE, spanId: null })],
    ['too long a span', () => ({ traceId: TRACE, spanId: TRACE })],
    ['a span of zeros', () => ({ traceId: TRACE, spanId: '0'.repeat(16) })],
    ['a getter that throws', () => Object.defineProperty({}, 'traceId', { get: boom })],
  ])('%s is counted, and the observation is recorded', async (_, unusable) => {
    const exemplar = unusable() as Exemplar
    const registry = fresh()
    const h = make(registry)
    h.observe(1.5, { exemplar })
    useSource(() => exemplar)
    observe(h, [3, 3])
    expect(asked).toEqual([3])
    expect(kept()).toEqual([])
    expect(await rejections(registry, 'h')).toEqual({ exemplar: 2 })
    expect(await read(registry, 'h_count')).toBe(3)
  })

  test('nor is what a source throws; it is asked again in its turn', async () => {
    const registry = fresh()
    const warnings = warningsOf('NANOTALLY_DROPPED')
    let isBroken = true
    useSource(() => {
      if (isBroken) throw new Error('boom')
      return { traceId: TRACE }
    })
    // A name of its own: warnings are said once for each metric.
    const own = histogram({ name: 'throwing', help: 'h', registry })
    observe(own, [1.5, 3])
    isBroken = false
    armWaiting()
    observe(own, [1.5])
    await turn()
    expect(asked).toEqual([1.5, 3, 1.5])
    expect(kept()).toEqual([1.5])
    expect(await rejections(registry, 'throwing')).toEqual({ exemplar: 2 })
    expect(await read(registry, 'throwing_count')).toBe(3)
    expect(warnings).toEqual(['nanotally dropped an exemplar of throwing (exemplar): the source threw Error: boom'])
  })
})
