// Unix domain sockets: files that dead processes left are replaced, those of living ones and all other files are not.
import { existsSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { counter, Registry } from 'nanotally'
import { describe, expect, onTestFinished, test } from 'vitest'
import { listen } from '../../../dist/exporter/listen.js'
import { assertEnded, Child } from '../../support/children.js'
import { refusalCode, start } from '../../support/exporter.js'
import { ask } from '../../support/http.js'
import { temporaryFolder } from '../../support/temporary.js'

const SCRIPT = new URL('fixtures/socket.mjs', import.meta.url)

const scrape = (socketPath: string) => ask('http://localhost/metrics', { socketPath })

test('a scrape over a socket', async () => {
  const registry = new Registry()
  counter({ name: 'c_total', help: 'h', registry }).inc()
  const socketPath = join(temporaryFolder(), 'app.sock')
  const exporter = await start({ socketPath, registry })
  expect([exporter.url, exporter.port]).toEqual([`unix:${socketPath}:/metrics`, 0])
  const { status, body } = await scrape(socketPath)
  expect([status, String(body)]).toEqual([200, expect.stringContaining('c_total 1\n')])
  await exporter.close()
  expect(existsSync(socketPath)).toBe(false)
})

test('what a killed process left is replaced', async () => {
  const socketPath = join(temporaryFolder(), 'app.sock')
  const child = new Child(SCRIPT, { args: [socketPath] })
  await child.nextMessage()
  expect((await scrape(socketPath)).status).toBe(200)
  child.kill('SIGKILL')
  assertEnded(await child.finished, { signal: 'SIGKILL' })
  expect(statSync(socketPath).isSocket()).toBe(true)
  await start({ socketPath })
  expect((await scrape(socketPath)).status).toBe(200)
})

/** A socket file on which nobody listens. */
async function abandonedSocket(): Promise<string> {
  const folder = temporaryFolder()
  const [bound, moved] = [join(folder, 'bound.sock'), join(folder, 'app.sock')]
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(bound, resolve))
  // A server that is closed takes away its own name only.
  renameSync(bound, moved)
  await new Promise((resolve) => server.close(resolve))
  return moved
}

// Skipped where there are no abstract sockets for those that start to see each other by.
test.skipIf(process.platform !== 'linux')('of several that replace one at the same time, one does', async () => {
  const socketPath = await abandonedSocket()
  const limits = { requestTimeoutMs: 1000, idleTimeoutMs: 1000, maxConnections: 10 }
  const settings = { ...limits, socketPath, host: '', port: 0, tls: undefined, onlyPrivateHosts: false }
  const troubles = { dropped() {}, certificate() {}, certificateFailed() {} }
  const outcomes = await Promise.all(
    Array.from({ length: 4 }, (_, i) =>
      listen(settings, (_, response) => response.end(String(i)), troubles).then(
        ({ server }) => {
          onTestFinished(() => {
            server.close()
          })
          return String(i)
        },
        ({ code }) => code as string,
      ),
    ),
  )
  expect([...outcomes].sort().slice(1)).toEqual(Array(3).fill('EADDRINUSE'))
  const { body } = await ask('http://localhost/', { socketPath })
  expect(outcomes).toContain(String(body))
})

describe('refused', () => {
  test('the socket of a living process', async () => {
    const socketPath = join(temporaryFolder(), 'app.sock')
    await start({ socketPath })
    const error = await start({ socketPath }).catch((refused) => refused)
    expect(error).toMatchObject({ code: 'ERR_NANOTALLY_PORT_IN_USE' })
    expect(error.message).toContain(`${socketPath} is in use`)
    expect((await scrape(socketPath)).status).toBe(200)
  })

  test('one that accepts nothing', async () => {
    const socketPath = join(temporaryFolder(), 'other.sock')
    const other = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => other.listen(socketPath, resolve))
    onTestFinished(() => {
      other.close()
    })
    expect(await refusalCode({ socketPath })).toBe('ERR_NANOTALLY_PORT_IN_USE')
    expect(existsSync(socketPath)).toBe(true)
  })

  test('a file that is no socket, which is left as it was', async () => {
    const socketPath = join(temporaryFolder({ 'data.db': 'precious' }), 'data.db')
    const error = await start({ socketPath }).catch((refused) => refused)
    expect(error).toMatchObject({
      code: 'ERR_NANOTALLY_LISTEN',
      message: `cannot listen on ${socketPath}: a file that is no socket is there`,
    })
    expect(readFileSync(socketPath, 'utf8')).toBe('precious')
  })

  test('a link to such a file, and a folder', async () => {
    const folder = temporaryFolder({ 'data.db': 'precious' })
    symlinkSync(join(folder, 'data.db'), join(folder, 'link'))
    for (const socketPath of [join(folder, 'link'), folder]) {
      expect(await refusalCode({ socketPath })).toBe('ERR_NANOTALLY_LISTEN')
    }
    expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('precious')
  })

  test('a folder that is not there, or a file in its place', async () => {
    const folder = temporaryFolder({ file: '' })
    const error = await start({ socketPath: join(folder, 'nothing', 'app.sock') }).catch((refused) => refused)
    expect(error).toMatchObject({ code: 'ERR_NANOTALLY_PORT_DENIED' })
    expect(error.message).toContain('take a folder that is there and that this user may write to')
    expect(await refusalCode({ socketPath: join(folder, 'file', 'app.sock') })).toBe('ERR_NANOTALLY_LISTEN')
  })

  test('a path that is too long for the system', async () => {
    const folder = temporaryFolder()
    const longest = join(folder, 'x'.repeat(107 - folder.length - 1))
    await start({ socketPath: longest })
    expect((await scrape(longest)).status).toBe(200)
    expect(await refusalCode({ socketPath: `${longest}x` })).toBe('ERR_NANOTALLY_INVALID_VALUE')
    expect(await refusalCode({ socketPath: join(folder, 'ü'.repeat(60)) })).toBe('ERR_NANOTALLY_INVALID_VALUE')
  })
})

test('no address is asked for, so none needs credentials', async () => {
  const socketPath = join(temporaryFolder(), 'app.sock')
  expect(await refusalCode({ socketPath, host: '0.0.0.0' })).toBe('started')
})

test('its thread is started again on the same socket', async () => {
  const socketPath = join(temporaryFolder(), 'app.sock')
  const child = new Child(SCRIPT, { args: [socketPath, 'kill-thread'] })
  await child.nextMessage()
  expect(await child.nextMessage()).toBe('restarted')
  expect((await scrape(socketPath)).status).toBe(200)
  child.kill('SIGKILL')
  await child.finished
})
