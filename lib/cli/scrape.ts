// `nanotally scrape URL`: a target's metrics, once, as tables or as JSON.
import type { Family } from '../exposition/family.js'
import { type Bucket, quantileOf, type Series, seriesOf } from '../exposition/series.js'
import { type Arguments, type Command, EXIT, type Io } from './command.js'
import { FILTER_HELP, FILTER_OPTIONS, filtersOf } from './filters.js'
import { formatOf, formatOption, QUANTILE_HELP, readTarget } from './read.js'
import { columnsOf, say, styleOf } from './screen.js'
import { parseTarget, requestSettings, TARGET_HELP, TARGET_OPTIONS } from './target.js'
import { type Column, cut, labelsText, numberText, printable, shortNumber, table, toJson, widthOf } from './text.js'

const QUANTILES = [0.5, 0.9, 0.99] as const
const VALUE_COLUMNS: readonly Column[] = [
  { title: '', flexible: true },
  { title: '', align: 'right' },
]
const DISTRIBUTION_COLUMNS: readonly Column[] = [
  { title: '', flexible: true },
  ...['COUNT', 'SUM', 'MEAN', 'P50', 'P90', 'P99'].map((title) => ({ title, align: 'right' as const })),
]

export interface ShownFamily {
  family: Family
  series: Series[]
}

/** A family as JSON, in the shape of the exporter's /snapshot.json. */
export function familyJson({ family, series }: ShownFamily): object {
  const { name, type, unit, help = '' } = family
  return { name, type, unit, help, series: series.map(seriesJson) }
}

function seriesJson(series: Series): object {
  const { labels, value, count, sum, buckets, quantiles } = series
  if (buckets === undefined && quantiles === undefined && count === undefined) return { labels, value }
  return {
    labels,
    ...(count !== undefined && { count }),
    ...(sum !== undefined && { sum }),
    quantiles: quantilesOf(series),
    ...(buckets && { buckets: populated(buckets) }),
  }
}

function quantilesOf({ buckets, quantiles }: Series): Record<string, number> {
  if (buckets === undefined) return Object.fromEntries(quantiles ?? [])
  const estimates = QUANTILES.map((q) => [q, quantileOf(buckets, q)] as const)
  return Object.fromEntries(estimates.filter(([, value]) => !Number.isNaN(value)))
}

/** [lower, upper, count] of the buckets that hold something. */
function populated(buckets: readonly Bucket[]): [number, number, number][] {
  const all = buckets.map(({ upper, count }, i): [number, number, number] => {
    const below = buckets[i - 1]
    return [below?.upper ?? (upper > 0 ? 0 : -Infinity), upper, count - (below?.count ?? 0)]
  })
  return all.filter(([, , count]) => count !== 0)
}

/** A family's lines: one that names it, one for each series. */
export function familyLines({ family, series }: ShownFamily, width: number, bold: (text: string) => string): string[] {
  const { name, type, unit, help } = family
  const kind = [type, unit].filter((part) => part !== '').map(printable)
  const about = `  ${kind.join(', ')}${help ? `  ${printable(help)}` : ''}`
  const shownName = cut(printable(name), width)
  const title = bold(shownName) + cut(about, width - widthOf(shownName))
  const isDistribution = series.some(({ value }) => value === undefined)
  const rows = series.map((one) => {
    const labels = labelsText(one.labels) || '-'
    return [`  ${labels}`, ...(isDistribution ? distributionCells(one) : [numberText(one.value ?? Number.NaN)])]
  })
  return [title, ...table(isDistribution ? DISTRIBUTION_COLUMNS : VALUE_COLUMNS, rows, width)]
}

function distributionCells(series: Series): string[] {
  const { count, sum } = series
  const quantiles = quantilesOf(series)
  const mean = sum === undefined || !count ? undefined : sum / count
  const cells = [mean, ...QUANTILES.map((q) => quantiles[q])]
  return [
    count === undefined ? '' : numberText(count),
    sum === undefined ? '' : numberText(sum),
    ...cells.map((value) => (value === undefined ? '-' : shortNumber(value))),
  ]
}

async function run(args: Arguments, io: Io): Promise<number> {
  const target = parseTarget(args.positionals[0] ?? '')
  const filters = filtersOf(args)
  const settings = requestSettings(args, target.url)
  const { families, format } = await readTarget(target, settings, formatOf(args, 'openmetrics'))
  const shown = families
    .filter(filters.family)
    .map((family) => ({ family, series: seriesOf(family).filter(filters.series) }))
    .filter(({ family, series }) => series.length > 0 || family.samples.length === 0)
    .filter(({ series }) => series.length > 0 || args.texts('label').length === 0)
  if (args.flag('json')) {
    say(io, toJson({ target: target.name, format, families: shown.map(familyJson) }))
  } else {
    const { bold } = styleOf(args, io)
    for (const [i, family] of shown.entries()) {
      say(io, [...(i > 0 ? [''] : []), ...familyLines(family, columnsOf(io), bold)].join('\n'))
    }
  }
  if (shown.length > 0) return EXIT.ok
  io.stderr.write(`nanotally: ${target.name}: ${families.length === 0 ? 'no metrics' : 'nothing matches'}\n`)
  return EXIT.found
}

export const scrape: Command = {
  summary: "show a target's metrics, once",
  usage: '[options] URL',
  about: `${TARGET_HELP}

${QUANTILE_HELP}

With --json a family has the shape that /snapshot.json gives it.

${FILTER_HELP}`,
  options: {
    json: { type: 'boolean', help: 'print JSON' },
    ...FILTER_OPTIONS,
    ...formatOption('openmetrics'),
    ...TARGET_OPTIONS,
  },
  examples: [
    { command: 'scrape localhost:9464', does: 'everything' },
    { command: "scrape :9464 --name 'demo_*' --type counter", does: 'some families' },
    { command: "scrape :9464 --label 'kind=resize' --json", does: 'some series, for programs' },
  ],
  positionals: { min: 1, max: 1 },
  run,
}
