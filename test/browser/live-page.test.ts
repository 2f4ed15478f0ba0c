// The live page in Chromium: what it shows of the documents that a scripted server sends.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { openPage, serveLive } from '../support/browser.js'
import { documentAt, family } from '../support/live-document.js'
import { eventually, numbers, requests, shown, text, texts } from '../support/live-page.js'
import { until } from '../support/until.js'

const OCTAVE: [number, number, number][] = [[0.001, 0.002, 100]]

describe('numbers', () => {
  test('a rate is absent before the second sample, 0 without a change, and never negative', async () => {
    const { page, server } = await shown([requests(1000, 500)])
    await eventually(() => numbers(page, '/a')).toEqual(['–', '1000'])
    server.changes(documentAt(1002, [requests(1030, 500)]))
    await eventually(() => numbers(page, '/a')).toEqual(['15/s', '1030'])
    await eventually(() => numbers(page, '/b')).toEqual(['0/s', '500'])
    server.changes(documentAt(1004, [requests(4, 500)]))
    await eventually(() => numbers(page, '/a')).toEqual(['2/s', '4'])
  })

  test('a gauge says NaN and +Inf, and its unit', async () => {
    const { page } = await shown([
      family('gauge', 'heap_bytes', [
        [{ of: 'x' }, 3 * 2 ** 20],
        [{ of: 'y' }, 'NaN'],
        [{ of: 'z' }, '+Inf'],
      ]),
    ])
    expect(await texts(page, '.series .number')).toEqual(['3 MiB', 'NaN', '+Inf'])
  })

  test('a histogram has the rate and the quantiles of each interval', async () => {
    const at = (count: number) => family('histogram', 'wait_seconds', [[{}, [...OCTAVE, [1, 1.05, count]]]])
    const { page, server } = await shown([at(0)])
    await eventually(() => texts(page, '.series .number')).toEqual(['–', '–', '–', '–'])
    server.changes(documentAt(1001, [at(40)]))
    await eventually(() => texts(page, '.series .number')).toEqual(['40/s', '1.02 s', '1.04 s', '1.05 s'])
    server.changes(documentAt(1002, []))
    await eventually(() => texts(page, '.series .number')).toEqual(['0/s', '–', '–', '–'])
  })

  test('a state set tells its state, an info its labels', async () => {
    const { page } = await shown([
      family('info', 'build_info', [[{ version: '1.2.3' }, 1]]),
      family('stateset', 'door', [
        [{ door: 'open' }, 1],
        [{ door: 'shut' }, 0],
      ]),
    ])
    expect(await texts(page, '.series .number')).toEqual(['on', 'off'])
    expect(await text(page, '.series >> nth=0')).toContain('version=1.2.3')
  })

  test('an ended series is marked, then gone', async () => {
    const { page, server } = await shown([requests(1, 2)])
    server.changes(documentAt(1001, [], { ended: [{ name: 'requests_total', labels: { path: '/a' } }] }))
    await eventually(() => numbers(page, '/a')).toEqual(['ended', ''])
    await eventually(() => numbers(page, '/b')).toEqual(['0/s', '2'])
    for (let i = 2; i < 8; i++) server.changes(documentAt(1000 + i, []))
    await eventually(() => texts(page, '.series .labels')).toEqual(['path=/b'])
  })
})

describe('text', () => {
  const HOSTILE = [
    '<img src=x onerror=alert(1)>',
    '</script><script>alert(1)</script>',
    '"><svg/onload=alert(1)>',
    'a"b\\c\nd',
  ]

  test('what looks like HTML stays text, wherever it comes from', async () => {
    const { page } = await shown([
      family(
        'gauge',
        'x',
        HOSTILE.map((value) => [{ value }, 1]),
        { help: HOSTILE[0] as string },
      ),
      family('gauge', 'nodejs_eventloop_stall_seconds', [[{ thread: HOSTILE[0] as string }, 2]], { unit: 'seconds' }),
    ])
    const values = await page.locator('.series .label b').allTextContents()
    expect(values).toEqual(expect.arrayContaining(HOSTILE))
    expect(await text(page, '#stalls')).toContain(HOSTILE[0])
    expect(await text(page, '.family .help >> nth=0')).toBe(HOSTILE[0])
    await page.locator('.series', { hasText: 'onerror' }).first().click()
    expect(await text(page, '.panel .selector')).toBe(`x{value="${HOSTILE[0]}"}`)
    expect(await page.locator('main img, main script, main svg, #stalls img').count()).toBe(0)
  })

  test('the policy is enforced and violations are noticed', async () => {
    const { page } = await shown([], { allowed: /Content Security Policy|inline/ })
    const violated = page.evaluate(
      () =>
        new Promise((resolve) => {
          document.addEventListener(
            'securitypolicyviolation',
            (event) => {
              event.stopImmediatePropagation() // before it is taken for the page's own
              resolve(event.violatedDirective)
            },
            { capture: true },
          )
          document.body.append(Object.assign(document.createElement('script'), { textContent: 'alert(1)' }))
        }),
    )
    expect(await violated).toBe('script-src-elem')
  })
})

describe('the connection', () => {
  const BROKEN = /ERR_|503|Failed to load/

  test('is told when it is lost; a new one keeps the history of what is still there', async () => {
    const { page, server } = await shown([requests(0, 0)], { allowed: BROKEN })
    server.changes(documentAt(1001, [requests(10, 0)]))
    await eventually(() => numbers(page, '/a')).toEqual(['10/s', '10'])
    server.first = documentAt(1010, [family('counter', 'requests_total', [[{ path: '/a' }, 12]])], { interval: 60 })
    server.refusing = true
    server.disconnect()
    await eventually(() => text(page, '#connection')).toMatch(/^reconnecting, lost since \d\d:\d\d:\d\d$/)
    // 503 ends an EventSource for good: the page has to begin anew by itself.
    await until('another attempt', () => server.asked >= 2)
    server.refusing = false
    await eventually(() => text(page, '#connection')).toBe('live')
    await eventually(() => numbers(page, '/a')).toEqual(['–', '12'])
    await eventually(() => numbers(page, '/b')).toEqual(['ended', ''])
    server.changes(documentAt(1011, [family('counter', 'requests_total', [[{ path: '/a' }, 15]])]))
    await eventually(() => numbers(page, '/a')).toEqual(['3/s', '15'])
    await page.locator('.series', { hasText: '/a' }).click()
    await page.locator('.panel .u-over').hover({ position: { x: 1, y: 1 } })
    await eventually(() => text(page, '.panel .readout')).toBe('00:16:40 · –')
  })

  test('is told when it never was', async () => {
    const server = await serveLive()
    server.refusing = true
    const page = await openPage(server.url, { allowed: BROKEN })
    await eventually(() => text(page, '#connection')).toBe('no connection, trying again')
    expect(await text(page, '#empty')).toContain('Waiting')
  })

  test('is stale when nothing came for three intervals, and live with the next event', async () => {
    const { page, server } = await shown([], {}, 1)
    await eventually(() => text(page, '#connection')).toMatch(/^stale: no news since \d\d:\d\d:\d\d$/)
    server.changes(documentAt(1001, []))
    await eventually(() => text(page, '#connection')).toBe('live')
  })

  test('is opened anew when nothing came for ten intervals, again and again', async () => {
    const { page, server } = await shown([requests(1, 2)], {}, 0.05)
    server.first = undefined // accepted, and then silent
    await until('another attempt', () => server.asked >= 3)
    await eventually(() => text(page, '#connection')).toMatch(/^reconnecting, lost since \d\d:\d\d:\d\d$/)
    server.first = documentAt(1010, [requests(3, 2)], { interval: 60 })
    await eventually(() => text(page, '#connection')).toBe('live')
    await eventually(() => numbers(page, '/a')).toEqual(['–', '3'])
    await until('the silent ones to be gone', () => server.listening === 1)
  })

  test('stalled threads are named, the longest stalled first, until they turn again', async () => {
    const stalls = (a: number, b: number) =>
      family('gauge', 'nodejs_eventloop_stall_seconds', [
        [{ thread: 'main' }, a],
        [{ thread: 'worker-1' }, b],
      ])
    const { page, server } = await shown([stalls(0, 0)])
    expect(await page.locator('#stalls').isVisible()).toBe(false)
    server.changes(documentAt(1001, [stalls(1.5, 2.5)]))
    await eventually(() => text(page, '#stalls')).toMatch(/^worker-1 stalled for 2.50 s\s*main stalled for 1.50 s$/)
    server.changes(documentAt(1002, [stalls(2.5, 0.19)]))
    await eventually(() => text(page, '#stalls')).toBe('main stalled for 2.50 s')
    server.changes(documentAt(1003, [stalls(0, 0)]))
    await eventually(() => page.locator('#stalls').isVisible()).toBe(false)
  })

  test('works below a prefix', async () => {
    const server = await serveLive({ prefix: '/internal/metrics' })
    server.first = documentAt(1000, [requests(1, 2)], { interval: 60 })
    const page = await openPage(server.url)
    await eventually(() => texts(page, '.series .labels')).toEqual(['path=/a', 'path=/b'])
  })
})

describe('charts', () => {
  /** How many pixels of a canvas have exactly one of the colours of these custom properties. */
  const painted = (page: Page, selector: string, properties: string[]) =>
    page.locator(selector).evaluate((canvas: HTMLCanvasElement, names) => {
      const probe = document.body.appendChild(document.createElement('i'))
      const wanted = new Set(
        names.map((name) => {
          probe.style.color = `var(${name})`
          const [r = 0, g = 0, b = 0] = (getComputedStyle(probe).color.match(/\d+/g) ?? []).map(Number)
          return (r << 16) | (g << 8) | b
        }),
      )
      probe.remove()
      const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
        0,
        0,
        canvas.width,
        canvas.height,
      )
      let count = 0
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] === 255 && wanted.has(((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0)))
          count++
      }
      return count
    }, properties)
  const HEAT = ['--heat-1', '--heat-2', '--heat-3', '--heat-4', '--heat-5']

  test('a histogram opens as a heat map with its quantiles, in the colours of the theme', async () => {
    const at = (count: number) =>
      family('histogram', 'wait_seconds', [
        [
          { of: 'x' },
          [
            [0.001, 0.002, count],
            [0.1, 0.2, 2 * count],
          ],
        ],
      ])
    const { page, server } = await shown([at(0)], { colorScheme: 'light' })
    await page.locator('.series').click()
    await eventually(() => page.locator('.panel canvas').count()).toBe(2)
    const canvas = '.panel .chart >> nth=0 >> canvas'
    expect(await painted(page, canvas, HEAT)).toBe(0)
    for (let i = 1; i <= 100; i++) server.changes(documentAt(1000 + 60 * i, [at(i)]))
    await eventually(() => text(page, '.panel .readout >> nth=0')).toMatch(/p50 .* ms · p90 .* ms · p99 .* ms/)
    await eventually(() => painted(page, canvas, HEAT)).toBeGreaterThan(1000)
    const lines = await Promise.all(['--p50', '--p90', '--p99'].map((name) => painted(page, canvas, [name])))
    expect(Math.min(...lines)).toBeGreaterThan(20)
    // What sets the lines off from the cells: nothing else is painted so.
    expect(await painted(page, canvas, ['--surface'])).toBeGreaterThan(100)
    await page.locator('#theme').click()
    await eventually(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
    await eventually(() => painted(page, canvas, HEAT)).toBeGreaterThan(1000)
    expect(await page.locator('.panel canvas').first().getAttribute('aria-label')).toBe(
      'Observations by value of wait_seconds{of="x"}',
    )
  })

  test('the cursor tells what was at its time', async () => {
    const { page, server } = await shown([family('gauge', 'depth', [[{}, 1]])])
    for (let i = 1; i <= 299; i++) server.changes(documentAt(1000 + 60 * i, [family('gauge', 'depth', [[{}, i]])]))
    await page.locator('.series').click()
    await page.mouse.move(0, 0)
    await eventually(() => text(page, '.panel .readout')).toBe('05:15:40 · 299')
    const over = page.locator('.panel .u-over')
    await over.hover({ position: { x: 1, y: 50 } })
    await eventually(() => text(page, '.panel .readout')).toMatch(/^00:[12]\d:40 · \d$/)
  })
})

describe('the list', () => {
  test('of ten thousand series has those in sight in the page, and search finds the last', async () => {
    const many = family(
      'counter',
      'hits_total',
      Array.from({ length: 10_000 }, (_, i) => [{ id: `n${i}` }, i]),
    )
    const { page } = await shown([many])
    const rows = () => page.locator('#list > *').count()
    const toTheEnd = () => page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
    expect(await text(page, '#summary')).toBe('10000 series in 1 families')
    expect(await rows()).toBeLessThan(60)
    await page.locator('#search').fill('n9999')
    await eventually(() => texts(page, '.series .labels')).toEqual(['id=n9999'])
    expect(await numbers(page, 'n9999')).toEqual(['–', '9999'])
    await page.keyboard.press('Escape')
    await eventually(rows).toBeGreaterThan(10)
    await toTheEnd()
    await page.getByRole('button', { name: 'Show 9980 more' }).click()
    await eventually(async () => {
      await toTheEnd() // the page grows with its next frame
      return texts(page, '.series .labels >> nth=-1')
    }).toEqual(['id=n9999'])
    expect(await rows()).toBeLessThan(100)
    expect(await rows()).toBeGreaterThan(10)
  })

  test('of an empty registry says so, and fills when something comes', async () => {
    const { page, server } = await shown([])
    await eventually(() => text(page, '#empty')).toMatch(/^No metrics yet/)
    server.changes(documentAt(1001, [requests(1, 1)]))
    await eventually(() => page.locator('.series').count()).toBe(2)
    expect(await page.locator('#empty').isVisible()).toBe(false)
  })

  test('of histograms alone has their columns', async () => {
    const { page } = await shown([family('histogram', 'wait_seconds', [[{}, OCTAVE]])])
    expect(await texts(page, '.family .numbers span')).toEqual(['rate', 'p50', 'p90', 'p99'])
    expect(await texts(page, '.series .labels')).toEqual(['no labels'])
  })

  test('does what comes after what went and came back with another type', async () => {
    const { page, server } = await shown([family('gauge', 'x', [[{}, 1]])])
    await eventually(() => texts(page, '.series .number')).toEqual(['1'])
    server.changes(documentAt(1001, [family('counter', 'x', [[{}, 5]])]))
    await eventually(() => texts(page, '.series .number')).toEqual(['–', '5'])
    expect(await text(page, '.family .type')).toBe('counter')
  })
})
