// Writes docs/metrics.md from the catalogs: node scripts/metrics-document.mjs [--check], where --check only tells whether the
// page is what the catalogs of dist/ say.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { figuresOf } from './figures.mjs'

const require = createRequire(import.meta.url)
const { catalogs } = require('../dist/catalogs/index.js')
const { classicBucketsOf } = require('../dist/catalogs/shared/classic-buckets.js')
const PAGE = fileURLToPath(new URL('../docs/metrics.md', import.meta.url))

const HEAD = `# Metrics

<!-- Written by scripts/metrics-document.mjs from lib/catalogs: change them, not this page. -->

Every family of the catalogs: its type and labels, who measures it, what is normal, when to look, and a query to begin with. The
figures are about the query beside them, not about single samples. A catalog is imported by its name and defines its families when
its function is called, unless it says that something else exposes them:

\`\`\`js
import { streamingMetrics } from 'nanotally/catalogs/streaming'

const metrics = streamingMetrics() // in the default registry; { registry } for another one
metrics.recordObservationProcessed('default', 'high')
metrics.queueDepth.labels('high').set(12) // each family is there itself, to be bound where it is hot
\`\`\`

The same as data, for rules, dashboards and programs of your own:

\`\`\`js
import { catalogs } from 'nanotally/catalogs'

for (const { name, families } of catalogs) console.log(name, Object.values(families).length)
\`\`\`

Labels in parentheses are optional. A family that is *planned* has no source yet and is not exposed.
`

function label(name, values) {
  return values === undefined ? `\`${name}\`` : `\`${name}\`: ${values.join(', ')}`
}

function labelsOf({ labels = [], optionalLabels = [], values = {} }) {
  const all = [
    ...labels.map((name) => label(name, values[name])),
    ...optionalLabels.map((name) => `(${label(name, values[name])})`),
  ]
  return all.length === 0 ? 'no labels' : all.join('; ')
}

function kindOf(family) {
  const { type, aggregate = 'sum', derived } = family
  if (type === 'histogram') {
    const shown = classicBucketsOf(family)
    if (shown === undefined) return 'histogram'
    return `exponential histogram, shown with \`le\` from 2^${Math.log2(shown[0])} to 2^${Math.log2(shown.at(-1))}`
  }
  if (type === 'counter') return 'counter'
  return derived === undefined ? `gauge, ${aggregate} over threads` : 'derived gauge'
}

function section(family) {
  const { name, help, query, source, planned, exposedBy } = family
  return [
    `### ${name}`,
    '',
    `${help} ${planned === undefined ? '' : `*Planned: waits for ${planned}.*`}`.trimEnd(),
    '',
    `- ${kindOf(family)}; ${labelsOf(family)}`,
    `- source: ${source}${exposedBy === undefined ? '' : `; exposed by \`${exposedBy}\``}`,
    `- ${figuresOf(family)}`,
    '',
    '```promql',
    query,
    '```',
    '',
  ]
}

const page = [
  HEAD,
  '| catalog | |',
  '| --- | --- |',
  ...catalogs.map(({ name, about }) => `| [${name}](#${name}) | ${about} |`),
  '',
  ...catalogs.flatMap(({ name, about, families }) => [
    `## ${name}`,
    '',
    about,
    '',
    ...Object.values(families).flatMap(section),
  ]),
]
  .join('\n')
  .trimEnd()

if (process.argv.includes('--check')) {
  if (readFileSync(PAGE, 'utf8') !== `${page}\n`) {
    console.error('docs/metrics.md is not what the catalogs say: run node scripts/metrics-document.mjs')
    process.exitCode = 1
  }
} else writeFileSync(PAGE, `${page}\n`)
