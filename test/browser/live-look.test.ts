// How the live page looks: it fits a phone, can be read in both themes, and is small.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openPage, serveLive } from '../support/browser.js'
import { documentAt, family } from '../support/live-document.js'
import { LiveProgram } from '../support/live-program.mjs'
import { DEADLINE_MS } from '../support/until.js'

const LIVE = fileURLToPath(new URL('../../dist/live', import.meta.url))

/** The rows' numbers that do not fit where they are, and how many were looked at. */
function cutNumbers(page: Page) {
  return page.locator('.series .number').evaluateAll((numbers) => ({
    checked: numbers.length,
    cut: numbers
      .filter((each) => {
        const row = each.closest('.series') as Element
        const chart = row.querySelector('.spark') as Element
        const { left, right } = each.getBoundingClientRect()
        return left < chart.getBoundingClientRect().right || right > row.getBoundingClientRect().right - 8
      })
      .map((each) => each.textContent),
  }))
}

/** A page that shows twenty seconds of a program, with a panel of each kind open. */
async function lively(options: Parameters<typeof openPage>[1]) {
  const server = await serveLive()
  const program = new LiveProgram(1000)
  // It says a minute between events: after ten times that without one the page connects anew, and begins again with this.
  server.first = { ...program.next(), interval: 60 }
  const page = await openPage(server.url, options)
  await expect.poll(() => page.locator('#connection').innerText(), { timeout: DEADLINE_MS }).not.toBe('connecting')
  for (let i = 0; i < 20; i++) server.changes(program.next())
  await page.locator('.series.gauge, .series').first().click()
  await page.locator('.series', { hasText: '/cart' }).first().click()
  await expect.poll(() => page.locator('.panel canvas').count(), { timeout: DEADLINE_MS }).toBeGreaterThan(1)
  return { page, server }
}

test.each([375, 320, 700, 1000, 1600])('nothing is wider than the page at %d pixels', async (width) => {
  const { page } = await lively({ viewport: { width, height: 1600 } })
  const widest = () => page.evaluate(() => document.documentElement.scrollWidth)
  expect(await widest()).toBe(width)
  const { checked, cut } = await cutNumbers(page)
  expect(cut).toEqual([])
  expect(checked).toBeGreaterThan(10)
  // Made narrower by the reader, with charts that were made for more.
  await page.setViewportSize({ width: 375, height: 1600 })
  await expect.poll(widest, { timeout: DEADLINE_MS }).toBe(375)
  await expect
    .poll(
      () =>
        page
          .locator('.panel .uplot')
          .first()
          .evaluate((plot) => plot.clientWidth),
      { timeout: DEADLINE_MS },
    )
    .toBeLessThan(375)
})

test.each([375, 1200])('names without end do not make the page wider than %d pixels', async (width) => {
  const endless = 'endless'.repeat(60)
  const server = await serveLive()
  const labels = { [endless]: endless, thread: endless }
  server.first = documentAt(1000, [
    family('counter', endless, [[labels, 1e300]], { help: endless, unit: endless }),
    family('histogram', `${endless}_seconds`, [[labels, [[1e-300, 1.05e-300, 1]]]]),
    family('gauge', 'nodejs_eventloop_stall_seconds', [[{ thread: endless }, 1e9]], { unit: 'seconds' }),
  ])
  const page = await openPage(server.url, { viewport: { width, height: 800 } })
  await page.locator('.series').first().click()
  await page.locator('.panel canvas').waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
})

test.each([390, 1280])('what is wrong stays in sight when a page of %d pixels is scrolled', async (width) => {
  const { page, server } = await lively({ viewport: { width, height: 844 } })
  server.changes(documentAt(1100, [family('gauge', 'nodejs_eventloop_stall_seconds', [[{ thread: 'main' }, 2]])]))
  await page.locator('.stall').waitFor()
  await page.evaluate(() => scrollTo(0, 700))
  expect(await page.evaluate(() => scrollY)).toBe(700)
  const seen = await page.evaluate(() =>
    ['#connection', '.stall'].map((selector) => {
      const { left, top, width, height } = (document.querySelector(selector) as Element).getBoundingClientRect()
      return document.elementFromPoint(left + width / 2, top + height / 2)?.closest(selector) != null
    }),
  )
  expect(seen).toEqual([true, true])
})

test('numbers are grey while they are only those of the last event', async () => {
  const { page, server } = await lively({ allowed: /ERR_|503/, reducedMotion: 'reduce' })
  const color = (selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((each) => getComputedStyle(each).color)
  await expect.poll(() => color('.series .number'), { timeout: DEADLINE_MS }).toBe(await color('.series .label b'))
  server.refusing = true
  server.disconnect()
  await expect.poll(() => color('.series .number'), { timeout: DEADLINE_MS }).toBe(await color('.family .help'))
})

test('no time is cut off at the end of an axis', async () => {
  const server = await serveLive()
  server.first = documentAt(1000, [family('gauge', 'depth', [[{}, 1]])], { interval: 2 })
  const page = await openPage(server.url)
  await page.locator('.series').click()
  await page.mouse.move(0, 0) // over the chart it would ask for the time that it is at
  // Not before the page listens. 00:17:30 is at the edge.
  server.changes(documentAt(1050, [family('gauge', 'depth', [[{}, 2]])]))
  await expect.poll(() => page.locator('.panel .readout').innerText(), { timeout: DEADLINE_MS }).toContain('00:17:30')
  const inked = (fromRight: number, width: number) =>
    page.locator('.panel canvas').evaluate(
      (canvas: HTMLCanvasElement, [fromRight, width]) => {
        const context = canvas.getContext('2d') as CanvasRenderingContext2D
        return context
          .getImageData(canvas.width - (fromRight as number), canvas.height - 20, width as number, 20)
          .data.some((each) => each !== 0)
      },
      [fromRight, width],
    )
  expect(await inked(4, 4)).toBe(false)
  expect(await inked(400, 300)).toBe(true)
})

/** The contrast of two colours as WCAG counts it: 1 of equal ones, 21 of black and white. */
function contrast(one: string, other: string): number {
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map((each) => {
      const share = Number(each) / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const [a, b] = [luminance(one), luminance(other)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

/** The texts of a page with their colours and those behind them. */
function coloredTexts(page: Page) {
  return page.evaluate(() => {
    const behind = (element: Element | null): string => {
      if (element === null) return 'rgb(255, 255, 255)'
      const { backgroundColor } = getComputedStyle(element)
      return /^rgb\(/.test(backgroundColor) ? backgroundColor : behind(element.parentElement)
    }
    const found: { text: string; color: string; behind: string }[] = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement as HTMLElement
      if (node.textContent?.trim() === '' || element.closest('option, noscript') || element.offsetParent === null)
        continue
      const text = `${element.className} "${node.textContent}"`
      found.push({ text, color: getComputedStyle(element).color, behind: behind(element) })
    }
    return found
  })
}

test.each(['light', 'dark'] as const)('text has the contrast of WCAG AA when it is %s', async (colorScheme) => {
  const { page } = await lively({ colorScheme, reducedMotion: 'reduce', viewport: { width: 1200, height: 1400 } })
  const texts = await coloredTexts(page)
  const low = texts.filter(({ color, behind }) => contrast(color, behind) < 4.5)
  expect(low).toEqual([])
  expect(texts.length).toBeGreaterThan(60)
})

/** What lines are next to: the surface, with which those over a heat map are lined (test/browser/live-page.test.ts). */
test.each(['light', 'dark'] as const)('lines have the contrast of WCAG AA when it is %s', async (colorScheme) => {
  const { page } = await lively({ colorScheme })
  const colors = await page.evaluate(() =>
    ['surface', 'p50', 'p90', 'p99', 'counter', 'gauge'].map((name) => {
      document.body.style.outlineColor = `var(--${name})`
      return getComputedStyle(document.body).outlineColor
    }),
  )
  const [surface, ...lines] = colors as [string, ...string[]]
  expect(new Set(colors).size).toBe(6)
  expect(lines.filter((line) => contrast(line, surface) < 3)).toEqual([])
})

test.each([
  ['reduce', true],
  ['no-preference', false],
] as const)('with the wish "%s" for motion, none: %s', async (reducedMotion, none) => {
  const { page } = await lively({ reducedMotion })
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll('*')].filter((each) => getComputedStyle(each).transitionDuration !== '0s').length,
  )
  expect(moving === 0).toBe(none)
})

test('what can be pressed has a name', async () => {
  const { page } = await lively({ viewport: { width: 1200, height: 2000 } })
  const buttons = await page.getByRole('button').all()
  expect(buttons.length).toBeGreaterThan(10)
  const names = await Promise.all(buttons.map((each) => each.ariaSnapshot()))
  expect(names.filter((name) => !/^- button ".+"/.test(name))).toEqual([])
  expect(await page.getByRole('searchbox', { name: 'Search names, labels and help' }).count()).toBe(1)
  expect(await page.getByRole('combobox', { name: 'Type of metric' }).count()).toBe(1)
  expect(await page.getByRole('status').count()).toBe(1)
})

test('the bundle is three files of less than 100 KB, with the licence of what is in it', () => {
  const files = readdirSync(LIVE).sort()
  expect(files).toEqual(['index.html', 'live.css', 'live.js'])
  const sizes = files.map((file) => statSync(join(LIVE, file)).size)
  expect(sizes.reduce((a, b) => a + b)).toBeLessThan(100_000)
  for (const file of ['live.css', 'live.js']) {
    const head = readFileSync(join(LIVE, file), 'utf8').slice(0, 500)
    expect(head).toContain('uPlot')
    expect(head).toContain('Copyright (c) 2022 Leon Sorokin')
  }
  expect(readFileSync(join(LIVE, 'index.html'), 'utf8')).not.toMatch(
    /<style|style=|<script>|https?:(?!\/\/www\.w3\.org)/,
  )
})
