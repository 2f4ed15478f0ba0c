// Children: exit codes, signals, output, messages and timeouts are told as they were.
import { expect, test } from 'vitest'
import { assertEnded, Child, runChild } from '../support/children.js'

const SCRIPT = new URL('fixtures/child.mjs', import.meta.url)

test('output, messages, arguments, flags and environment', async () => {
  const result = await runChild(SCRIPT, {
    args: ['report', 'x'],
    nodeFlags: ['--jitless', '--expose-gc'],
    env: { CHILD_TEST: 'set', HOME: undefined },
  })
  assertEnded(result)
  expect(result).toEqual({
    exitCode: 0,
    signal: null,
    timedOut: false,
    stdout: 'out\n',
    stderr: expect.stringMatching(/err\n$/),
    messages: [
      { args: ['report', 'x'], execArgv: ['--jitless', '--expose-gc'], env: ['set', undefined] },
      { big: 10n },
    ],
  })
})

test('an exit code', async () => {
  const result = await runChild(SCRIPT, { args: ['exit', '7'] })
  assertEnded(result, { exitCode: 7 })
  expect(() => assertEnded(result)).toThrow('expected the child to end with exit code 0\nit: exit code 7')
  expect(() => assertEnded(result, { signal: 'SIGABRT' })).toThrow('expected the child to end with SIGABRT')
})

test('an abort', async () => {
  const result = await runChild(SCRIPT, { args: ['abort'] })
  assertEnded(result, { signal: 'SIGABRT' })
  expect(() => assertEnded(result)).toThrow('it: SIGABRT')
})

test('a hung child is killed at its timeout, which no expectation matches', async () => {
  const result = await runChild(SCRIPT, { args: ['hang'], timeoutMs: 500 })
  expect(result).toMatchObject({ timedOut: true, signal: 'SIGKILL' })
  expect(() => assertEnded(result, { signal: 'SIGKILL' })).toThrow('it: killed at its timeout')
})

test('every message arrives', async () => {
  const { messages } = await runChild(SCRIPT, { args: ['flood', '2000'] })
  expect(messages).toHaveLength(2000)
})

test('a conversation', async () => {
  const child = new Child(SCRIPT, { args: ['echo'] })
  child.send('one')
  expect(await child.nextMessage()).toBe('one')
  child.send({ two: 2 })
  expect(await child.nextMessage()).toEqual({ two: 2 })
  child.send('end')
  assertEnded(await child.finished)
  await expect(child.nextMessage()).rejects.toThrow('the child ended without another message')
})
