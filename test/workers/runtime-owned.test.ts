// Runtimes with a memory cage forbid external buffers: the cells then lie in ArrayBuffers that the runtime owns. No Node at
// hand is built so, so the real addon is made to believe it: in a copy of it the names of two Node-API functions are
// changed by a letter, and a preloaded library answers to the changed names as such a runtime does.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADDON } from '../support/addon.js'
import { assertEnded, type ChildResult, ENDING_FLAGS, runChild } from '../support/children.js'
import { definedFamilies, parseTextFormat, sampleValue } from '../support/text-format.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NAMES = ['napi_create_external_arraybuffer', 'napi_create_external_buffer']
const changed = (name: string) => name.replace(/^napi/, 'cage')
/** They say napi_no_external_buffers_allowed, a napi_status. */
const LIBRARY = NAMES.map((name) => `int ${changed(name)}(void) { return 22; }\n`).join('')

let folder: string
let library: string

function run(script: string, args: string[] = []): Promise<ChildResult> {
  const env = { LD_PRELOAD: library, NANOTALLY_ADDON: join(folder, 'nanotally.node') }
  const nodeFlags = ['--expose-gc', ...ENDING_FLAGS]
  return runChild(join(folder, 'fixtures', script), { args, env, nodeFlags, timeoutMs: 170_000 })
}

// The names are changed in an ELF file, and the library is preloaded by ELF's loader.
describe.skipIf(process.platform !== 'linux')('in a runtime that forbids external buffers', () => {
  /** The package in a folder of its own, with the changed addon, and the fixtures, which find it by its name. */
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nanotally-test-'))
    library = join(folder, 'cage.so')
    writeFileSync(join(folder, 'cage.c'), LIBRARY)
    execFileSync(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-o', library, join(folder, 'cage.c')])
    for (const path of ['package.json', 'dist']) cpSync(join(ROOT, path), join(folder, path), { recursive: true })
    cpSync(fileURLToPath(new URL('fixtures', import.meta.url)), join(folder, 'fixtures'), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    let addon = readFileSync(ADDON).toString('latin1')
    for (const name of NAMES) {
      // Once in the table that the loader reads, and again among the debugger's symbols unless they are stripped.
      const renamed = addon.replaceAll(`\0${name}\0`, `\0${changed(name)}\0`)
      expect(renamed, `${name} is no name in the addon`).not.toBe(addon)
      addon = renamed
    }
    writeFileSync(join(folder, 'nanotally.node'), addon, 'latin1')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('the runtime owns the cells, aligned to a cache line', async () => {
    const result = await run('chunks.mjs')
    assertEnded(result)
    const { chunks, text } = result.messages[0] as { chunks: { bytes: number; viewed: number }[]; text: string }
    expect(chunks.length).toBeGreaterThan(2)
    for (const { bytes, viewed } of chunks) expect([bytes, viewed]).toEqual([65_536 + 64, 65_536])
    expect(sampleValue(parseTextFormat(text), 'c_total', { l: '7' })).toBe(1)
  })

  test('and with the addon as it is it does not: the check can tell', async () => {
    const result = await runChild(new URL('fixtures/chunks.mjs', import.meta.url))
    assertEnded(result)
    const { chunks } = result.messages[0] as { chunks: { bytes: number }[] }
    expect(chunks.map(({ bytes }) => bytes)).toEqual(chunks.map(() => 65_536))
  })

  test('workers that end in every way lose nothing', async () => {
    const result = await run('totals.mjs')
    assertEnded(result)
    const { scrapes, tallies, ended } = result.messages[0] as {
      scrapes: { end: number; text: string }[]
      tallies: number[][]
      ended: { mode: string }[]
    }
    const last = scrapes.reduce((latest, scrape) => (scrape.end > latest.end ? scrape : latest))
    const families = parseTextFormat(last.text)
    const terminated = ended.filter(({ mode }) => mode === 'loop').length
    for (const [name, slot] of [
      ['work_total', 0],
      ['latency_seconds_count', 2],
      ['size_count', 3],
    ] as const) {
      const ahead = (sampleValue(families, name) ?? 0) - tallies.reduce((sum, row) => sum + (row[slot] ?? 0), 0)
      expect(ahead).toBeGreaterThanOrEqual(0)
      expect(ahead).toBeLessThanOrEqual(terminated)
    }
  })

  test('the end of a worker changes no total', async () => {
    const result = await run('churn.mjs')
    assertEnded(result)
    const texts = result.messages[0] as [string, string][]
    expect(texts).toHaveLength(30)
    for (const [before, after] of texts) expect(definedFamilies(after)).toEqual(definedFamilies(before))
  })

  test('totals outlive all workers', async () => {
    const result = await run('only-workers.mjs')
    assertEnded(result)
    const { text } = result.messages[0] as { text: string[] }
    for (const exposition of text) expect(sampleValue(parseTextFormat(exposition), 'c_total')).toBe(15)
  })

  test.each([
    ['crash/exit-live.mjs', 3],
    ['crash/exit-in-worker.mjs', 0],
    ['crash/module-resets.mjs', 0],
    ['crash/collected.mjs', 0],
    ['crash/terminate-render.mjs', 0],
  ])('%s', async (script, exitCode) => {
    for (let i = 0; i < 3; i++) {
      const result = await run(script, [String(i)])
      assertEnded(result, { exitCode })
      expect(result.stdout).toMatch(/^reached: /)
    }
  })
})
