// When a group of alerts is escalated: by age and severity, each level once, to whom it names.
import type { AlertNotification } from 'nanotally/integrations/alertmanager'
import { describe, expect, test } from 'vitest'
import { samplesOf } from '../../../support/registry.js'
import { alertOf, described, MINUTE, openReceiver, settled } from './alerts.js'

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
