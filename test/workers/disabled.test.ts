// NANOTALLY_DISABLED=1: a program that uses everything runs as it does without it, and nothing is exposed.
import { beforeAll, expect, test } from 'vitest'
import { assertEnded, type ChildResult, runChild } from '../support/children.js'
import { parseTextFormat } from '../support/text-format.js'

interface Run {
  shapes: Record<string, string>[]
  texts: string[]
  status: number
  exposition: unknown[]
}

async function run(disabled: string | undefined): Promise<{ result: ChildResult; run: Run }> {
  const env = { NANOTALLY_DISABLED: disabled }
  const result = await runChild(new URL('fixtures/whole-api.mjs', import.meta.url), { env })
  assertEnded(result)
  return { result, run: result.messages[0] as Run }
}

let enabled: Run
beforeAll(async () => {
  enabled = (await run(undefined)).run
})

test('without it the program exposes what it records', () => {
  for (const text of enabled.texts) {
    for (const name of ['c_total', 'g', 'exponential', 'explicit', 'ratio']) expect(text).toContain(`# TYPE ${name} `)
  }
  const [rendered, , scraped] = enabled.texts.map((text) => [...parseTextFormat(text).keys()])
  expect(scraped).toEqual(rendered)
})

test('with it the same calls return the same kinds of things, nothing is exposed or warned of', async () => {
  const { result, run: disabled } = await run('1')
  expect(disabled.shapes).toHaveLength(6)
  expect(disabled.shapes).toEqual(enabled.shapes)
  expect(disabled.texts).toEqual(['', '', ''])
  expect(disabled.status).toBe(200)
  expect(disabled.exposition).toEqual(enabled.exposition)
  expect(result.stderr).toBe('')
})

test.each(['0', '', 'true'])('only 1 disables, not "%s"', async (value) => {
  const { run: other } = await run(value)
  expect(other.texts[0]).toContain('c_total')
})
