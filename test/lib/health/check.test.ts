// The program's own checks: what outcomes come to, deadlines, failures in a row, names, the end of a check.
import { setTimeout as delay } from 'node:timers/promises'
import { type HealthCheckOptions, type HealthCheckResult, health, metricsHandler, Registry } from 'nanotally'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RegisteredCheck } from '../../../dist/health/check.js'
import { refusal } from '../../support/registry.js'
import { until } from '../../support/until.js'
import { Actor } from '../../workers/actor.js'

type Check = Parameters<typeof health.register>[1]

/** Often, and unhealthy at once. */
const SOON = { intervalMs: 10, failAfter: 1 }
let names = 0

/** Registers a check for the time of the test; what it returns reads its result. */
function register(check: Check, options: HealthCheckOptions = SOON): () => HealthCheckResult {
  const name = `check_${names++}`
  const registered = health.register(name, check, options)
  onTestFinished(() => registered.stop())
  return () => find(name) as HealthCheckResult
}

const find = (name: string) => health.report().checks.find((one) => one.name === name)

/** The result of its first run, and of a later one. */
async function results(read: () => HealthCheckResult): Promise<HealthCheckResult[]> {
  const first = await until('a first run', () => read().message !== 'has not run yet' && read())
  const later = await until('another run', () => {
    const now = read()
    return (now.lastRun as number) > (first.lastRun as number) && now
  })
  return [first, later]
}

// biome-ignore lint/suspicious/noExplicitAny: outcomes that the types refuse
const outcomes: [title: string, check: () => any, status: string, message: string][] = [
  ['nothing', () => {}, 'healthy', 'ok'],
  ['true', () => true, 'healthy', 'ok'],
  ['a promise of nothing', async () => {}, 'healthy', 'ok'],
  ['a promise of true', async () => true, 'healthy', 'ok'],
  ['false', () => false, 'unhealthy', 'the check returned false'],
  ['a promise of false', async () => false, 'unhealthy', 'the check returned false'],
  ['healthy, said', () => ({ status: 'healthy', message: 'all 3 replicas' }), 'healthy', 'all 3 replicas'],
  ['degraded', () => ({ status: 'degraded', message: '1 of 3 replicas' }), 'degraded', '1 of 3 replicas'],
  ['degraded, without a message', () => ({ status: 'degraded' }), 'degraded', 'degraded'],
  ['unhealthy', async () => ({ status: 'unhealthy', message: 'none' }), 'unhealthy', 'none'],
  ['unavailable', () => ({ status: 'unavailable', message: 'no such device' }), 'unavailable', 'no such device'],
  ['a message that is no string', () => ({ status: 'healthy', message: 5 }), 'healthy', '5'],
  [
    'throwing an error',
    () => {
      throw new Error('connection refused')
    },
    'unhealthy',
    'connection refused',
  ],
  ['rejecting', () => Promise.reject(new Error('refused later')), 'unhealthy', 'refused later'],
  [
    'throwing a string',
    () => {
      throw 'a string' // what is thrown need not be an error
    },
    'unhealthy',
    'a string',
  ],
  ['null', () => null, 'unhealthy', 'the check returned neither a boolean nor { status }'],
  ['a number', () => 0, 'unhealthy', 'the check returned neither a boolean nor { status }'],
  ['an unknown status', () => ({ status: 'fine' }), 'unhealthy', 'the check returned neither a boolean nor { status }'],
  [
    'what throws when it is read',
    () => ({
      get status() {
        throw new Error('a getter')
      },
    }),
    'unhealthy',
    'a getter',
  ],
  [
    'throwing what throws when it is read',
    () => {
      throw Object.defineProperty(new Error(), 'message', {
        get() {
          throw new Error('a getter')
        },
      })
    },
    'unhealthy',
    'a value that has no text',
  ],
  [
    'throwing what throws when it is looked at',
    () => {
      throw new Proxy(
        {},
        {
          getPrototypeOf() {
            throw new Error('a trap')
          },
        },
      )
    },
    'unhealthy',
    '[object Object]',
  ],
  ['a long message', () => ({ status: 'healthy', message: 'x'.repeat(2000) }), 'healthy', 'x'.repeat(1024)],
  ['a long error', () => Promise.reject(new Error('x'.repeat(2000))), 'unhealthy', 'x'.repeat(1024)],
  [
    'a message cut between characters',
    () => ({ status: 'healthy', message: `x${'€'.repeat(400)}` }),
    'healthy',
    `x${'€'.repeat(341)}`,
  ],
]

describe('what a check returns', () => {
  test.each(outcomes)('%s', async (_, check, status, message) => {
    for (const result of await results(register(check)))
      expect(result).toMatchObject({ status, message, critical: true })
  })
})

test('before its first run it is unhealthy: a process that starts is not ready', () => {
  const read = register(() => {})
  expect(read()).toMatchObject({ status: 'unhealthy', message: 'has not run yet', consecutiveFailures: 0 })
  expect(health.report().status).toBe('unhealthy')
})

test('failures are degraded until there are failAfter in a row; one success ends the row', async () => {
  let fails = false
  const seen = new Map<number, string>()
  const read = register(() => !fails, { intervalMs: 50, failAfter: 3 })
  await until('a first success', () => read().status === 'healthy')
  fails = true
  await until('four failures', () => {
    const { consecutiveFailures = 0, status } = read()
    if (consecutiveFailures > 0) seen.set(consecutiveFailures, status)
    return consecutiveFailures >= 4
  })
  for (const [failures, status] of seen)
    expect([failures, status]).toEqual([failures, failures < 3 ? 'degraded' : 'unhealthy'])
  expect(seen.size).toBeGreaterThanOrEqual(2)
  fails = false
  await until('a success', () => read().status === 'healthy')
  expect(read().consecutiveFailures).toBe(0)
})

test.each(['healthy', 'degraded', 'unavailable'] as const)(
  'what has never worked is unhealthy from its first failure on; once it was %s, only after failAfter',
  async (status) => {
    let works = false
    const read = register(() => ({ status: works ? status : 'unhealthy' }), { intervalMs: 10, failAfter: 1000 })
    await until('failures', () => {
      expect(read().status).toBe('unhealthy')
      return (read().consecutiveFailures as number) >= 3
    })
    works = true
    await until('a success', () => read().status === status)
    works = false
    await until('a failure', () => (read().consecutiveFailures as number) >= 1)
    expect(read().status).toBe('degraded')
  },
)

test('degraded and unavailable are no failures', async () => {
  for (const status of ['degraded', 'unavailable'] as const) {
    const [, later] = await results(register(() => ({ status })))
    expect(later?.consecutiveFailures).toBe(0)
  }
})

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
  await until('the deadline', () => read().message === 'no answer within 10 ms')
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

describe('what they come to', () => {
  test('not critical: degraded at most; unavailable: nothing', async () => {
    const read = register(() => ({ status: 'unavailable' }))
    await results(read)
    expect(health.report().status).toBe('healthy')
    const optional = register(() => false, { ...SOON, critical: false })
    await results(optional)
    expect(optional()).toMatchObject({ status: 'unhealthy', critical: false })
    expect(health.report().status).toBe('degraded')
    const needed = register(() => false)
    await results(needed)
    const { status, checks, time } = health.report()
    expect(status).toBe('unhealthy')
    expect(checks.map(({ name }) => name)).toEqual(checks.map(({ name }) => name).toSorted())
    expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(60)
  })
})

describe('refusals', () => {
  const check = () => {}
  test.each<[string, unknown[], string]>([
    ['no name', [undefined, check], 'INVALID_TYPE'],
    ['an empty name', ['', check], 'INVALID_VALUE'],
    ['a name with a blank', ['a b', check], 'INVALID_VALUE'],
    ['a name that begins with a digit', ['1a', check], 'INVALID_VALUE'],
    ['a long name', ['a'.repeat(101), check], 'INVALID_VALUE'],
    ['no check', ['a', undefined], 'INVALID_TYPE'],
    ['a text for a number', ['a', check, { thresholdMs: '1' }], 'INVALID_TYPE'],
    ['thresholdMs below 0', ['a', check, { thresholdMs: -1 }], 'INVALID_VALUE'],
    ['NaN', ['a', check, { timeoutMs: Number.NaN }], 'INVALID_VALUE'],
    ['timeoutMs of 0', ['a', check, { timeoutMs: 0 }], 'INVALID_VALUE'],
    ['intervalMs of 9', ['a', check, { intervalMs: 9 }], 'INVALID_VALUE'],
    ['intervalMs of more than an hour', ['a', check, { intervalMs: 3_600_001 }], 'INVALID_VALUE'],
    ['failAfter of 0', ['a', check, { failAfter: 0 }], 'INVALID_VALUE'],
    ...['thresholdMs', 'timeoutMs', 'intervalMs', 'failAfter'].map((option): [string, unknown[], string] => [
      `${option} of 10.5`,
      ['a', check, { [option]: 10.5 }],
      'INVALID_VALUE',
    ]),
    ['critical: 1', ['a', check, { critical: 1 }], 'INVALID_TYPE'],
  ])('%s', (_, call, code) => {
    expect(refusal(() => health.register(...(call as Parameters<typeof health.register>))).code).toBe(
      `ERR_NANOTALLY_${code}`,
    )
    expect(find('a')).toBeUndefined()
  })

  test('the names of the built-in checks', () => {
    const registry = new Registry()
    onTestFinished(() => registry.close())
    onTestFinished(metricsHandler({ registry }).close)
    const builtIn = health.report(registry).checks.filter(({ lastRun }) => lastRun === undefined)
    expect(builtIn).toHaveLength(8)
    for (const { name } of builtIn)
      expect(refusal(() => health.register(name, check)).code).toBe('ERR_NANOTALLY_HEALTH_CHECK_EXISTS')
  })

  test('a name that is taken', () => {
    const first = health.register('taken', check)
    onTestFinished(() => first.stop())
    expect(refusal(() => health.register('taken', check)).code).toBe('ERR_NANOTALLY_HEALTH_CHECK_EXISTS')
  })
})

test('a worker’s checks are read here, and end with it', async () => {
  for (const end of ['end', 'terminate'] as const) {
    const worker = new Actor()
    await worker.run((n) => void n.health.register('of_a_worker', () => ({ status: 'degraded', message: 'its own' })))
    await until('its result', () => find('of_a_worker')?.message === 'its own')
    await worker[end]()
    expect(find('of_a_worker')).toBeUndefined()
  }
})

test('of several threads’ checks with one name the worst is told', async () => {
  const workers = [new Actor(), new Actor(), new Actor()]
  const statuses = ['healthy', 'degraded', 'unavailable'] as const
  for (const [i, worker] of workers.entries()) {
    await worker.run((n, _, status) => void n.health.register('shared', () => ({ status })), statuses[i] as 'healthy')
  }
  await until('the worst', () => find('shared')?.status === 'degraded')
  expect(health.report().checks.filter(({ name }) => name === 'shared')).toHaveLength(1)
  await workers[1]?.end()
  await until('the next', () => find('shared')?.status === 'healthy')
  await workers[0]?.end()
  await until('the last', () => find('shared')?.status === 'unavailable')
})

test('while its thread is blocked a check is unhealthy: it did not run when it was due', async () => {
  const worker = new Actor()
  const flag = new Int32Array(new SharedArrayBuffer(4))
  await worker.run((n) => void n.health.register('blocked', () => {}, { intervalMs: 10, timeoutMs: 10 }))
  await until('its result', () => find('blocked')?.status === 'healthy')
  const blocked = worker.run((_, __, wait) => void Atomics.wait(wait, 0, 0), flag)
  const { message } = await until('its absence', () => {
    const result = find('blocked')
    return result?.status === 'unhealthy' && result
  })
  expect(message).toMatch(/^did not run when it was due: is the thread worker-\d+ stalled\?$/)
  Atomics.store(flag, 0, 1)
  Atomics.notify(flag, 0)
  await blocked
  await until('its return', () => find('blocked')?.status === 'healthy')
})

test('by default a dependency that hangs is seen within 30 s', async () => {
  const read = register(() => new Promise(() => {}), {})
  await until('it to be unhealthy', () => read().status === 'unhealthy' && read().consecutiveFailures === 3, 30_000)
})
