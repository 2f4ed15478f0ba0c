// How a receiver hands alerts to dispatchers: again where they fail, each by itself, so many; and what its backlog has room for.
import assert from 'node:assert'
import { inspect } from 'node:util'
import type { Alert, AlertNotification } from 'nanotally/integrations/alertmanager'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { read, rejections } from '../../../support/registry.js'
import { warningsOf } from '../../../support/warnings.js'
import { alertOf, described, EPOCH, MINUTE, namesOf, openReceiver, settled } from './alerts.js'

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
    const warned = warningsOf('NANOTALLY_ALERTS')
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
