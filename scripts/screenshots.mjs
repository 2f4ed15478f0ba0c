// Takes the pictures of docs/live.md: node scripts/screenshots.mjs [FOLDER]
// The page is the built one (npm run build:page), in Chromium, showing five minutes of a scripted program: the pictures
// change only with the page. For its best looks install Debian's fonts-inter.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { LiveProgram } from '../test/support/live-program.mjs'
import { LiveServer } from '../test/support/live-server.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SECONDS = 300
/** Noon of some day, in the time zone that the pages are given. */
const START = Date.UTC(2026, 0, 20, 12) / 1000

const PICTURES = [
  { name: 'live-light', colorScheme: 'light', viewport: { width: 1120, height: 990 }, opened: ['/search'] },
  { name: 'live-dark', colorScheme: 'dark', viewport: { width: 1120, height: 990 }, opened: ['/search'] },
  {
    name: 'live-phone',
    colorScheme: 'dark',
    viewport: { width: 375, height: 780 },
    scale: 2,
    search: 'duration',
    opened: ['/search'],
  },
]

const folder = process.argv[2] ?? join(ROOT, 'docs', 'images')
mkdirSync(folder, { recursive: true })
const tools = execFileSync(join(ROOT, 'scripts/tools.sh'), ['chromium', 'pngquant'], { encoding: 'utf8' })
const [executablePath, pngquant] = tools.split('\n')
const browser = await chromium.launch({ executablePath })
try {
  for (const picture of PICTURES) await take(picture)
} finally {
  await browser.close()
}

async function take({ name, colorScheme, viewport, scale = 1, search = '', opened }) {
  const server = await LiveServer.start()
  try {
    const program = new LiveProgram(START)
    server.first = program.next()
    const page = await browser.newPage({
      colorScheme,
      viewport,
      deviceScaleFactor: scale,
      timezoneId: 'UTC',
      locale: 'en',
    })
    await page.goto(server.url)
    await page.getByText('live', { exact: true }).waitFor()
    for (let second = 1; second < SECONDS; second++) server.changes(program.next())
    await page.locator('#host').evaluate((host) => {
      host.textContent = 'localhost:9464'
    })
    if (search) await page.getByRole('searchbox').fill(search)
    for (const label of opened)
      await page
        .getByRole('button', { name: `route=${label}` })
        .first()
        .click()
    await page.mouse.move(0, 0)
    await page.locator('.panel .readout').first().waitFor()
    await page.getByText('12:04:59').first().waitFor()
    const path = join(folder, `${name}.png`)
    const picture = await page.screenshot()
    // 256 colours are enough for it, and take half the bytes.
    writeFileSync(
      path,
      execFileSync(pngquant, ['--strip', '--speed', '1', '-'], { input: picture, maxBuffer: 2 ** 24 }),
    )
    console.log(path)
    await page.close()
  } finally {
    await server[Symbol.asyncDispose]()
  }
}
