// Names by which an exporter on loopback is asked: a page's own name, led there, reads nothing.
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isPrivateHost } from '../../../dist/exporter/hosts.js'
import { start } from '../../support/exporter.js'
import { ask } from '../../support/http.js'
import { temporaryFolder } from '../../support/temporary.js'

test.each([
  [undefined, true],
  ['', true],
  ['127.0.0.1', true],
  ['127.0.0.1:9464', true],
  ['[::1]', true],
  ['[::1]:9464', true],
  ['localhost:9464', true],
  ['LOCALHOST', true],
  ['app.localhost', true],
  ['localhost.', true],
  ['metrics', true],
  ['host.docker.internal:9464', true],
  ['evil.example', false],
  ['evil.example:9464', false],
  ['evil.example.', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['[evil.example]', false],
  ['[127.0.0.1]', false],
  ['127.0.0.1.', false],
  ['evil.example:80:9464', false],
])('%s: %s', (header, expected) => {
  expect(isPrivateHost(header)).toBe(expected)
})

describe('a request for another host', () => {
  const host = 'evil.example'
  const statuses = (url: string, headers: Record<string, string> = {}) =>
    Promise.all(
      ['/metrics', '/', '/livez', '/nothing'].map(async (path) => {
        return (await ask(new URL(path, url).href, { headers: { host, ...headers } })).status
      }),
    )

  test('is refused on loopback, whatever it asks for', async () => {
    const { url } = await start()
    expect(await statuses(url)).toEqual([421, 421, 421, 421])
    const { headers, body } = await ask(url, { headers: { host } })
    expect(headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
    expect(String(body)).toContain('allowUnauthenticated')
    expect((await ask(url)).status).toBe(200)
  })

  test('is answered where credentials protect what is there, or nothing is to', async () => {
    const guarded = await start({ credentials: { bearer: 'x' } })
    expect(await statuses(guarded.url, { authorization: 'Bearer x' })).toEqual([200, 200, 200, 404])
    const open = await start({ allowUnauthenticated: true })
    expect(await statuses(open.url)).toEqual([200, 200, 200, 404])
  })

  test('is answered on a socket, which no page reaches', async () => {
    const socketPath = join(temporaryFolder(), 'app.sock')
    await start({ socketPath })
    expect((await ask('http://evil.example/metrics', { socketPath })).status).toBe(200)
  })
})
