// docs/native.md shows what the example does: its snippets stand there line by line.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const EXAMPLE = join(ROOT, 'examples/native-addon')
const FILES = ['binding.gyp', 'index.mjs', ...readdirSync(join(EXAMPLE, 'src')).map((file) => join('src', file))]
const EXTENSIONS: Record<string, RegExp> = { gyp: /\.gyp$/, javascript: /\.mjs$/, cpp: /\.(h|cc)$/ }

const text = readFileSync(join(ROOT, 'docs/native.md'), 'utf8')
const snippets = [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language, code], i) => ({
  title: `${i + 1}: ${code?.trim().split('\n')[0]}`,
  language: language as string,
  code: code as string,
}))

test('there are some', () => {
  expect(snippets.length).toBeGreaterThanOrEqual(8)
})

test.each(snippets)('$title', ({ language, code }) => {
  const files = FILES.filter((file) => EXTENSIONS[language]?.test(file))
  expect(files.some((file) => readFileSync(join(EXAMPLE, file), 'utf8').includes(code))).toBe(true)
})
