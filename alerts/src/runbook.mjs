// Writes the head of each page of docs/runbooks: what the rule says of the alert. The rest of a page is its author's.
import { measureOf, runbookOf } from './build.mjs'
import { lastsText, limitText } from './document.mjs'
import { pageOf } from './exporters.mjs'

const BEGIN = '<!-- From here to the next comment by scripts/alert-rules.mjs, from alerts/src and the catalogs. -->'
const END = '<!-- The rest is written by hand. -->'

/** Alerts whose families no panel names, as panels show what they are computed from: the dashboards of their components. */
const DASHBOARD_OF = {
  hardware: 'Hardware and NUMA',
  numa: 'Hardware and NUMA',
  memory: 'Hardware and NUMA',
  concurrency: 'Hardware and NUMA',
}
/** Where one begins: it shows of everything a little. */
const OVERVIEW = 'Neuromorphic overview'

/**
 * @typedef {import('./build.mjs').Rule & { file: string }} AlertRule
 * @typedef {{ title: string, exprs: string[], isCollapsed: boolean }} Panel
 * @typedef {{ title: string, panels: Panel[] }} Dashboard
 * @typedef {object} Surroundings
 * @property {readonly string[]} families the names of all families of the catalogs and the exporters
 * @property {readonly Dashboard[]} dashboards
 * @property {ReadonlyMap<string, string>} sections the headings of docs/dashboards.md, each with its anchor
 */

/** @param {readonly import('./build.mjs').RuleFile[]} files @returns {Map<string, AlertRule[]>} rules by their page's name */
export function alertsByPage(files) {
  const pages = new Map()
  for (const { file, groups } of files) {
    for (const rule of groups.flatMap(({ rules }) => rules)) {
      if (rule.alert === undefined) continue
      const page = runbookOf(rule.alert)
      pages.set(page, [...(pages.get(page) ?? []), { ...rule, file }])
    }
  }
  return pages
}

/** @param {string} expr @param {string} name @returns {boolean} whether it asks about the family */
const asksAbout = (expr, name) => new RegExp(`\\b${name}(_bucket|_count|_sum)?\\b`).test(expr)

/** @param {AlertRule} rule @param {readonly string[]} families */
function familiesOf({ family, expr }, families) {
  return family === undefined ? [...families, 'up'].filter((name) => asksAbout(expr, name)) : [family.name]
}

/**
 * @param {readonly string[]} names
 * @param {readonly Dashboard[]} dashboards
 * @returns {{ title: string, panels: Panel[] }[]}
 */
function dashboardsAbout(names, dashboards) {
  const found = dashboards.flatMap(({ title, panels }) => {
    const about = panels.filter(({ exprs }) => exprs.some((expr) => names.some((name) => asksAbout(expr, name))))
    const shown = about.filter(({ isCollapsed }) => !isCollapsed)
    return about.length === 0 ? [] : [{ title, panels: shown.length > 0 ? shown : about }]
  })
  const others = found.filter(({ title }) => title !== OVERVIEW)
  return others.length > 0 ? others : found
}

/** @param {string} title @param {ReadonlyMap<string, string>} sections */
function panelText({ title }, sections) {
  const anchor = sections.get(title)
  return anchor === undefined ? `*${title}*` : `[${title}](../dashboards.md#${anchor})`
}

/** @param {AlertRule} rule @param {Surroundings} surroundings */
function dashboardLines(rule, { families, dashboards, sections }) {
  const found = dashboardsAbout(familiesOf(rule, families), dashboards)
  const all = found.length > 0 ? found : [{ title: DASHBOARD_OF[rule.labels?.component ?? ''], panels: [] }]
  return all.map(({ title, panels }) => {
    const anchor = sections.get(title ?? '')
    if (anchor === undefined) throw new Error(`${rule.alert}: docs/dashboards.md has no section ${title}`)
    const collapsed = panels.some(({ isCollapsed }) => isCollapsed) ? ' (in a collapsed row)' : ''
    const names = panels.map((panel) => panelText(panel, sections)).join(', ')
    return `- dashboard: [${title}](../dashboards.md#${anchor})${names === '' ? '' : `: ${names}`}${collapsed}`
  })
}

/** @param {AlertRule} rule */
function row(rule) {
  const { labels, file } = rule
  const cells = [labels?.severity, limitText(rule) || '-', lastsText(rule), labels?.component, labels?.subsystem]
  return `| ${cells.join(' | ')} | [${file}.yml](../alerts.md#${file}yml) |`
}

/** @param {AlertRule[]} rules of one alert, one for each severity @param {Surroundings} surroundings @returns {string} */
function headOf(rules, surroundings) {
  const [first] = /** @type {[AlertRule]} */ (rules)
  const names = familiesOf(first, surroundings.families).filter((name) => name !== 'up')
  const differing = rules.flatMap(({ source }) => ('differs' in source && source.differs ? [source.differs] : []))
  const measure = measureOf(/** @type {import('./build.mjs').AlertSource} */ (first.source))
  return [
    BEGIN,
    '',
    `${measure[0]?.toUpperCase()}${measure.slice(1)}.`,
    '',
    '| severity | limit | lasts | component | subsystem | file |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rules.map(row),
    '',
    ...(names.length === 0 ? [] : [`- about: ${names.map((name) => `[\`${name}\`](../${pageOf(name)})`).join(', ')}`]),
    ...dashboardLines(first, surroundings),
    ...differing.map((text) => `- ${text}`),
    '- [how to use this page](README.md)',
    '',
    ...rules.flatMap(({ expr }) => ['```promql', expr, '```', '']),
    END,
  ].join('\n')
}

/**
 * A page with its head as it should be; the one that it has, or after its title.
 *
 * @param {string} page
 * @param {AlertRule[]} rules
 * @param {Surroundings} surroundings
 * @returns {string}
 */
export function withHead(page, rules, surroundings) {
  const head = headOf(rules, surroundings)
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin >= 0 && end > begin) return `${page.slice(0, begin)}${head}${page.slice(end + END.length)}`
  const [title = '', ...rest] = page.split('\n')
  return `${title}\n\n${head}\n\n${rest.join('\n').trimStart()}`
}
