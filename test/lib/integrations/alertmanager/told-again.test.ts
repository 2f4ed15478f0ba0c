// What a receiver takes for told already, and what it tells again: repeats, what comes late, what is gone, clocks set back.
import type { Alert, AlertNotification } from 'nanotally/integrations/alertmanager'
import { describe, expect, test } from 'vitest'
import { read, samplesOf } from '../../../support/registry.js'
import { alertOf, described, EPOCH, MINUTE, openReceiver, settled } from './alerts.js'

describe('what is told again', () => {
  test.each<[what: string, alerts: Alert[], told: string[]]>([
    ['fires on', [alertOf(), alertOf()], ['firing 0']],
    ['fires on, as others know it, who heard of it later', [alertOf(), alertOf({ start: 5 })], ['firing 0']],
    [
      'resolved twice',
      [alertOf(), alertOf({ status: 'resolved' }), alertOf({ status: 'resolved' })],
      ['firing 0', 'resolved 0'],
    ],
    ['late, after it was resolved', [alertOf({ status: 'resolved' }), alertOf()], ['resolved 0']],
    ['late, as others know it', [alertOf({ status: 'resolved' }), alertOf({ start: 1000 })], ['resolved 0']],
    [
      'fires anew',
      [alertOf(), alertOf({ status: 'resolved' }), alertOf({ start: 1001 })],
      ['firing 0', 'resolved 0', 'firing 1001'],
    ],
    [
      'fires anew, before an end that is yet to come',
      [alertOf(), alertOf({ status: 'resolved', end: 5 * MINUTE }), alertOf({ start: MINUTE + 1 })],
      ['firing 0', 'resolved 0', `firing ${MINUTE + 1}`],
    ],
    [
      'an older one, and its end',
      [alertOf({ start: 5000 }), alertOf(), alertOf({ status: 'resolved', end: 5000 })],
      ['firing 5000'],
    ],
    [
      'its end, by others who heard of it earlier',
      [alertOf({ start: 10 }), alertOf({ start: 8 }), alertOf({ start: 8, status: 'resolved', end: 20 })],
      ['firing 10', 'resolved 8'],
    ],
    [
      'its end, by others who heard of it later',
      [alertOf(), alertOf({ start: 5, status: 'resolved' }), alertOf({ status: 'resolved' })],
      ['firing 0', 'resolved 5'],
    ],
  ])('%s', async (_, alerts, expected) => {
    const { registry, clock, told, receiver } = openReceiver()
    await clock.move(MINUTE)
    for (const alert of alerts) expect(receiver.accept([alert])).toBeUndefined()
    await settled()
    const start = alertOf().startsAt.getTime()
    expect(told.flatMap((one) => one.alerts.map((a) => `${a.status} ${a.startsAt.getTime() - start}`))).toEqual(
      expected,
    )
    const repeated = await read(registry, 'alerting_alerts_deduplicated_total', { source: 'alertmanager' })
    expect(repeated ?? 0).toBe(alerts.length - expected.length)
  })

  const line = ({ alerts }: AlertNotification) => alerts.map(({ name, status }) => `${name} ${status}`).join(', ')

  test.each([
    ['of a group that is over', []],
    ['while others of its group fire', [alertOf({ name: 'Other' })]],
  ])('is known for an hour after it ended, %s', async (_, others) => {
    const { clock, told, receiver } = openReceiver()
    const ended = alertOf({ status: 'resolved' })
    receiver.accept([alertOf(), ...others, ended])
    await clock.move(60 * MINUTE - 1)
    receiver.accept([ended])
    await settled()
    expect(told.length).toBe(2)
    await clock.move(1)
    receiver.accept([ended])
    await settled()
    expect(told.slice(2).map(line)).toEqual(['QueueFull resolved'])
  })

  test.each([
    ['of a group that is over', []],
    ['while others of its group fire', [alertOf({ name: 'Other' })]],
  ])('what Alertmanager lost sight of for a while, and fires on, is told again: %s', async (_, others) => {
    const { clock, told, receiver } = openReceiver()
    receiver.accept([alertOf(), ...others])
    await clock.move(6 * MINUTE)
    receiver.accept([alertOf({ status: 'resolved', end: 4 * MINUTE })])
    await clock.move(45_000 - 1)
    // That may be a message that was late.
    receiver.accept([alertOf()])
    await clock.move(1)
    expect(told.slice(1).map(line)).toEqual(['QueueFull resolved'])
    receiver.accept([alertOf()])
    receiver.accept([alertOf()])
    await clock.move(5 * MINUTE)
    expect(told.slice(2).map(line)).toEqual(['QueueFull firing'])
    expect(receiver.groups.map(({ cause }) => `${cause.name} ${cause.status}`)).toContain('QueueFull firing')
    receiver.accept([alertOf({ status: 'resolved', end: 12 * MINUTE })])
    await settled()
    expect(told.slice(3).map(line)).toEqual(['QueueFull resolved'])
    expect(receiver.groups.length).toBe(others.length)
  })

  test('one that began much later is another one, of which the end before was not told', async () => {
    const { registry, clock, told, receiver } = openReceiver({
      escalation: [{ level: 1, severity: 'critical', afterMs: 5 * MINUTE }],
    })
    receiver.accept([alertOf()])
    await clock.move(600 * MINUTE)
    receiver.accept([alertOf({ start: 5 * MINUTE })])
    await settled()
    expect(told.map(described)).toEqual(['alerts 0 firing: QueueFull firing', 'escalation 1 firing: QueueFull firing'])
    receiver.accept([alertOf({ start: 600 * MINUTE })])
    await clock.move(5 * MINUTE)
    expect(told.slice(2).map(described)).toEqual([
      'alerts 1 resolved: QueueFull resolved',
      'alerts 0 firing: QueueFull firing',
      'escalation 1 firing: QueueFull firing',
    ])
    expect(told[2]?.alerts[0]).toMatchObject({
      startsAt: alertOf().startsAt,
      endsAt: alertOf({ start: 600 * MINUTE }).startsAt,
      annotations: { expired: 'it began anew' },
    })
    expect(receiver.groups.map(({ startedAt }) => startedAt)).toEqual([alertOf({ start: 600 * MINUTE }).startsAt])
    expect(await read(registry, 'alerting_alerts_expired_total')).toBe(1)
    const labels = { severity: 'critical' }
    expect(await read(registry, 'alerting_alerts_firing', labels)).toBe(1)
    // Nor is the older one known any more, wherever it comes from.
    receiver.accept([alertOf(), alertOf({ status: 'resolved', end: 10 * MINUTE })])
    await settled()
    expect(told.length).toBe(5)
  })

  test('an alert that is never repeated is told as gone, and is new when it is told of again', async () => {
    const { registry, clock, told, receiver } = openReceiver({ expireMs: 10 * MINUTE })
    receiver.accept([alertOf({ name: 'A' }), alertOf({ name: 'B' })])
    await clock.move(9 * MINUTE)
    // Of another replica, which heard of it earlier.
    receiver.accept([alertOf({ name: 'A', start: -5 })])
    await clock.move(5 * MINUTE)
    const [group] = receiver.groups
    expect(group?.alerts.map(({ name, status }) => `${name} ${status}`)).toEqual(['A firing', 'B resolved'])
    expect(told.slice(1).map(described)).toEqual(['alerts 0 firing: B resolved'])
    const endsAt = alertOf({ start: 11 * MINUTE }).startsAt
    const annotations = { expired: 'it was not repeated for 600 s' }
    expect(told[1]?.alerts).toEqual([{ ...alertOf({ name: 'B' }), status: 'resolved', endsAt, annotations }])
    // Its end is known by that, whatever it was.
    receiver.accept([alertOf({ name: 'B', status: 'resolved', end: 9 * MINUTE })])
    receiver.accept([alertOf({ name: 'B' })])
    await clock.move(11 * MINUTE)
    expect(told.slice(2).map(line)).toEqual(['B firing', 'A resolved', 'B resolved'])
    expect(told.at(-1)?.group.status).toBe('resolved')
    expect(receiver.groups).toEqual([])
    expect(await read(registry, 'alerting_alerts_expired_total')).toBe(3)
    expect(await samplesOf(registry, 'alerting_alerts_received_total')).toEqual({
      '{"source":"alertmanager","status":"firing","severity":"critical"}': 4,
      '{"source":"alertmanager","status":"resolved","severity":"critical"}': 1,
    })
  })

  test('those of a group that are gone are told together; one of the watch fires until its end', async () => {
    const { registry, clock, told, receiver } = openReceiver({ expireMs: 10 * MINUTE })
    receiver.accept([alertOf({ name: 'A' }), alertOf({ name: 'B' }), alertOf({ name: 'C', source: 'watch' })])
    await clock.move(60 * MINUTE)
    expect(told.slice(1).map(described)).toEqual(['alerts 0 firing: A resolved, B resolved'])
    expect(await read(registry, 'alerting_alerts_expired_total')).toBe(2)
  })

  test('a group of which all have gone can still be told of', async () => {
    let isDown = true
    const told: AlertNotification[] = []
    const dispatch = (one: AlertNotification) => {
      if (isDown) throw new Error('down')
      told.push(one)
    }
    const { clock, receiver } = openReceiver({ expireMs: 10 * MINUTE, dispatchers: [{ name: 'test', dispatch }] })
    receiver.accept([alertOf()])
    await clock.move(30 * MINUTE)
    isDown = false
    await clock.move(2 * MINUTE)
    expect(told.map((one) => [line(one), one.group.status])).toEqual([
      ['QueueFull firing', 'resolved'],
      ['QueueFull resolved', 'resolved'],
    ])
  })

  test('the same object twice is one alert, of its own source', async () => {
    const { registry, receiver } = openReceiver()
    const alert = alertOf({ source: 'watch' })
    receiver.accept([alert, alert, alertOf({ name: 'B' })])
    expect(await samplesOf(registry, 'alerting_alerts_deduplicated_total')).toEqual({ '{"source":"watch"}': 1 })
  })
})

describe('the watch, whose clock is set back', () => {
  const watched = (status: Alert['status'], start: number, end?: number) =>
    alertOf({ source: 'watch', status, start, end: end ?? start })

  test('what passes its threshold anew is told, and its end', async () => {
    const { registry, clock, told, receiver } = openReceiver()
    await clock.move(MINUTE)
    receiver.accept([watched('firing', MINUTE)])
    await settled()
    clock.set(EPOCH)
    receiver.accept([watched('resolved', MINUTE, 0)])
    await clock.move(1000)
    receiver.accept([watched('firing', 1000)])
    await clock.move(1000)
    expect(receiver.groups.length).toBe(1)
    receiver.accept([watched('resolved', 1000, 2000)])
    await settled()
    expect(told.map(described)).toEqual([
      'alerts 0 firing: QueueFull firing',
      'alerts 0 resolved: QueueFull resolved',
      'alerts 0 firing: QueueFull firing',
      'alerts 0 resolved: QueueFull resolved',
    ])
    receiver.accept([watched('resolved', 1000, 2000)])
    expect(await samplesOf(registry, 'alerting_alerts_deduplicated_total')).toEqual({ '{"source":"watch"}': 1 })
  })

  test('an end ends what fires, though of another start: what was between was not handed in', async () => {
    const { told, receiver } = openReceiver()
    receiver.accept([watched('firing', MINUTE)])
    receiver.accept([watched('firing', 1000)])
    receiver.accept([watched('firing', 60 * MINUTE)])
    receiver.accept([watched('resolved', 1000, 2000)])
    await settled()
    expect(told.map(({ alerts }) => alerts.map(({ status }) => status))).toEqual([['firing'], ['resolved']])
  })

  test.each([
    ['back', -60],
    ['forward', 60],
  ])('its alerts are escalated by their age, though it is set %s', async (_, minutes) => {
    const { registry, clock, told, receiver } = openReceiver({
      escalation: [{ level: 1, severity: 'critical', afterMs: 5 * MINUTE }],
    })
    receiver.accept([watched('firing', 0)])
    clock.set(EPOCH + minutes * MINUTE)
    await clock.move(5 * MINUTE - 1)
    expect(told.map(({ kind }) => kind)).toEqual(['alerts'])
    await clock.move(1)
    expect(told.map(({ kind }) => kind)).toEqual(['alerts', 'escalation'])
    const labels = { severity: 'critical' }
    expect(await read(registry, 'alerting_oldest_alert_age_seconds', labels)).toBe(300)
  })
})
