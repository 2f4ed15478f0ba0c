// The program's own checks: what outcomes come to, failures in a row, names, the checks of several threads.
import { health, metricsHandler, Registry } from 'nanotally'
import { describe, expect, onTestFinished, test } from 'vitest'
import { find, register, results, SOON } from '../../support/health.js'
import { refusal } from '../../support/registry.js'
import { until } from '../../support/until.js'
import { Actor } from '../../workers/actor.js'

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
    'what tells another status each time',
    () => {
      const statuses = ['healthy', 'fine']
      return {
        get status() {
          return statuses.shift()
        },
      }
    },
    'healthy',
    'healthy',
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
