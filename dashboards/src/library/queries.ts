// What a panel asks: a catalog's own query or another one about the same family, made a dashboard's.
import { parser } from '@prometheus-io/lezer-promql'
import type { CatalogFamily } from 'nanotally/catalogs'
import { byInstance } from '../../../alerts/src/build.mjs'
import { familyOf, isExporterFamily, isServerFamily, measureOf } from './families.js'

/** A query of a panel, as it is written. A name alone is the family's own query. */
export interface Ask {
  /** The family that unit, thresholds and description are taken from. */
  of: string
  /** Default: the family's own query. Windows of rates are written as in the catalogs, `[5m]`. */
  query?: string
  /** In the catalogs' words. Default: what the family's own query is measured in, and then its thresholds hold, too. */
  measure?: string
  /** Of what the query gives, where those of the catalog are about something else. */
  figures?: Pick<CatalogFamily, 'expected' | 'warning' | 'critical'>
  /** Default: the labels that it is grouped by. The instance is added where it is told. */
  legend?: string
  /** A share, `a / b`, whose `a` is born with the first failure: before it, it is 0 of all and not nothing. */
  orZero?: boolean
  /** What begins in one process ends in another: the figures are about all of them together. */
  isOfAll?: boolean
}

/** A query that is ready for a panel. */
export interface Query {
  family: CatalogFamily
  /** With the windows of the catalogs: see `withRateInterval()`. */
  expression: string
  measure: string
  /** The family with the figures that it is held against; none where those of the catalog are about something else. */
  figures: CatalogFamily | undefined
  /**
   * It is held against a lower limit. Of what comes seldom a short window has nothing most of the time, and would be below it:
   * the window is that of the catalog, as it is for the alert.
   */
  keepsWindow: boolean
  /** All families that it names; `family` is one of them, or computed from them. */
  asks: readonly CatalogFamily[]
  legend: string
}

/** Figures are about one process: what has a limit is asked by instance, as its alert is. */
export function readAsk(ask: Ask | string): Query {
  const given: Ask = typeof ask === 'string' ? { of: ask } : ask
  const { of, query, measure, figures, legend, orZero = false, isOfAll = false } = given
  const family = familyOf(of)
  const written = query ?? family.query
  const held = figuresFor(family, measure, figures)
  const isLimited = held?.warning !== undefined || held?.critical !== undefined
  const isEach = isLimited && !isOfAll && (!isServerFamily(family) || isExporterFamily(family))
  const text = orZero ? withZero(written) : written
  const asked = isEach ? byInstance(text) : text
  return {
    family,
    expression: scoped(asked),
    measure: measure ?? measureOf(family),
    figures: held,
    keepsWindow: held?.warning?.below !== undefined || held?.critical?.below !== undefined,
    asks: familiesIn(text),
    legend: withInstance(legend ?? legendOf(written, family), asked),
  }
}

function figuresFor(
  family: CatalogFamily,
  measure: string | undefined,
  own: Ask['figures'],
): CatalogFamily | undefined {
  if (own === undefined) return measure === undefined ? family : undefined
  const { warning, critical, ...rest } = family
  return { ...rest, ...own, queryUnit: measure ?? measureOf(family) }
}

/** Quantiles of a histogram over all of its series, or over those of each value of some labels. */
export function quantiles(of: string, some: readonly number[], by: readonly string[] = []): Ask[] {
  return some.map((q) => ({
    of,
    query: `histogram_quantile(${q}, sum by (${['le', ...by].join(', ')}) (rate(${of}_bucket[5m])))`,
  }))
}

/** The query for the instances that were chosen. */
function scoped(query: string): string {
  return insert(query, (name) => {
    if (name === 'ALERTS' || name === 'ALERTS_FOR_STATE') return 'instance=~"$instance|"'
    return isServerFamily(familyOfSeries(name)) ? '' : 'instance=~"$instance"'
  })
}

/**
 * The query with a window that suits the range and the scrape interval. Windows of an hour and more stay: they are what the query
 * is about.
 */
export function withRateInterval(query: string): string {
  return query.replaceAll(/\b(i?rate\([^[\]]*)\[\d+[sm]\]/g, '$1[$__rate_interval]')
}

function familyOfSeries(series: string): CatalogFamily {
  try {
    return familyOf(series)
  } catch {
    return familyOf(series.replace(/_(bucket|count|sum)$/, ''))
  }
}

/** The families that a query names, each once. @throws SyntaxError where it is none */
export function familiesIn(query: string): CatalogFamily[] {
  return [...new Set(selectorsOf(query).map(({ name }) => familyOfSeries(name)))]
}

interface Selector {
  name: string
  /** Where its name ends. */
  at: number
  /** What follows its name. */
  rest: string
}

/** @throws SyntaxError for what is no query */
function selectorsOf(query: string): Selector[] {
  const selectors: Selector[] = []
  parser.parse(query).iterate({
    enter({ type, from, node }) {
      if (type.isError) throw new SyntaxError(`${query}: at ${from}`)
      if (type.name !== 'VectorSelector') return
      const name = node.getChild('Identifier')
      if (name === null) throw new SyntaxError(`${query}: a selector without a name`)
      selectors.push({ name: query.slice(name.from, name.to), at: name.to, rest: query.slice(name.to, node.to) })
    },
  })
  return selectors
}

/** Adds a matcher to every selector of a query. @throws SyntaxError where it is none */
function insert(query: string, matcherOf: (series: string) => string): string {
  const edits = selectorsOf(query).flatMap(({ name, at, rest }) => {
    const matcher = matcherOf(name)
    if (matcher === '') return []
    const hasMatchers = /^\s*\{\s*[^\s}]/.test(rest)
    return [hasMatchers ? { at: at + rest.indexOf('{') + 1, text: `${matcher}, ` } : { at, text: `{${matcher}}` }]
  })
  return edits.reduceRight((text, edit) => text.slice(0, edit.at) + edit.text + text.slice(edit.at), query)
}

/** `a / b` with 0 for each `b` that has no `a`. @throws SyntaxError for what is no such share */
function withZero(query: string): string {
  const division = parser.parse(query).topNode.firstChild
  const [whole, part] = [division?.lastChild, division?.firstChild]
  if (division?.getChild('Div') == null || whole == null || part == null) throw new SyntaxError(`${query} is no share`)
  const all = query.slice(whole.from, whole.to)
  return `(${query.slice(part.from, part.to)} or 0 * ${all}) / ${all}`
}

/** The labels that the outermost aggregation of a query leaves; undefined where nothing is aggregated. */
function groupingOf(query: string): string[] | undefined {
  let labels: string[] | undefined
  parser.parse(query).iterate({
    enter({ type, node }) {
      if (type.name !== 'AggregateExpr' || labels !== undefined) return
      const grouping = node.getChild('AggregateModifier')?.getChild('GroupingLabels')
      labels = (grouping?.getChildren('LabelName') ?? []).map(({ from, to }) => query.slice(from, to))
    },
  })
  return labels
}

function legendOf(query: string, family: CatalogFamily): string {
  const quantile = /^histogram_quantile\(([\d.]+),/.exec(query)?.[1]
  const labels = groupingOf(query) ?? family.labels ?? []
  return [
    ...(quantile === undefined ? [] : [`p${Number((Number(quantile) * 100).toPrecision(6))}`]),
    ...labels.filter((label) => label !== 'le').map((label) => `{{${label}}}`),
  ].join(' ')
}

/** Instances are told apart where the query does. */
function withInstance(legend: string, query: string): string {
  const isTold = groupingOf(query)?.includes('instance') ?? true
  return isTold && !legend.includes('{{instance}}') ? `${legend} {{instance}}`.trim() : legend
}
