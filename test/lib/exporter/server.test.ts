// The exporter's server by itself: what it asks to be rendered, and what it makes of that.
import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createMetricsServer, type Render } from '../../../dist/exporter/server.js'

/** The raw answer of a server to one request. */
async function ask(render: Render, { method = 'GET', path = '/metrics', headers = {} } = {}) {
  const server = createMetricsServer(render)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const asked = request({ port, host: '127.0.0.1', method, path, headers: { connection: 'close', ...headers } }).end()
  const [response] = await once(asked, 'response')
  const body = await buffer(response)
  server.close()
  return { status: response.statusCode as number, headers: response.headers as Record<string, string>, body }
}

const SMALL = { contentType: 'a/b; c=d', body: Buffer.from('x 1\n') }
const LARGE = { contentType: 'a/b; c=d', body: Buffer.from('x 1\n'.repeat(1000)) }

test.each([new Error('no memory'), 'no memory'])('a render that fails is a 500 that says why', async (thrown) => {
  const { status, body } = await ask(() => {
    throw thrown
  })
  expect(status).toBe(500)
  expect(body.toString()).toBe('Rendering failed: no memory\n')
})

test.each([
  ['/metrics', undefined, ['', []]],
  ['/metrics?', 'text/plain', ['text/plain', []]],
  ['/metrics?name[]=a_total&x=1&name[]=b', '*/*', ['*/*', ['a_total', 'b']]],
  ['/metrics?name%5B%5D=a%3Fb%20c&name[]=', '', ['', ['a?b c', '']]],
  ['/metrics?name[]=a?b&name=c', '', ['', ['a?b']]],
])('%s with Accept %s', async (path, accept, expected) => {
  const seen: unknown[] = []
  const { status, headers } = await ask(
    (...args) => {
      seen.push(args)
      return SMALL
    },
    { path, headers: accept === undefined ? {} : { accept } },
  )
  expect(status).toBe(200)
  expect(seen).toEqual([expected])
  expect(headers).toMatchObject({ 'content-type': SMALL.contentType, vary: 'Accept, Accept-Encoding' })
})

test('a large body is compressed for who takes gzip', async () => {
  const { headers, body } = await ask(() => LARGE, { headers: { 'accept-encoding': 'gzip, br' } })
  expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(body.length) })
  expect(headers['content-type']).toBe(LARGE.contentType)
  expect(body.length).toBeLessThan(LARGE.body.length)
  expect(gunzipSync(body)).toEqual(LARGE.body)
})

test.each([
  [SMALL, 'gzip'],
  [LARGE, 'gzip;q=0'],
  [LARGE, undefined],
])('else it is sent as it is', async (exposition, encoding) => {
  const { headers, body } = await ask(() => exposition, {
    headers: encoding === undefined ? {} : { 'accept-encoding': encoding },
  })
  expect(headers['content-encoding']).toBeUndefined()
  expect(headers.vary).toBe('Accept, Accept-Encoding')
  expect(body).toEqual(exposition.body)
})

test('HEAD has the headers of GET and no body', async () => {
  const options = { headers: { 'accept-encoding': 'gzip' } }
  const get = await ask(() => LARGE, options)
  const head = await ask(() => LARGE, { ...options, method: 'HEAD' })
  expect(head.status).toBe(200)
  expect(head.body.length).toBe(0)
  for (const name of ['content-type', 'content-length', 'content-encoding', 'vary'])
    expect(head.headers[name]).toBe(get.headers[name])
  expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
})
