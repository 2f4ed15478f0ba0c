// TLS: who is trusted by whom, certificates that are renewed while it serves, and files that cannot be used.
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { Registry, startExporter } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { Authority, type Certificate } from '../../support/certificates.js'
import { start } from '../../support/exporter.js'
import { answerTo, ask, connected, hungUp, send } from '../../support/http.js'
import { temporaryFolder } from '../../support/temporary.js'
import { parseTextFormat, sampleValue } from '../../support/text-format.js'
import { until } from '../../support/until.js'
import { warningsOf } from '../../support/warnings.js'

/** An authority and a certificate of serial 1, in a folder of the test's. */
function makeFiles(): { folder: string; authority: Authority; files: Certificate; client: ConnectionOptions } {
  const folder = temporaryFolder()
  const authority = new Authority(folder)
  return {
    folder,
    authority,
    files: authority.issue('server', 1),
    client: { ca: readFileSync(authority.certFile) },
  }
}

/** A certificate of its own issuer that ends days after those of an `Authority`. */
function lastingLonger(folder: string): Certificate {
  const files = { certFile: join(folder, 'longer.pem'), keyFile: join(folder, 'longer.key') }
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '9'],
      ...['-subj', '/CN=longer', '-keyout', files.keyFile, '-out', files.certFile],
    ],
    { stdio: 'pipe' },
  )
  return files
}

async function serialOf(url: string, tls: ConnectionOptions): Promise<number> {
  const response = await send(url, { tls })
  const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate()
  response.destroy()
  return Number.parseInt(serialNumber, 16)
}

/** What a scrape of that URL fails with. */
function failure(url: string, tls: ConnectionOptions): Promise<string> {
  return ask(url, { tls }).then(
    ({ status }) => `answered ${status}`,
    ({ code }) => code,
  )
}

test('a scrape over TLS, by who trusts the authority', async () => {
  const { files, client } = makeFiles()
  const exporter = await start({ tls: files })
  expect(exporter.url).toBe(`https://127.0.0.1:${exporter.port}/metrics`)
  expect((await ask(exporter.url, { tls: client })).status).toBe(200)
  expect(await failure(exporter.url, {})).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
})

test('an encrypted key', async () => {
  const { authority, client } = makeFiles()
  const files = authority.issue('locked', 2, 'open sesame')
  const { url } = await start({ tls: { ...files, passphrase: 'open sesame' } })
  expect(await serialOf(url, client)).toBe(2)
})

test('clients need a certificate where an authority of theirs is given', async () => {
  const { folder, authority, files, client } = makeFiles()
  const { url } = await start({ tls: { ...files, clientCaFile: authority.certFile } })
  const withCertificate = ({ certFile, keyFile }: Certificate): ConnectionOptions => {
    return { ...client, cert: readFileSync(certFile), key: readFileSync(keyFile) }
  }
  const own = withCertificate(authority.issue('client', 3))
  const strange = withCertificate(new Authority(folder, 'stranger').issue('intruder', 4))
  expect((await ask(url, { tls: own })).status).toBe(200)
  for (const refused of [client, strange]) expect(await failure(url, refused)).toMatch(/^(ERR_SSL|ECONNRESET|EPIPE)/)
  expect((await ask(url, { tls: own })).status).toBe(200)
})

test('plain HTTP, garbage and handshakes that never end do not disturb it', async () => {
  const { files, client } = makeFiles()
  const { port, url } = await start({ tls: files, requestTimeoutMs: 1000 })
  expect(await answerTo(port, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')).not.toContain('200 OK')
  const silent = await connected(port)
  const silentGone = hungUp(silent.resume())
  // 0x16 begins a handshake.
  const halfway = await connected(port)
  const halfwayGone = hungUp(halfway.resume())
  halfway.write(Buffer.from([0x16, 3, 1]))
  await Promise.all([silentGone, halfwayGone])
  await until('those connections to be counted', async () => {
    const { body } = await ask(url, { tls: client })
    const name = 'nanotally_exporter_dropped_connections_total'
    return (sampleValue(parseTextFormat(body), name, { reason: 'ERR_TLS_HANDSHAKE_TIMEOUT' }) ?? 0) >= 2
  })
})

test('a handshake that never ends does not hold closing', async () => {
  const { files, client } = makeFiles()
  const exporter = await startExporter({ port: 0, tls: files, requestTimeoutMs: 600_000 })
  const halfway = await connected(exporter.port)
  halfway.on('error', () => {})
  halfway.resume().write(Buffer.from([0x16, 3, 1]))
  expect((await ask(exporter.url, { tls: client })).status).toBe(200)
  await exporter.close()
})

describe('renewal', () => {
  test('the next connection sees the new certificate, a broken one changes nothing but warns', async () => {
    const { authority, files, client } = makeFiles()
    const warnings = warningsOf('NANOTALLY_CERTIFICATE')
    const { url } = await start({ tls: files })
    expect(await serialOf(url, client)).toBe(1)

    const renewed = authority.issue('renewed', 2)
    renameSync(renewed.keyFile, files.keyFile)
    renameSync(renewed.certFile, files.certFile)
    await until('the new certificate', async () => (await serialOf(url, client)) === 2)

    writeFileSync(files.certFile, 'garbage')
    await until('a warning', () => warnings.some((text) => text.includes(files.certFile)))
    expect(warnings.at(-1)).toContain('goes on with the certificate that it had')
    expect(await serialOf(url, client)).toBe(2)

    const third = authority.issue('third', 3)
    renameSync(third.keyFile, files.keyFile)
    renameSync(third.certFile, files.certFile)
    await until('the third certificate', async () => (await serialOf(url, client)) === 3)
    expect(warnings).toHaveLength(1)

    // The same failure is another one once there was a certificate in between.
    writeFileSync(files.certFile, 'garbage')
    await until('another warning', () => warnings.length > 1)
    expect(warnings).toEqual([warnings[0], warnings[0]])
  })
})

test('when the certificate ends is told, also of one that is renewed, until the exporter is closed', async () => {
  const { folder, files, client } = makeFiles()
  const registry = new Registry()
  const exporter = await startExporter({ port: 0, registry, tls: files })
  const told = async () => {
    const families = parseTextFormat(String((await registry.render()).body))
    return sampleValue(families, 'nanotally_exporter_certificate_expiry_seconds', { file: files.certFile })
  }
  const expiryOf = ({ certFile }: Certificate) => Date.parse(new X509Certificate(readFileSync(certFile)).validTo) / 1000
  expect(await told()).toBe(expiryOf(files))
  expect((await ask(exporter.url, { tls: client })).body.toString()).toContain(String(expiryOf(files)))

  const renewed = lastingLonger(folder)
  const later = expiryOf(renewed)
  expect(later).toBeGreaterThan(expiryOf(files))
  renameSync(renewed.keyFile, files.keyFile)
  renameSync(renewed.certFile, files.certFile)
  await until('the time of the new one', async () => (await told()) === later)
  await exporter.close()
  expect(await told()).toBeUndefined()
})

describe('files that cannot be used', () => {
  interface Files {
    files: Certificate
    other: Certificate
    locked: Certificate
    garbage: string
  }
  const nowhere = '/nowhere/x.pem'

  test.each<[string, (made: Files) => object, (made: Files) => string]>([
    ['no certificate', ({ files }) => ({ ...files, certFile: nowhere }), () => 'tls.certFile: ENOENT'],
    ['no key', ({ files }) => ({ ...files, keyFile: nowhere }), () => 'tls.keyFile: ENOENT'],
    ['no authority', ({ files }) => ({ ...files, clientCaFile: nowhere }), () => 'tls.clientCaFile: ENOENT'],
    ['a folder', ({ files }) => ({ ...files, certFile: '/' }), () => 'tls.certFile: EISDIR'],
    ['a certificate of garbage', ({ files, garbage }) => ({ ...files, certFile: garbage }), ({ garbage }) => garbage],
    ['a key of garbage', ({ files, garbage }) => ({ ...files, keyFile: garbage }), ({ garbage }) => garbage],
    ['the key of another', ({ files, other }) => ({ ...files, keyFile: other.keyFile }), ({ other }) => other.keyFile],
    ['a key that needs a passphrase', ({ locked }) => locked, ({ locked }) => locked.keyFile],
    ['and another one', ({ locked }) => ({ ...locked, passphrase: 'sesame' }), ({ locked }) => locked.keyFile],
  ])('%s', async (_, tls, named) => {
    const { authority, files, folder } = makeFiles()
    const garbage = join(folder, 'garbage.pem')
    writeFileSync(garbage, 'garbage')
    const made = { files, garbage, other: authority.issue('other', 2), locked: authority.issue('locked', 3, 'open it') }
    const error = await startExporter({ port: 0, tls: tls(made) as Certificate }).catch((refused) => refused)
    expect(error).toMatchObject({ name: 'NanotallyError', code: 'ERR_NANOTALLY_TLS' })
    expect(error.message).toContain(named(made))
    expect(error.message).toContain('give the paths of a PEM certificate and of its key')
  })
})
