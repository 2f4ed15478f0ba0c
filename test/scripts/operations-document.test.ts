// The baselines of docs/operations.md: current, whole, and with the runbooks of the alerts.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CatalogFamily, catalogs } from 'nanotally/catalogs'
import { expect, test } from 'vitest'
import { runbookOf } from '../../alerts/src/build.mjs'
import { EXPORTER_FAMILIES } from '../../alerts/src/exporters.mjs'
import { alerts } from '../alerts/rules.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(ROOT, 'docs', 'operations.md'), 'utf8')

/** The cells behind a family's name. */
const rows = new Map(
  page
    .split('\n')
    .filter((line) => line.startsWith('| [`'))
    .map((line) => {
      const [, first = '', ...cells] = line.split('|').map((cell) => cell.trim())
      return [/`(\w+)`/.exec(first)?.[1] ?? '', cells] as const
    }),
)

test('what is written is current', () => {
  const script = join(ROOT, 'scripts', 'operations-document.mjs')
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})

test('each family with a figure is there, with what to do; but for those under OpenTelemetry’s names', () => {
  const ofCatalogs = catalogs
    .filter(({ name }) => name !== 'http-semantic')
    .flatMap((catalog) => Object.values<CatalogFamily>(catalog.families))
  const families = [...ofCatalogs, ...EXPORTER_FAMILIES].filter(
    ({ warning, critical, planned }) => (warning ?? critical) !== undefined && planned === undefined,
  )
  expect(families.length).toBeGreaterThan(100)
  for (const { name, warning, critical } of families) {
    const [, warns = '', isCritical = '', , todo = ''] = rows.get(name) ?? []
    expect([name, warns !== '', isCritical !== '']).toEqual([name, warning !== undefined, critical !== undefined])
    expect([name, todo.length > 5]).toEqual([name, true])
    const isBoth = warning !== undefined && critical !== undefined
    expect([name, todo.includes('**critical:**')]).toEqual([name, isBoth])
  }
  const streaming = Object.values(catalogs.find(({ name }) => name === 'streaming')?.families ?? {})
  expect(streaming.map(({ name }) => name).filter((name) => !rows.has(name))).toEqual([])
})

test('figures are the catalog’s', () => {
  expect(rows.get('engram_streaming_queue_depth')?.slice(0, 3)).toEqual([
    '0 to 0.5',
    'above 0.8 for 2 min',
    'above 0.9 for 1 min',
  ])
})

test('what was seen in calm beyond a figure is bold, beyond what is normal only italic', () => {
  const calm = JSON.parse(readFileSync(join(ROOT, 'scripts', 'calm.json'), 'utf8'))
  const families = catalogs.flatMap((catalog) => Object.values<CatalogFamily>(catalog.families))
  let seen = 0
  for (const { name, expected, warning, critical } of families) {
    const cell = rows.get(name)?.[3]
    const [low, high] = calm.seen[name] ?? []
    if (cell === undefined || low === undefined) continue
    seen++
    const isNormal = low >= expected[0] && high <= expected[1]
    const limits = [warning, critical].flatMap((each) => (each === undefined ? [] : [each]))
    const isFine = limits.every(({ above = Infinity, below = -Infinity }) => low >= below && high <= above)
    expect([name, cell.match(/^\**/)?.[0]]).toEqual([name, isFine ? (isNormal ? '' : '*') : '**'])
  }
  expect(seen).toBeGreaterThan(50)
})

test('the runbook of each alert about a family is linked from its row, which tells whether it is info', () => {
  let linked = 0
  for (const { alert, family, labels } of alerts) {
    if (family === undefined || family.planned !== undefined) continue
    const link = `[${alert}](runbooks/${runbookOf(alert)}.md)`
    const todo = rows.get(family.name)?.at(4)
    expect([alert, todo]).toEqual([alert, expect.stringContaining(link)])
    expect([alert, todo?.includes(`${link} (info)`)]).toEqual([alert, labels.severity === 'info'])
    linked++
  }
  expect(linked).toBeGreaterThan(60)
})
