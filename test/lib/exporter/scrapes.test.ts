// Scrapes that come together share a snapshot, and are never answered with one that is older than they are.
import { text } from 'node:stream/consumers'
import { gauge, Registry } from 'nanotally'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Scrapes, TooManyScrapes } from '../../../dist/exporter/scrapes.js'
import type { Exposition, NativeRenderRequest } from '../../../dist/native.js'
import { scrapeOf, start } from '../../support/exporter.js'
import { answerTo, ask, connected } from '../../support/http.js'
import { parseTextFormat, sampleValue } from '../../support/text-format.js'

const SCRAPE = 'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

interface Rendering {
  requests: readonly NativeRenderRequest[]
  resolve(): void
  reject(error: unknown): void
}

/** Scrapes whose renderings the test ends. A body says which rendering it is of, and what was asked for. */
function controlled() {
  const renderings: Rendering[] = []
  const begun: ((rendering: Rendering) => void)[] = []
  const scrapes = new Scrapes((requests) => {
    const number = renderings.length + 1
    return new Promise<Exposition[]>((resolve, reject) => {
      const expositions = requests.map(([accept]) => ({ contentType: 't', body: Buffer.from(`${number} ${accept}`) }))
      const rendering = { requests, resolve: () => resolve(expositions), reject }
      renderings.push(rendering)
      begun.shift()?.(rendering)
    })
  })
  return {
    renderings,
    next: () => new Promise<Rendering>((resolve) => begun.push(resolve)),
    get: async (accept: string | null, ...names: string[]) => String((await scrapes.get(accept, names)).body),
  }
}

test('those that come together get one rendering, with what each asked for', async () => {
  const { renderings, next, get } = controlled()
  const begun = next()
  const all = [get('a'), get(null), get('a'), get('a', 'x'), get('b'), get(null)]
  const rendering = await begun
  expect(rendering.requests).toEqual([
    ['a', []],
    [null, []],
    ['a', ['x']],
    ['b', []],
  ])
  rendering.resolve()
  expect(await Promise.all(all)).toEqual(['1 a', '1 null', '1 a', '1 a', '1 b', '1 null'])
  expect(renderings.length).toBe(1)
})

test('those that come one with each turn of the event loop are gathered', async () => {
  // They are for 25 ms at most: on a busy machine these turns may take longer.
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const { renderings, next, get } = controlled()
  const begun = next()
  const all: Promise<string>[] = []
  const ask = (further: number) => {
    if (further > 0) setImmediate(() => ask(further - 1))
    all.push(get('a'))
  }
  ask(4)
  const rendering = await begun
  rendering.resolve()
  expect(await Promise.all(all)).toEqual(Array(5).fill('1 a'))
  expect(renderings.length).toBe(1)
})

test('but those that never stop coming hold back no rendering', async () => {
  const { renderings, get } = controlled()
  await new Promise<void>((resolve) => {
    const ask = () => {
      if (renderings.length > 0) resolve()
      else setImmediate(ask)
      get('a')
    }
    ask()
  })
})

test('one that comes while a rendering runs is answered by the next, with all that came since', async () => {
  const { renderings, next, get } = controlled()
  const first = next()
  const early = get('a')
  const running = await first
  const second = next()
  const late = [get('a'), get('a'), get('b')]
  running.resolve()
  expect(await early).toBe('1 a')
  const following = await second
  following.resolve()
  expect(await Promise.all(late)).toEqual(['2 a', '2 a', '2 b'])
  expect(renderings.length).toBe(2)
})

test('an error reaches all who wait for that rendering, and nobody else', async () => {
  const { next, get } = controlled()
  const first = next()
  const failing = [get('a'), get('b')]
  const running = await first
  const second = next()
  const late = get('a')
  running.reject(new Error('no memory'))
  expect((await Promise.allSettled(failing)).map((result) => String((result as PromiseRejectedResult).reason))).toEqual(
    ['Error: no memory', 'Error: no memory'],
  )
  const following = await second
  following.resolve()
  expect(await late).toBe('2 a')
})

test('what throws at once is an error like another', async () => {
  const scrapes = new Scrapes(() => {
    throw new Error('closed')
  })
  for (let i = 0; i < 2; i++) await expect(scrapes.get('', [])).rejects.toThrow('closed')
})

test('who shares a scrape shares its compression', async () => {
  const scrapes = new Scrapes(() => [{ contentType: 't', body: Buffer.from('x 1\n'.repeat(1000)) }])
  const [one, other] = await Promise.all([scrapes.get('', []), scrapes.get('', [])])
  expect(one.compressed()).toBe(other?.compressed())
})

test('names are a set: neither their order nor their number makes another rendering', async () => {
  const { next, get } = controlled()
  const begun = next()
  const all = [get('a', 'x', 'y'), get('a', 'y', 'x'), get('a', 'y', 'x', 'y'), get('a', 'x')]
  const rendering = await begun
  expect(rendering.requests).toEqual([
    ['a', ['x', 'y']],
    ['a', ['x']],
  ])
  rendering.resolve()
  await Promise.all(all)
})

test('Accept headers that came to the same content type share a rendering', async () => {
  const { next, get } = controlled()
  const first = next()
  const apart = [get('a'), get('b'), get(null)]
  const running = await first
  expect(running.requests).toHaveLength(3)
  running.resolve()
  await Promise.all(apart)
  const second = next()
  const together = [get('a'), get('b'), get(null)]
  const following = await second
  expect(following.requests).toEqual([
    ['a', []],
    [null, []],
  ])
  following.resolve()
  expect(await Promise.all(together)).toEqual(['2 a', '2 a', '2 null'])
})

test('of more than 32 that differ the rest is refused at once, until those are rendered', async () => {
  const { next, get } = controlled()
  const begun = next()
  const waiting = Array.from({ length: 32 }, (_, i) => get('a', `x${i}`))
  await expect(get('a', 'x32')).rejects.toThrow(TooManyScrapes)
  await expect(get('a', 'x33')).rejects.toMatchObject({ status: 503, retryAfterSeconds: 1 })
  const shared = get('a', 'x31')
  const rendering = await begun
  expect(rendering.requests).toHaveLength(32)
  const later = next()
  const admitted = get('a', 'x32')
  rendering.resolve()
  expect(await Promise.all([...waiting, shared])).toEqual(Array(33).fill('1 a'))
  const following = await later
  following.resolve()
  expect(await admitted).toBe('2 a')
})

test('but who has scraped before is not refused the whole, whatever others have asked for since', async () => {
  const { next, get } = controlled()
  const first = next()
  const known = get('a')
  const running = await first
  running.resolve()
  await known
  for (let batch = 0; batch < 4; batch++) {
    const begun = next()
    const others = Array.from({ length: 32 }, (_, i) => get(`made up ${batch} ${i}`))
    await expect(get('made up too')).rejects.toThrow(TooManyScrapes)
    await expect(get('a', 'x')).rejects.toThrow(TooManyScrapes)
    const admitted = [get('a'), get(null)]
    const rendering = await begun
    rendering.resolve()
    await Promise.all([...others, ...admitted])
  }
})

test('who is refused is told when to come again', async () => {
  const { port, url } = await start({ registry: new Registry() })
  const requests = Array.from({ length: 99 }, (_, i) => `GET /metrics?name[]=x${i} HTTP/1.1\r\nHost: x\r\n\r\n`)
  const answers = (await answerTo(port, requests.join('') + SCRAPE)).split(/(?=HTTP\/1\.1 )/)
  const refused = answers.filter((answer) => answer.startsWith('HTTP/1.1 503 '))
  expect(answers).toHaveLength(100)
  expect(refused.length).toBeGreaterThan(0)
  for (const answer of refused) {
    expect(answer).toMatch(/\r\nretry-after: 1\r\n/i)
    expect(answer).toMatch(/\r\n\r\nToo many different scrapes wait: ask again\.\n$/)
  }
  expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 200 '))).toHaveLength(100 - refused.length)
  expect((await ask(url)).status).toBe(200)
})

test('200 concurrent scrapes of an exporter make few renderings', async () => {
  const registry = new Registry('scrapes')
  onTestFinished(() => registry.close())
  let isHeld = true
  let release = () => {}
  // The first rendering is held until all the others have been asked for.
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let asked = () => {}
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  gauge({
    name: 'g',
    help: 'h',
    registry,
    collect(g) {
      g.set(5)
      if (!isHeld) return
      isHeld = false
      asked()
      return held
    },
  })
  const { url, port } = await start({ registry, collectTimeoutMs: 60_000 })
  const first = scrapeOf(url)
  await isAsked
  const sockets = await Promise.all(Array.from({ length: 199 }, () => connected(port)))
  const answers = sockets.map((socket) => text(socket))
  await Promise.all(sockets.map((socket) => new Promise((sent) => socket.write(SCRAPE, sent))))
  release()
  const bodies = (await Promise.all(answers)).map((answer) => answer.slice(answer.indexOf('\r\n\r\n') + 4))
  const all = [await first, ...bodies.map((body) => parseTextFormat(body))]
  expect(all.map((families) => sampleValue(families, 'g'))).toEqual(Array(200).fill(5))
  // Of the second rendering on each tells how many there were before it.
  const made = sampleValue(await scrapeOf(url), 'nanotally_renders_total') as number
  expect(made).toBeGreaterThanOrEqual(2)
  expect(made).toBeLessThan(100)
})
