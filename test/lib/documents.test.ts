// Runs every JavaScript snippet of the README and docs/ as a program of its own, and follows their links.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { Child } from '../support/children.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const documents = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((file) => join('docs', file))]
const texts = documents.map((document) => ({ document, text: readFileSync(join(ROOT, document), 'utf8') }))
const snippets = texts.flatMap(({ document, text }) =>
  [...text.matchAll(/^```js\n(.*?)^```/gms)].map((match, i) => ({
    title: `${document} ${i + 1}`,
    code: match[1] as string,
  })),
)
const links = texts.flatMap(({ document, text }) =>
  [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => ({ document, target: match[1] as string })),
)

// Inside the package, so that it resolves itself by its name.
mkdirSync(join(ROOT, 'build'), { recursive: true })
const folder = mkdtempSync(join(ROOT, 'build', 'snippets-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('snippets', () => {
  test('there are some', () => expect(snippets.length).toBeGreaterThanOrEqual(3))

  test.each(snippets)('$title', async ({ title, code }) => {
    const file = join(folder, `${title.replaceAll(/\W/g, '-')}.mjs`)
    writeFileSync(file, code)
    const { exitCode, stderr } = await new Child(file).finished
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })
})

describe('links', () => {
  test.each(links)('$document -> $target', ({ document, target }) => {
    expect(existsSync(join(ROOT, dirname(document), target))).toBe(true)
  })
})
