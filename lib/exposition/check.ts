// What is wrong inside the families of an exposition, though each of its lines can be read: duplicate series, histograms that
// contradict themselves, values that a type cannot have. Names are lint.ts's business.
import { parseNumber } from './cursor.js'
import type { Family, Sample } from './family.js'
import { Findings } from './findings.js'
import { labelsKey, partLabel, type Series, seriesOf, without } from './series.js'

export const CHECK_RULES = [
  'no-type',
  'duplicate-series',
  'part-label',
  'bucket-order',
  'no-inf-bucket',
  'count-mismatch',
  'counter-value',
  'state-value',
  'exemplar-place',
] as const
export type CheckRule = (typeof CHECK_RULES)[number]

export interface CheckFinding {
  line: number
  rule: CheckRule
  /** What is wrong, with the series where one is meant. */
  message: string
}

/** `name{label="value"}`, as the exposition has it but for quotes around names. */
export function seriesText(name: string, labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`
}

/** What is wrong with a family, the first findings of each rule in the order of its lines; empty when all is well. */
export function checkFamily(family: Family): CheckFinding[] {
  const findings = new Findings<CheckFinding>()
  const isDistribution = partLabel(family) !== undefined
  if (!family.typed) findings.add({ line: family.line, rule: 'no-type', message: 'add a TYPE line' })
  const seen = new Set<string>()
  for (const sample of family.samples) {
    const report = (rule: CheckRule, message: string) => {
      if (findings.isFull(rule)) return
      findings.add({ line: sample.line, rule, message: `${seriesText(sample.name, sample.labels)} ${message}` })
    }
    const key = sample.name + labelsKey(sample.labels)
    if (seen.has(key)) report('duplicate-series', 'is there twice')
    seen.add(key)
    if (isDistribution) checkPart(family, sample, report)
    else checkValue(family, sample, report)
  }
  if (partLabel(family) === 'le') for (const finding of bucketFindings(family)) findings.add(finding)
  return findings.kept.sort((a, b) => a.line - b.line)
}

type Report = (rule: CheckRule, message: string) => void

function checkPart(family: Family, sample: Sample, report: Report): void {
  const label = partLabel(family) as string
  const isPart = sample.name === (label === 'le' ? `${family.name}_bucket` : family.name)
  const text = Object.hasOwn(sample.labels, label) ? sample.labels[label] : undefined
  if (isPart !== (text !== undefined)) {
    report('part-label', `${isPart ? 'lacks' : 'has'} the label ${label}`)
  } else if (text !== undefined) {
    const at = parseNumber(text)
    if (at === undefined || Number.isNaN(at)) report('part-label', `has an ${label} that is no number`)
    else if (label === 'quantile' && !(at >= 0 && at <= 1)) report('part-label', 'has a quantile outside of 0 to 1')
  }
  const isCount = /_(bucket|count)$/.test(sample.name) && label !== 'quantile'
  if (isCount && family.type === 'histogram' && !(sample.value >= 0)) report('counter-value', `is ${sample.value}`)
  if (sample.exemplar !== undefined && !sample.name.endsWith('_bucket')) report('exemplar-place', 'has an exemplar')
}

function checkValue({ type }: Family, sample: Sample, report: Report): void {
  const { name, value } = sample
  if (type === 'counter' && !(value >= 0)) report('counter-value', `is ${value}; a counter is never negative or NaN`)
  if (type === 'info' && value !== 1) report('state-value', `is ${value}; an info metric is always 1`)
  if (type === 'stateset' && value !== 0 && value !== 1) report('state-value', `is ${value}; a state is 0 or 1`)
  const mayHaveExemplar = type === 'counter' && !name.endsWith('_created')
  if (sample.exemplar !== undefined && !mayHaveExemplar) report('exemplar-place', 'has an exemplar')
}

function* bucketFindings(family: Family): Generator<CheckFinding> {
  const lines = new Map<string, number>()
  for (const { labels, line } of family.samples) {
    const key = labelsKey(without(labels, 'le'))
    if (!lines.has(key)) lines.set(key, line)
  }
  for (const series of seriesOf(family)) {
    const line = lines.get(labelsKey(series.labels)) ?? family.line
    const text = seriesText(family.name, series.labels)
    for (const [rule, message] of bucketTroubles(series)) yield { line, rule, message: `${text} ${message}` }
  }
}

function bucketTroubles({ buckets = [], count }: Series): [CheckRule, string][] {
  const troubles: [CheckRule, string][] = []
  const wrong = buckets.find((bucket, i) => bucket.count < (buckets[i - 1]?.count ?? bucket.count))
  if (wrong) troubles.push(['bucket-order', `has fewer observations up to ${wrong.upper} than below: buckets add up`])
  const last = buckets.at(-1)
  if (last?.upper !== Infinity) troubles.push(['no-inf-bucket', 'has no bucket le="+Inf"'])
  // Where a sum may not be told, OpenMetrics leaves out the count too.
  else if (count !== undefined && count !== last.count && !(Number.isNaN(count) && Number.isNaN(last.count))) {
    troubles.push(['count-mismatch', `counts ${count}, but its bucket le="+Inf" ${last.count}`])
  }
  return troubles
}
