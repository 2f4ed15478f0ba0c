// The live page in Chromium, with the documents that a scripted server sends it, and what it shows of them.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { openPage, serveLive } from './browser.js'
import { documentAt, family, type WireFamily } from './live-document.js'
import { DEADLINE_MS } from './until.js'

/** Waits until what `read` finds is as expected. */
export function eventually<T>(read: () => Promise<T>) {
  return expect.poll(read, { timeout: DEADLINE_MS, interval: 20 })
}

/** A server whose page has taken in a snapshot of these families, and drawn it. */
export async function shown(
  families: readonly WireFamily[],
  options: Parameters<typeof openPage>[1] = {},
  interval = 60,
) {
  const server = await serveLive()
  server.first = documentAt(1000, families, { interval })
  const page = await openPage(server.url, options)
  await eventually(() => text(page, '#connection')).toBe('live')
  // Drawn with the next frame, and the list with it.
  await eventually(() => text(page, '#summary')).not.toBe('')
  return { server, page }
}

export const text = (page: Page, selector: string) => page.locator(selector).innerText()
export const texts = (page: Page, selector: string) => page.locator(selector).allInnerTexts()
/** The numbers of the row with these labels. */
export const numbers = (page: Page, label: string) =>
  page.locator('.series', { hasText: label }).locator('.number').allInnerTexts()

export const requests = (a: number, b: number) =>
  family(
    'counter',
    'requests_total',
    [
      [{ path: '/a' }, a],
      [{ path: '/b' }, b],
    ],
    { help: 'Requests answered.' },
  )
