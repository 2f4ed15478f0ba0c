// perf.region(): what it adds up, and that what cannot be measured is dropped, counted and warned of, never mismeasured.
import { AsyncResource, executionAsyncId } from 'node:async_hooks'
import { execFileSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { Worker } from 'node:worker_threads'
import { counter, gauge, Registry } from 'nanotally'
import { type PerfRegion, perf, perfEvents } from 'nanotally/hardware'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { native } from '../../../dist/native.js'
import { read, refusal, rejections, samplesOf, scrape } from '../../support/registry.js'

const RUNS = 'perf_region_runs_total'
let registry: Registry
let region: PerfRegion

beforeEach(() => {
  registry = new Registry()
  region = perf.region('a', { registry })
})

const runs = async (name = 'a') => await read(registry, RUNS, { region: name })
const dropped = async () => await rejections(registry, RUNS)
const offers = (name: string) => perfEvents().find((event) => event.name === name)?.available === true

describe('measure', () => {
  test('returns what the function returns, and counts the run and its time', async () => {
    expect(await runs()).toBe(0)
    expect(region.measure(() => 7)).toBe(7)
    expect(region.measure(() => undefined)).toBeUndefined()
    expect(await runs()).toBe(2)
    expect(await read(registry, 'perf_region_seconds_total', { region: 'a' })).toBeGreaterThan(0)
    expect(await dropped()).toEqual({})
  })

  test('counts a run that throws, and throws the same', async () => {
    const error = new Error('mine')
    expect(
      refusal(() =>
        region.measure(() => {
          throw error
        }),
      ),
    ).toBe(error)
    expect(await runs()).toBe(1)
  })

  test.skipIf(!offers('page_faults'))('page faults of touching new pages', async () => {
    const pages = perf.region('pages', { registry, events: ['page_faults'] })
    const labels = { region: 'pages', event: 'page_faults' }
    const faults = async () => (await read(registry, 'perf_region_events_total', labels)) as number
    pages.measure(() => {})
    const before = await faults()
    const usedBefore = process.resourceUsage().minorPageFault
    pages.measure(() => Buffer.alloc(32 << 20, 1))
    const used = process.resourceUsage().minorPageFault - usedBefore
    const counted = (await faults()) - before
    // Huge pages, where the kernel gives them, need fewer.
    expect(counted).toBeGreaterThan(0)
    // The process has other threads, whose faults are not ours.
    expect(counted).toBeLessThanOrEqual(used)
  })

  test('nested regions count each, a region within itself once', async () => {
    const inner = perf.region('inner', { registry })
    region.measure(() => {
      inner.measure(() => region.measure(() => {}))
      inner.measure(() => {})
    })
    expect(await runs()).toBe(1)
    expect(await runs('inner')).toBe(2)
    expect(await dropped()).toEqual({})
  })

  const never = vi.fn()
  test.each([
    ['an async function', async () => never()],
    ['a bound one', (async () => never()).bind(null)],
    [
      'a generator',
      function* () {
        yield never()
      },
    ],
    [
      'an async generator',
      async function* () {
        yield never()
      },
    ],
    ['no function', 7],
    ['nothing', undefined],
  ])('refuses %s without calling it', async (_, fn) => {
    const error = refusal(() => region.measure(fn as never))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.code).toBe('ERR_NANOTALLY_INVALID_TYPE')
    expect(never).not.toHaveBeenCalled()
    expect(await runs()).toBe(0)
  })

  test('drops the run of a function that returns a promise, which it hands on', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const promise = Promise.resolve(5)
    // biome-ignore lint/suspicious/noThenProperty: a thenable of somebody's own
    const thenable = { then: () => {} }
    const callable = Object.assign(() => {}, thenable)
    for (const result of [promise, thenable, callable]) expect(region.measure(() => result as never)).toBe(result)
    expect(warned).toHaveBeenCalledTimes(1)
    expect(warned.mock.calls[0]?.[1]).toMatchObject({ type: 'NanotallyWarning', code: 'NANOTALLY_DROPPED' })
    warned.mockRestore()
    expect(await runs()).toBe(0)
    expect(await dropped()).toEqual({ async: 3 })
    // biome-ignore lint/suspicious/noThenProperty: whatever it is, it is handed on
    expect(region.measure(() => ({ then: 1 }) as never)).toEqual({ then: 1 })
    const hostile = Object.defineProperty({}, 'then', {
      get: () => {
        throw new Error('no')
      },
    })
    expect(region.measure(() => hostile)).toBe(hostile)
    expect(await runs()).toBe(2)
  })

  test('a region that is begun within and not ended is dropped, the measured one is whole', async () => {
    const inner = perf.region('inner', { registry })
    region.measure(() => inner.begin())
    expect(await runs()).toBe(1)
    expect(await runs('inner')).toBe(0)
    expect(await dropped()).toEqual({ unpaired: 1 })
    inner.begin()
    inner.end()
    expect(await runs('inner')).toBe(1)
  })
})

describe('begin and end', () => {
  test('count what is between them, nested as calls are', async () => {
    const inner = perf.region('inner', { registry })
    region.begin()
    for (let i = 0; i < 3; i++) {
      inner.begin()
      region.begin()
      region.end()
      inner.end()
    }
    region.end()
    expect(await runs()).toBe(1)
    expect(await runs('inner')).toBe(3)
    expect(await dropped()).toEqual({})
  })

  test('within one job, however the end is reached', async () => {
    const emitter = new EventEmitter().on('done', () => region.end())
    region.begin()
    emitter.emit('done')
    const generator = (function* () {
      region.begin()
      yield
      region.end()
    })()
    for (const _ of generator) void 0
    ;[1].forEach(() => {
      region.begin()
    })
    region.end()
    expect(await runs()).toBe(3)
    expect(await dropped()).toEqual({})
  })

  test('out of order they are dropped, and those below are whole', async () => {
    const inner = perf.region('inner', { registry })
    const below = perf.region('below', { registry })
    below.begin()
    region.begin()
    inner.begin()
    region.end()
    inner.end()
    below.end()
    region.end()
    expect(await runs()).toBe(0)
    expect(await runs('inner')).toBe(0)
    expect(await runs('below')).toBe(1)
    // Two runs, and two ends of nothing.
    expect(await dropped()).toEqual({ unpaired: 4 })
  })

  test('past 64 regions they are dropped', async () => {
    for (let i = 0; i < 70; i++) region.begin()
    for (let i = 0; i < 64; i++) region.end()
    expect(await runs()).toBe(1)
    expect(await dropped()).toEqual({ depth: 6 })
  })

  /** Ends what was begun, in each of the ways that lead out of a job. */
  const turns: Record<string, () => Promise<unknown>> = {
    await: async () => {
      region.begin()
      await null
      region.end()
    },
    'await of a settled promise in a nested call': async () => {
      const inner = async () => {
        region.begin()
        await Promise.resolve()
      }
      await inner()
      region.end()
    },
    setTimeout: async () => {
      region.begin()
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          region.end()
          resolve()
        })
      })
    },
    setImmediate: async () => {
      region.begin()
      await new Promise<void>((resolve) => {
        setImmediate(() => {
          region.end()
          resolve()
        })
      })
    },
    // The job of a timer, as promise reactions come after nextTick only there.
    'nextTick from a timer': async () =>
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          region.begin()
          process.nextTick(() => {
            region.end()
            resolve()
          })
        })
      }),
    'one nextTick after another': async () =>
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          process.nextTick(() => region.begin())
          process.nextTick(() => {
            region.end()
            resolve()
          })
        })
      }),
    queueMicrotask: async () =>
      await new Promise<void>((resolve) => {
        region.begin()
        queueMicrotask(() => {
          region.end()
          resolve()
        })
      }),
    'a promise reaction': async () => {
      region.begin()
      await Promise.resolve().then(() => region.end())
    },
    'an event of a later turn': async () =>
      await new Promise<void>((resolve) => {
        const emitter = new EventEmitter().on('later', () => {
          region.end()
          resolve()
        })
        region.begin()
        setImmediate(() => emitter.emit('later'))
      }),
    'a generator that goes on later': async () => {
      const generator = (function* () {
        region.begin()
        yield
        region.end()
      })()
      generator.next()
      await new Promise((resolve) => setImmediate(resolve))
      generator.next()
    },
    'another asynchronous execution': async () => {
      const resource = new AsyncResource('Test')
      region.begin()
      resource.runInAsyncScope(() => region.end())
    },
  }
  test.each(Object.keys(turns))('across %s: dropped and counted once, later runs are whole', async (name) => {
    await turns[name]?.()
    await new Promise((resolve) => setImmediate(resolve))
    expect(await runs()).toBe(0)
    expect(await dropped()).toEqual({ async: 1 })
    region.begin()
    region.end()
    region.measure(() => {})
    expect(await runs()).toBe(2)
    expect(await dropped()).toEqual({ async: 1 })
  })

  // Nothing came between begin and end but each other, so what is counted is the thread's work from one to the other.
  test.each<[string, (job: () => void) => void]>([
    ['microtasks', queueMicrotask],
    ['promise reactions', (job) => void Promise.resolve().then(job)],
  ])('two %s that were queued beforehand: dropped where Node tells them apart, else one run', async (_, queue) => {
    const executions: number[] = []
    await new Promise<void>((resolve) => {
      queue(() => {
        executions.push(executionAsyncId())
        region.begin()
      })
      queue(() => {
        executions.push(executionAsyncId())
        region.end()
        resolve()
      })
    })
    await new Promise((resolve) => setImmediate(resolve))
    const areToldApart = executions[0] !== executions[1]
    expect(await runs()).toBe(areToldApart ? 0 : 1)
    expect(await dropped()).toEqual(areToldApart ? { async: 1 } : {})
  })

  test('what is never ended is dropped with its job', async () => {
    const inner = perf.region('inner', { registry })
    region.begin()
    inner.begin()
    await null
    expect(await dropped()).toEqual({ async: 2 })
    region.measure(() => {})
    expect(await runs()).toBe(1)
  })

  test('requests that await beside each other do not count for one another', async () => {
    await Promise.all(
      [1, 2, 3].map(async () => {
        region.begin()
        await null
        region.end()
        region.measure(() => {})
      }),
    )
    expect(await runs()).toBe(3)
    expect(await dropped()).toEqual({ async: 3 })
  })
})

describe('regions', () => {
  test('of several workers add up, also of those that have ended', async () => {
    const shared = new Registry('regions of workers')
    const code = `
      const { Registry } = require('nanotally')
      const { perf } = require('nanotally/hardware')
      const region = perf.region('shared', { registry: new Registry('regions of workers') })
      for (let i = 0; i < 100; i++) region.measure(() => {})
      region.begin() // and ends in it`
    await Promise.all(
      [1, 2, 3].map(
        async () =>
          await new Promise<void>((resolve, reject) => {
            new Worker(code, { eval: true }).on('error', reject).on('exit', () => resolve())
          }),
      ),
    )
    perf.region('shared', { registry: shared }).measure(() => {})
    expect(await read(shared, RUNS, { region: 'shared' })).toBe(301)
    shared.close()
  })

  test('turned off they call the function and nothing else', () => {
    const code = `
      const { registry } = require('nanotally')
      const { perf } = require('nanotally/hardware')
      const region = perf.region('off')
      region.begin()
      const result = region.measure(() => 5)
      region.end()
      registry.metrics().then((text) => console.log(JSON.stringify([result, region.events, text])))`
    const env = { ...process.env, NANOTALLY_DISABLED: '1' }
    const said = execFileSync(process.execPath, ['-e', code], { env, encoding: 'utf8' })
    const [result, events, text] = JSON.parse(said)
    expect([result, events]).toEqual([5, []])
    expect(text).not.toContain('perf_region')
  })

  test('the same name is the same region, in each registry its own', () => {
    expect(perf.region('a', { registry })).toBe(region)
    expect(
      perf.region('a', { registry, events: [...region.events, ...region.unavailable.map(({ name }) => name)] }),
    ).toBe(region)
    expect(perf.region('a', { registry: new Registry() })).not.toBe(region)
    expect(perf.region('b', { registry })).not.toBe(region)
  })

  test('are found again without being opened anew, so that a region may be named where it runs', async () => {
    const opened = vi.spyOn(native, 'openRegion')
    for (let i = 0; i < 10; i++) perf.region('named where it runs', { registry }).measure(() => {})
    for (let i = 0; i < 10; i++) perf.region('with events', { registry, events: ['page_faults'] }).measure(() => {})
    expect(opened).toHaveBeenCalledTimes(2)
    expect([await runs('named where it runs'), await runs('with events')]).toEqual([10, 10])
  })

  test('events that are not available here are told with their reason, and absent', async () => {
    const names = perfEvents()
      .filter(({ kind }) => kind !== 'uncore')
      .map(({ name }) => name)
    const some = perf.region('some', { registry, events: names.slice(0, 16) })
    some.measure(() => {})
    expect(some.events.length + some.unavailable.length).toBe(16)
    for (const event of some.unavailable) expect(event).toMatchObject({ available: false, message: expect.any(String) })
    const told = Object.keys(await samplesOf(registry, 'perf_region_events_total'))
    for (const { name } of some.unavailable) expect(told.join()).not.toContain(`"${name}"`)
    for (const name of some.events) expect(told).toContain(JSON.stringify({ region: 'some', event: name }))
  })

  test('without events there are the runs and their time', async () => {
    const own = new Registry()
    const bare = perf.region('bare', { registry: own, events: [] })
    bare.measure(() => {})
    const told = [...(await scrape(own)).values()].flatMap(({ samples }) => samples.map(({ name }) => name))
    expect(told.sort()).toEqual([RUNS, 'perf_region_seconds_total'])
  })

  test('families that are removed begin anew with the next region of the name', async () => {
    region.measure(() => {})
    registry.remove(RUNS)
    region.measure(() => {})
    const anew = perf.region('a', { registry })
    expect(anew).not.toBe(region)
    anew.measure(() => {})
    expect(await runs()).toBe(1)
    expect((await rejections(registry)).removed).toBe(1)
  })

  test('a registry that is closed, also while a run is open', () => {
    region.begin()
    registry.close()
    region.end()
    expect(region.measure(() => 3)).toBe(3)
    expect(refusal(() => perf.region('a', { registry })).code).toBe('ERR_NANOTALLY_REGISTRY_CLOSED')
  })

  test.each([
    ['no name', [undefined], 'INVALID_TYPE'],
    ['an empty name', [''], 'INVALID_VALUE'],
    ['a long name', ['x'.repeat(201)], 'INVALID_VALUE'],
    ['options that are none', ['x', 7], 'INVALID_TYPE'],
    ['no registry', ['x', { registry: {} }], 'INVALID_TYPE'],
    ['events that are no array', ['x', { events: 'cycles' }], 'INVALID_TYPE'],
    ['an event that is no name', ['x', { events: [7] }], 'INVALID_TYPE'],
    ['an unknown event', ['x', { events: ['cycels'] }], 'INVALID_VALUE'],
    ['an event of a socket', ['x', { events: ['memory_read_bytes'] }], 'INVALID_VALUE'],
    [
      'too many events',
      ['x', { events: perfEvents().flatMap(({ kind, name }) => (kind === 'uncore' ? [] : [name])) }],
      'INVALID_VALUE',
    ],
  ])('%s', (_, args, code) => {
    expect(refusal(() => perf.region(...(args as [string]))).code).toBe(`ERR_NANOTALLY_${code}`)
  })

  test('other events under the same name, and names that are taken', () => {
    expect(refusal(() => perf.region('a', { registry, events: [] })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
    const taken = new Registry()
    gauge({ name: RUNS, help: 'h', registry: taken })
    expect(refusal(() => perf.region('a', { registry: taken })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
    expect(refusal(() => counter({ name: RUNS, help: 'h', registry })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
  })
})
