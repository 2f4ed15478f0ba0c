// Sizes of batches, whom a thief takes from, how busy a worker is, and how the load is fed.
import { expect, test } from 'vitest'
import { BatchSizer, MAX_BATCH, MIN_BATCH, stealAbove, victimOf } from '../../../examples/engram/engine/batching.mjs'
import { BusyMeter } from '../../../examples/engram/engine/busy.mjs'
import { Feeder } from '../../../examples/engram/engine/feeder.mjs'
import type { Request } from '../../../examples/engram/engine/workload.mjs'

test('batches grow with what waits, shrink without it, and stay within their bounds', () => {
  const sizer = new BatchSizer()
  const after = (waiting: number) => {
    sizer.adapt(waiting)
    return sizer.size
  }
  expect(sizer.size).toBe(MIN_BATCH)
  expect([7, 8, 8, 16, 1000, 1000, 1000, 1000].map(after)).toEqual([4, 8, 8, 16, 32, 64, MAX_BATCH, MAX_BATCH])
  expect([64, 32, 31, 0, 0, 0, 0].map(after)).toEqual([64, 64, 32, 16, 8, MIN_BATCH, MIN_BATCH])
})

test('a thief takes from the longest of the others, where it holds more than its owner may be about to take', () => {
  const capacity = 3072
  const queues = (...depths: number[]) =>
    depths.map((observations) => ({ observations, observationCapacity: capacity }))
  const most = stealAbove(capacity)
  expect(most).toBe(2 * MAX_BATCH)
  expect(victimOf(queues(0, most, most), 0)).toBe(-1)
  expect(victimOf(queues(0, most, most + 1), 0)).toBe(2)
  expect(victimOf(queues(0, most + 3, most + 2), 0)).toBe(1)
  expect(victimOf(queues(capacity, 0, 5), 0)).toBe(-1)
  expect(victimOf(queues(capacity), 0)).toBe(-1)
  expect(stealAbove(12)).toBe(6)
})

test('a worker is busy for the time in which it does not sleep, told once a second in whole percent', () => {
  const busy = new BusyMeter(5e9)
  busy.slept(0.4e9)
  expect(busy.report(5.999e9)).toBeUndefined()
  busy.slept(0.1e9)
  expect(busy.report(6.25e9)).toBe(60)
  expect(busy.report(7.25e9)).toBe(100)
  busy.slept(1e9)
  expect(busy.report(8.25e9)).toBe(0)
})

/** A feeder with a clock that stands still unless it is moved, and a gate with room for so many. */
function feeding(rate: number, room = Number.POSITIVE_INFINITY) {
  const fed: number[] = []
  const state = { nowNs: 0, room }
  let made = 0
  const feeder = new Feeder({
    rate,
    workload: { next: () => ({ context: made++ }) as Request },
    gate: {
      hasRoom: () => state.room > 0,
      submit: ({ context }) => {
        state.room--
        fed.push(context)
      },
    },
    // A look at the clock takes a microsecond.
    nowNs: () => {
      state.nowNs += 1000
      return state.nowNs
    },
  })
  return { feeder, fed, state }
}

test('a rate is kept up, whether there is room or not, and a late turn makes up for a tenth of a second at most', () => {
  const { feeder, fed, state } = feeding(1000, 3)
  state.nowNs += 20e6
  feeder.turn()
  expect(fed).toHaveLength(20)
  state.nowNs += 10e9
  feeder.turn()
  expect(fed).toHaveLength(120)
  expect(fed).toEqual(Array.from({ length: 120 }, (_, i) => i))
})

test('without a rate it feeds what there is room for, holds what there is not, and lets others have the thread', () => {
  const { feeder, fed, state } = feeding(0, 3)
  feeder.turn()
  feeder.turn()
  expect(fed).toEqual([0, 1, 2])
  state.room = 2
  feeder.turn()
  expect(fed).toEqual([0, 1, 2, 3, 4])
  state.room = Number.POSITIVE_INFINITY
  feeder.turn()
  // 4 ms of looks at the clock.
  expect(fed.length).toBeGreaterThan(1000)
  expect(fed.length).toBeLessThan(5000)
})
