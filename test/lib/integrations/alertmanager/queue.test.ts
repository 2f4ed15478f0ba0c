// The queue of a dispatcher that is down: whose turn it is, what gives way, what an attempt costs; and the schedule it goes by.
import fc from 'fast-check'
import type { Alert, AlertDispatcher, AlertNotification } from 'nanotally/integrations/alertmanager'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Delivery } from '../../../../dist/integrations/internal/alerts/delivery.js'
import { OpenGroup } from '../../../../dist/integrations/internal/alerts/groups.js'
import { Schedule } from '../../../../dist/integrations/internal/alerts/schedule.js'
import { alertOf, EPOCH, MINUTE, namesOf, settled, TestClock } from './alerts.js'

test('what is due first comes first; of what is due at the same time, what was there first', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 20 })),
      fc.boolean(),
      (rounds, isSet) => {
        const schedule = new Schedule<{ dueAt: number; order: number }>()
        let [order, waiting] = [0, [] as { dueAt: number; order: number }[]]
        for (const dues of rounds) {
          const added = dues.map((dueAt) => ({ dueAt, order: order++ }))
          waiting = [...waiting, ...added].sort((a, b) => a.dueAt - b.dueAt || a.order - b.order)
          if (isSet) schedule.set([...waiting].reverse())
          else for (const one of added) schedule.add(one)
          // Half of them, and in the end all.
          const taken = waiting.splice(0, dues === rounds.at(-1) ? Infinity : Math.ceil(waiting.length / 2))
          expect([schedule.first, taken.map(() => schedule.take())]).toEqual([taken[0], taken])
        }
        expect(schedule.take()).toBe(waiting[0])
      },
    ),
  )
})

describe('the queue of a dispatcher that is down', () => {
  /** Without a receiver: of its alerts it is counted how often somebody looks whose they are. */
  function open(dispatch: AlertDispatcher['dispatch'], settings: { concurrency?: number; timeoutMs?: number } = {}) {
    const clock = new TestClock()
    const superseded = vi.fn()
    const rest = { concurrency: 4, retryFirstMs: 500, retryLongestMs: MINUTE, timeoutMs: 30_000, ...settings }
    const events = { attempted: () => {}, retried: () => {}, delivered: () => {}, superseded }
    const delivery = new Delivery({ name: 'down', dispatch }, rest, clock, events)
    onTestFinished(() => void delivery.stop())
    const group = new OpenGroup('store-1', 'store', EPOCH)
    const member = { alert: alertOf(), rank: 0, firesSince: EPOCH, end: undefined, acceptedAt: 0, heardAt: 0 }
    group.members.set(member.alert.fingerprint, member)
    let added = 0
    const looked = { times: 0 }
    const add = (...names: string[]) => {
      added++
      const alerts = names.map((name) => {
        const alert = alertOf({ name, start: added })
        const { fingerprint } = alert
        const get = () => {
          looked.times++
          return fingerprint
        }
        return Object.defineProperty(alert, 'fingerprint', { get })
      })
      delivery.add(`${added}`, 'alerts', alerts, group)
    }
    return { clock, delivery, superseded, looked, add }
  }
  const NAMES = Array.from({ length: 1000 }, (_, i) => `A${i}`)

  test('an attempt costs as much whatever waits', async () => {
    let attempts = 0
    const { clock, delivery, looked, add } = open(() => {
      attempts++
      throw new Error('down')
    })
    for (const name of NAMES) add(name)
    while (attempts < 4 * NAMES.length) await clock.move(1000)
    expect(delivery.size).toBe(NAMES.length)
    expect(looked.times / attempts).toBeLessThan(4)
  })

  test('other work has its turn while one fails at once', async () => {
    let attempts = 0
    const { add } = open(() => {
      attempts++
      throw new Error('down')
    })
    for (const name of NAMES) add(name)
    let turns = 0
    for (; attempts < NAMES.length; turns++) await settled()
    expect([attempts, turns > 10]).toEqual([NAMES.length, true])
  })

  test('what has nothing to give is not looked through for each that wants room', async () => {
    const { clock, delivery, superseded, looked, add } = open(() => {
      throw new Error('down')
    })
    for (const name of NAMES) add(name)
    await clock.move(5000)
    expect(delivery.hasRoomFor(1, NAMES.length)).toBe(false)
    looked.times = 0
    for (let i = 0; i < 100; i++) expect(delivery.hasRoomFor(1, NAMES.length)).toBe(false)
    expect(looked.times).toBeLessThanOrEqual(NAMES.length)
    // It has again once there is more.
    for (let i = 0; i < 2; i++) add('A0')
    expect(delivery.hasRoomFor(1, NAMES.length + 2)).toBe(true)
    expect(superseded.mock.calls).toEqual([['down', 1]])
  })

  test('what is under way gives way once it has failed', async () => {
    const { clock, delivery, superseded, add } = open(() => new Promise(() => {}), { concurrency: 1 })
    for (let i = 0; i < 3; i++) add('A')
    await settled()
    for (let i = 0; i < 2; i++) expect(delivery.hasRoomFor(1, 3)).toBe(false)
    expect(superseded).not.toHaveBeenCalled()
    await clock.move(30_000)
    expect([delivery.hasRoomFor(1, 3), delivery.size]).toEqual([true, 2])
    expect(superseded.mock.calls).toEqual([['down', 1]])
  })

  test('those that fail hold nothing up that is due before them', async () => {
    const told: string[] = []
    const dispatch = (one: AlertNotification) => {
      told.push(...namesOf(one))
      return namesOf(one)[0] === 'Sound' ? undefined : new Promise(() => {})
    }
    const { clock, add } = open(dispatch, { concurrency: 1 })
    for (const name of ['A', 'B', 'C', 'Sound']) add(name)
    await clock.move(100_000)
    expect(told).toEqual(['A', 'B', 'C', 'Sound', 'A'])
  })

  test('at the end all of it is tried at once, the oldest first', async () => {
    const told: string[] = []
    let isDown = true
    const dispatch = (one: AlertNotification) => {
      if (isDown) throw new Error('down')
      told.push(...namesOf(one))
    }
    const { clock, delivery, add } = open(dispatch, { concurrency: 1 })
    for (const names of [['A'], ['A', 'B'], ['C']]) {
      add(...names)
      await clock.move(600)
    }
    isDown = false
    await delivery.drain()
    expect([told, delivery.size]).toEqual([['A', 'A', 'B', 'C'], 0])
  })

  test('what gives way, whenever: nothing is told out of turn, at the same time, or neither told nor counted', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ add: fc.subarray(['A', 'B', 'C'], { minLength: 1 }) }) },
      { weight: 2, arbitrary: fc.record({ room: fc.integer({ min: 1, max: 4 }) }) },
      { weight: 3, arbitrary: fc.record({ move: fc.integer({ min: 1, max: 2000 }) }) },
    )
    let [gave, retried] = [0, 0]
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }),
        fc.array(fc.constantFrom(undefined, 'later', 'throws', 'hangs'), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, outcomes, concurrency) => {
          const running = new Set<AlertNotification>()
          const told: Alert[] = []
          let [calls, added, wrong] = [0, 0, 0]
          let isDown = true
          const dispatch = async (one: AlertNotification, signal: AbortSignal) => {
            const busy = [...running].flatMap(namesOf)
            wrong += Number(running.size === concurrency || namesOf(one).some((name) => busy.includes(name)))
            wrong += Number(one.alerts.length === 0)
            running.add(one)
            signal.addEventListener('abort', () => running.delete(one))
            retried += Number(one.attempt > 1)
            const outcome = isDown ? outcomes[calls++ % outcomes.length] : undefined
            if (outcome === 'hangs') await new Promise((resolve) => signal.addEventListener('abort', resolve))
            if (outcome === 'later') await settled()
            running.delete(one)
            if (outcome === 'throws' || signal.aborted) throw new Error('no')
            told.push(...one.alerts)
          }
          const { clock, delivery, superseded, add } = open(dispatch, { concurrency, timeoutMs: 700 })
          for (const one of steps) {
            if ('move' in one) await clock.move(one.move)
            else if ('room' in one) delivery.hasRoomFor(1, one.room)
            else {
              add(...one.add)
              added += one.add.length
            }
          }
          isDown = false
          await clock.move(2 * MINUTE)
          const lost = superseded.mock.calls.reduce((sum, [, alerts]) => sum + alerts, 0)
          expect([wrong, delivery.size, told.length + lost]).toEqual([0, 0, added])
          for (const name of ['A', 'B', 'C']) {
            const starts = told.filter((one) => one.name === name).map(({ startsAt }) => startsAt.getTime())
            expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b))
          }
          gave += lost
        },
      ),
      { numRuns: 300 },
    )
    expect([gave > 100, retried > 300]).toEqual([true, true])
  })
})
