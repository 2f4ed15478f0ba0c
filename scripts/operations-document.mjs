// Writes the baselines of docs/operations.md, between its comments, from the catalogs, the alerts, scripts/baselines.mjs and
// what scripts/measure-calm.mjs saw: node scripts/operations-document.mjs [--check], where --check only tells whether the page is
// current.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { buildRules, runbookOf } from '../alerts/src/build.mjs'
import { EXPORTER_FAMILIES, pageOf } from '../alerts/src/exporters.mjs'
import { sources } from '../alerts/src/index.mjs'
import { sections } from './baselines.mjs'
import { figure, threshold } from './figures.mjs'

const { catalogs } = createRequire(import.meta.url)('../dist/catalogs/index.js')
const PAGE = fileURLToPath(new URL('../docs/operations.md', import.meta.url))
const calm = JSON.parse(readFileSync(new URL('calm.json', import.meta.url), 'utf8'))
const BEGIN =
  '<!-- Written by scripts/operations-document.mjs from the catalogs, the alerts and scripts/baselines.mjs. -->'
const END = '<!-- The end of what is written. -->'

const alertsByFamily = new Map()
for (const { alert, family, labels } of buildRules(sources, catalogs).flatMap(({ groups }) =>
  groups.flatMap(({ rules }) => rules),
)) {
  if (alert === undefined || family === undefined) continue
  const severities = alertsByFamily.get(family.name) ?? new Map()
  severities.set(alert, [...(severities.get(alert) ?? []), labels.severity])
  alertsByFamily.set(family.name, severities)
}

/** As it was seen, in bold where that is beyond a figure to look at, in italics where it is beyond what is normal only. */
function seenOf({ name, expected, warning, critical }) {
  const seen = calm.seen[name]
  if (seen === undefined) return ''
  const isBeyond = ({ above = Infinity, below = -Infinity } = {}) => seen[1] > above || seen[0] < below
  if (isBeyond(warning) || isBeyond(critical)) return `**${range(seen)}**`
  return isBeyond({ above: expected[1], below: expected[0] }) ? `*${range(seen)}*` : range(seen)
}

const range = ([low, high]) => (low === high ? figure(low) : `${figure(low)} to ${figure(high)}`)

/** `above 0.8 for 2 min`; nothing where there is none. */
const limit = (name, figures) => (figures === undefined ? '' : threshold(name, figures).slice(name.length + 1))

/** What to do: at a warning, at the critical figure, and the runbooks. @throws Error where nothing is said of a figure */
function doOf({ name, warning, critical }, actions) {
  const said = actions[name]
  const wanted = [warning, critical].filter((each) => each !== undefined).length
  const given = said === undefined ? [] : typeof said === 'string' ? [said] : said
  if (given.length !== wanted)
    throw new Error(`scripts/baselines.mjs says ${given.length} of ${wanted} things about ${name}`)
  const links = [...(alertsByFamily.get(name) ?? [])].map(([alert, severities]) => {
    // They stand under `warning`, and disturb nobody.
    const isInfo = severities.every((severity) => severity === 'info')
    return `[${alert}](runbooks/${runbookOf(alert)}.md)${isInfo ? ' (info)' : ''}`
  })
  return [given.join('; **critical:** '), links.join(', ')].filter((text) => text !== '').join('. ')
}

function row(family, actions) {
  const { name, expected, warning, critical, queryUnit, unit } = family
  const measure = queryUnit ?? unit
  const cells = [
    `[\`${name}\`](${pageOf(name)})${measure === undefined ? '' : `, ${measure}`}`,
    range(expected),
    limit('warning', warning),
    limit('critical', critical),
    seenOf(family),
    doOf(family, actions),
  ]
  return `| ${cells.join(' | ')} |`.replaceAll(/ {2,}/g, ' ')
}

function section({ title, about, catalogs: names, all = false, actions }) {
  const families = [...catalogs, { name: 'exporters', families: EXPORTER_FAMILIES }]
    .filter(({ name }) => names.includes(name))
    .flatMap(({ families }) => Object.values(families))
    .filter(
      ({ planned, warning, critical }) =>
        planned === undefined && (all || warning !== undefined || critical !== undefined),
    )
  const unknown = Object.keys(actions).filter((name) => !families.some((family) => family.name === name))
  if (unknown.length > 0) throw new Error(`scripts/baselines.mjs is about what ${title} has not: ${unknown.join(', ')}`)
  return [
    `### ${title}`,
    '',
    about,
    '',
    '| family | normal | warning | critical | seen | what to do |',
    '| --- | --- | --- | --- | --- | --- |',
    ...families.map((family) => row(family, actions)),
    '',
  ]
}

const { cpus, arch, node, load } = calm.machine
const seen = `*Seen* is what the same query came to in the demo engine after ${calm.seconds / 60} minutes of \`calm\`, at ${calm.rate} jobs per second with \
${calm.workers} workers, over all series of its answer, on a virtual machine with ${cpus} CPUs (${arch}, Node ${node}) that was busy with other work: its \
load average was ${load}. It is no promise for yours; what is empty the engine does not have. \
\`node scripts/measure-calm.mjs\` in a clone measures it again, and \`npm run generate\` writes it here.`

const written = [BEGIN, '', wrapped(seen), '', ...sections.flatMap(section), END].join('\n')

/** Lines as long as the page's. @param {string} text */
function wrapped(text) {
  return text.replaceAll(/(.{1,130})( |$)/g, '$1\n').trimEnd()
}

const page = readFileSync(PAGE, 'utf8')
const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
if (begin === -1 || end < begin) throw new Error('docs/operations.md has lost the comments around its baselines')
const current = page.slice(0, begin) + written + page.slice(end + END.length)
if (!process.argv.includes('--check')) writeFileSync(PAGE, current)
else if (current !== page) {
  console.error(
    'docs/operations.md is not what the catalogs and the alerts say: run node scripts/operations-document.mjs',
  )
  process.exitCode = 1
}
