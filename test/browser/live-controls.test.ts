// What readers of the live page do: search, scroll, pause, fold and open, by the mouse and by the keyboard.
import { expect, test } from 'vitest'
import { documentAt, family } from '../support/live-document.js'
import { eventually, numbers, requests, shown, text, texts } from '../support/live-page.js'

test('search and type leave what matches; / goes to the search, Esc clears it', async () => {
  const { page } = await shown([requests(1, 2), family('gauge', 'heat_celsius', [[{ room: 'kitchen' }, 20]])])
  expect(await texts(page, '.fold .name')).toEqual(['heat_celsius', 'requests_total'])
  await page.keyboard.press('/')
  await page.keyboard.type('answered /B')
  await eventually(() => texts(page, '.series .labels')).toEqual(['path=/b'])
  await page.keyboard.type(' nothing')
  await eventually(() => text(page, '#empty')).toBe('No series match. Esc clears the search.')
  await page.keyboard.press('Escape')
  await eventually(() => texts(page, '.series .labels')).toHaveLength(3)
  expect(await page.locator('#search').inputValue()).toBe('')
  await page.locator('#type').selectOption('gauge')
  await eventually(() => texts(page, '.series .labels')).toEqual(['room=kitchen'])
  await page.locator('#type').selectOption('info')
  await eventually(() => text(page, '#empty')).toBe('No series of this type.')
})

test('Esc scrolls to the top with the search that it clears, and only then', async () => {
  const many = family(
    'gauge',
    'x',
    Array.from({ length: 20 }, (_, i) => [{ id: `n${i}` }, i]),
  )
  const { page } = await shown([many], { viewport: { width: 800, height: 400 } })
  const scrolled = () => page.evaluate(() => scrollY)
  await page.evaluate(() => scrollTo(0, 200))
  await page.keyboard.press('Escape')
  expect(await scrolled()).toBe(200)
  await page.keyboard.press('/')
  await page.keyboard.type('n')
  await page.evaluate(() => scrollTo(0, 200))
  await page.keyboard.press('Escape')
  expect(await scrolled()).toBe(0)
})

test('the space bar pauses once, however long it is held', async () => {
  const { page } = await shown([requests(0, 0)])
  for (let i = 0; i < 4; i++) await page.keyboard.down('Space') // all but the first are repeats
  await page.keyboard.up('Space')
  await eventually(() => text(page, '#pause')).toBe('Resume')
  await page.keyboard.press('Space')
  await eventually(() => text(page, '#pause')).toBe('Pause')
})

test('pause holds what is shown while events go on; resume shows the newest', async () => {
  const { page, server } = await shown([requests(0, 0)])
  server.changes(documentAt(1001, [requests(7, 0)]))
  await eventually(() => numbers(page, '/a')).toEqual(['7/s', '7'])
  await page.keyboard.press('Space')
  await eventually(() => text(page, '#summary')).toContain('paused at 00:16:41')
  const stall = family('gauge', 'nodejs_eventloop_stall_seconds', [[{ thread: 'main' }, 1]])
  server.changes(documentAt(1002, [requests(100, 0), stall]))
  // Stalls are told all the same: so that document has been drawn.
  await eventually(() => text(page, '#stalls')).toContain('main')
  expect(await numbers(page, '/a')).toEqual(['7/s', '7'])
  expect(await texts(page, '.fold .name')).toEqual(['requests_total'])
  await page.locator('#pause').click()
  await eventually(() => numbers(page, '/a')).toEqual(['93/s', '100'])
  await eventually(() => texts(page, '.fold .name')).toHaveLength(2)
})

test('the keyboard opens series and folds families, and keeps its place while events come', async () => {
  const { page, server } = await shown([requests(0, 0)])
  const row = page.locator('.series', { hasText: '/a' })
  await row.focus()
  await page.keyboard.press('Enter')
  await eventually(() => row.getAttribute('aria-expanded')).toBe('true')
  await eventually(() => text(page, '.panel .selector')).toBe('requests_total{path="/a"}')
  server.changes(documentAt(1001, [requests(7, 0)]))
  await eventually(() => numbers(page, '/a')).toEqual(['7/s', '7'])
  expect(await row.evaluate((element) => element === document.activeElement)).toBe(true)
  // A button that was reached by the keyboard is pressed by the space bar.
  await page.keyboard.press('Space')
  await eventually(() => page.locator('.panel').count()).toBe(0)
  expect(await text(page, '#pause')).toBe('Pause')
  await page.locator('.fold').click()
  await eventually(() => page.locator('.series').count()).toBe(0)
})

test('colours follow the system until the reader decides, which is remembered', async () => {
  const { page } = await shown([], { colorScheme: 'dark' })
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const dark = await background()
  await page.emulateMedia({ colorScheme: 'light' })
  await eventually(background).not.toBe(dark)
  const light = await background()
  await page.locator('#theme').click()
  await eventually(background).toBe(dark)
  await page.reload()
  await eventually(() => text(page, '#theme')).toBe('Light')
  expect(await background()).toBe(dark)
  expect(light).not.toBe(dark)
})
