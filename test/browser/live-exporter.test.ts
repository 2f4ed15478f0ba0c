// The live page as the real exporter serves it, of a real program.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openPage } from '../support/browser.js'
import { Child } from '../support/children.js'
import { temporaryFolder } from '../support/temporary.js'
import { DEADLINE_MS } from '../support/until.js'

const PROGRAM = new URL('fixtures/program.mjs', import.meta.url)

test('it shows rates and quantiles, says which thread is stalled, marks what ended, and knows when it is alone', async () => {
  const folder = temporaryFolder()
  const program = new Child(PROGRAM, { args: [folder], timeoutMs: 3 * DEADLINE_MS })
  onTestFinished(() => program.kill('SIGKILL'))
  const url = (await program.nextMessage()) as string
  const page = await openPage(url.replace(/metrics$/, ''), { allowed: /ERR_/ })
  const eventually = (selector: string, index = 0) =>
    expect.poll(() => page.locator(selector).nth(index).innerText(), { timeout: DEADLINE_MS })
  const row = (label: string) => page.locator('.series', { hasText: label }).locator('.number').first()

  await eventually('#connection').toBe('live')
  await expect.poll(() => row('path=/new').innerText(), { timeout: DEADLINE_MS }).toMatch(/^\d+(\.\d k)?\/s$/)
  expect(await row('path=/old').innerText()).toBe('0/s')
  expect(await page.locator('.series .label b', { hasText: 'bold' }).textContent()).toBe('<b>bold</b>')
  const waits = page.locator('.numbers.histogram .number')
  await expect.poll(() => waits.nth(1).innerText(), { timeout: DEADLINE_MS }).toMatch(/^[34]\.\d\d ms$/)
  expect(await page.locator('#stalls').isVisible()).toBe(false)

  program.send('end')
  await expect.poll(() => row('path=/old').innerText(), { timeout: DEADLINE_MS }).toBe('ended')

  // The page goes on while the program's main thread does not.
  program.send('block')
  await eventually('#stalls').toMatch(/^main stalled for \d/)
  await expect.poll(() => row('path=/new').innerText(), { timeout: DEADLINE_MS }).toBe('0/s')
  expect(await page.locator('#connection').innerText()).toBe('live')
  writeFileSync(join(folder, 'go-on'), '')
  await expect.poll(() => page.locator('#stalls').isVisible(), { timeout: DEADLINE_MS }).toBe(false)

  program.kill('SIGKILL')
  await eventually('#connection').toMatch(/^reconnecting, lost since \d\d:\d\d:\d\d$/)
})
