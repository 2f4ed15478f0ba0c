// The real Prometheus scrapes a small target, answers queries, and leaves nothing behind: no process, no folder.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { isAlive } from '../support/children.js'
import { startPrometheus } from '../support/prometheus.js'
import { DEADLINE_MS, until } from '../support/until.js'

/** Serves what `body` returns, on a free loopback port. */
async function serve(body: () => string, status = 200): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4' }).end(body())
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('scrapes, answers, and is gone after stop', async () => {
  let count = 1
  const target = await serve(() => `x_total{a="1"} ${count}\nx_total{a="2"} NaN\nx_inf -Inf\n`)
  await using prometheus = await startPrometheus({ targets: [target], scrapeIntervalMs: 200 })

  await prometheus.untilScraped()
  expect((await prometheus.query('x_total{a="1"}'))[0]).toMatchObject({
    labels: { __name__: 'x_total', a: '1', instance: target, job: 'test' },
    value: 1,
  })
  expect((await prometheus.query('x_total{a="2"}'))[0]?.value).toBeNaN()
  expect((await prometheus.query('x_inf'))[0]?.value).toBe(Number.NEGATIVE_INFINITY)
  expect((await prometheus.query('scalar(x_inf) * 0 + 1'))[0]?.labels).toEqual({})
  expect(await prometheus.query('no_such_metric')).toEqual([])
  // Another scrape, by now, may have taken longer than it may.
  await expect
    .poll(() => prometheus.targets(), { timeout: DEADLINE_MS })
    .toEqual([{ url: `http://${target}/metrics`, health: 'up', lastError: '' }])

  // What is there before the call is there in the answer after it, each time anew.
  for (count of [20, 300, 4_000]) {
    await prometheus.untilScraped()
    expect((await prometheus.query('x_total{a="1"}'))[0]?.value).toBe(count)
  }

  const [history] = await prometheus.range('x_total{a="1"}[1m]')
  expect(history?.labels.a).toBe('1')
  expect([...new Set(history?.samples.map(({ value }) => value))]).toEqual([1, 20, 300, 4_000])
  await expect(prometheus.range('x_total')).rejects.toThrow('is a vector')
  expect(await prometheus.exemplars('x_total')).toEqual([])

  await expect(prometheus.query('sum(')).rejects.toThrow('Prometheus: bad_data')
  await expect(prometheus.query('x_total[1m]')).rejects.toThrow('is a matrix')

  expect(isAlive(prometheus.pid)).toBe(true)
  await prometheus.stop()
  expect(isAlive(prometheus.pid)).toBe(false)
  expect(existsSync(prometheus.folder)).toBe(false)
})

test('a target that is down is told as such', async () => {
  const target = await serve(() => '', 500)
  await using prometheus = await startPrometheus({ targets: [target], scrapeIntervalMs: 200 })
  const failed = await until('a scrape that was answered, and not too late', async () => {
    const [only] = await prometheus.targets()
    return only?.lastError.includes('HTTP status 500') && only
  })
  expect(failed.health).toBe('down')
})

test('one that cannot start says why', async () => {
  await expect(startPrometheus({ targets: [], flags: ['--no-such-flag'] })).rejects.toThrow('no-such-flag')
  await expect(startPrometheus({ targets: [], config: { nonsense: 1 } })).rejects.toThrow('field nonsense not found')
})
