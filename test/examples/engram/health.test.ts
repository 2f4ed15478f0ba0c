// The health check of spreading, and that nanotally takes what it returns.
import { health } from 'nanotally'
import { expect, test } from 'vitest'
import { checkSpread } from '../../../examples/engram/cognition/health.mjs'
import { Spreader } from '../../../examples/engram/engine/spread.mjs'
import { DEADLINE_MS } from '../../support/until.js'
import { tinyGraph } from './tiny-graph.js'

/** A clock that goes on by so much with each look at it. */
function clock(stepMs: number) {
  let now = 0
  return () => {
    now += stepMs
    return now
  }
}

test('a spread over the built-in graph is healthy, again and again', () => {
  const outcome = { status: 'healthy', message: '5 activations reached 5 synsets in 2 hops and 0.250 ms' }
  expect(checkSpread({ now: clock(0.25) })).toEqual(outcome)
  expect(checkSpread({ now: clock(0.25) })).toEqual(outcome)
})

test('more than 50 ms are unhealthy', () => {
  expect(checkSpread({ now: clock(50) }).status).toBe('healthy')
  expect(checkSpread({ now: clock(50.5) })).toMatchObject({
    status: 'unhealthy',
    message: expect.stringMatching(/at most 50 ms.* 50\.500 ms/),
  })
})

test('no activations are unhealthy, and so is a spread that stops short', () => {
  const spreader = new Spreader(tinyGraph({ alone: [] }).graph)
  expect(checkSpread({ spreader })).toMatchObject({
    status: 'unhealthy',
    message: expect.stringMatching(/^no activations/),
  })
  const short = new Spreader(tinyGraph({ a: ['similar b'], b: [] }).graph)
  expect(checkSpread({ spreader: short })).toMatchObject({
    status: 'unhealthy',
    message: expect.stringMatching(/^expected 5 synsets in 2 hops/),
  })
})

test('nanotally takes it as a check', async () => {
  // On a busy machine a spread may take too long: until one does not.
  const check = health.register('spreading', () => checkSpread(), { intervalMs: 100 })
  try {
    await expect
      .poll(() => health.report().checks.find(({ name }) => name === 'spreading'), { timeout: DEADLINE_MS })
      .toMatchObject({ status: 'healthy', message: expect.stringContaining('5 synsets in 2 hops') })
  } finally {
    check.stop()
  }
})
