// Runs every @example of lib's documentation as it stands there.
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import express from 'express'
import fastify from 'fastify'
import { Redis } from 'ioredis'
import * as nanotally from 'nanotally'
import * as hardware from 'nanotally/hardware'
import pg from 'pg'
import { beforeEach, describe, expect, test } from 'vitest'

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
/** What has an export of its own: `nanotally/catalogs/NAME` and `nanotally/integrations/NAME`. */
const extensions = files.filter((file) => /^(catalogs|integrations)\/[^/]+$/.test(file))
const modules = await Promise.all(
  extensions.map((file) => import(`nanotally/${file.split('/')[0]}/${basename(file, '.ts')}`)),
)
// Newer versions of Node add 'module.exports' to what they import from CommonJS. An example that serves has node:http, too.
const exported = new Map<string, unknown>(
  // What hardware calls numa is what its examples mean, not the catalog.
  [...modules, hardware, nanotally].flatMap((module) => Object.entries(module)).filter(([name]) => /^\w+$/.test(name)),
)
for (const [name, value] of Object.entries({ createServer, express, fastify, pg, Redis })) exported.set(name, value)

async function run({ code }: Example): Promise<void> {
  const names = [...exported.keys()].filter((name) => !new RegExp(`(const|let) ${name}\\b`).test(code))
  const body = new Function(...names, `return (async () => {\n${code}\n})()`)
  await body(...names.map((name) => exported.get(name)))
}

describe('examples', () => {
  const examples = files.filter((file) => !extensions.includes(file)).flatMap(examplesOf)
  test.each(examples)('$title', run)

  test('there are some, and what they recorded can be read', async () => {
    expect(examples.length).toBeGreaterThanOrEqual(20)
    expect(await nanotally.registry.metrics()).toContain('http_requests_total{method="GET",status="200"} 4')
  })
})

describe('examples of catalogs and integrations', () => {
  // Others above have made one of their own.
  beforeEach(() => {
    nanotally.registry.remove('http_requests_total')
  })
  const examples = extensions.flatMap(examplesOf)
  test.each(examples)('$title', run)

  test('there are some', () => {
    expect(examples.length).toBeGreaterThanOrEqual(10)
  })
})
