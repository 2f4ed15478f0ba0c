// Credentials: what a header has to be, that every route asks for them, and what needs them.
import { Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { Guard } from '../../../dist/exporter/credentials.js'
import { refusalCode, start } from '../../support/exporter.js'
import { ask } from '../../support/http.js'

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('a bearer token', () => {
  const guard = new Guard({ bearer: 'dG9rZW4-._~+/==' })

  test.each([
    ['Bearer dG9rZW4-._~+/==', true],
    ['bearer dG9rZW4-._~+/==', true],
    ['BEARER  dG9rZW4-._~+/==', true],
    [undefined, false],
    ['', false],
    ['Bearer', false],
    ['Bearer ', false],
    ['dG9rZW4-._~+/==', false],
    ['Bearer dG9rZW4-._~+/=', false],
    ['Bearer dG9rZW4-._~+/== ', false],
    ['Bearer dg9rzw4-._~+/==', false],
    ['Bearer dG9rZW4-._~+/== x', false],
    [`Basic ${base64('dG9rZW4-._~+/==')}`, false],
  ])('%s -> %s', (header, expected) => {
    expect(guard.admits(header)).toBe(expected)
  })
})

describe('a name and a password', () => {
  const guard = new Guard({ username: 'prométhée', password: 'a:b ü' })

  test.each([
    [`Basic ${base64('prométhée:a:b ü')}`, true],
    [`basic ${base64('prométhée:a:b ü')}`, true],
    [`Basic ${base64('prométhée:a:b')}`, false],
    [`Basic ${base64('prométhée:')}`, false],
    [`Basic ${base64(':a:b ü')}`, false],
    [`Basic ${base64('prométhée')}`, false],
    ['Basic prométhée:a:b', false],
    ['Basic ', false],
    [`Bearer ${base64('prométhée:a:b ü')}`, false],
  ])('%s -> %s', (header, expected) => {
    expect(guard.admits(header)).toBe(expected)
  })
})

const PATHS = ['/metrics', '/health', '/livez', '/readyz', '/healthz', '/snapshot.json', '/events', '/', '/live.js']

test.each([
  [{ bearer: 'secret' }, 'Bearer secret', 'Bearer realm="nanotally"'],
  [{ username: 'me', password: 'secret' }, `Basic ${base64('me:secret')}`, 'Basic realm="nanotally", charset="UTF-8"'],
])('every route asks for them: %j', async (credentials, authorization, challenge) => {
  const { url } = await start({ registry: new Registry(), credentials })
  for (const path of PATHS) {
    const target = new URL(path, url).href
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${base64('me:wrong')}` }]) {
      const { status, headers: answered, body } = await ask(target, { headers: headers as Record<string, string> })
      expect([path, status, answered['www-authenticate']]).toEqual([path, 401, challenge])
      expect(String(body)).not.toContain('secret')
    }
    expect((await ask(target, { method: 'HEAD', headers: { authorization } })).status).toBe(200)
  }
  // Who may not read hears nothing of what else is wrong with the request.
  expect((await ask(url, { method: 'POST' })).status).toBe(401)
  expect((await ask(url, { method: 'POST', headers: { authorization } })).status).toBe(405)
})

describe('an address that is not loopback', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ host: '0.0.0.0' }, 'ERR_NANOTALLY_UNAUTHENTICATED'],
    [{ host: '::' }, 'ERR_NANOTALLY_UNAUTHENTICATED'],
    [{ host: '::ffff:0.0.0.0' }, 'ERR_NANOTALLY_UNAUTHENTICATED'],
    [{ host: '::ffff:192.0.2.1' }, 'ERR_NANOTALLY_UNAUTHENTICATED'],
    [{ host: '128.0.0.1' }, 'ERR_NANOTALLY_UNAUTHENTICATED'],
    [{ host: 'fe80::1%lo' }, 'ERR_NANOTALLY_UNAUTHENTICATED'],
    [{ host: 'metrics.example' }, 'ERR_NANOTALLY_UNAUTHENTICATED'],
    [{ host: '0.0.0.0', allowUnauthenticated: 'yes' }, 'ERR_NANOTALLY_UNAUTHENTICATED'],
    [{ host: '0.0.0.0', credentials: undefined, tls: undefined }, 'ERR_NANOTALLY_UNAUTHENTICATED'],
    // Encryption is no permission; certificates that clients must have are. The files are looked at later.
    [{ host: '0.0.0.0', tls: { certFile: '/nowhere', keyFile: '/nowhere' } }, 'ERR_NANOTALLY_UNAUTHENTICATED'],
    [
      { host: '0.0.0.0', tls: { certFile: '/nowhere', keyFile: '/nowhere', clientCaFile: '/nowhere' } },
      'ERR_NANOTALLY_TLS',
    ],
    [{ host: '0.0.0.0', allowUnauthenticated: true }, 'started'],
    [{ host: '0.0.0.0', credentials: { bearer: 'secret' } }, 'started'],
    [{ host: 'localhost' }, 'started'],
    [{ host: '127.0.0.2' }, 'started'],
  ])('%j', async (options, code) => {
    expect(await refusalCode(options)).toBe(code)
  })

  test('the refusal says what to do', async () => {
    await expect(start({ host: '0.0.0.0' })).rejects.toThrow(
      '0.0.0.0 can be reached from other machines: give credentials, or say allowUnauthenticated: true',
    )
  })
})

describe('what cannot be used', () => {
  test.each<[unknown, string]>([
    [null, 'INVALID_TYPE'],
    ['secret', 'INVALID_TYPE'],
    [{}, 'INVALID_TYPE'],
    [{ bearer: '' }, 'INVALID_TYPE'],
    [{ bearer: undefined }, 'INVALID_TYPE'],
    [{ bearer: 'a secret' }, 'INVALID_VALUE'],
    [{ bearer: 'secret\r\n' }, 'INVALID_VALUE'],
    [{ bearer: '=secret' }, 'INVALID_VALUE'],
    [{ username: 'me' }, 'INVALID_TYPE'],
    [{ password: 'secret' }, 'INVALID_TYPE'],
    [{ username: 'me', password: '' }, 'INVALID_TYPE'],
    [{ username: 'm:e', password: 'secret' }, 'INVALID_VALUE'],
  ])('%j', async (credentials, code) => {
    const error = await start({ credentials } as object).catch((refused) => refused)
    expect(error.code).toBe(`ERR_NANOTALLY_${code}`)
    if (typeof credentials === 'object') expect(error.message).not.toContain('secret')
  })
})
