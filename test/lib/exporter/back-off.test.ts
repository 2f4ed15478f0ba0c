// Delays of restarts: they double, and begin anew only after a run that was itself stable.
import { expect, test } from 'vitest'
import { BackOff } from '../../../dist/exporter/back-off.js'

const DOUBLING = [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]

/** What follows that many times that it could not begin. */
const failing = (backOff: BackOff, times: number) => Array.from({ length: times }, () => backOff.ended())

test('one that cannot begin is tried ever later', () => {
  expect(failing(new BackOff(0), DOUBLING.length)).toEqual(DOUBLING)
})

test('a stable run begins them anew, once: what fails after it is tried ever later', () => {
  const backOff = new BackOff(0)
  failing(backOff, 5)
  backOff.running()
  expect(failing(backOff, 3)).toEqual([100, 200, 400])
})

test('runs that are not stable do not', () => {
  const backOff = new BackOff(3_600_000)
  const delays = Array.from({ length: 3 }, () => {
    backOff.running()
    return backOff.ended()
  })
  expect(delays).toEqual([100, 200, 400])
})
