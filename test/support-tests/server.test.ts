// A server ends with its owner, however that ends, and its folder with it.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Child, isAlive } from '../support/children.js'
import { Server, toolPath } from '../support/server.js'
import { until } from '../support/until.js'

const LISTEN = `console.log('hello'); setInterval(() => {}, 1_000)`
const STUBBORN = `process.on('SIGTERM', () => console.log('no')); ${LISTEN}`

test('runs in its folder with its files, and stops', async () => {
  const server = await Server.start({ command: process.execPath, args: ['-e', LISTEN], files: { 'a.txt': 'text' } })
  await server.until('a greeting', () => server.log === 'hello\n')
  expect(readFileSync(join(server.folder, 'a.txt'), 'utf8')).toBe('text')
  expect(readdirSync(server.folder)).toEqual(['a.txt'])
  expect(isAlive(server.pid)).toBe(true)
  await server.stop()
  await server.stop()
  expect(isAlive(server.pid)).toBe(false)
  expect(existsSync(server.folder)).toBe(false)
})

test('one that ignores SIGTERM is killed', async () => {
  const server = await Server.start({ command: process.execPath, args: ['-e', STUBBORN] })
  await server.until('a greeting', () => server.log === 'hello\n')
  await server.stop()
  expect(server.log).toBe('hello\nno\n')
  expect(isAlive(server.pid)).toBe(false)
})

test('a wait for one that ended fails with its log', async () => {
  const server = await Server.start({
    command: process.execPath,
    args: ['-e', 'console.error("broken"); process.exit(3)'],
  })
  await expect(server.until('anything', () => false)).rejects.toThrow(/ended early\n.*broken/s)
  await until('the folder to be removed', () => !existsSync(server.folder))
})

test('a command that does not exist', async () => {
  await expect(Server.start({ command: './no-such-command', args: [] })).rejects.toThrow('ENOENT')
})

test.each(['SIGKILL', 'SIGTERM'] as const)('nothing is left when its owner ends by %s', async (signal) => {
  const owner = new Child(new URL('fixtures/server-owner.mjs', import.meta.url))
  const { pid, folder } = (await owner.nextMessage()) as { pid: number; folder: string }
  expect(isAlive(pid)).toBe(true)
  owner.kill(signal)
  expect(await owner.finished).toMatchObject({ signal })
  await until('the guard to clean up', () => !isAlive(pid) && !existsSync(folder))
})

test('a tool that the script does not know', () => {
  expect(() => toolPath('nothing')).toThrow("no tool is called 'nothing'")
})
