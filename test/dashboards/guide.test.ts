// The guide, docs/panels.md: it tells of each panel in its row, of streaming's with the catalog's figures, and is current.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { threshold } from '../../scripts/figures.mjs'
import { dashboardFiles, dashboardNamed, panelsOf } from '../support/dashboards.js'
import { familiesOf, overriddenThresholds } from './panels.js'

const GUIDE = readFileSync(new URL('../../docs/panels.md', import.meta.url), 'utf8')

/** What the guide tells of, by dashboard and row: its tables' rows, and headings that have none but say something. */
function guided(guide: string): string[] {
  const titles: string[] = []
  let [dashboard = '', row = ''] = []
  for (const line of guide.split('\n')) {
    const [, level, title = ''] = /^(##+) (.+)$/.exec(line) ?? []
    if (level === '##') [dashboard, row] = [title, '']
    if (level === '###') row = title
    const [, panel] = /^\| ([^|]+?) \| .*\| [^|]{10,} \|$/.exec(line) ?? []
    if (panel !== undefined && panel !== 'panel') titles.push(`${dashboard} / ${row} / ${panel}`)
  }
  return titles
}

test('the guide through streaming tells of each of its panels, with the catalog’s figures', () => {
  const guide = GUIDE.split(/^## /m).find((part) => part.startsWith('Streaming\n'))
  const sections = new Map(
    guide?.split(/^### /m).map((part) => [part.split('\n')[0], part.replaceAll(/\s+/g, ' ')] as const),
  )
  let told = 0
  for (const { panel } of panelsOf(dashboardNamed('streaming')).filter(({ row }) => row === 'Streaming')) {
    const section = sections.get(panel.title)
    expect([panel.title, section?.length ?? 0]).toEqual([panel.title, expect.any(Number)])
    const steps = [panel.fieldConfig?.defaults.thresholds, ...overriddenThresholds(panel)].flatMap(
      (each) => each?.steps ?? [],
    )
    for (const { warning, critical } of familiesOf(panel)) {
      for (const [name, figures] of Object.entries({ warning, critical })) {
        // Only what the panel's own thresholds are about.
        const bound = figures?.above ?? figures?.below
        if (figures === undefined || !steps.some(({ value }) => value === (bound || 1e-9))) continue
        expect(section).toContain(threshold(name, figures))
        told++
      }
    }
  }
  expect(told).toBeGreaterThan(8)
})

test('the guide tells of each panel of each dashboard in its row, of each once, and of no other', () => {
  const expected = dashboardFiles.flatMap(({ dashboard }) => {
    const panels = panelsOf(dashboard)
    const titles = new Set(panels.map(({ panel }) => panel.title))
    return (
      panels
        .filter(({ panel: { title } }) => {
          const stem = title.replace(/, classic buckets$/, '')
          return stem === title || !titles.has(stem)
        })
        // Streaming's eleven have a section each, which the test above reads.
        .filter(({ row }) => !(dashboard.title === 'Streaming' && row === 'Streaming'))
        .map(({ panel, row }) => `${dashboard.title} / ${row} / ${panel.title}`)
    )
  })
  expect(expected.length).toBeGreaterThan(200)
  expect(guided(GUIDE).sort()).toEqual(expected.sort())
  const headings = [...GUIDE.matchAll(/^## (.+)$/gm)].map(([, title]) => title)
  expect(headings.sort()).toEqual(dashboardFiles.map(({ dashboard }) => dashboard.title).sort())
  const sections = GUIDE.split(/^## /m).find((part) => part.startsWith('Streaming\n'))
  const rows = new Set(
    panelsOf(dashboardNamed('streaming')).map(({ row, panel }) => (row === 'Streaming' ? panel.title : row)),
  )
  const told = [...(sections ?? '').matchAll(/^### (.+)$/gm)].map(([, title]) => title)
  expect(told).toEqual([...rows].filter((title) => !title?.startsWith('Classic twins')))
})

test('the guide’s figures and runbooks are current', () => {
  const script = fileURLToPath(new URL('../../scripts/panels-document.mjs', import.meta.url))
  expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow()
})
