import { type Alert, type AlertNotification, CAUSES } from 'nanotally/integrations/alertmanager'
import { describe, expect, test } from 'vitest'
import { read, refusal, samplesOf } from '../../support/registry.js'
import { alertOf, described, EPOCH, namesOf, openReceiver, settled } from './alerts.js'

const MINUTE = 60_000

describe('groups', () => {
  test('the cause before its symptoms, whatever the order in which they come', async () => {
    const { told, receiver } = openReceiver()
    const names = ['ErrorRateHigh', 'SomethingElse', 'RecallLatencyHigh', 'streaming_queue_depth', 'HeapExhausted']
    receiver.accept(names.map((name, i) => alertOf({ name, start: i })))
    await settled()
    expect(told.map(namesOf)).toEqual([
      ['HeapExhausted', 'streaming_queue_depth', 'RecallLatencyHigh', 'ErrorRateHigh', 'SomethingElse'],
    ])
    expect(told[0]?.group.cause.name).toBe('HeapExhausted')
    receiver.accept([alertOf({ name: 'HeapExhausted', start: 4, status: 'resolved' })])
    await settled()
    expect(told[1]?.group).toMatchObject({ status: 'firing', cause: { name: 'streaming_queue_depth' } })
  })

  test('the order is the user’s to extend, and an alert may name its kind', async () => {
    const { told, receiver } = openReceiver({ causes: [{ kind: 'deployment', words: ['rollout'] }, ...CAUSES] })
    receiver.accept([
      alertOf({ name: 'HeapExhausted' }),
      alertOf({ name: 'RolloutStuck' }),
      alertOf({ name: 'Odd', labels: { cause: 'queue' } }),
    ])
    await settled()
    expect(told.map(namesOf)).toEqual([['RolloutStuck', 'HeapExhausted', 'Odd']])
  })

  test('of one component and one span of time, from the alert on that made the group', async () => {
    const { told, receiver } = openReceiver({ groupWindowMs: 1000 })
    receiver.accept([
      alertOf({ name: 'A', start: 0 }),
      alertOf({ name: 'B', start: 1000 }),
      alertOf({ name: 'C', start: 1001 }),
      alertOf({ name: 'D', start: 0, component: 'other' }),
      alertOf({ name: 'E', start: -1000 }),
    ])
    await settled()
    expect(told.map(namesOf)).toEqual([['E', 'A', 'B'], ['C'], ['D']])
    expect(receiver.groups.map(({ component, startedAt }) => [component, startedAt.getTime()])).toEqual([
      ['store', alertOf({ start: -1000 }).startsAt.getTime()],
      ['store', alertOf({ start: 1001 }).startsAt.getTime()],
      ['other', alertOf().startsAt.getTime()],
    ])
  })

  test('the gravest that fires gives the severity; a group ends with its last alert', async () => {
    const { told, receiver } = openReceiver()
    receiver.accept([alertOf({ name: 'A' }), alertOf({ name: 'B', severity: 'warning' })])
    receiver.accept([alertOf({ name: 'A', status: 'resolved' })])
    expect(receiver.groups).toMatchObject([{ severity: 'warning' }])
    receiver.accept([alertOf({ name: 'B', severity: 'warning', status: 'resolved' })])
    await settled()
    expect(receiver.groups).toEqual([])
    expect(told.at(-1)?.group).toMatchObject({ status: 'resolved', severity: 'critical' })
  })
})

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

describe('what others hold', () => {
  test('a program may change its own alerts, and hand them in again', async () => {
    const { told, receiver } = openReceiver({ maxAlerts: 2 })
    for (const name of ['A', 'B', 'C']) {
      const alert = { ...alertOf({ name }), labels: { alertname: name } } as { -readonly [K in keyof Alert]: Alert[K] }
      expect(receiver.accept([alert])).toBeUndefined()
      alert.status = 'resolved'
      alert.endsAt = new Date(EPOCH + 1000)
      alert.startsAt.setTime(EPOCH + 500)
      Object.assign(alert.labels, { alertname: 'changed' })
      await settled()
      expect(told.at(-1)?.alerts).toMatchObject([{ name, status: 'firing', startsAt: new Date(EPOCH) }])
      expect(told.at(-1)?.alerts[0]?.labels).toEqual({ alertname: name })
      expect(receiver.accept([alert])).toBeUndefined()
      await settled()
      expect(receiver.groups).toEqual([])
    }
    expect(told.length).toBe(6)
  })

  test('a dispatcher that changes what it is told has no say in what fires', async () => {
    const { registry, clock, receiver } = openReceiver({
      maxAlerts: 2,
      dispatchers: [
        {
          name: 'test',
          dispatch: ({ alerts }) => {
            for (const alert of alerts) Object.assign(alert, { status: alert.status.toUpperCase() })
          },
        },
      ],
    })
    for (const name of ['A', 'B', 'C']) {
      expect(receiver.accept([alertOf({ name })])).toBeUndefined()
      await clock.move(1000)
      expect(receiver.groups).toMatchObject([{ status: 'firing', cause: { name } }])
      expect(await read(registry, 'alerting_alerts_firing', { severity: 'critical' })).toBe(1)
      receiver.accept([alertOf({ name, status: 'resolved' })])
      await clock.move(1000)
      expect(receiver.groups).toEqual([])
    }
  })

  test('an id is no other receiver’s, as of the program before it was started again', async () => {
    const ids = new Set<string>()
    for (let run = 0; run < 2; run++) {
      const { told, receiver } = openReceiver()
      receiver.accept([alertOf()])
      receiver.accept([alertOf({ status: 'resolved' })])
      await settled()
      for (const { id, group } of told) ids.add(id).add(group.id)
    }
    // Of each run two notifications of one group.
    expect(ids.size).toBe(6)
  })
})

test('accept() of a list with holes takes nothing', async () => {
  const { told, receiver } = openReceiver()
  const alerts = new Array<Alert>(3)
  alerts[1] = alertOf()
  const { code, message } = refusal(() => receiver.accept(alerts))
  expect([code, message.includes('alerts[0]')]).toEqual(['ERR_NANOTALLY_INVALID_TYPE', true])
  expect(receiver.accept([alertOf()])).toBeUndefined()
  await settled()
  expect(told.length).toBe(1)
})

test.each<[what: string, change: object, code: string]>([
  ['a fingerprint', { fingerprint: 1 }, 'INVALID_TYPE'],
  ['a name', { name: undefined }, 'INVALID_TYPE'],
  ['a component', { component: undefined }, 'INVALID_TYPE'],
  ['labels', { labels: undefined }, 'INVALID_TYPE'],
  ['annotations', { annotations: null }, 'INVALID_TYPE'],
  ['a status', { status: 'pending' }, 'INVALID_VALUE'],
  ['a source', { source: 'me' }, 'INVALID_VALUE'],
  ['a start', { startsAt: new Date(Number.NaN) }, 'INVALID_TYPE'],
  ['an end', { status: 'resolved', endsAt: undefined }, 'INVALID_TYPE'],
])('accept() of what lacks %s takes nothing', async (_, change, code) => {
  const { told, receiver } = openReceiver()
  const alerts = [alertOf(), { ...alertOf({ name: 'B' }), ...change } as Alert]
  expect(refusal(() => receiver.accept(alerts)).code).toBe(`ERR_NANOTALLY_${code}`)
  await settled()
  expect([told, receiver.groups]).toEqual([[], []])
})

describe('escalation', () => {
  const steps = [
    { level: 1, severity: 'critical', afterMs: 5 * MINUTE },
    { level: 2, severity: 'critical', afterMs: 15 * MINUTE, dispatchers: ['pager'] },
    { level: 1, severity: 'warning', afterMs: 60 * MINUTE },
  ] as const

  function openWithPager() {
    const paged: AlertNotification[] = []
    const told: AlertNotification[] = []
    const opened = openReceiver({
      escalation: steps,
      dispatchers: [
        { name: 'test', dispatch: (one) => void told.push(one) },
        { name: 'pager', dispatch: (one) => void paged.push(one) },
      ],
    })
    return { ...opened, told, paged }
  }

  test('by age: each level once, to whom it names', async () => {
    const { registry, clock, told, paged, receiver } = openWithPager()
    receiver.accept([alertOf()])
    await clock.move(5 * MINUTE - 1)
    expect(told.map(described)).toEqual(['alerts 0 firing: QueueFull firing'])
    await clock.move(1)
    expect(told.map(described).slice(1)).toEqual(['escalation 1 firing: QueueFull firing'])
    await clock.move(60 * MINUTE)
    expect(told.length).toBe(2)
    expect(paged.map(described).slice(2)).toEqual(['escalation 2 firing: QueueFull firing'])
    expect(await samplesOf(registry, 'alerting_escalations_total')).toEqual({
      '{"severity":"critical","level":"1"}': 1,
      '{"severity":"critical","level":"2"}': 1,
    })
  })

  test('by severity: a warning waits longer, and what becomes critical does not', async () => {
    const { clock, told, receiver } = openWithPager()
    receiver.accept([alertOf({ severity: 'warning' })])
    await clock.move(59 * MINUTE)
    expect(told.length).toBe(1)
    await clock.move(MINUTE)
    expect(told.map(described).slice(1)).toEqual(['escalation 1 firing: QueueFull firing'])
    receiver.accept([alertOf({ name: 'B', start: 1 })])
    await settled()
    // The group has fired for an hour: straight to level 2, which is not for this dispatcher.
    expect(receiver.groups).toMatchObject([{ severity: 'critical', level: 2 }])
  })

  test('what is grave has its own age, whatever fires beside it', async () => {
    const { clock, told, receiver } = openWithPager()
    receiver.accept([alertOf({ severity: 'warning' })])
    await clock.move(4 * MINUTE)
    receiver.accept([alertOf({ name: 'B', start: 4 * MINUTE })])
    await clock.move(5 * MINUTE - 1)
    expect(told.map(({ kind }) => kind)).toEqual(['alerts', 'alerts'])
    await clock.move(1)
    expect(told.map(described).slice(2)).toEqual(['escalation 1 firing: QueueFull firing, B firing'])
  })

  test('what fires anew is of a group of its own, with levels of its own', async () => {
    const { clock, told, receiver } = openWithPager()
    receiver.accept([alertOf({ name: 'A' }), alertOf({ name: 'B', severity: 'none' })])
    await clock.move(20 * MINUTE)
    receiver.accept([alertOf({ name: 'A', status: 'resolved', end: 20 * MINUTE })])
    await clock.move(340 * MINUTE)
    receiver.accept([alertOf({ name: 'A', start: 360 * MINUTE })])
    await clock.move(0)
    expect(told.slice(2).map(described)).toEqual(['alerts 2 firing: A resolved', 'alerts 0 firing: A firing'])
    await clock.move(5 * MINUTE)
    expect(told.slice(4).map(described)).toEqual(['escalation 1 firing: A firing'])
    expect(receiver.groups.map(({ alerts }) => alerts.map(({ name, status }) => `${name} ${status}`))).toEqual([
      ['A resolved', 'B firing'],
      ['A firing'],
    ])
    // The older group ends by itself, and does not take the newer alert with it.
    receiver.accept([alertOf({ name: 'B', severity: 'none', status: 'resolved', end: 365 * MINUTE })])
    await clock.move(2 * MINUTE)
    receiver.accept([alertOf({ name: 'A', start: 360 * MINUTE, status: 'resolved', end: 367 * MINUTE })])
    await settled()
    expect([told.at(-1)?.group.status, receiver.groups]).toEqual(['resolved', []])
  })

  test('what fires anew soon is of the group that it was of', async () => {
    const { clock, told, receiver } = openWithPager()
    receiver.accept([alertOf({ name: 'A' }), alertOf({ name: 'B', severity: 'none' })])
    await clock.move(3 * MINUTE)
    receiver.accept([alertOf({ name: 'A', status: 'resolved', end: 2 * MINUTE })])
    receiver.accept([alertOf({ name: 'A', start: 3 * MINUTE })])
    await clock.move(5 * MINUTE)
    expect(new Set(told.map(({ group }) => group.id)).size).toBe(1)
    expect(told.at(-1)?.kind).toBe('escalation')
  })

  test('a dispatcher that is down holds no other’s escalation up', async () => {
    const paged: AlertNotification[] = []
    const { clock, receiver } = openReceiver({
      escalation: steps,
      maxPending: 1,
      dispatchers: [
        { name: 'chat', dispatch: () => Promise.reject(new Error('down')) },
        { name: 'pager', dispatch: (one) => void paged.push(one) },
      ],
    })
    receiver.accept([alertOf()])
    await clock.move(16 * MINUTE)
    expect(paged.map(described)).toEqual([
      'alerts 0 firing: QueueFull firing',
      'escalation 1 firing: QueueFull firing',
      'escalation 2 firing: QueueFull firing',
    ])
  })

  test('not what was resolved in time, nor what is of no severity', async () => {
    const { clock, told, receiver } = openWithPager()
    receiver.accept([alertOf({ name: 'A' }), alertOf({ name: 'B', severity: 'none' })])
    await clock.move(4 * MINUTE)
    receiver.accept([alertOf({ name: 'A', status: 'resolved' })])
    await clock.move(300 * MINUTE)
    expect(told.map(({ kind }) => kind)).toEqual(['alerts', 'alerts'])
  })
})
