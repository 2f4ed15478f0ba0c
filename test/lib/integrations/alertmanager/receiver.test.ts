// A receiver as a program holds it: options and alerts that it refuses, what others may do to what they hold, its gauges.
import { type Alert, alertReceiver } from 'nanotally/integrations/alertmanager'
import { describe, expect, test } from 'vitest'
import { read, refusal, samplesOf } from '../../../support/registry.js'
import { alertOf, EPOCH, openReceiver, settled } from './alerts.js'

const dispatchers = [{ name: 'a', dispatch: () => {} }]

test.each<[code: string, options: object]>([
  ['INVALID_TYPE', {}],
  ['INVALID_VALUE', { dispatchers: [] }],
  ['INVALID_TYPE', { dispatchers: [{ name: 'a' }] }],
  ['INVALID_TYPE', { dispatchers: [{ name: 1, dispatch: () => {} }] }],
  ['INVALID_VALUE', { dispatchers: [...dispatchers, ...dispatchers] }],
  ['INVALID_VALUE', { dispatchers, dispatcher: 1 }],
  ['INVALID_TYPE', { dispatchers, registry: 1 }],
  ['INVALID_VALUE', { dispatchers, path: 'alerts' }],
  ['INVALID_VALUE', { dispatchers, maxBodyBytes: 1 }],
  ['INVALID_TYPE', { dispatchers, maxPending: '1' }],
  ['INVALID_VALUE', { dispatchers, retryFirstMs: 100, retryLongestMs: 99 }],
  ['INVALID_TYPE', { dispatchers, credentials: 'x' }],
  ['INVALID_VALUE', { dispatchers, credentials: { bearer: 'a b' } }],
  ['INVALID_VALUE', { dispatchers, credentials: { username: 'a:b', password: 'c' } }],
  ['INVALID_TYPE', { dispatchers, causes: 'x' }],
  ['INVALID_VALUE', { dispatchers, causes: [{ kind: 'x', words: ['X'] }] }],
  ['INVALID_TYPE', { dispatchers, escalation: [1] }],
  ['INVALID_VALUE', { dispatchers, escalation: [{ level: 0, severity: 'critical', afterMs: 0 }] }],
  ['INVALID_VALUE', { dispatchers, escalation: [{ level: 1, severity: 'grave', afterMs: 0 }] }],
  ['INVALID_VALUE', { dispatchers, escalation: [{ level: 1, severity: 'info', afterMs: 0, dispatchers: ['b'] }] }],
  ['INVALID_VALUE', { dispatchers, escalation: [{ level: 1, severity: 'info', afterMs: 0, dispatchers: [] }] }],
  ['INVALID_TYPE', { dispatchers, clock: { now: () => 0, after: () => ({ cancel() {} }) } }],
])('options that are wrong are refused: %s %j', (code, options) => {
  expect(refusal(() => alertReceiver(options as never)).code).toBe(`ERR_NANOTALLY_${code}`)
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

test('gauges are of what is there at each scrape, and end with the receiver', async () => {
  const { registry, receiver } = openReceiver({
    clock: { now: () => EPOCH + 90_000, elapsed: () => 0, after: () => ({ cancel() {} }) },
    dispatchers: [{ name: 'test', dispatch: () => new Promise(() => {}) }],
  })
  receiver.accept([alertOf(), alertOf({ name: 'B', severity: 'page', start: 60_000 })])
  expect(await read(registry, 'alerting_alerts_firing', { severity: 'critical' })).toBe(1)
  expect(await read(registry, 'alerting_alerts_firing', { severity: 'other' })).toBe(1)
  expect(await read(registry, 'alerting_groups_open', { severity: 'critical' })).toBe(1)
  expect(await samplesOf(registry, 'alerting_oldest_alert_age_seconds')).toEqual({
    '{"severity":"critical"}': 90,
    '{"severity":"other"}': 30,
  })
  expect(await read(registry, 'alerting_notifications_pending', { dispatcher: 'test' })).toBe(1)
  await receiver.close(0)
  expect(await samplesOf(registry, 'alerting_oldest_alert_age_seconds')).toEqual({})
  expect(await read(registry, 'alerting_alerts_firing', { severity: 'critical' })).toBeUndefined()
})
