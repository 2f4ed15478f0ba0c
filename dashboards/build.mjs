// Writes dashboards/*.json from dashboards/src: node dashboards/build.mjs [--check] [--docs URL] [--out FOLDER]
//   --check       only tells whether the files are what the sources and the catalogs of dist/ say
//   --docs URL    where links to docs/ lead; each dashboard's variable `docs` can say otherwise
//   --out FOLDER  default: dashboards
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DOCUMENTS } from '../alerts/src/build.mjs'
import { loadDashboards } from './load.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    docs: { type: 'string', default: DOCUMENTS },
    out: { type: 'string', default: join(ROOT, 'dashboards') },
  },
})

const files = new Map(
  (await loadDashboards()).map((dashboard) => [
    `${dashboard.name}.json`,
    `${JSON.stringify(dashboard.build(values.docs), undefined, 2)}\n`,
  ]),
)

if (values.check) {
  const present = readdirSync(values.out).filter((name) => name.endsWith('.json'))
  const stale = [...files].filter(([name, text]) => !present.includes(name) || read(name) !== text)
  const more = present.filter((name) => !files.has(name))
  for (const name of [...stale.map(([name]) => name), ...more]) {
    console.error(`dashboards/${name} is not what dashboards/src says: run node dashboards/build.mjs`)
  }
  console.log(`${files.size} dashboards, ${stale.length + more.length} not current`)
  if (stale.length + more.length > 0) process.exitCode = 1
} else {
  for (const name of readdirSync(values.out)) if (name.endsWith('.json')) rmSync(join(values.out, name))
  for (const [name, text] of files) writeFileSync(join(values.out, name), text)
}

function read(name) {
  return readFileSync(join(values.out, name), 'utf8')
}
