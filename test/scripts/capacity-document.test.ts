// docs/capacity.md: it has the figures that are kept, and each constant is of a row that its bench has.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CONSTANTS, samplesOfConstant } from '../../bench/capacity/constants.mjs'
import { median } from '../../bench/harness/statistics.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SCRIPT = 'scripts/capacity-document.mjs'
const page = readFileSync(new URL('../../docs/capacity.md', import.meta.url), 'utf8')
const kept: { samples: Record<string, number[]> } = JSON.parse(
  readFileSync(new URL('../../bench/capacity/constants.json', import.meta.url), 'utf8'),
)

interface Case {
  name: string
  contenders: Record<string, unknown>
  measures: { key: string }[]
}

test('the page is current with its constants and the catalogs', () => {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, '--check'], { cwd: ROOT, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

test('each constant is a measure of contenders of a case that its suite runs', async () => {
  expect(Object.keys(CONSTANTS).length).toBeGreaterThanOrEqual(25)
  for (const [key, { suite, case: name, of, minus = of, measure }] of Object.entries(CONSTANTS)) {
    const { makeCases } = await import(`../../bench/${suite}/index.mjs`)
    const case_ = (makeCases({ short: false }) as Case[]).find((each) => each.name === name)
    const missing = [of, minus].filter((contender) => !(contender in (case_?.contenders ?? {})))
    expect([key, missing, case_?.measures.some((each) => each.key === measure)]).toEqual([key, [], true])
  }
})

test('all constants are kept, as positive figures, and the formulas name those that there are', () => {
  expect(Object.keys(kept.samples)).toEqual(Object.keys(CONSTANTS))
  for (const [key, samples] of Object.entries(kept.samples)) {
    // Of a small difference a single round may be below 0, on a busy machine.
    expect([key, median(samples) > 0]).toEqual([key, true])
  }
  const formulas = /^## Formulas\n([\s\S]*?)^## /m.exec(page)?.[1] ?? ''
  const named = [...formulas.matchAll(/`([^`]+)`/g)].map(([, name]) => name).filter((name) => name !== 'code')
  expect(named.length).toBeGreaterThanOrEqual(15)
  expect(named.filter((name) => !((name as string) in CONSTANTS))).toEqual([])
})

test('a constant is less another in the same round, and none where a contender was not run', () => {
  const rows = [
    { contender: 'two', samples: [30, 50] },
    { contender: 'one', samples: [10, 20] },
  ]
  const cases = [{ suite: 's', assessed: { name: 'c', measures: [{ key: 'm', rows }] } }]
  const constant = { suite: 's', case: 'c', of: 'two', measure: 'm', what: '', unit: '' }
  expect(samplesOfConstant({ ...constant, minus: 'one', times: 2 }, cases)).toEqual([40, 60])
  expect(samplesOfConstant({ ...constant, times: 0.5 }, cases)).toEqual([15, 25])
  expect(samplesOfConstant({ ...constant, minus: 'three' }, cases)).toBeUndefined()
  expect(samplesOfConstant({ ...constant, measure: 'n' }, cases)).toBeUndefined()
  expect(samplesOfConstant({ ...constant, suite: 't' }, cases)).toBeUndefined()
})
