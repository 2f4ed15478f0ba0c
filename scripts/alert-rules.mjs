// Writes alerts/*.yml, docs/alerts.md, the heads of docs/runbooks/*.md and what the watch calls its alerts from alerts/src, the
// catalogs and the dashboards: node scripts/alert-rules.mjs [--check], where --check only tells whether the files are what they
// would be. Both tell which alert has no runbook, and which runbook no alert.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildRules } from '../alerts/src/build.mjs'
import { alertsDocument } from '../alerts/src/document.mjs'
import { EXPORTER_FAMILIES } from '../alerts/src/exporters.mjs'
import { sources } from '../alerts/src/index.mjs'
import { alertsByPage, withHead } from '../alerts/src/runbook.mjs'
import { watchRules } from '../alerts/src/watch.mjs'
import { ruleFileYaml } from '../alerts/src/yaml.mjs'

const { catalogs } = createRequire(import.meta.url)('../dist/catalogs/index.js')
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const RUNBOOKS = join('docs', 'runbooks')

const files = buildRules(sources, catalogs)
const alerts = alertsByPage(files)
const surroundings = {
  families: [...catalogs.flatMap(({ families }) => Object.values(families)), ...EXPORTER_FAMILIES].map(
    ({ name }) => name,
  ),
  ...dashboardsAsTheyAre(),
}
const pages = namesIn(RUNBOOKS, '.md').filter((name) => name !== 'README')
const written = new Map([
  ...files.map((file) => [join('alerts', `${file.file}.yml`), ruleFileYaml(file)]),
  [join('docs', 'alerts.md'), alertsDocument(files)],
  [join('lib', 'integrations', 'internal', 'watch', 'rules.ts'), formatted(watchRules(files, catalogs))],
  ...pages
    .filter((page) => alerts.has(page))
    .map((page) => {
      const path = join(RUNBOOKS, `${page}.md`)
      return [path, withHead(read(path) ?? '', alerts.get(page) ?? [], surroundings)]
    }),
])
const troubles = [
  ...namesIn('alerts', '.yml')
    .map((name) => join('alerts', `${name}.yml`))
    .filter((path) => !written.has(path))
    .map((path) => `${path} has no source in alerts/src`),
  ...pages.filter((page) => !alerts.has(page)).map((page) => `${RUNBOOKS}/${page}.md is about no alert`),
  ...[...alerts]
    .filter(([page]) => !pages.includes(page))
    .map(([page, [rule]]) => `${rule?.alert} has no runbook: write ${RUNBOOKS}/${page}.md`),
]

if (process.argv.includes('--check')) {
  const stale = [...written].filter(([path, text]) => read(path) !== text).map(([path]) => path)
  troubles.unshift(...stale.map((path) => `${path} is not what alerts/src says: run node scripts/alert-rules.mjs`))
} else {
  for (const [path, text] of written) writeFileSync(join(ROOT, path), text)
}
for (const trouble of troubles) console.error(trouble)
process.exitCode = troubles.length === 0 ? 0 : 1

/** What the dashboards ask, and where docs/dashboards.md tells of them. */
function dashboardsAsTheyAre() {
  const guide = read(join('docs', 'dashboards.md')) ?? ''
  const titles = [...guide.matchAll(/^##+ (.+)$/gm)].map(([, title = '']) => title)
  const sections = new Map(titles.map((title) => [title, title.toLowerCase().replaceAll(' ', '-')]))
  const dashboards = namesIn('dashboards', '.json')
    .map((name) => JSON.parse(read(join('dashboards', `${name}.json`)) ?? ''))
    .map(({ title, panels }) => ({
      title,
      panels: panels.flatMap((panel) => [
        panelOf(panel, false),
        ...(panel.panels ?? []).map((inner) => panelOf(inner, true)),
      ]),
    }))
  // As the guide has them.
  return { sections, dashboards: dashboards.sort((a, b) => titles.indexOf(a.title) - titles.indexOf(b.title)) }
}

function panelOf({ title, targets = [] }, isCollapsed) {
  return { title, isCollapsed, exprs: targets.map(({ expr }) => expr) }
}

/** @param {string} text TypeScript */
function formatted(text) {
  const biome = join(ROOT, 'node_modules', '.bin', 'biome')
  return execFileSync(biome, ['format', '--stdin-file-path=rules.ts'], { input: text, encoding: 'utf8', cwd: ROOT })
}

/** @param {string} folder @param {string} extension @returns {string[]} without it */
function namesIn(folder, extension) {
  if (!existsSync(join(ROOT, folder))) return []
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(extension))
    .map((name) => name.slice(0, -extension.length))
    .sort()
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(join(ROOT, path), 'utf8')
  } catch {
    return undefined
  }
}
