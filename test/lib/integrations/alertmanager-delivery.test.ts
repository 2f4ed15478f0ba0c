// How a receiver hands alerts to dispatchers: again where they fail, each by itself, so many; and that none is lost.
import assert from 'node:assert'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { Registry } from 'nanotally'
import {
  type Alert,
  type AlertDispatcher,
  type AlertNotification,
  alertReceiver,
} from 'nanotally/integrations/alertmanager'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Delivery } from '../../../dist/integrations/internal/alerts/delivery.js'
import { OpenGroup } from '../../../dist/integrations/internal/alerts/groups.js'
import { Schedule } from '../../../dist/integrations/internal/alerts/schedule.js'
import { read, rejections } from '../../support/registry.js'
import { alertOf, described, EPOCH, namesOf, openReceiver, settled, TestClock } from './alerts.js'

const MINUTE = 60_000

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

describe('delivery', () => {
  test('again and again, later each time, and to the others meanwhile', async () => {
    const attempts: number[] = []
    const ids = new Set<string>()
    const told: AlertNotification[] = []
    const { registry, clock, receiver } = openReceiver({
      retryFirstMs: 100,
      retryLongestMs: 400,
      dispatchers: [
        {
          name: 'shaky',
          dispatch: ({ id, attempt }) => {
            attempts.push(clock.now())
            ids.add(id)
            if (attempt < 6) throw new Error('not yet')
          },
        },
        { name: 'sound', dispatch: (one) => void told.push(one) },
      ],
    })
    const start = clock.now()
    receiver.accept([alertOf()])
    await settled()
    expect([told.length, receiver.pending]).toEqual([1, 1])
    await clock.move(10_000)
    expect(attempts.map((at) => at - start)).toEqual([0, 100, 300, 700, 1100, 1500])
    expect([ids.size, receiver.pending]).toEqual([1, 0])
    expect(await read(registry, 'alerting_notification_retries_total', { dispatcher: 'shaky' })).toBe(5)
    const outcome = (name: string) =>
      read(registry, 'alerting_notifications_total', { dispatcher: 'shaky', outcome: name })
    expect([await outcome('failed'), await outcome('delivered')]).toEqual([5, 1])
    expect(await read(registry, 'alerting_delivery_duration_seconds_sum', { dispatcher: 'shaky' })).toBe(1.5)
    expect(await rejections(registry)).toEqual({})
  })

  test('by a clock that nobody sets', async () => {
    const attempts: number[] = []
    const { registry, clock, receiver } = openReceiver({
      dispatchers: [
        {
          name: 'shaky',
          dispatch: ({ attempt }) => {
            attempts.push(clock.elapsed())
            if (attempt === 1) throw new Error('not yet')
          },
        },
      ],
    })
    receiver.accept([alertOf()])
    await settled()
    clock.set(clock.now() - 60 * MINUTE)
    await clock.move(500)
    expect(attempts).toEqual([0, 500])
    expect(await read(registry, 'alerting_delivery_duration_seconds_sum', { dispatcher: 'shaky' })).toBe(0.5)
  })

  test('why one fails is warned of once, until it has worked again', async () => {
    const warned: string[] = []
    const listener = ({ message }: Error) => void warned.push(message)
    process.on('warning', listener)
    onTestFinished(() => void process.off('warning', listener))
    let calls = 0
    const { clock, receiver } = openReceiver({
      dispatchers: [
        {
          name: 'shaky',
          dispatch: () => {
            if (++calls % 4 !== 0) throw new Error(`no ${calls}`)
          },
        },
      ],
    })
    receiver.accept([alertOf()])
    await clock.move(10 * MINUTE)
    receiver.accept([alertOf({ name: 'B' })])
    await clock.move(10 * MINUTE)
    expect([calls, receiver.pending]).toEqual([8, 0])
    const text = (n: number) =>
      `nanotally’s dispatcher 'shaky' failed: Error: no ${n}. It is tried again until it works.`
    expect(warned).toEqual([text(1), text(5)])
  })

  test.each<[what: string, thrown: () => unknown]>([
    ['an error whose message is no text', () => Object.assign(new Error(), { message: Object.create(null) })],
    ['an object that cannot be shown', () => ({ [inspect.custom]: () => assert.fail() })],
    ['a proxy that was revoked', revoked],
  ])('whatever it throws: %s', async (_, thrown) => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    let calls = 0
    const { registry, clock, receiver } = openReceiver({
      dispatchers: [
        {
          name: 'shaky',
          dispatch: () => {
            if (++calls === 1) throw thrown()
          },
        },
      ],
    })
    receiver.accept([alertOf()])
    await clock.move(500)
    expect([calls, receiver.pending]).toEqual([2, 0])
    const labels = { dispatcher: 'shaky', outcome: 'failed' }
    expect(await read(registry, 'alerting_notifications_total', labels)).toBe(1)
    const text = `nanotally’s dispatcher 'shaky' failed: what cannot be shown. It is tried again until it works.`
    expect(warned.mock.calls.map(([message]) => message)).toEqual([text])
  })

  test('what one of them does to its list is not done to that of another, nor to the next attempt’s', async () => {
    const told: string[] = []
    const { clock, receiver } = openReceiver({
      dispatchers: [
        {
          name: 'batch',
          dispatch: ({ alerts, attempt }) => {
            const list = alerts as Alert[]
            for (let one = list.pop(); one !== undefined; one = list.pop()) told.push(`batch ${one.name} ${one.status}`)
            if (attempt === 1) throw new Error('not yet')
          },
        },
        { name: 'log', dispatch: (one) => void told.push(...namesOf(one).map((name) => `log ${name}`)) },
      ],
    })
    receiver.accept([alertOf({ name: 'A' }), alertOf({ name: 'B' })])
    await settled()
    expect(told.splice(0)).toEqual(['batch B firing', 'batch A firing', 'log A', 'log B'])
    await clock.move(500)
    expect(told.splice(0)).toEqual(['batch B firing', 'batch A firing'])
    receiver.accept([alertOf({ name: 'A', status: 'resolved' })])
    await clock.move(500)
    expect(told).toEqual(['batch A resolved', 'log A', 'batch A resolved'])
    expect(receiver.pending).toBe(0)
  })

  test('one that takes too long is told, and called again', async () => {
    const signals: AbortSignal[] = []
    const { registry, clock, receiver } = openReceiver({
      dispatchTimeoutMs: 1000,
      dispatchers: [
        {
          name: 'stuck',
          dispatch: ({ attempt }, signal) => {
            signals.push(signal)
            return attempt === 1 ? new Promise(() => {}) : undefined
          },
        },
      ],
    })
    receiver.accept([alertOf()])
    await clock.move(1000)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    await clock.move(500)
    expect([signals.length, receiver.pending]).toEqual([2, 0])
    const labels = { dispatcher: 'stuck', outcome: 'timed_out' }
    expect(await read(registry, 'alerting_notifications_total', labels)).toBe(1)
  })

  test('so many at a time, of one alert one after the other', async () => {
    const running: { names: string[]; end: () => void }[] = []
    const { receiver } = openReceiver({
      concurrency: 2,
      dispatchers: [
        {
          name: 'slow',
          dispatch: (one) =>
            new Promise<void>((resolve) => {
              running.push({ names: namesOf(one), end: resolve })
            }),
        },
      ],
    })
    receiver.accept([alertOf({ name: 'A' })])
    receiver.accept([alertOf({ name: 'A', status: 'resolved' })])
    receiver.accept([alertOf({ name: 'B', component: 'b' }), alertOf({ name: 'C', component: 'c' })])
    await settled()
    expect(running.map(({ names }) => names[0])).toEqual(['A', 'B'])
    running[1]?.end()
    await settled()
    expect(running.map(({ names }) => names[0])).toEqual(['A', 'B', 'C'])
    running[0]?.end()
    await settled()
    expect(running.map(({ names }) => names[0])).toEqual(['A', 'B', 'C', 'A'])
  })

  test('a full backlog refuses what is new as a whole, and takes what is known, and what makes room', async () => {
    const { receiver } = openReceiver({
      maxPending: 2,
      dispatchers: [{ name: 'dead', dispatch: () => new Promise(() => {}) }],
    })
    expect(receiver.accept([alertOf({ name: 'A' }), alertOf({ name: 'B' })])).toBeUndefined()
    expect(receiver.accept([alertOf({ name: 'A' })])).toBeUndefined()
    expect(receiver.accept([alertOf({ name: 'A' }), alertOf({ name: 'C' })])).toBe('backlog')
    expect(receiver.groups[0]?.alerts.length).toBe(2)
    const { receiver: other } = openReceiver({ maxAlerts: 1 })
    other.accept([alertOf({ name: 'A' })])
    expect(other.accept([alertOf({ name: 'B' })])).toBe('backlog')
    expect(other.accept([alertOf({ name: 'A', status: 'resolved' })])).toBeUndefined()
    expect(other.accept([alertOf({ name: 'B' })])).toBeUndefined()
    await other.close()
    expect(other.accept([alertOf({ name: 'D' })])).toBe('closed')
  })

  test('only what fires counts as that, and what ends makes room for what comes with it', async () => {
    const { clock, receiver } = openReceiver({ maxAlerts: 2 })
    const resolved = (name: string) => alertOf({ name, status: 'resolved', end: 0 })
    await clock.move(1000)
    expect(receiver.accept([alertOf({ name: 'A' }), alertOf({ name: 'B' })])).toBeUndefined()
    expect(receiver.accept([resolved('A'), alertOf({ name: 'C' })])).toBeUndefined()
    expect(receiver.accept([alertOf({ name: 'D' })])).toBe('backlog')
    expect(receiver.accept([resolved('B')])).toBeUndefined()
    expect(receiver.accept([alertOf({ name: 'D' })])).toBeUndefined()
    expect(receiver.accept([resolved('C'), resolved('D')])).toBeUndefined()
    // A payload that is larger than the bound would come again for ever.
    expect(receiver.accept(['E', 'F', 'G'].map((name) => alertOf({ name })))).toBeUndefined()
    expect(receiver.accept([alertOf({ name: 'H' })])).toBe('backlog')
  })

  test('what is old gives way where a dispatcher is down, and the others are told all', async () => {
    let isDown = true
    const chat: string[] = []
    const pager: string[] = []
    const texts = ({ alerts }: AlertNotification) =>
      alerts.map(({ name, status, startsAt }) => `${name} ${status} ${startsAt.getTime() - EPOCH}`)
    const { registry, clock, receiver } = openReceiver({
      maxPending: 5,
      dispatchers: [
        {
          name: 'chat',
          dispatch: (one) => {
            if (isDown) throw new Error('down')
            chat.push(...texts(one))
          },
        },
        { name: 'pager', dispatch: (one) => void pager.push(...texts(one)) },
      ],
    })
    await clock.move(MINUTE)
    const labels = { dispatcher: 'chat' }
    expect(await read(registry, 'alerting_alerts_superseded_total', labels)).toBe(0)
    expect(receiver.accept([alertOf({ name: 'Other' })])).toBeUndefined()
    for (let start = 0; start < 10_000; start += 1000) {
      expect(receiver.accept([alertOf({ start })])).toBeUndefined()
      expect(receiver.accept([alertOf({ start, status: 'resolved', end: start + 500 })])).toBeUndefined()
      await settled()
    }
    expect(pager.length).toBe(21)
    const superseded = await read(registry, 'alerting_alerts_superseded_total', labels)
    expect(receiver.pending).toBeLessThanOrEqual(5)
    expect(superseded).toBe(21 - receiver.pending)
    // More different alerts than may wait are refused, whoever has room.
    const many = Array.from({ length: 5 }, (_, i) => alertOf({ name: `Many${i}` }))
    expect(receiver.accept(many)).toBe('backlog')
    isDown = false
    await clock.move(2 * MINUTE)
    const ofQueue = chat.filter((text) => text.startsWith('QueueFull '))
    expect([receiver.pending, ofQueue.slice(-2)]).toEqual([0, ['QueueFull firing 9000', 'QueueFull resolved 9000']])
    expect(chat.filter((text) => !ofQueue.includes(text))).toEqual(['Other firing 0'])
    expect(await rejections(registry)).toEqual({})
  })

  test('of a group’s escalations the latest one waits, while it fires', async () => {
    let isDown = true
    const told: string[] = []
    const { clock, receiver } = openReceiver({
      maxPending: 4,
      escalation: [1, 2, 3, 4].map((level) => ({ level, severity: 'critical', afterMs: level * MINUTE }) as const),
      dispatchers: [
        {
          name: 'chat',
          dispatch: (one) => {
            if (isDown) throw new Error('down')
            told.push(described(one))
          },
        },
      ],
    })
    receiver.accept([alertOf()])
    await clock.move(5 * MINUTE)
    expect(receiver.pending).toBe(5)
    receiver.accept([alertOf({ component: 'other', severity: 'none' })])
    expect(receiver.pending).toBe(3)
    isDown = false
    await clock.move(2 * MINUTE)
    expect(told.sort()).toEqual([
      'alerts 0 firing: QueueFull firing',
      'alerts 4 firing: QueueFull firing',
      'escalation 4 firing: QueueFull firing',
    ])
  })
})

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

describe('whatever comes in whatever order', () => {
  const LATE = 45_000
  const anyAlert = fc
    .record({
      name: fc.constantFrom('QueueFull', 'HeapLow', 'Odd'),
      component: fc.constantFrom('a', 'b'),
      status: fc.constantFrom('firing' as const, 'resolved' as const),
      start: fc.integer({ min: -3, max: 3 }).map((step) => step * 4 * MINUTE),
      lasts: fc.constantFrom(1000, 4 * MINUTE, 6 * MINUTE),
    })
    .map(({ lasts, ...like }) => alertOf({ ...like, end: like.start + lasts }))
  const step = fc.oneof(
    fc.record({ accept: fc.array(anyAlert, { maxLength: 4 }) }),
    // What was handed in so many before, once more.
    fc.record({ repeat: fc.nat({ max: 2 }) }),
    fc.record({ move: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.constantFrom(LATE - 1, LATE, 60 * MINUTE)) }),
  )

  /**
   * What a person would be told, by the rules in words. Of what fires: its end, but not an older one; and both its end and its beginning
   * where it began much later. Of what has ended: what began after that; after 45 seconds that it fires on, after an hour that it has
   * ended.
   */
  class Oracle {
    readonly #firesSince = new Map<string, number>()
    readonly #ended = new Map<string, { at: number; heardAt: number }>()
    readonly #toldAt = new Map<string, number>()
    readonly told: string[] = []
    /** Ends that nobody handed in. */
    expired = 0
    /** Alerts that fired on after their end. */
    revived = 0

    take(alert: Alert, elapsed: number): void {
      const { fingerprint } = alert
      const [start, end] = [alert.startsAt.getTime(), alert.endsAt?.getTime()]
      const since = this.#firesSince.get(fingerprint)
      const { at: endedAt, heardAt } = this.#ended.get(fingerprint) ?? { at: -Infinity, heardAt: -Infinity }
      const age = elapsed - heardAt
      if (end === undefined) {
        if (since === undefined ? start <= endedAt && age < LATE : start - since <= 5 * MINUTE) return
        if (since !== undefined) {
          this.expired++
          this.#tell(`${fingerprint} resolved ${since} ${start}`, elapsed)
        }
        if (since === undefined && start <= endedAt) this.revived++
        this.#firesSince.set(fingerprint, start)
      } else {
        if (since === undefined ? start <= endedAt && age < 60 * MINUTE : start < since && end <= since) return
        this.#firesSince.delete(fingerprint)
        this.#ended.set(fingerprint, { at: Math.max(start, since ?? start, end), heardAt: elapsed })
      }
      this.#tell(identity(alert), elapsed)
    }

    /** Nothing twice, but for what was taken for ended meanwhile. */
    #tell(what: string, elapsed: number): void {
      expect(elapsed - (this.#toldAt.get(what) ?? -Infinity)).toBeGreaterThanOrEqual(LATE)
      this.#toldAt.set(what, elapsed)
      this.told.push(what)
    }
  }
  const identity = ({ fingerprint, status, startsAt, endsAt }: Alert) =>
    `${fingerprint} ${status} ${startsAt.getTime()} ${endsAt?.getTime()}`

  test('received = delivered + pending, nothing twice, in order, to dispatchers that fail as they like', async () => {
    let delivered = 0
    let retried = 0
    let expired = 0
    let revived = 0
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 20, size: 'max' }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
        async (steps, outcomes) => {
          const registry = new Registry()
          const clock = new TestClock()
          // After all ends: what is said of the future is another matter.
          await clock.move(20 * MINUTE)
          const told: Alert[] = []
          let calls = 0
          const receiver = alertReceiver({
            registry,
            clock,
            escalation: [],
            dispatchTimeoutMs: 60 * MINUTE,
            dispatchers: [
              {
                name: 'shaky',
                dispatch: async ({ alerts }) => {
                  await settled()
                  if (!outcomes[calls++ % outcomes.length]) throw new Error('no')
                  told.push(...alerts)
                },
              },
            ],
          })
          const oracle = new Oracle()
          let received = 0
          const handedIn: Alert[][] = []
          for (const one of steps) {
            if ('move' in one) {
              // By steps, so that calls settle meanwhile.
              for (let rest = one.move; rest > 0; rest -= MINUTE) await clock.move(Math.min(rest, MINUTE))
            } else {
              const alerts = 'accept' in one ? one.accept : (handedIn.at(-1 - one.repeat) ?? [])
              handedIn.push(alerts)
              expect(receiver.accept(alerts)).toBeUndefined()
              received += alerts.length
              for (const alert of alerts) oracle.take(alert, clock.elapsed())
            }
          }
          const undelivered = await receiver.close(0)
          const pending = undelivered.flatMap(({ notification }) => notification.alerts)
          const all = [...told, ...pending].map(identity)
          const repeated = await read(registry, 'alerting_alerts_deduplicated_total', { source: 'alertmanager' })
          expect(await read(registry, 'alerting_alerts_expired_total')).toBe(oracle.expired)
          expect(all.length).toBe(received - (repeated ?? 0) + oracle.expired)
          expect([...all].sort()).toEqual([...oracle.told].sort())
          // Of one alert, what came first is told first.
          for (const fingerprint of new Set(oracle.told.map((one) => one.split(' ')[0]))) {
            const own = (texts: string[]) => texts.filter((one) => one.startsWith(`${fingerprint} `))
            expect(own(all)).toEqual(own(oracle.told))
          }
          delivered += told.length
          expired += oracle.expired
          revived += oracle.revived
          retried += calls - told.length
          registry.close()
        },
      ),
      { numRuns: 300 },
    )
    expect([delivered > 300, retried > 100, expired > 10, revived > 10]).toEqual([true, true, true, true])
  })
})
