// Makes the rules that Prometheus loads from the sources beside this file and the catalogs' data. A figure has one place: a
// source names a family and a level of attention, and the catalog gives the query, the threshold and how long it has to last.
// Families of exporters are those of exporters.mjs.
import { EXPORTER_FAMILIES } from './exporters.mjs'

/**
 * @typedef {import('nanotally/catalogs').Catalog} Catalog
 * @typedef {import('nanotally/catalogs').CatalogFamily} CatalogFamily
 */

/**
 * What has to have happened at least, within LEAST_WINDOW, for a share or a quantile to say something.
 * @typedef {object} Least
 * @property {string} of a counter, with or without matchers
 * @property {number} count how often
 * @property {string} things what is counted, in words
 * @property {string[]} [by] the labels that the family's query is grouped by, beside the target's
 */

/**
 * An alert as its author writes it. It is about a family and one of its thresholds, or has an expression of its own.
 * @typedef {object} AlertSource
 * @property {string} alert
 * @property {string} [family] whose query and threshold it takes
 * @property {'warning' | 'critical'} [level] which threshold; default: the severity
 * @property {string | ((query: string, limit: number) => string)} [expr] PromQL of its own, complete; a function is given the
 *   family's query, by instance, and the limit
 * @property {boolean} [firstIncrease] the counters are born with their first count: see withFirstIncrease
 * @property {Least} [least]
 * @property {string[]} [frees] labels of the result that the alert's own labels would hide: each becomes exported_NAME
 * @property {number} [forSeconds] only without a threshold, or where the expression is not about the family's own figure
 * @property {'info' | 'warning' | 'critical'} severity
 * @property {string} subsystem
 * @property {string} summary
 * @property {string} description a sentence without its end, with {{ $value }}; the limit is added
 * @property {string} measure the expression in words; the limit is added
 * @property {string[]} [documents] the planning documents that name it, or the condition, 000 to 004
 * @property {string} [differs] what is not as the document has it, and why
 */

/**
 * @typedef {{ record: string, family?: string, expr?: string, measure: string, documents?: string[] }} RecordSource
 * @typedef {{ name: string, intervalSeconds: number, rules: (AlertSource | RecordSource)[] }} GroupSource
 * @typedef {{ file: string, component: string, about: string, groups: GroupSource[] }} FileSource
 */

/**
 * @typedef {object} Rule
 * @property {string} [alert]
 * @property {string} [record]
 * @property {string} expr
 * @property {number} [forSeconds]
 * @property {Record<string, string>} [labels]
 * @property {Record<string, string>} [annotations]
 * @property {AlertSource | RecordSource} source
 * @property {CatalogFamily} [family]
 * @property {{ op: '>' | '<', limit: number }} [condition]
 */

/**
 * @typedef {{ name: string, intervalSeconds: number, rules: Rule[] }} Group
 * @typedef {{ file: string, component: string, about: string, groups: Group[] }} RuleFile
 */

const LEAST_WINDOW = '5m'
/** Where the documents of the default branch are read. */
export const DOCUMENTS = 'https://github.com/nanotally/nanotally/blob/main/docs'
const RUNBOOKS = `${DOCUMENTS}/runbooks`
const PLANNED = {
  file: 'planned',
  component: '',
  about: 'Rules over families that nothing exposes yet. Loading them does no harm: they find nothing.',
}

/** @param {string} alert @returns {string} the name of its runbook: NUMANodeImbalance has numa-node-imbalance */
export function runbookOf(alert) {
  return alert
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .replaceAll(/([a-z\d])([A-Z])/g, '$1-$2')
    .toLowerCase()
}

/**
 * A catalog's query is about one process. With several of them its sums would hide the one that is ill behind those that
 * are well, so that every aggregation of a rule keeps the target's labels.
 * @param {string} query
 * @returns {string}
 */
export function byInstance(query) {
  return query.replaceAll(
    /\b(sum|min|max|avg)\s*(?:by\s*\(([^)]*)\)\s*)?\(/g,
    (_, operator, labels) => `${operator} by (job, instance${labels === undefined ? '' : `, ${labels}`}) (`,
  )
}

/**
 * rate() and increase() see nothing of the count that a series is born with, as there is no 0 before it: of a counter that
 * appears with its first failure, a single failure would never be told. What is there now and was not there a window ago has
 * increased by all that it holds, where its target was scraped then already.
 * @param {string} query an aggregation of one rate() or increase()
 * @param {string} condition such as `> 0`
 * @param {number} forSeconds shorter than the window, as that is how long a single count is seen
 * @returns {string}
 */
function withFirstIncrease(query, condition, forSeconds) {
  const [, aggregation, fn, selector, window] = /^(.+? \()(rate|increase)\((\w+)\[(\w+)\]\)\)$/.exec(query) ?? []
  if (window === undefined) throw new Error(`no first increase can be seen in ${query}`)
  const seconds = Number.parseInt(window, 10) * { s: 1, m: 60 }[window.at(-1)]
  if (forSeconds >= seconds) throw new Error(`a first increase is gone before ${forSeconds} s are over: ${query}`)
  const born = `${aggregation}${selector} unless ${selector} offset ${window})${fn === 'rate' ? ` / ${seconds}` : ''}`
  return `${query} ${condition}\nor\n(${born} ${condition} and on (job, instance) up offset ${window} == 1)`
}

/** @param {readonly Catalog[]} catalogs */
function familiesByName(catalogs) {
  const ofCatalogs = catalogs.flatMap(({ families }) => Object.values(families))
  return new Map([...ofCatalogs, ...EXPORTER_FAMILIES].map((family) => [family.name, family]))
}

/** @param {AlertSource} source @param {CatalogFamily} family */
function conditionOf({ alert, severity, level }, family) {
  const threshold = family[level ?? severity]
  const { above, below, forSeconds = 0 } = threshold ?? {}
  if ((above === undefined) === (below === undefined)) throw new Error(`${alert}: ${family.name} has no such threshold`)
  const condition = below === undefined ? { op: '>', limit: above } : { op: '<', limit: below }
  return { condition: /** @type {Rule['condition']} */ (condition), forSeconds }
}

/** @param {string} expr @param {string} label */
function free(expr, label) {
  const inner = expr.includes('\n') ? `\n  ${expr.replaceAll('\n', '\n  ')},\n ` : `${expr},`
  return `label_replace(${inner} "exported_${label}", "$1", "${label}", "(.*)")`
}

/** @param {Least} least */
function enough({ of, by = [], count }) {
  const labels = ['job', 'instance', ...by].join(', ')
  return `and on (${labels}) sum by (${labels}) (increase(${of}[${LEAST_WINDOW}])) >= ${count}`
}

/** @param {AlertSource} source @param {CatalogFamily} family */
function aboutFamily(source, family) {
  const { condition, forSeconds } = conditionOf(source, family)
  const text = `${condition.op} ${condition.limit}`
  const query = (source.frees ?? []).reduce(free, byInstance(family.query))
  // Else `query > 0` would not be about all of it.
  const whole = / (and|or|unless|==|!=|[<>]=?) /.test(family.query) ? `(${query})` : query
  if (typeof source.expr === 'function') {
    return { expr: source.expr(whole, condition.limit), condition, forSeconds: source.forSeconds ?? forSeconds }
  }
  if (source.forSeconds !== undefined) throw new Error(`${source.alert}: how long it lasts is in the catalog`)
  const least = source.least === undefined ? '' : `\n${enough(source.least)}`
  if (!source.firstIncrease) return { expr: `${whole} ${text}${least}`, condition, forSeconds }
  const told = withFirstIncrease(byInstance(family.query), text, forSeconds)
  return { expr: (source.frees ?? []).reduce(free, told), condition, forSeconds }
}

/** @param {number} seconds */
export function duration(seconds) {
  return seconds >= 60 && seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}

/** @param {AlertSource} source @returns {string} what the rule is about, in words */
export function measureOf({ measure, least }) {
  return least === undefined ? measure : `${measure}, where there were ${least.count} ${least.things} or more`
}

/** @param {Rule} rule @returns {string} as `above 0.1`; empty for what is just so */
export function limitOf({ condition }) {
  return condition === undefined ? '' : `${condition.op === '>' ? 'above' : 'below'} ${condition.limit}`
}

/** @param {AlertSource} source @param {CatalogFamily | undefined} family @param {string} component @returns {Rule} */
function makeAlert(source, family, component) {
  const { alert, severity, subsystem, summary, description } = source
  const made =
    family === undefined
      ? { expr: String(source.expr), forSeconds: source.forSeconds ?? 0 }
      : aboutFamily(source, family)
  const rule = { alert, ...made, labels: { severity, component, subsystem }, source, family }
  const lasts = made.forSeconds === 0 ? [] : [`for ${duration(made.forSeconds)}`]
  const limit = [limitOf(rule), ...lasts].join(' ').trim()
  return {
    ...rule,
    annotations: {
      summary,
      description: `${description} (${limit}).`,
      // The number itself, for programs: nanotally/integrations/alertmanager has it as `alert.value`.
      value: '{{ $value }}',
      runbook_url: `${RUNBOOKS}/${runbookOf(alert)}.md`,
    },
  }
}

/** @param {RecordSource} source @param {CatalogFamily | undefined} family @returns {Rule} */
function makeRecord(source, family) {
  const asked = source.expr ?? byInstance(family?.query ?? '')
  // A quantile of nothing is NaN, and so would be all that is computed over a time with a single one in it.
  const expr = asked.startsWith('histogram_quantile') ? `${asked} >= 0` : asked
  return { record: source.record, expr, source, family }
}

/**
 * @param {readonly FileSource[]} sources
 * @param {readonly Catalog[]} catalogs
 * @returns {RuleFile[]} the files, with one more for what is about planned families
 * @throws Error for a source that does not agree with the catalogs
 */
export function buildRules(sources, catalogs) {
  const families = familiesByName(catalogs)
  const planned = []
  const files = sources.map(({ file, component, about, groups }) => ({
    file,
    component,
    about,
    groups: groups.flatMap(({ name, intervalSeconds, rules }) => {
      const made = rules.map((source) => {
        const family = source.family === undefined ? undefined : families.get(source.family)
        if (source.family !== undefined && family === undefined) throw new Error(`no catalog has ${source.family}`)
        return 'record' in source ? makeRecord(source, family) : makeAlert(source, family, component)
      })
      const isPlanned = (rule) => rule.family?.planned !== undefined
      const waiting = made.filter(isPlanned)
      const ready = made.filter((rule) => !isPlanned(rule))
      if (waiting.length > 0) planned.push({ name, intervalSeconds, rules: waiting })
      return ready.length > 0 ? [{ name, intervalSeconds, rules: ready }] : []
    }),
  }))
  return [...files, { ...PLANNED, groups: planned }]
}
