// Writes docs/alerts.md: what people read about the rules.
import { DOCUMENTS, duration, limitOf, measureOf, runbookOf } from './build.mjs'
import { unwatched } from './unwatched.mjs'

const HEAD = `# Alerts

<!-- Written by scripts/alert-rules.mjs from alerts/src and lib/catalogs: change them, not this page. -->

Rules for Prometheus about the families of the [catalogs](metrics.md) and of [exporters](deploy.md#the-machine-and-the-databases), in
files of the package's folder \`alerts\` that are loaded alone or together. A threshold is that of the family's catalog, and so is how
long it has to last.

\`\`\`yaml
global:
  scrape_interval: 15s
  evaluation_interval: 15s

rule_files:
  - alerts/streaming.yml
  - alerts/runtime.yml
  - alerts/nanotally.yml
  - alerts/recording.yml
\`\`\`

- Scrape every 15 seconds or more often: rates over one minute need two scrapes within it.
- Load the files of what runs. \`StreamingMetricsAbsent\` of streaming.yml fires where there is nothing to stream, too, as nothing
  tells an engine that is gone from one that never was. \`ScrapeFailing\` of nanotally.yml is about all targets, whatever they are.
- What feeds them: [\`collectRuntimeMetrics()\`](runtime-metrics.md) runtime.yml, [integrations](integrations.md) services.yml,
  functions of the [catalogs](metrics.md) the others. nanotally.yml is about what nanotally tells
  [of itself](instruments.md#what-nanotally-tells-of-itself) wherever it is served. Where nobody calls these, the rules see nothing and
  tell of nothing. servers.yml needs the exporters of a machine, PostgreSQL and Redis, whatever their jobs are called, and no nanotally.
- Each alert has the labels \`severity\` (info, warning, critical), \`component\` and \`subsystem\`, for routes. Where one has two
  severities, both fire beyond the critical limit: let Alertmanager inhibit the lower one. A label \`component\` of the series is
  called \`exported_component\` in the alert.
- Every rule is about one instance: aggregations keep \`job\` and \`instance\`, as a sum over all would hide the one that is ill.
- The annotations are \`summary\`, \`description\` with the value and the limit, \`value\`, the number alone, and \`runbook_url\`: a page of
  [runbooks](runbooks/README.md), which each alert below leads to.
- Where you serve the pages yourself:
  \`sed -i 's#${DOCUMENTS}#https://docs.example.org/nanotally#' alerts/*.yml\`.
- Quantiles are of classic buckets. A Prometheus that keeps native histograms drops those, unless the scrape configuration says
  \`scrape_classic_histograms: true\` (Prometheus 2) or \`always_scrape_classic_histograms: true\` (3). The classic buckets of the
  catalogs’ exponential histograms are fixed powers of two: within one, a quantile is a guess along a line, so that a limit between
  63 and 125 ms may be told early or late by as much. A histogram of your own needs [\`classicBuckets\`](formats.md#histograms) for a
  rule like these.
- A share or a quantile of very few says little: such rules ask for some failures, or a hundred observations, within five
  minutes as well; each says for how many, five failures mostly. So a service that is asked less than once a minute may fail
  altogether, and one that is asked fewer than twenty times a minute may be slow, and nothing tells.
- A counter that appears with its first count has no 0 before it, and a rate sees nothing of it. Where a single failure matters the
  rules count a series that is new, too, of a target that was scraped before. What a target counted before its first scrape is
  not told.

\`\`\`sh
node scripts/alert-rules.mjs           # writes the files, this page and the heads of runbooks, after a change to alerts/src or a catalog
node scripts/alert-rules.mjs --check
npx vitest run test/alerts             # each alert at its limit, just below it and before its time; a day of calm; incidents
\`\`\`

The planning documents ask for these alerts, some without a rule. Document 001 counts 14 and names 12; \`HighQueueMemory\` and
\`StreamingMetricsAbsent\` are the other two. Document 003 has 18. Documents 000, 002 and 004 ask for resources, deadlocks,
predictions and services in words. What document 003 has in the annotations \`impact\`, \`remediation\` and \`action\`, and the
resolution steps of document 001, are on the page behind \`runbook_url\`: what is affected, what to do, and how to prevent it.
`

const TABLE_HEAD = ['| alert | severity | when | limit | lasts | documents |', '| --- | --- | --- | --- | --- | --- |']

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|')

/** @param {import('./build.mjs').Rule} rule @returns {string} the limit with its unit; empty for what is just so */
export function limitText(rule) {
  const unit = rule.family?.queryUnit ?? rule.family?.unit ?? ''
  // Some units are no such thing, but say what the query gives: `1 while there is one`.
  return `${limitOf(rule)}${limitOf(rule) === '' || unit === 'ratio' || /^\d/.test(unit) ? '' : ` ${unit}`}`.trim()
}

/** @param {import('./build.mjs').Rule} rule */
export const lastsText = ({ forSeconds = 0 }) => (forSeconds === 0 ? 'at once' : duration(forSeconds))

/** @param {import('./build.mjs').Rule} rule */
function row(rule) {
  const { alert = '', labels, source } = rule
  const documents = (source.documents ?? []).join(', ')
  const cells = [measureOf(source), limitText(rule), lastsText(rule), documents].map(cell)
  return `| [\`${alert}\`](runbooks/${runbookOf(alert)}.md) | ${labels?.severity} | ${cells.join(' | ')} |`
}

/** @param {import('./build.mjs').RuleFile} file */
function section({ file, about, groups }) {
  const rules = groups.flatMap((group) => group.rules)
  const alerts = rules.filter(({ alert }) => alert !== undefined)
  const records = rules.filter(({ record }) => record !== undefined)
  const differing = alerts.filter(({ source }) => 'differs' in source && source.differs)
  return [
    `## ${file}.yml`,
    '',
    about,
    '',
    ...(alerts.length === 0 ? [] : [...TABLE_HEAD, ...alerts.map(row), '']),
    ...(records.length === 0
      ? []
      : [
          '| rule | what |',
          '| --- | --- |',
          ...records.map(({ record, source }) => `| \`${record}\` | ${source.measure} |`),
          '',
        ]),
    ...differing.map(({ alert, source }) => `- \`${alert}\`: ${'differs' in source ? source.differs : ''}`),
    ...(differing.length === 0 ? [] : ['']),
  ]
}

const UNWATCHED = [
  '## Thresholds without an alert',
  '',
  'Catalogs have thresholds for panels and for [the watch in a process](alerting.md), too. No rule is about these:',
  '',
  '| why | thresholds of |',
  '| --- | --- |',
  ...unwatched.map(({ why, thresholds }) => `| ${cell(why)} | ${thresholds.map((name) => `\`${name}\``).join(', ')} |`),
]

/** @param {readonly import('./build.mjs').RuleFile[]} files @returns {string} */
export function alertsDocument(files) {
  return `${[HEAD, ...files.flatMap(section), ...UNWATCHED].join('\n').trimEnd()}\n`
}
