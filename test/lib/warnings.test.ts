// What is dropped is warned of once for each metric and reason, through process.emitWarning.
import { setImmediate as turn } from 'node:timers/promises'
import { counter, gauge, histogram, Registry, record } from 'nanotally'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

const warnings: (Error & { code?: string })[] = []
const listen = (warning: Error) => warnings.push(warning)
beforeAll(() => void process.on('warning', listen))
afterAll(() => void process.off('warning', listen))
beforeEach(() => {
  warnings.length = 0
})

/** The messages so far; warnings are emitted on the next tick. */
async function messages(): Promise<string[]> {
  await turn()
  return warnings.map(({ message }) => message)
}

test('once for each metric and reason', async () => {
  const registry = new Registry()
  const a = counter({ name: 'a_total', help: 'h', registry })
  const b = counter({ name: 'b_total', help: 'h', labels: ['l'], registry })
  for (let i = 0; i < 100; i++) {
    a.inc(-1)
    a.inc(Number.NaN)
    b.inc({ l: 'x' }, -2)
    b.inc({ l: {} as string })
  }
  expect(await messages()).toEqual([
    'nanotally dropped a recording of a_total (negative): the value is -1',
    'nanotally dropped a recording of a_total (not_a_number): the value is NaN',
    'nanotally dropped a recording of b_total (negative): the value is -2',
    'nanotally dropped a recording of b_total (labels): label l is of type object',
  ])
  expect(warnings.map(({ name, code }) => [name, code])).toEqual(
    Array(4).fill(['NanotallyWarning', 'NANOTALLY_DROPPED']),
  )
})

test('what is recorded well warns of nothing', async () => {
  const registry = new Registry()
  counter({ name: 'fine_total', help: 'h', labels: ['l'], registry }).inc({ l: 1 })
  histogram({ name: 'fine', help: 'h', registry }).observe(Number.NaN)
  expect(await messages()).toEqual([])
})

test('a handle of a removed metric', async () => {
  const registry = new Registry()
  const bound = counter({ name: 'removed_total', help: 'h', registry }).labels()
  registry.remove('removed_total')
  bound.inc()
  bound.inc()
  expect(await messages()).toEqual(['nanotally dropped a recording of removed_total (removed): the metric was removed'])
})

test('another help text', async () => {
  const registry = new Registry()
  for (const help of ['first', 'second', 'third', 'first']) counter({ name: 'helped_total', help, registry })
  expect(await messages()).toEqual(['metric helped_total was defined with another help text, which holds'])
})

test('a failing collect callback', async () => {
  const registry = new Registry()
  gauge({
    name: 'failing',
    help: 'h',
    registry,
    collect() {
      throw new Error('boom')
    },
  })
  await registry.metrics()
  await registry.metrics()
  expect(await messages()).toEqual([
    'nanotally dropped a recording of failing (collect): its collect callback failed: Error: boom',
  ])
})

test('a name that record() cannot use', async () => {
  record('a-b', 1)
  record('c-d', 1)
  expect(await messages()).toEqual([
    'nanotally dropped a recording (definition): record(): RangeError: name: expected a metric name ' +
      '[a-zA-Z_:][a-zA-Z0-9_:]* (others are defined first), received "a-b"',
  ])
})

test('not without end: a thousand kinds at most', async () => {
  const registry = new Registry()
  for (let i = 0; i < 1500; i++) {
    counter({ name: `many_${i}_total`, help: 'h', registry }).inc(-1)
    registry.remove(`many_${i}_total`)
  }
  const count = (await messages()).length
  expect(count).toBeGreaterThan(900)
  expect(count).toBeLessThanOrEqual(1000)
})
