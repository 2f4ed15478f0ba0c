// An exporter whose process has run out of something: scrapes fail meanwhile, and are answered as soon as there is some again.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { assertEnded, Child } from '../../support/children.js'
import { ask } from '../../support/http.js'
import { until } from '../../support/until.js'

const MEGABYTE = 1024 * 1024

async function startChild(series: number): Promise<{ child: Child; url: string }> {
  const child = new Child(new URL('fixtures/survival.mjs', import.meta.url), { args: [String(series)] })
  return { child, url: (await child.nextMessage()) as string }
}

async function end(child: Child): Promise<void> {
  child.send('end')
  assertEnded(await child.finished)
}

/** Sets the soft limit of a process, as util-linux' prlimit names it. */
function limit(child: Child, name: string, value: number | 'unlimited'): void {
  execFileSync('prlimit', [`--pid=${child.pid}`, `--${name}=${value}:`])
}

/** The status of a scrape over a new connection, or the code of what became of that. */
const outcome = (url: string) =>
  ask(url).then(
    ({ status }) => status,
    ({ code }) => code,
  )

test('no file descriptors: new connections are dropped, the open one is served; then all are again', async () => {
  const { child, url } = await startChild(1)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const askAgain = (path: string) => {
    return new Promise<[number | undefined, string]>((resolve, reject) => {
      get(new URL(path, url), { agent }, async (response) => resolve([response.statusCode, await text(response)])).on(
        'error',
        reject,
      )
    })
  }
  // What a first scrape sets going happens while there are none, too.
  expect((await askAgain('/nothing'))[0]).toBe(404)
  limit(child, 'nofile', 100)
  child.send('exhaust')
  expect(await child.nextMessage()).toBe('EMFILE')
  for (let i = 0; i < 5; i++) {
    expect(await outcome(url)).toMatch(/^(ECONNRESET|EPIPE)$/)
    expect((await askAgain('/metrics'))[0]).toBe(200)
  }
  child.send('free')
  expect(await child.nextMessage()).toBe('freed')
  await until('a scrape over a new connection', async () => (await outcome(url)) === 200)
  expect((await askAgain('/metrics'))[1]).not.toContain('nanotally_exporter_restarts_total')
  agent.destroy()
  await end(child)
})

test('no memory for a rendering: that scrape fails and says why, the next one is answered', async () => {
  const { child, url } = await startChild(60_000)
  // Enough for node:http, far too little for the text of this many series.
  const size = Number(/^VmSize:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024
  limit(child, 'as', size + 24 * MEGABYTE)
  for (let i = 0; i < 3; i++) {
    const { status, body } = await ask(url)
    expect([status, String(body.subarray(0, 100))]).toEqual([500, 'Failed: out of memory\n'])
  }
  limit(child, 'as', 'unlimited')
  const { status, body } = await ask(url)
  expect(status).toBe(200)
  expect(body.length).toBeGreaterThan(100 * MEGABYTE)
  expect(body.includes('nanotally_exporter_restarts_total')).toBe(false)
  await end(child)
})
