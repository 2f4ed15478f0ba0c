// Reads PromQL with Prometheus' own grammar (the one of its web interface), for what names a query asks about.
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'

/** What a query names. */
export interface PromqlNames {
  /** Where the grammar does not follow, as `at 12: text`. */
  errors: string[]
  selectors: { name: string; labels: string[] }[]
  /** In `by`, `without`, `on`, `ignoring`, `group_left`, `group_right`. */
  groupings: string[]
  /** The functions, in order: `rate`, `histogram_quantile`. */
  functions: string[]
  /** The labels that each aggregation is `by`: none without it. */
  aggregations: string[][]
}

export function readPromql(query: string): PromqlNames {
  const names: PromqlNames = { errors: [], selectors: [], groupings: [], functions: [], aggregations: [] }
  const tree = parser.parse(query)
  tree.iterate({
    enter({ type, from, to, node }) {
      const text = query.slice(from, to)
      if (type.isError) names.errors.push(`at ${from}: ${query.slice(from, from + 20)}`)
      else if (type.name === 'VectorSelector') names.selectors.push({ name: '', labels: [] })
      else if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') last(names).name = text
      else if (type.name === 'FunctionIdentifier') names.functions.push(text)
      else if (type.name === 'AggregateExpr') names.aggregations.push(keptBy(node, query))
      else if (type.name === 'LabelName' && node.parent?.name === 'GroupingLabels') names.groupings.push(text)
      else if (type.name === 'LabelName') last(names).labels.push(text)
    },
  })
  return names
}

function keptBy(aggregation: SyntaxNode, query: string): string[] {
  const modifier = aggregation.getChild('AggregateModifier')
  const labels = modifier?.getChild('By') ? modifier.getChild('GroupingLabels')?.getChildren('LabelName') : []
  return labels?.map(({ from, to }) => query.slice(from, to)) ?? []
}

function last({ selectors }: PromqlNames): PromqlNames['selectors'][number] {
  const selector = selectors.at(-1)
  if (selector === undefined) throw new Error('a label outside of any selector')
  return selector
}
