// The exporter over HTTP: routes, addresses, refusals, closing, and starting again after its thread has died.
import { once } from 'node:events'
import { Agent, get, request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { text } from 'node:stream/consumers'
import type { Worker } from 'node:worker_threads'
import { counter, type Exporter, type ExporterOptions, gauge, Registry, startExporter } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { refusalCode, scrapeOf, start } from '../../support/exporter.js'
import { ask, send } from '../../support/http.js'
import { parseTextFormat } from '../../support/text-format.js'
import { until } from '../../support/until.js'
import { warningsOf } from '../../support/warnings.js'

describe('routes', () => {
  test('GET /metrics is the registry', async () => {
    const own = new Registry()
    counter({ name: 'c_total', help: 'h', registry: own }).inc(3)
    const exporter = await start({ registry: own })
    expect(exporter.url).toBe(`http://127.0.0.1:${exporter.port}/metrics`)
    const { status, headers, body } = await ask(exporter.url)
    expect(status).toBe(200)
    expect(headers['content-type']).toBe(own.contentType)
    expect(headers['content-length']).toBe(String(body.length))
    // What the process tells of itself changes from one to the next.
    expect([...parseTextFormat(body).keys()]).toEqual([...parseTextFormat(await own.metrics()).keys()])
    expect(body.toString()).toContain('c_total 3\n')
  })

  test('the default registry by default', async () => {
    counter({ name: 'default_total', help: 'h' }).inc()
    expect((await ask((await start()).url)).body.toString()).toContain('default_total 1\n')
  })

  test('all of them are there', async () => {
    const own = new Registry()
    counter({ name: 'c_total', help: 'h', registry: own }).inc(3)
    const address = new URL(await start({ registry: own }).then(({ url }) => url)).origin
    const types: Record<string, string> = {
      '/metrics': own.contentType,
      '/health': 'application/json',
      '/livez': 'application/json',
      '/readyz': 'application/json',
      '/healthz': 'application/json',
      '/snapshot.json': 'application/json',
      '/events': 'text/event-stream; charset=utf-8',
      '/': 'text/html; charset=utf-8',
      '/live.js': 'text/javascript; charset=utf-8',
      '/live.css': 'text/css; charset=utf-8',
    }
    for (const [path, type] of Object.entries(types)) {
      const response = await send(`${address}${path}`)
      expect([path, response.statusCode, response.headers['content-type']]).toEqual([path, 200, type])
      response.destroy()
    }
  })

  test.each(['/metric', '/metrics/', '/metrics/x', '/Metrics', '//metrics', '/live', '/..%2fetc/passwd', '*'])(
    '%s is not found',
    async (path) => {
      const { port } = await start()
      const response = await new Promise<{ statusCode?: number | undefined; body: string }>((resolve, reject) => {
        get({ host: '127.0.0.1', port, path }, async (message) => {
          resolve({ statusCode: message.statusCode, body: await text(message) })
        }).on('error', reject)
      })
      expect(response.statusCode).toBe(404)
      expect(response.body).toContain('/metrics')
    },
  )

  test('what is switched off is not found', async () => {
    const { url } = await start({ routes: { page: false, events: false, metrics: true } })
    expect((await ask(url)).status).toBe(200)
    for (const path of ['/', '/live.js', '/events']) expect((await ask(new URL(path, url).href)).status).toBe(404)
  })
})

describe('addresses', () => {
  test('a port that is taken', async () => {
    const { port } = await start()
    const error = await start({ port }).catch((refused) => refused)
    expect(error).toMatchObject({ name: 'NanotallyError', code: 'ERR_NANOTALLY_PORT_IN_USE' })
    expect(error.message).toContain(`port ${port} on 127.0.0.1`)
    expect(error.message).toContain('0 for any free one')
  })

  test('a port can be had again after it was closed', async () => {
    const first = await startExporter({ port: 0 })
    await first.close()
    expect((await start({ port: first.port })).port).toBe(first.port)
  })

  test('a host that does not exist', async () => {
    expect(await refusalCode({ host: '192.0.2.1', allowUnauthenticated: true })).toBe('ERR_NANOTALLY_LISTEN')
  })

  const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
  // Skipped where this machine has no IPv6 loopback.
  test.skipIf(!hasIpv6)('IPv6', async () => {
    const exporter = await start({ host: '::1' })
    expect(exporter.url).toBe(`http://[::1]:${exporter.port}/metrics`)
    expect((await fetch(exporter.url)).status).toBe(200)
  })

  test('all addresses: the url is one that can be reached', async () => {
    const exporter = await start({ host: '0.0.0.0', allowUnauthenticated: true })
    expect(exporter.url).toBe(`http://127.0.0.1:${exporter.port}/metrics`)
    expect((await fetch(exporter.url)).status).toBe(200)
  })

  test('several exporters of several registries', async () => {
    const exporters = await Promise.all(
      [1, 2, 3].map((value) => {
        const own = new Registry()
        counter({ name: 'c_total', help: 'h', registry: own }).inc(value)
        return start({ registry: own })
      }),
    )
    const bodies = await Promise.all(exporters.map(async ({ url }) => (await fetch(url)).text()))
    expect(bodies.map((body) => parseTextFormat(body).get('c_total')?.samples[0]?.value)).toEqual([1, 2, 3])
  })
})

describe('refusals', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ port: '9464' }, 'INVALID_TYPE'],
    [{ port: null }, 'started'], // null takes the default, as with all options
    [{ port: -1 }, 'INVALID_VALUE'],
    [{ port: 65_536 }, 'INVALID_VALUE'],
    [{ port: 1.5 }, 'INVALID_VALUE'],
    [{ port: Number.NaN }, 'INVALID_VALUE'],
    [{ host: '' }, 'INVALID_TYPE'],
    [{ host: 5 }, 'INVALID_TYPE'],
    [{ registry: {} }, 'INVALID_TYPE'],
    [{ collectTimeoutMs: -1 }, 'INVALID_VALUE'],
    [{ collectTimeoutMs: 60_001 }, 'INVALID_VALUE'],
    [{ collectTimeoutMs: '5' }, 'INVALID_TYPE'],
    [{ requestTimeoutMs: 99 }, 'INVALID_VALUE'],
    [{ requestTimeoutMs: 600_001 }, 'INVALID_VALUE'],
    [{ idleTimeoutMs: 99 }, 'INVALID_VALUE'],
    [{ idleTimeoutMs: 300, eventsIntervalMs: 2000 }, 'INVALID_VALUE'],
    [{ idleTimeoutMs: 1000 }, 'INVALID_VALUE'], // as often as the events come
    [{ idleTimeoutMs: 1001 }, 'started'],
    [{ idleTimeoutMs: 300, routes: { events: false } }, 'started'],
    [{ maxConnections: 0 }, 'INVALID_VALUE'],
    [{ maxConnections: 1.5 }, 'INVALID_VALUE'],
    [{ eventsIntervalMs: 99 }, 'INVALID_VALUE'],
    [{ eventsIntervalMs: 60_001 }, 'INVALID_VALUE'],
    [{ routes: { metric: false } }, 'INVALID_VALUE'],
    [{ routes: { metrics: 0 } }, 'INVALID_TYPE'],
    [{ routes: 'metrics' }, 'INVALID_TYPE'],
    [{ socketPath: '' }, 'INVALID_TYPE'],
    [{ tls: 'cert.pem' }, 'INVALID_TYPE'],
    [{ tls: { certFile: 'cert.pem' } }, 'INVALID_TYPE'],
    [{ tls: { certFile: 'cert.pem', keyFile: 'key.pem', passphrase: 1 } }, 'INVALID_TYPE'],
  ])('%j', async (options, code) => {
    expect(await refusalCode(options)).toBe(code === 'started' ? code : `ERR_NANOTALLY_${code}`)
  })

  test('a closed registry', async () => {
    const own = new Registry()
    own.close()
    expect(await refusalCode({ registry: own })).toBe('ERR_NANOTALLY_REGISTRY_CLOSED')
  })
})

test('collect callbacks of this thread are asked before each scrape', async () => {
  const own = new Registry()
  let asked = 0
  gauge({ name: 'g', help: 'h', registry: own, collect: async (g) => g.set(++asked) })
  const { url } = await start({ registry: own, collectTimeoutMs: 60_000 })
  for (let i = 1; i <= 3; i++) expect(await (await fetch(url)).text()).toContain(`g ${i}\n`)
})

test('the exporter of a registry that was closed serves nothing, and closes', async () => {
  const own = new Registry()
  counter({ name: 'c_total', help: 'h', registry: own }).inc()
  const exporter = await start({ registry: own })
  expect((await scrapeOf(exporter.url)).get('c_total')?.samples[0]?.value).toBe(1)
  own.close()
  expect((await scrapeOf(exporter.url)).size).toBe(0)
  await exporter.close()
  await expect(ask(exporter.url)).rejects.toThrow('ECONNREFUSED')
})

describe('closing', () => {
  test('is idempotent, and nothing answers afterwards', async () => {
    const exporter = await start()
    await Promise.all([exporter.close(), exporter.close()])
    await exporter.close()
    await expect(fetch(exporter.url)).rejects.toThrow()
  })

  test('a request in flight is answered first', async () => {
    const own = new Registry()
    let answer = () => {}
    const asked = new Promise<void>((resolve) => {
      gauge({
        name: 'g',
        help: 'h',
        registry: own,
        collect(g) {
          resolve()
          return new Promise((done) => {
            answer = () => {
              g.set(1)
              done()
            }
          })
        },
      })
    })
    const exporter = await start({ registry: own, collectTimeoutMs: 60_000 })
    const response = fetch(exporter.url)
    await asked
    let isClosed = false
    const closed = exporter.close().then(() => {
      isClosed = true
    })
    expect(isClosed).toBe(false)
    answer()
    expect(await (await response).text()).toContain('g 1\n')
    await closed
  })

  test('an answer that its client is still reading is sent to its end', async () => {
    const own = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 10_000, registry: own })
    for (let l = 0; l < 10_000; l++) c.inc({ l: `${'x'.repeat(2000)}${l}` })
    const exporter = await start({ registry: own })
    const message = await send(exporter.url)
    const closed = exporter.close()
    const body = await text(message)
    expect(body.length).toBe(Number(message.headers['content-length']))
    expect(body.length).toBeGreaterThan(20_000_000)
    await closed
  })

  /** An exporter that a client holds for a while, which does not read its answers: they fill all buffers. */
  async function startHeld() {
    const held = await start()
    const unread = connect(held.port, '127.0.0.1').pause()
    unread.on('error', () => {})
    unread.write('GET /live.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000))
    await ask(held.url)
    return { held, unread }
  }

  test('nor do several requests of one packet, of which none was answered when their client left', async () => {
    const order: string[] = []
    const { held, unread } = await startHeld()
    const exporter = await start({ eventsIntervalMs: 100 })
    const gone = connect(exporter.port, '127.0.0.1')
    gone.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3))
    await once(gone, 'data')
    gone.destroy()
    const silent = connect(exporter.port, '127.0.0.1')
    silent.on('error', () => {})
    await once(silent, 'connect')
    await ask(exporter.url)
    await Promise.all([
      held.close().then(() => order.push('held')),
      exporter.close().then(() => order.push('not held')),
    ])
    expect(order).toEqual(['not held', 'held'])
    unread.destroy()
  })

  test('a client that would keep its connection after its last answer does not hold it', async () => {
    const order: string[] = []
    const { held, unread } = await startHeld()
    const exporter = await start()
    const agent = new Agent({ keepAlive: true })
    // An answer that closing ends, so that its connection is free only then.
    await new Promise<void>((resolve, reject) => {
      get(new URL('/events', exporter.url), { agent }, (message) => {
        message.once('data', () => resolve()).resume()
      }).on('error', reject)
    })
    await Promise.all([
      held.close().then(() => order.push('held')),
      exporter.close().then(() => order.push('not held')),
    ])
    expect(order).toEqual(['not held', 'held'])
    agent.destroy()
    unread.destroy()
  })

  test('connections that are kept alive do not hold it', async () => {
    const exporter = await start()
    const agent = new Agent({ keepAlive: true })
    const message = await new Promise<{ resume(): void }>((resolve, reject) => {
      get(exporter.url, { agent }, resolve).on('error', reject)
    })
    message.resume()
    await until('an idle connection', () => Object.keys(agent.freeSockets).length > 0)
    await exporter.close()
    agent.destroy()
  })

  test('a client that never ends its request does not hold it for ever', async () => {
    const exporter = await start()
    const stuck = request(exporter.url, { method: 'POST', headers: { 'content-length': 10 } })
    stuck.on('error', () => {})
    stuck.flushHeaders()
    const unfinished = connect(exporter.port, '127.0.0.1')
    unfinished.on('error', () => {})
    await once(unfinished, 'connect')
    unfinished.write('GET /metrics HTTP/1.1\r\nHost: x\r\n')
    await fetch(exporter.url)
    await exporter.close()
    unfinished.destroy()
    stuck.destroy()
  })
})

describe('after its thread has died', () => {
  /** Starts an exporter and gives its thread, too. */
  async function startWithThread(options: ExporterOptions = {}): Promise<{ exporter: Exporter; thread: Worker }> {
    const made = once(process, 'worker')
    const exporter = await start(options)
    const [thread] = (await made) as [Worker]
    return { exporter, thread }
  }
  const answers = async ({ url }: Exporter) => (await fetch(url).catch(() => undefined))?.ok === true

  test('it is started again on its port, and that is counted', async () => {
    const own = new Registry()
    const { exporter, thread } = await startWithThread({ registry: own })
    const { url } = exporter
    const [first] = await Promise.all([once(process, 'worker') as Promise<[Worker]>, thread.terminate()])
    await until('the exporter to answer again', () => answers(exporter))
    await first[0].terminate()
    await until('the exporter to answer again', () => answers(exporter))
    expect(exporter.url).toBe(url)
    expect(await own.metrics()).toContain('nanotally_exporter_restarts_total 2\n')
  })

  test('also when its port is taken for a while, and each reason is told', async () => {
    const warnings = warningsOf('NANOTALLY_EXPORTER')
    const { exporter, thread } = await startWithThread()
    await thread.terminate()
    const squatter = createServer((socket) => socket.destroy())
    squatter.listen(exporter.port, '127.0.0.1')
    await once(squatter, 'listening')
    const [second] = (await once(process, 'worker')) as [Worker]
    await once(second, 'exit')
    await until('the reason', () =>
      warnings.some((text) => text.includes(`port ${exporter.port} on 127.0.0.1 is in use`)),
    )
    expect((squatter.address() as AddressInfo).port).toBe(exporter.port)
    await new Promise((resolve) => squatter.close(resolve))
    await until('the exporter to answer again', () => answers(exporter))
  })

  test('not once it was closed', async () => {
    const { exporter, thread } = await startWithThread()
    let threads = 0
    const count = () => threads++
    process.on('worker', count)
    await thread.terminate()
    await exporter.close()
    // A later exporter shows that the time of the restart has passed.
    const other = await startWithThread()
    await other.thread.terminate()
    await until('the other to answer again', () => answers(other.exporter))
    process.off('worker', count)
    expect(threads).toBe(2) // the other one's two
    expect(await answers(exporter)).toBe(false)
  })

  test('nor when its registry was closed', async () => {
    const own = new Registry()
    const { exporter, thread } = await startWithThread({ registry: own })
    own.close()
    await thread.terminate()
    const other = await startWithThread()
    await other.thread.terminate()
    await until('the other to answer again', () => answers(other.exporter))
    expect(await answers(exporter)).toBe(false)
    await exporter.close()
  })
})
