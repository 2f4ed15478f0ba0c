// Writes what docs/panels.md has of the catalogs and the alerts: node scripts/panels-document.mjs [--check], where --check only
// tells whether it is current. The page is written by hand but for the column `normal` of its tables, and a line under each
// heading that is a panel's title.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runbookOf } from '../alerts/src/build.mjs'
import { loadDashboards } from '../dashboards/load.mjs'
import { figuresOf } from './figures.mjs'

const PAGE = fileURLToPath(new URL('../docs/panels.md', import.meta.url))
const ROW = /^\| ([^|]+?) \|[^|]*\| (.+) \|$/
const RUNBOOKS = /^Runbooks: /

/** @param {readonly string[]} alerts */
const links = (alerts) => alerts.map((alert) => `[${alert}](runbooks/${runbookOf(alert)}.md)`).join(', ')

/** The figures to look at; where there are none, what the first query is expected to be. Of several families, with its name. */
function normalOf({ families, figures, alerts }) {
  const watched = figures.filter(({ warning, critical }) => warning !== undefined || critical !== undefined)
  const told = watched.length > 0 ? watched : figures.slice(0, 1)
  const texts = told.map((family) =>
    families.length === 1 ? figuresOf(family) : `\`${family.name}\`: ${figuresOf(family)}`,
  )
  return [...texts, ...(alerts.length === 0 ? [] : [links(alerts)])].join('<br>')
}

/** @param {string} page @param {import('../dashboards/src/library/dashboard.ts').Dashboard[]} dashboards */
function filled(page, dashboards) {
  const lines = []
  let panels = new Map()
  let isAfterTitle = false
  for (const line of page.split('\n')) {
    const [, level, title = ''] = /^(##+) (.+)$/.exec(line) ?? []
    if (level === '##') {
      panels = new Map(dashboards.find((each) => each.title === title)?.panels.map((panel) => [panel.title, panel]))
    }
    // The line of before is made anew, with the empty one after it.
    if (isAfterTitle && line === '') continue
    if (isAfterTitle && RUNBOOKS.test(line)) continue
    isAfterTitle = false
    const [, named = '', prose] = ROW.exec(line) ?? []
    const panel = panels.get(named)
    lines.push(panel === undefined ? line : `| ${named} | ${normalOf(panel)} | ${prose} |`.replace('|  |', '| |'))
    if (level !== '###' || !panels.has(title)) continue
    isAfterTitle = true
    const { alerts } = panels.get(title)
    lines.push('', ...(alerts.length === 0 ? [] : [`Runbooks: ${links(alerts)}.`, '']))
  }
  return lines.join('\n')
}

const page = readFileSync(PAGE, 'utf8')
const current = filled(page, await loadDashboards())
if (!process.argv.includes('--check')) writeFileSync(PAGE, current)
else if (current !== page) {
  console.error('docs/panels.md is not what the catalogs and the alerts say: run node scripts/panels-document.mjs')
  process.exitCode = 1
}
