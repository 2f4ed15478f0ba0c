// Which alerts are of one group, the cause of it before its symptoms, and when it ends.
import { CAUSES } from 'nanotally/integrations/alertmanager'
import { describe, expect, test } from 'vitest'
import { alertOf, namesOf, openReceiver, settled } from './alerts.js'

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
