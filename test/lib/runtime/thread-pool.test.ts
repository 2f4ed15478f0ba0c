// libuv's thread pool: that work waits in it shows while it does, and in a histogram afterwards.
import { pbkdf2 } from 'node:crypto'
import { collectRuntimeMetrics, Registry } from 'nanotally'
import { expect, test } from 'vitest'
import { read } from '../../support/registry.js'
import { until } from '../../support/until.js'

/** More than the pool has threads. */
const JOBS = 16

test('waiting for a thread of the pool', async () => {
  const registry = new Registry()
  const runtime = collectRuntimeMetrics({ registry })
  const value = async (name: string) => (await read(registry, `nodejs_threadpool_${name}`)) as number
  await until('a first probe', async () => (await value('queue_wait_seconds_count')) > 0)
  expect(await value('threads')).toBeLessThan(JOBS)

  let saturated = true
  const job = async (): Promise<void> => {
    while (saturated) {
      await new Promise<void>((resolve, reject) => {
        pbkdf2('password', 'salt', 200_000, 64, 'sha512', (error) => (error ? reject(error) : resolve()))
      })
    }
  }
  const jobs = Promise.all(Array.from({ length: JOBS }, job))
  const waited = await until('a probe that waits', async () => {
    const waiting = await value('waiting_seconds')
    return waiting > 0.05 && waiting
  })
  saturated = false
  await jobs
  await until('the probe to be served', async () => (await value('queue_wait_seconds_sum')) >= waited)
  await until('a free pool', async () => (await value('waiting_seconds')) === 0)
  runtime.stop()
  expect(await value('waiting_seconds')).toBeUndefined()
})
