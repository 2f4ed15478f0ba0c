// How a watch lives and ends: its thread, its registry, its receivers, and what these have no room for.
import { counter, gauge, Registry } from 'nanotally'
import {
  type Alert,
  type AlertNotification,
  alertReceiver,
  type WatchThresholdsOptions,
} from 'nanotally/integrations/alertmanager'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Untold } from '../../../../dist/integrations/internal/watch/untold.js'
import { native } from '../../../../dist/native.js'
import { assertEnded, Child } from '../../../support/children.js'
import { read, rejections } from '../../../support/registry.js'
import { parseTextFormat, sampleValue } from '../../../support/text-format.js'
import { DEADLINE_MS, until } from '../../../support/until.js'
import { alertOf, refusals } from './alerts.js'
import { namedRegistry, openWatch, receiverOf, statuses, warnings } from './watches.js'

describe('its life', () => {
  test('a thread that dies is started again, and what fired fires on', async () => {
    const child = new Child(new URL('fixtures/watch-dies.mjs', import.meta.url))
    const { exitCode, stdout } = await child.finished
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, { told: ['firing', 'resolved'], restarts: 1 }])
  })

  test.each<[string, object]>([
    ['does not hear that it is closed', { told: ['firing', 'resolved'], threads: [-1] }],
    ['is closed while it waits to be started again', { told: ['firing', 'resolved'], begun: 1 }],
    ['is closed while it is started again', { told: ['firing', 'resolved'], threads: [-1, -1] }],
    ['waits to be started again, and its registry is closed', { told: ['firing', 'resolved'], begun: 1 }],
    ['cannot be started again', { told: ['firing', 'resolved'], warnings: 1 }],
    ['ends while it begins', { told: ['firing', 'resolved'], code: 'ERR_NANOTALLY_WATCH' }],
  ])('a thread that %s', async (name, seen) => {
    const child = new Child(new URL('fixtures/watch-threads.mjs', import.meta.url), { args: [name] })
    const result = await child.finished
    assertEnded(result)
    expect(JSON.parse(result.stdout)).toEqual(seen)
  })

  test('it keeps no process alive', async () => {
    const child = new Child(new URL('fixtures/watch-unref.mjs', import.meta.url))
    assertEnded(await child.finished)
  })

  test('it watches while the thread that began it is blocked, and tells when that is free', async () => {
    const { registry, told } = await openWatch([{ critical: { above: 5 } }])
    const depth = gauge({ name: 'depth', help: 'h', registry })
    // Looks without a turn of this thread's event loop, which is what blocks it.
    const evaluations = () => {
      const [shown] = native.renderSync(registry._handle, [['', ['alerting_watch_duration_seconds']]], 0)
      return sampleValue(parseTextFormat(`${shown?.body}`), 'alerting_watch_duration_seconds_count') ?? 0
    }
    depth.set(9)
    const before = evaluations()
    const end = performance.now() + DEADLINE_MS
    while (evaluations() - before <= 3 && performance.now() < end);
    const blockedUntil = Date.now()
    expect(evaluations() - before).toBeGreaterThan(3)
    await until('it to be told', () => told.length === 1)
    expect(told[0]?.startsAt.getTime()).toBeLessThan(blockedUntil)
  })

  test('a registry that is closed ends it', async () => {
    const registry = new Registry('watch-closed')
    const warned = warnings()
    gauge({ name: 'depth', help: 'h', registry }).set(9)
    const { told, watch } = await openWatch([{ critical: { above: 5 } }], { registry })
    await until('it to fire', () => told.length === 1)
    registry.close()
    await until('its end to be told', () => told.length === 2)
    expect(warned).toEqual(['nanotally’s watch has ended, as its registry was closed'])
    expect(told[1]).toMatchObject({ status: 'resolved', annotations: { unwatched: 'its registry was closed' } })
    expect(watch.watched).toEqual([])
    expect(watch.unwatched).toMatchObject([{ name: 'f0', severity: 'critical', reason: 'its registry was closed' }])
    expect(await watch.close()).toEqual([])
    expect(told.length).toBe(2)
  })

  test('a registry that is closed while it begins is none', async () => {
    const registry = new Registry('watch-closed-early')
    const opened = openWatch([{ critical: { above: 5 } }], { registry })
    registry.close()
    await expect(opened).rejects.toMatchObject({ code: 'ERR_NANOTALLY_REGISTRY_CLOSED' })
  })

  test('its cost and its doings are metrics', async () => {
    const { registry, watch } = await openWatch([
      { critical: { above: 5 } },
      { query: 'rate(c_total[1m])', warning: { above: 1 } },
    ])
    // First: who sees the violation sees both.
    counter({ name: 'c_total', help: 'h', registry })
    gauge({ name: 'depth', help: 'h', registry }).set(9)
    await until('a violation', async () => {
      const labels = { catalog: 'mine', severity: 'critical' }
      return ((await read(registry, 'alerting_watch_violations_total', labels)) ?? 0) > 1
    })
    expect(await read(registry, 'alerting_watch_series')).toBe(2)
    expect(await read(registry, 'alerting_watch_lag_seconds_count')).toBeGreaterThan(1)
    expect(await read(registry, 'alerting_watch_restarts_total')).toBe(0)
    expect(await rejections(registry)).toEqual({})
    await watch.close()
    expect(await watch.close()).toEqual([])
    expect(await read(registry, 'alerting_watch_series')).toBeUndefined()
  })
})

describe('close()', () => {
  const families = [{ critical: { above: 5 } }]

  async function openPast(options: Partial<WatchThresholdsOptions>) {
    const registry = namedRegistry()
    gauge({ name: 'depth', help: 'h', registry }).set(9)
    return await openWatch(families, { registry, ...options })
  }

  test('tells a receiver that others use, too, the end of what fires', async () => {
    const told: Alert[] = []
    const dispatch = ({ alerts }: AlertNotification) => void told.push(...alerts)
    const receiver = alertReceiver({ dispatchers: [{ name: 'test', dispatch }] })
    onTestFinished(async () => void (await receiver.close()))
    const { watch } = await openPast({ receiver })
    await until('it to fire', () => told.length === 1)
    expect(await watch.close()).toEqual([])
    expect(receiver.groups).toEqual([])
    await until('its end to be told', () => told.length === 2)
    expect(told[1]).toEqual({
      ...told[0],
      status: 'resolved',
      endsAt: expect.any(Date),
      annotations: {
        summary: 'A figure.',
        description: 'depth is 9, and should not be above 5. It is not watched any more: the watch was closed.',
        unwatched: 'the watch was closed',
      },
    })
    expect([watch.watched, watch.unwatched.map(({ reason }) => reason)]).toEqual([[], ['the watch was closed']])
  })

  test('has a receiver of its own deliver that, or hands it back', async () => {
    const { told, watch } = await openPast({})
    await until('it to fire', () => told.length === 1)
    expect(await watch.close()).toEqual([])
    expect(statuses(told)).toEqual(['firing', 'resolved'])
    const refusing = [{ name: 'test', dispatch: () => Promise.reject(new Error('No.')) }]
    const other = await openPast({ dispatchers: refusing })
    await until('it to be tried', async () => {
      return (
        ((await read(other.registry, 'alerting_notifications_total', { dispatcher: 'test', outcome: 'failed' })) ?? 0) >
        0
      )
    })
    const undelivered = await other.watch.close(100)
    expect(undelivered.map(({ notification }) => statuses(notification.alerts))).toEqual([['firing'], ['resolved']])
  })

  test('tells what there was no room for, once there is', async () => {
    let isClosing = false
    let asked = 0
    // More often than it is asked at once.
    const { taken, receiver } = receiverOf(() => (isClosing && asked++ >= 8 ? undefined : 'backlog'))
    const warned = warnings()
    const { registry, watch } = await openPast({ receiver })
    await until('it to wait', () => watch.untold === 1)
    isClosing = true
    await watch.close()
    expect(statuses(taken)).toEqual(['firing', 'resolved'])
    expect([await refusals(registry), watch.untold, warned]).toEqual([{}, 0, []])
  })

  test('counts what there is no room for, and warns of it', async () => {
    const { receiver } = receiverOf(() => 'backlog')
    const warned = warnings()
    const { registry, watch } = await openPast({ receiver })
    await until('it to wait', () => watch.untold === 1)
    await watch.close(0)
    expect([await refusals(registry), watch.untold]).toEqual([{ backlog: 2 }, 0])
    await until('the warning', () => warned.length > 0)
    expect(warned).toEqual(['nanotally’s watch was closed before its receiver took all alerts: 2 are lost'])
  })

  test('may be called again, with another time', async () => {
    const { taken, receiver } = receiverOf(() => undefined)
    const { watch } = await openPast({ receiver })
    await until('it to fire', () => taken.length === 1)
    expect(await Promise.all([watch.close(), watch.close(0)])).toEqual([[], []])
    expect(await watch.close()).toEqual([])
    expect(statuses(taken)).toEqual(['firing', 'resolved'])
    for (const [timeoutMs, code] of [
      [-1, 'INVALID_VALUE'],
      [1.5, 'INVALID_VALUE'],
      [Number.NaN, 'INVALID_VALUE'],
      ['1', 'INVALID_TYPE'],
    ]) {
      await expect(watch.close(timeoutMs as number)).rejects.toMatchObject({ code: `ERR_NANOTALLY_${code}` })
    }
  })
})

test('to a receiver that was closed nothing is told again: it is counted, and warned of once', async () => {
  const registry = namedRegistry()
  const depth = gauge({ name: 'depth', help: 'h', labels: ['queue'], registry })
  let asked = 0
  const { receiver } = receiverOf(() => {
    asked++
    return 'closed'
  })
  const warned = warnings()
  const { watch } = await openWatch([{ critical: { above: 5 } }], { registry, receiver })
  for (const [i, queue] of ['a', 'b'].entries()) {
    depth.set({ queue }, 9)
    await until('it to be lost', async () => (await refusals(registry)).closed === i + 1)
    expect([watch.untold, asked]).toEqual([0, i + 1])
  }
  expect(warned).toEqual(['the receiver of nanotally’s watch is closed: alerts are lost'])
})

test('a receiver that throws is told again, and warned of once', async () => {
  const registry = namedRegistry()
  gauge({ name: 'depth', help: 'h', registry }).set(9)
  let failures = 0
  const { taken, receiver } = receiverOf(() => {
    if (failures++ < 3) throw new Error('Not now.')
    return undefined
  })
  const warned = warnings()
  await openWatch([{ critical: { above: 5 } }], { registry, receiver })
  await until('it to be told', () => taken.length === 1)
  expect(warned).toEqual(['the receiver of nanotally’s watch failed, and is tried again: Error: Not now.'])
})

test('a receiver without room is told again', async () => {
  const registry = namedRegistry()
  const accepted: string[] = []
  let room = false
  const depth = gauge({ name: 'depth', help: 'h', registry })
  depth.set(9)
  const receiver = {
    accept(alerts: readonly Alert[]) {
      if (!room) return 'backlog' as const
      accepted.push(...alerts.map(({ status }) => status))
      return undefined
    },
  }
  const { watch } = await openWatch([{ critical: { above: 5 } }], { registry, receiver })
  await until('it to wait', () => watch.untold === 1)
  depth.set(1)
  await until('both to wait', () => watch.untold === 2)
  room = true
  await until('both to be told', () => accepted.length === 2)
  expect([accepted, watch.untold]).toEqual([['firing', 'resolved'], 0])
  expect(await refusals(registry)).toEqual({})
})

describe('what is untold', () => {
  /** Whose receiver has room for so many alerts, ever. */
  function make(room = 0) {
    const accepted: Alert[][] = []
    const lost = vi.fn()
    const has = { room, isClosed: false }
    const untold = new Untold((alerts) => {
      if (has.isClosed) return 'closed'
      // As with a receiver, what has ended needs no room, and makes some.
      const more = alerts.reduce((sum, { status }) => sum + (status === 'firing' ? 1 : -1), 0)
      if (more > has.room) return 'backlog'
      has.room -= more
      accepted.push([...alerts])
      return undefined
    }, lost)
    return { accepted, has, lost, untold }
  }

  test('of an alert that comes and goes: the last two tidings wait', () => {
    const { accepted, has, lost, untold } = make(-Infinity)
    const told = [0, 1, 2].flatMap((start) => [alertOf({ start }), alertOf({ start, status: 'resolved' })])
    for (const alert of told) expect(untold.tell([alert])).toBe(false)
    untold.tell([alertOf({ name: 'Other' })])
    expect([untold.size, lost.mock.calls]).toEqual([3, Array(4).fill([1, 'backlog'])])
    has.room = 100
    expect(untold.tell([])).toBe(true)
    expect(accepted).toEqual([[told[4], alertOf({ name: 'Other' })], [told[5]]])
  })

  test('is told in parts where there is room for some, what has ended first', () => {
    const { accepted, untold } = make(2)
    const begun = ['A', 'B', 'C', 'D'].map((name) => alertOf({ name }))
    const [a, b, c, d] = begun as [Alert, Alert, Alert, Alert]
    expect(untold.tell(begun)).toBe(false)
    expect(accepted).toEqual([[a, b]])
    const ended = alertOf({ name: 'A', status: 'resolved' })
    untold.tell([ended])
    expect(accepted.slice(1)).toEqual([[ended], [c]])
    const others = [alertOf({ name: 'B', status: 'resolved' }), alertOf({ name: 'C', status: 'resolved' })]
    expect(untold.tell(others)).toBe(true)
    expect(accepted.slice(3)).toEqual([[d, ...others]])
  })

  test('is kept no more once the receiver is closed', () => {
    const { has, lost, untold } = make()
    untold.tell([alertOf(), alertOf({ name: 'Other' })])
    expect([untold.size, lost.mock.calls]).toEqual([2, []])
    has.isClosed = true
    expect(untold.tell([alertOf({ status: 'resolved' })])).toBe(true)
    expect([untold.size, lost.mock.calls]).toEqual([0, [[3, 'closed']]])
  })

  test('is bounded, and has the end of what was told', () => {
    const { accepted, has, lost, untold } = make(1)
    untold.tell([alertOf({ name: 'Heard' })])
    has.room = -Infinity
    untold.tell([alertOf({ name: 'Heard', status: 'resolved' }), alertOf({ name: 'Fires' })])
    const names = Array.from({ length: 10_100 }, (_, i) => `Q${i}`)
    untold.tell(names.flatMap((name) => [alertOf({ name }), alertOf({ name, status: 'resolved' })]))
    expect(untold.size).toBe(2 + 2 * 9998)
    expect(lost.mock.calls).toEqual(Array(102).fill([2, 'backlog']))
    has.room = 100_000
    expect(untold.tell([])).toBe(true)
    expect(
      accepted
        .flat()
        .slice(0, 4)
        .map(({ name, status }) => `${name} ${status}`),
    ).toEqual(['Heard firing', 'Heard resolved', 'Fires firing', 'Q102 firing'])
  })
})
