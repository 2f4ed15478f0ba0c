// Back-pressure: its states follow a utilisation that goes up and down, one by one, and do not flicker at a threshold.
import { BACKPRESSURE_STATES } from 'nanotally/catalogs/streaming'
import { expect, test } from 'vitest'
import { Backpressure, ENTERED_AT, LEFT_BELOW } from '../../../examples/engram/engine/backpressure.mjs'
import { CRITICAL, LEVELS, NORMAL, OVERLOADED, WARNING } from '../../../examples/engram/engine/terms.mjs'

/** The levels that it goes through for each utilisation. */
function follow(pressure: Backpressure, utilisations: number[]) {
  return utilisations.map((utilisation) => {
    const passed: number[] = []
    while (pressure.step(utilisation) !== 0) passed.push(pressure.level)
    return passed
  })
}

test('its levels are the states of the catalog, in that order', () => {
  expect(LEVELS).toEqual(BACKPRESSURE_STATES)
  expect([NORMAL, WARNING, CRITICAL, OVERLOADED]).toEqual([0, 1, 2, 3])
})

test('each is entered at its threshold and left below a lower one', () => {
  const pressure = new Backpressure()
  expect(follow(pressure, [0, 0.4999, 0.5, 0.7999, 0.8, 0.9499, 0.95, 1])).toEqual([[], [], [1], [], [2], [], [3], []])
  expect(follow(pressure, [0.95, 0.85, 0.8499, 0.7, 0.6999, 0.4, 0.3999, 0])).toEqual([
    [],
    [],
    [2],
    [],
    [1],
    [],
    [0],
    [],
  ])
})

test('a leap passes every state between', () => {
  const pressure = new Backpressure()
  expect(follow(pressure, [1, 0])).toEqual([
    [1, 2, 3],
    [2, 1, 0],
  ])
})

test('no utilisation lets it swing', () => {
  for (let level = WARNING; level <= OVERLOADED; level++) expect(LEFT_BELOW[level]).toBeLessThan(ENTERED_AT[level] ?? 0)
  const pressure = new Backpressure()
  const flicker = Array.from({ length: 50 }, (_, i) => 0.8 + (i % 2 === 0 ? 0.01 : -0.05))
  expect(follow(pressure, flicker).flat()).toEqual([1, 2])
})
