// The integration alertmanager against the real Alertmanager: what it notifies becomes typed alerts, and is sent again where it is
// answered 503.
import { Registry } from 'nanotally'
import { type Alert, type AlertNotification, startAlertReceiver } from 'nanotally/integrations/alertmanager'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ALERTMANAGERS, startAlertmanager } from '../support/alertmanager.js'
import { read } from '../support/registry.js'
import { until } from '../support/until.js'

const told = (notifications: readonly AlertNotification[]): Alert[] => notifications.flatMap(({ alerts }) => alerts)

describe.each(ALERTMANAGERS)('%s', (tool) => {
  test('alerts come as objects, grouped, the cause first; resolved ones too; told once', async () => {
    const registry = new Registry()
    const notifications: AlertNotification[] = []
    const receiver = await startAlertReceiver({
      port: 0,
      registry,
      credentials: { bearer: 'a-secret' },
      dispatchers: [{ name: 'test', dispatch: (notification) => notifications.push(notification) }],
    })
    onTestFinished(async () => void (await receiver.close()))
    await using alertmanager = await startAlertmanager({
      tool,
      webhook: receiver.url,
      httpConfig: { authorization: { credentials: 'a-secret' } },
      // What began longer ago than that is told at once, before the other of its group is there.
      route: { group_by: ['component'], group_wait: '5s' },
    })
    const labels = { component: 'store', subsystem: 'disk', severity: 'critical' }
    const startsAt = new Date().toISOString()
    const latency = { labels: { ...labels, alertname: 'RecallLatencyHigh' }, annotations: { value: '0.75' }, startsAt }
    const memory = { labels: { ...labels, alertname: 'MemoryExhausted', severity: 'warning' }, startsAt }
    await alertmanager.post([latency, memory])
    await until('both to be told', () => told(notifications).length === 2)
    expect(told(notifications).map(({ name }) => name)).toEqual(['MemoryExhausted', 'RecallLatencyHigh'])
    expect(told(notifications)[1]).toEqual({
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      name: 'RecallLatencyHigh',
      severity: 'critical',
      component: 'store',
      subsystem: 'disk',
      status: 'firing',
      startsAt: new Date(startsAt),
      endsAt: undefined,
      labels: latency.labels,
      annotations: { value: '0.75' },
      value: 0.75,
      source: 'alertmanager',
    })
    expect(receiver.groups).toMatchObject([{ component: 'store', severity: 'critical', status: 'firing' }])

    const endsAt = new Date().toISOString()
    await alertmanager.post([{ ...latency, endsAt }])
    await until('the end of one', () => told(notifications).length === 3)
    // It sends the whole group again: what fires still is nothing new.
    expect(told(notifications)[2]).toMatchObject({
      name: 'RecallLatencyHigh',
      status: 'resolved',
      endsAt: new Date(endsAt),
    })
    expect(await read(registry, 'alerting_alerts_deduplicated_total', { source: 'alertmanager' })).toBe(1)
    await alertmanager.post([{ ...memory, endsAt }])
    await until('the end of the other', () => told(notifications).length === 4)
    expect(receiver.groups).toEqual([])
    expect(await read(registry, 'alerting_alerts_firing', { severity: 'critical' })).toBe(0)
  })

  test('what does not fit is answered 503, and comes again', async () => {
    const registry = new Registry()
    const names: string[] = []
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    const receiver = await startAlertReceiver({
      port: 0,
      registry,
      maxPending: 1,
      dispatchers: [
        {
          name: 'slow',
          dispatch: async ({ alerts }) => {
            await opened
            names.push(...alerts.map(({ name }) => name))
          },
        },
      ],
    })
    onTestFinished(async () => void (await receiver.close()))
    await using alertmanager = await startAlertmanager({
      tool,
      webhook: receiver.url,
      route: { group_by: ['alertname'] },
    })
    await alertmanager.post([{ labels: { alertname: 'First' } }])
    await until('the first to wait', () => receiver.pending === 1)
    await alertmanager.post([{ labels: { alertname: 'Second' } }])
    const refused = () => read(registry, 'alerting_refusals_total', { source: 'alertmanager', reason: 'backlog' })
    await until('a refusal', async () => ((await refused()) ?? 0) > 0)
    open()
    await until('both to be told', () => names.length === 2)
    expect(names).toEqual(['First', 'Second'])
  })
})
