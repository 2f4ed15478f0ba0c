// Runs every @example of lib's documentation as it stands there.
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as nanotally from 'nanotally'
import * as hardware from 'nanotally/hardware'
import { describe, expect, test } from 'vitest'

const LIB = fileURLToPath(new URL('../../lib', import.meta.url))

interface Example {
  title: string
  code: string
}

/** The code after each @example of a file, up to the next tag or the end of its comment. */
function examplesOf(file: string): Example[] {
  const text = readFileSync(join(LIB, file), 'utf8')
  return [...text.matchAll(/\/\*\*.*?\*\//gs)].flatMap(({ 0: comment, index }) => {
    const line = text.slice(0, index).split('\n').length
    const content = comment
      .replace(/^\/\*\*|\*\/$/g, '')
      .split('\n')
      .map((row) => row.replace(/^\s*\* ?/, ''))
      .join('\n')
    return [...content.matchAll(/^ ?@example(.*?)(?=^ ?@|$(?![\s\S]))/gms)].map((match) => ({
      title: `${file}:${line}`,
      code: (match[1] ?? '').trim(),
    }))
  })
}

const files = (readdirSync(LIB, { recursive: true }) as string[]).filter((file) => file.endsWith('.ts')).sort()
const examples = files.flatMap(examplesOf)
// Newer versions of Node add 'module.exports' to what they import from CommonJS. An example that serves has node:http, too.
const exported = new Map<string, unknown>(
  [nanotally, hardware].flatMap((module) => Object.entries(module)).filter(([name]) => /^\w+$/.test(name)),
)
exported.set('createServer', createServer)
for (const file of files.filter((name) => /^catalogs\/\w+\.ts$/.test(name))) {
  const module = await import(`nanotally/${file.replace('.ts', '')}`)
  for (const [name, value] of Object.entries(module)) if (name.endsWith('Metrics')) exported.set(name, value)
}

describe('examples', () => {
  test.each(examples)('$title', async ({ code }) => {
    const names = [...exported.keys()].filter((name) => !new RegExp(`(const|let) ${name}\\b`).test(code))
    const run = new Function(...names, `return (async () => {\n${code}\n})()`)
    await run(...names.map((name) => exported.get(name)))
  })

  test('there are some, and what they recorded can be read', async () => {
    expect(examples.length).toBeGreaterThanOrEqual(20)
    expect(await nanotally.registry.metrics()).toContain('http_requests_total{method="GET",status="200"} 4')
  })
})
