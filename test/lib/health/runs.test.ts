// The runs of a check: how long they may take, those that hang, when the next one is, the end of them.
import { setTimeout as delay } from 'node:timers/promises'
import { health } from 'nanotally'
import { expect, onTestFinished, test } from 'vitest'
import { RegisteredCheck } from '../../../dist/health/check.js'
import { find, register, results, SOON } from '../../support/health.js'
import { until } from '../../support/until.js'

test('a check that takes longer than thresholdMs is degraded, and says how long it took', async () => {
  const [result] = await results(register(() => delay(30), { ...SOON, thresholdMs: 5 }))
  expect(result?.status).toBe('degraded')
  expect(result?.message).toMatch(/^took \d+ ms, more than 5 ms$/)
  expect(result?.durationSeconds).toBeGreaterThanOrEqual(0.025)
})

test('a check that hangs is cut off, and its signal is aborted', async () => {
  let given: AbortSignal | undefined
  const read = register(
    (signal) => {
      given = signal
      return new Promise(() => {})
    },
    { intervalMs: 3_600_000, timeoutMs: 20, failAfter: 1 },
  )
  await until('the deadline', () => (read().consecutiveFailures as number) >= 1)
  expect(read()).toMatchObject({ status: 'unhealthy', message: 'no answer within 20 ms' })
  expect(given?.aborted).toBe(true)
})

test('a check that hangs is not called again, and fails on, until it answers; that answer changes nothing', async () => {
  let calls = 0
  let answer: (outcome: boolean) => void = () => {}
  let failuresAtNextCall = 0
  const read = register(
    () => {
      if (++calls === 1) return new Promise<boolean>((resolve) => (answer = resolve))
      failuresAtNextCall ||= read().consecutiveFailures as number
      return false
    },
    { intervalMs: 10, timeoutMs: 20, failAfter: 1 },
  )
  const { message, durationSeconds } = await until('more failures', () => {
    return (read().consecutiveFailures as number) >= 4 && read()
  })
  expect(message).toMatch(/^has not answered for \d+ ms: not called again until it has$/)
  expect(durationSeconds).toBeGreaterThanOrEqual(0.06)
  expect(calls).toBe(1)
  answer(true)
  await until('another call', () => read().message === 'the check returned false')
  // A success would have ended the row.
  expect(failuresAtNextCall).toBeGreaterThanOrEqual(4)
})

test('a check that heeds its signal is called again after each deadline', async () => {
  const failures: unknown[] = []
  const read = register(
    (signal) => {
      failures.push(read().consecutiveFailures)
      return new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
    { intervalMs: 10, timeoutMs: 20, failAfter: 1 },
  )
  await until('some calls', () => failures.length >= 4)
  // None in between, as of a call that still hangs.
  expect(failures.slice(0, 4)).toEqual([0, 1, 2, 3])
})

test('stopped while it hangs, a check is not called again when it answers', async () => {
  let calls = 0
  let answer = () => {}
  const hanging = health.register(
    'hanging',
    () => {
      calls++
      return new Promise<void>((resolve) => (answer = resolve))
    },
    { intervalMs: 10, timeoutMs: 10 },
  )
  await until('the deadline', () => (find('hanging')?.consecutiveFailures as number) >= 1)
  hanging.stop()
  answer()
  // Its timers would be due before those of this one.
  await results(register(() => {}))
  expect(calls).toBe(1)
  expect(find('hanging')).toBeUndefined()
})

test.each([true, { status: 'unavailable' as const }])(
  'a check that holds its thread past the deadline has failed, though it answers before anybody looks: %j',
  async (outcome) => {
    const [result] = await results(
      register(
        () => {
          const end = performance.now() + 30
          while (performance.now() < end);
          return outcome
        },
        { ...SOON, timeoutMs: 10 },
      ),
    )
    expect(result?.status).toBe('unhealthy')
    expect(result?.message).toMatch(/^took \d+ ms, more than 10 ms$/)
  },
)

test('a rejection that comes after the deadline is nobody’s', async () => {
  let refuse: (error: Error) => void = () => {}
  const unhandled: unknown[] = []
  const listener = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', listener)
  onTestFinished(() => void process.off('unhandledRejection', listener))
  const read = register(() => new Promise<void>((_, reject) => (refuse = reject)), { ...SOON, timeoutMs: 10 })
  await until('the deadline', () => (read().consecutiveFailures as number) >= 1)
  refuse(new Error('late'))
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
  expect(unhandled).toEqual([])
})

test('a result that cannot be posted is left out: no rejection that nobody handles, and the next one is posted', async () => {
  const unhandled: unknown[] = []
  const listener = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', listener)
  onTestFinished(() => void process.off('unhandledRejection', listener))
  let runs = 0
  let critical: unknown = true
  const settings = { thresholdMs: 1000, timeoutMs: 1000, intervalMs: 10, failAfter: 1 }
  // The addon throws, as it does where there is no memory.
  const check = new RegisteredCheck('refused', () => void runs++, {
    ...settings,
    get critical() {
      return critical as boolean
    },
  })
  onTestFinished(() => check.stop())
  critical = Symbol('no boolean')
  await until('runs', () => runs >= 3)
  expect(find('refused')?.message).toBe('has not run yet')
  critical = true
  await until('a result', () => find('refused')?.status === 'healthy')
  expect(unhandled).toEqual([])
})

test('stopped: it is not told any more, does not run any more, and its name is free', async () => {
  let runs = 0
  let finish = () => {}
  const check = health.register(
    'stopped',
    () => {
      runs++
      return new Promise<void>((resolve) => (finish = resolve))
    },
    SOON,
  )
  await until('a run', () => runs === 1)
  check.stop()
  expect(find('stopped')).toBeUndefined()
  // What it answers now is not told either.
  finish()
  await delay(0)
  expect(find('stopped')).toBeUndefined()
  const second = health.register('stopped', () => {}, SOON)
  check.stop() // the first one, again
  expect(find('stopped')).toBeDefined()
  await until('the second to run', () => find('stopped')?.status === 'healthy')
  second.stop()
  expect(find('stopped')).toBeUndefined()
  expect(runs).toBe(1)
})

test('a check that takes longer than its interval is run once at a time', async () => {
  let running = 0
  let most = 0
  let runs = 0
  register(async () => {
    running++
    most = Math.max(most, running)
    runs++
    await delay(20)
    running--
  }, SOON)
  await until('some runs', () => runs >= 5)
  expect(most).toBe(1)
})

test('by default a dependency that hangs is seen within 30 s', async () => {
  const read = register(() => new Promise(() => {}), {})
  await until('it to be unhealthy', () => read().status === 'unhealthy' && read().consecutiveFailures === 3, 30_000)
})
