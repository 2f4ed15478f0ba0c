// Chromium for tests, one for each test file, and pages in it that note whatever a page should not do.
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, expect, onTestFinished } from 'vitest'
import { LiveServer } from './live-server.mjs'
import { toolPath } from './server.js'
import { DEADLINE_MS } from './until.js'

let browser: Promise<Browser> | undefined

afterAll(async () => {
  await (await browser)?.close()
})

/** Serves the live page until the test ends, and longer than the pages that the test opens afterwards. */
export async function serveLive(options?: { prefix?: string; retryMs?: number }): Promise<LiveServer> {
  const server = await LiveServer.start(options)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

/**
 * Opens an address in a browser context of its own. When the test ends the page must have asked nobody but the address'
 * origin, violated no content security policy, thrown no error, and opened no dialog.
 *
 * @param allowed what the browser's console may report all the same: of a connection that the test broke, say
 */
export async function openPage(
  url: string,
  { allowed, ...options }: BrowserContextOptions & { allowed?: RegExp } = {},
): Promise<Page> {
  browser ??= chromium.launch({ executablePath: toolPath('chromium') })
  const context = await (await browser).newContext({ timezoneId: 'UTC', locale: 'en', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(DEADLINE_MS)

  const { origin } = new URL(url)
  const troubles: string[] = []
  let asked = 0
  page.on('request', (request) => {
    asked++
    // The icon is part of the document.
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:')) {
      troubles.push(`a request to ${request.url()}`)
    }
  })
  page.on('pageerror', (error) => troubles.push(`an error: ${error}`))
  page.on('dialog', (dialog) => {
    troubles.push(`a dialog: ${dialog.message()}`)
    dialog.dismiss()
  })
  page.on('console', (message) => {
    if (message.type() === 'error' && !allowed?.test(message.text())) troubles.push(`the console: ${message.text()}`)
  })
  await page.exposeFunction('noteViolation', (text: string) => troubles.push(`a violation: ${text}`))
  await page.addInitScript(VIOLATIONS)
  onTestFinished(async () => {
    await context.close()
    expect(asked).toBeGreaterThanOrEqual(4) // the document, its script, its style sheet, its events
    expect(troubles).toEqual([])
  })

  await page.goto(url)
  return page
}

const VIOLATIONS = `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  noteViolation(violatedDirective + ' ' + blockedURI))`
