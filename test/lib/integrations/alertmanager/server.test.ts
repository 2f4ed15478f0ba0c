// The webhook of the integration alertmanager in a server of its own: what it refuses and counts, and how it closes.
import { Registry } from 'nanotally'
import { type AlertNotification, startAlertReceiver } from 'nanotally/integrations/alertmanager'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask, connected } from '../../../support/http.js'
import { until } from '../../../support/until.js'
import { alertOf, namesOf, payloadOf, post, refusals, settled } from './alerts.js'

function changed(change: object) {
  const payload = payloadOf([alertOf()])
  return { ...payload, alerts: [{ ...payload.alerts[0], ...change }] }
}

describe('its own server', () => {
  async function start(options: Partial<Parameters<typeof startAlertReceiver>[0]> = {}) {
    const registry = new Registry()
    const notifications: AlertNotification[] = []
    const receiver = await startAlertReceiver({
      port: 0,
      registry,
      // The alerts are of long ago.
      escalation: [],
      dispatchers: [{ name: 'test', dispatch: (one) => void notifications.push(one) }],
      ...options,
    })
    onTestFinished(async () => void (await receiver.close(0)))
    return { registry, notifications, receiver }
  }

  test('what is refused is counted by its reason', async () => {
    const { registry, notifications, receiver } = await start({
      credentials: { bearer: 'a-secret' },
      maxBodyBytes: 2000,
    })
    const { url } = receiver
    const authorization = 'Bearer a-secret'
    const json = { authorization, 'content-type': 'application/json; charset=utf-8' }
    const payload = payloadOf([alertOf()])

    const missing = await ask(url, { method: 'POST', body: '{}' })
    expect([missing.status, missing.headers['www-authenticate']]).toEqual([401, 'Bearer realm="nanotally"'])
    expect(await post(url, payload, { ...json, authorization: 'Bearer a-secre' })).toMatch(/^401 /)
    // Who may not know is not told whether the method would do.
    expect((await ask(url)).status).toBe(401)
    const got = await ask(url, { headers: { authorization } })
    expect([got.status, got.headers.allow]).toEqual([405, 'POST'])
    expect(await post(url, payload, { authorization, 'content-type': 'text/plain' })).toMatch(/^415 /)
    expect(await post(url, payload, { ...json, 'content-encoding': 'gzip' })).toMatch(/^415 /)
    const large = payloadOf(Array.from({ length: 50 }, (_, i) => alertOf({ name: `A${i}` })))
    expect(await post(url, large, json)).toMatch(/^413 Too large: at most 2000 bytes/)
    const { status } = await ask(`${receiver.url}/nothing`, { method: 'POST', headers: json, body: '{}' })
    expect(status).toBe(404)
    // Who probes it loses nothing.
    expect((await ask(`${receiver.url}/nothing`)).status).toBe(404)
    expect(notifications).toEqual([])
    expect(await refusals(registry)).toEqual({ unauthenticated: 3, method: 1, content_type: 2, oversized: 1, path: 1 })
    expect(await post(url, payload, json)).toBe('200 Accepted.')
  })

  test('a body in chunks is cut off where it is too large, one that ends early is counted', async () => {
    const { registry, receiver } = await start({ maxBodyBytes: 1024 })
    const head = 'POST /alerts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
    const large = await connected(receiver.port)
    large.on('error', () => {})
    large.write(`${head}transfer-encoding: chunked\r\n\r\n800\r\n${' '.repeat(2048)}\r\n`)
    await until('it to be refused', async () => (await refusals(registry)).oversized === 1)
    const early = await connected(receiver.port)
    early.write(`${head}content-length: 100\r\n\r\n{`)
    await settled()
    early.destroy()
    await until('it to be counted', async () => (await refusals(registry)).aborted === 1)
  })

  test.each<[part: string, payload: unknown]>([
    ['the payload: expected JSON', '{'],
    ['the payload', []],
    ['version', { version: '3', alerts: [] }],
    ['version', { alerts: [] }],
    ['alerts', { version: '4', alerts: {} }],
    ['truncatedAlerts', { version: '4', alerts: [], truncatedAlerts: '1' }],
    ['alerts[0]', { version: '4', alerts: [null] }],
    ['alerts[0].fingerprint', changed({ fingerprint: '' })],
    ['alerts[0].status', changed({ status: 'pending' })],
    ['alerts[0].labels', changed({ labels: { a: 1 } })],
    ['alerts[0].labels', changed({ labels: undefined })],
    ['alerts[0].annotations', changed({ annotations: [] })],
    ['alerts[0].startsAt', changed({ startsAt: 'soon' })],
    ['alerts[0].endsAt', changed({ status: 'resolved', endsAt: 7 })],
  ])('malformed: %s', async (part, payload) => {
    const { registry, notifications, receiver } = await start()
    expect(await post(receiver.url, payload)).toContain(`400 Malformed: ${part}`)
    expect(await refusals(registry)).toEqual({ malformed: 1 })
    expect(notifications).toEqual([])
  })

  test('of a payload with a malformed alert none is taken', async () => {
    const { notifications, receiver } = await start()
    const payload = payloadOf([alertOf(), alertOf({ name: 'B' })])
    payload.alerts[1] = { ...payload.alerts[1], fingerprint: '' } as (typeof payload.alerts)[0]
    expect(await post(receiver.url, payload)).toMatch(/^400 /)
    expect([notifications, receiver.groups]).toEqual([[], []])
  })

  test('a payload that Alertmanager left alerts out of is taken, and told', async () => {
    const { registry, receiver } = await start()
    const payload = payloadOf([alertOf()])
    expect(await post(receiver.url, { ...payload, truncatedAlerts: 40 })).toBe('200 Accepted.')
    const { truncatedAlerts: _, ...older } = payload
    expect(await post(receiver.url, older)).toBe('200 Accepted.')
    expect(await refusals(registry)).toEqual({ truncated: 1 })
    expect(receiver.groups.length).toBe(1)
  })

  test('what an alert lacks', async () => {
    const { notifications, receiver } = await start()
    const payload = payloadOf([alertOf()])
    Object.assign(payload.alerts[0] ?? {}, { labels: { job: 'engram' }, annotations: { value: ' ' } })
    await post(receiver.url, payload)
    await until('it to be told', () => notifications.length === 1)
    const expected = { name: '', severity: 'none', component: 'engram', subsystem: '', value: undefined }
    expect(notifications[0]?.alerts[0]).toMatchObject(expected)
  })

  test('closing: pending ones are delivered first, and what comes is answered 503', async () => {
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    const { registry, receiver } = await start({ dispatchers: [{ name: 'slow', dispatch: () => opened }] })
    await post(receiver.url, payloadOf([alertOf()]))
    const closing = receiver.close()
    expect(await post(receiver.url, payloadOf([alertOf({ name: 'Late' })]))).toMatch(/^503 Closing/)
    expect(await refusals(registry)).toEqual({ closed: 1 })
    open()
    expect(await closing).toEqual([])
    expect(receiver.pending).toBe(0)
    await expect(ask(receiver.url)).rejects.toThrow('ECONNREFUSED')
  })

  test('closing: a connection that asks nothing is cut off, and so is one that never ends', async () => {
    const { receiver } = await start()
    const silent = await connected(receiver.port)
    const endless = await connected(receiver.port)
    endless.write('POST /alerts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{')
    const closed = Promise.all([silent, endless].map((socket) => new Promise((resolve) => socket.on('close', resolve))))
    for (const socket of [silent, endless]) socket.on('error', () => {}).resume()
    expect(await receiver.close(10)).toEqual([])
    await closed
  })

  test('closing: how long to try is checked, and may be long', async () => {
    const { receiver } = await start({ dispatchers: [{ name: 'slow', dispatch: settled }] })
    for (const timeoutMs of [-1, 2 ** 31, Infinity]) {
      await expect(receiver.close(timeoutMs)).rejects.toMatchObject({ code: 'ERR_NANOTALLY_INVALID_VALUE' })
    }
    await expect(receiver.close('1' as never)).rejects.toMatchObject({ code: 'ERR_NANOTALLY_INVALID_TYPE' })
    receiver.accept([alertOf()])
    expect(await receiver.close(2 ** 31 - 1)).toEqual([])
  })

  test('what cannot be delivered is handed back', async () => {
    const { receiver } = await start({
      dispatchers: [{ name: 'dead', dispatch: () => Promise.reject(new Error('no')) }],
    })
    await post(receiver.url, payloadOf([alertOf(), alertOf({ name: 'Other', component: 'x' })]))
    const undelivered = await receiver.close(10)
    expect(undelivered.map(({ dispatcher, notification }) => [dispatcher, namesOf(notification)])).toEqual([
      ['dead', ['QueueFull']],
      ['dead', ['Other']],
    ])
    expect(await receiver.close()).toBe(undelivered)
  })

  test('addresses that others reach want credentials; a port that is taken is told', async () => {
    const { receiver } = await start()
    const dispatchers = [{ name: 'x', dispatch: () => {} }]
    const refused = (options: object) => startAlertReceiver({ registry: new Registry(), dispatchers, ...options })
    await expect(refused({ host: '0.0.0.0', port: 0 })).rejects.toMatchObject({ code: 'ERR_NANOTALLY_UNAUTHENTICATED' })
    await expect(refused({ port: receiver.port })).rejects.toMatchObject({ code: 'ERR_NANOTALLY_PORT_IN_USE' })
    await expect(refused({ port: 70_000 })).rejects.toMatchObject({ code: 'ERR_NANOTALLY_INVALID_VALUE' })
    await expect(refused({ host: 1 })).rejects.toMatchObject({ code: 'ERR_NANOTALLY_INVALID_TYPE' })
    const anywhere = await start({ host: '0.0.0.0', allowUnauthenticated: true })
    expect(anywhere.receiver.url).toBe(`http://127.0.0.1:${anywhere.receiver.port}/alerts`)
    expect(await post(anywhere.receiver.url, payloadOf([]))).toBe('200 Accepted.')
  })
})
