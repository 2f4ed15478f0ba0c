// State sets: exactly one state is 1, whatever was set before; what defines them and what they refuse.
import { gauge, Registry, stateSet } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { refusal, rejections, samplesOf, scrape } from '../../support/registry.js'
import { warningsOf } from '../../support/warnings.js'

const STATES = ['closed', 'half_open', 'open'] as const
const options = { name: 'breaker', help: 'h', states: STATES } as const

/** The samples where `state` holds, of the other labels. */
function only(state: string, labels: Record<string, string> = {}): Record<string, number> {
  return Object.fromEntries(STATES.map((one) => [JSON.stringify({ ...labels, breaker: one }), one === state ? 1 : 0]))
}

test('one state is 1, the others are 0', async () => {
  const registry = new Registry()
  const breaker = stateSet({ ...options, registry })
  expect(breaker.states).toEqual(STATES)
  expect((await scrape(registry)).get('breaker')).toMatchObject({ type: 'gauge', samples: [] })
  let checked = 0
  for (const state of [...STATES, ...STATES.toReversed(), 'open', 'open', 'closed'] as const) {
    breaker.set(state)
    expect(await samplesOf(registry, 'breaker')).toEqual(only(state))
    checked++
  }
  expect(checked).toBe(9)
})

test('states are exposed in their order', async () => {
  const registry = new Registry()
  stateSet({ ...options, registry }).set('open')
  const samples = (await scrape(registry)).get('breaker')?.samples ?? []
  expect(samples.map(({ labels }) => labels.breaker)).toEqual(STATES)
})

test('label sets have states of their own', async () => {
  const registry = new Registry()
  const breaker = stateSet({ ...options, labels: ['peer'], optionalLabels: ['zone'], registry })
  breaker.set({ peer: 'a' }, 'open')
  breaker.set({ peer: 1, zone: 'x' }, 'closed')
  breaker.set({ peer: 'a' }, 'half_open')
  breaker.set({ peer: '1', zone: 'x' }, 'open')
  const samples = (await scrape(registry)).get('breaker')?.samples ?? []
  expect(samples.filter(({ value }) => value === 1).map(({ labels }) => labels)).toEqual([
    { peer: 'a', breaker: 'half_open' },
    { peer: '1', zone: 'x', breaker: 'open' },
  ])
  expect(samples).toHaveLength(6)
})

test('what it cannot use is dropped and counted', async () => {
  const registry = new Registry()
  const plain = stateSet({ ...options, registry })
  plain.set('closed')
  for (const bad of ['Closed', '', 5, undefined, null, {}]) plain.set(bad as never)
  expect(await rejections(registry, 'breaker')).toEqual({ labels: 6 })
  expect(await samplesOf(registry, 'breaker')).toEqual(only('closed'))

  const labelled = stateSet({ ...options, name: 'l', labels: ['peer'], registry })
  const throwing = {
    get peer(): string {
      throw new Error('no')
    },
  }
  const bad: [unknown, unknown][] = [
    [{ peer: 'a' }, 'ajar'],
    [{ peer: 'a' }, undefined],
    [{}, 'open'],
    [{ peer: {} }, 'open'],
    [{ peer: 'a', other: 1 }, 'open'],
    [{ peer: 'a', l: 'open' }, 'open'],
    [throwing, 'open'],
    ['open', undefined],
  ]
  for (const [labels, state] of bad) labelled.set(labels as never, state as never)
  expect(await rejections(registry, 'l')).toEqual({ labels: bad.length })
  expect(await samplesOf(registry, 'l')).toEqual({})
})

test('a removed one drops each set once', async () => {
  const registry = new Registry()
  const breaker = stateSet({ ...options, registry })
  breaker.set('open')
  registry.remove('breaker')
  const warnings = warningsOf('NANOTALLY_DROPPED')
  breaker.set('closed')
  await new Promise((resolve) => setImmediate(resolve))
  expect(warnings).toEqual([expect.stringContaining('(removed)')])
  const again = stateSet({ ...options, registry })
  again.set('half_open')
  breaker.set('closed')
  expect(await samplesOf(registry, 'breaker')).toEqual(only('half_open'))
})

test('the states of a label set can be removed, and set again', async () => {
  const registry = new Registry()
  const breaker = stateSet({ ...options, labels: ['peer'], registry })
  const plain = stateSet({ ...options, name: 'p', registry })
  breaker.set({ peer: 'a' }, 'open')
  breaker.set({ peer: 'b' }, 'closed')
  plain.set('open')
  expect(breaker.remove({ peer: 'a' })).toBe(true)
  expect(breaker.remove({ peer: 'a' })).toBe(false)
  expect(plain.remove()).toBe(true)
  expect(await samplesOf(registry, 'breaker')).toEqual(only('closed', { peer: 'b' }))
  expect(await samplesOf(registry, 'p')).toEqual({})
  breaker.set({ peer: 'a' }, 'half_open')
  expect(await samplesOf(registry, 'breaker')).toEqual({
    ...only('closed', { peer: 'b' }),
    ...only('half_open', { peer: 'a' }),
  })
  expect(refusal(() => breaker.remove('a' as never)).code).toBe('ERR_NANOTALLY_INVALID_TYPE')
  for (const labels of [{}, { peer: 'a', breaker: 'open' }, { peer: 'a', other: 1 }]) {
    expect(refusal(() => breaker.remove(labels as never)).code).toBe('ERR_NANOTALLY_INVALID_LABEL')
  }
})

test('past maxSeries a label set has all of its states or none', async () => {
  const registry = new Registry()
  const breaker = stateSet({ ...options, labels: ['peer'], maxSeries: 8, registry })
  for (const peer of [1, 2, 3]) breaker.set({ peer }, 'open')
  expect(await samplesOf(registry, 'breaker')).toEqual({
    ...only('open', { peer: '1' }),
    ...only('open', { peer: '2' }),
    '{"otel_metric_overflow":"true"}': 1,
  })
})

test('all states are stamped as one, so that no merge can mix two sets', () => {
  const registry = new Registry()
  const breaker = stateSet({ ...options, registry })
  breaker.set('open')
  // Each state's cells in memory of its own, where the tick has got further from one to the next.
  type Handle = { _cells: Float64Array; _at: number }
  const tree = (breaker as unknown as { _tree: { getValues(values: string[]): Handle } })._tree
  const handles = STATES.map((state, i) => {
    const handle = tree.getValues([state])
    handle._cells = new Float64Array(8192)
    handle._cells[0] = 7 + i
    return handle
  })
  breaker.set('half_open')
  expect(handles.map(({ _cells, _at }) => [_cells[_at], _cells[_at + 1]])).toEqual([
    [0, -8],
    [1, -8],
    [0, -8],
  ])
})

describe('definitions', () => {
  test.each<[string, object, string]>([
    ['no states', { states: undefined }, 'INVALID_TYPE'],
    ['an empty list of states', { states: [] }, 'INVALID_VALUE'],
    ['a state that is no string', { states: ['a', 5] }, 'INVALID_TYPE'],
    ['an empty state', { states: ['a', ''] }, 'INVALID_VALUE'],
    ['a state with NUL', { states: ['a\0'] }, 'INVALID_VALUE'],
    ['a state with half a surrogate pair', { states: ['\ud800'] }, 'INVALID_VALUE'],
    ['a state twice', { states: ['a', 'b', 'a'] }, 'INVALID_VALUE'],
    ['more states than maxSeries', { states: ['a', 'b'], maxSeries: 1 }, 'INVALID_VALUE'],
    ["the metric's name as a label", { labels: ['breaker'] }, 'INVALID_LABEL'],
    ["the metric's name as an optional label", { optionalLabels: ['breaker'] }, 'INVALID_LABEL'],
    ['a name that is reserved for labels', { name: '__a' }, 'RESERVED_LABEL'],
    ['a unit', { unit: 'states' }, 'INVALID_VALUE'],
    ['labels that are no array', { labels: 'peer' }, 'INVALID_TYPE'],
  ])('%s is refused', async (_, wrong, code) => {
    const registry = new Registry()
    const error = refusal(() => stateSet({ ...options, registry, ...wrong } as never))
    expect(error.code).toBe(`ERR_NANOTALLY_${code}`)
    expect((await scrape(registry)).size).toBe(0)
  })

  test.each([undefined, null, 5, 'breaker'])('options that are %s', (wrong) => {
    expect(refusal(() => stateSet(wrong as never)).code).toBe('ERR_NANOTALLY_INVALID_TYPE')
  })

  test('the same is the same; other states, or a gauge, are another', () => {
    const registry = new Registry()
    const breaker = stateSet({ ...options, registry })
    expect(stateSet({ ...options, registry })).toBe(breaker)
    for (const make of [
      () => stateSet({ ...options, states: ['closed', 'open'], registry }),
      () => stateSet({ ...options, states: ['open', 'half_open', 'closed'], registry }),
      () => stateSet({ ...options, labels: ['peer'], registry }),
      () => gauge({ name: 'breaker', help: 'h', labels: ['breaker'], aggregate: 'last', onExit: 'keep', registry }),
    ]) {
      expect(refusal(make).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
    }
  })

  test('later changes to the given states change nothing', async () => {
    const registry = new Registry()
    const states = ['closed', 'half_open', 'open']
    const breaker = stateSet({ ...options, states, registry })
    states[0] = 'ajar'
    breaker.set('closed')
    expect(await samplesOf(registry, 'breaker')).toEqual(only('closed'))
  })

  test('disabled, nothing is exposed or counted', async () => {
    const registry = new Registry()
    const off = stateSet({ ...options, enabled: false, registry })
    off.set('open')
    off.set('ajar' as never)
    expect((await scrape(registry)).size).toBe(0)
  })
})
