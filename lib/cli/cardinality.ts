// `nanotally cardinality URL`: which families have the most series, and which label is to blame.
import type { Family } from '../exposition/family.js'
import { seriesOf } from '../exposition/series.js'
import { type Arguments, type Command, EXIT, type Io } from './command.js'
import { FILTER_HELP, FILTER_OPTIONS, filtersOf } from './filters.js'
import { formatOf, formatOption, readTarget } from './read.js'
import { columnsOf, say, styleOf } from './screen.js'
import { parseTarget, requestSettings, TARGET_HELP, TARGET_OPTIONS } from './target.js'
import { type Column, plural, printable, table, toJson } from './text.js'

const DEFAULT_TOP = 20
const DEFAULT_MIN = 100
const OVERFLOW_LABEL = 'otel_metric_overflow'
const OVERFLOWED = 'nanotally_overflowed_total'
const COLUMNS: readonly Column[] = [
  { title: 'FAMILY', flexible: true },
  { title: 'TYPE' },
  { title: 'SERIES', align: 'right' },
  { title: 'SAMPLES', align: 'right' },
  { title: 'LABEL' },
  { title: 'VALUES', align: 'right' },
  { title: 'SHARE', align: 'right' },
  { title: '' },
]

export interface LabelCardinality {
  name: string
  /** Distinct ones. */
  values: number
  /** Of the family's series: 1 where each series has a value of its own. */
  share: number
}

export interface FamilyCardinality {
  name: string
  type: string
  series: number
  /** What Prometheus stores: buckets count. */
  samples: number
  /** Most values first. */
  labels: LabelCardinality[]
  /** The label with the most values, where they are many, or where the family overflowed. */
  exploding: string | null
  /** Whether a series collects what had no room (`otel_metric_overflow`). */
  overflow: boolean
  /** The look-ups that led there; null where the target does not tell. */
  overflowed: number | null
}

/**
 * The cardinality of families, most series first.
 *
 * @param min - values from which on a label explodes
 */
export function cardinalityOf(families: readonly Family[], min: number): FamilyCardinality[] {
  const overflowed = new Map<string, number>()
  for (const { labels, value } of families.find(({ name }) => name === OVERFLOWED)?.samples ?? []) {
    overflowed.set(labels.metric ?? '', value)
  }
  const counted = families.map((family) => countFamily(family, overflowed.get(family.name) ?? null, min))
  return counted.sort((a, b) => b.series - a.series || b.samples - a.samples)
}

function countFamily(family: Family, overflowed: number | null, min: number): FamilyCardinality {
  const all = seriesOf(family)
  const isOverflow = (labels: object) => Object.hasOwn(labels, OVERFLOW_LABEL)
  const values = new Map<string, Set<string>>()
  for (const { labels } of all) {
    if (isOverflow(labels)) continue
    for (const [name, value] of Object.entries(labels)) {
      const known = values.get(name)
      if (known === undefined) values.set(name, new Set([value]))
      else known.add(value)
    }
  }
  const labels = [...values]
    .map(([name, distinct]) => ({ name, values: distinct.size, share: distinct.size / all.length }))
    .sort((a, b) => b.values - a.values)
  const overflow = all.some((series) => isOverflow(series.labels))
  const most = labels[0]
  const exploding = most !== undefined && (overflow || most.values >= min) ? most.name : null
  const { name, type, samples } = family
  return { name, type, series: all.length, samples: samples.length, labels, exploding, overflow, overflowed }
}

function rowsOf(family: FamilyCardinality): string[][] {
  const labels = family.labels.map(({ name, values, share }) => [
    printable(name),
    `${values}`,
    `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`,
    name === family.exploding ? 'explodes' : '',
  ])
  const head = [printable(family.name), family.type, `${family.series}`, `${family.samples}`]
  const rows = (labels.length === 0 ? [['-', '', '', '']] : labels).map((cells, i) => [
    ...(i === 0 ? head : ['', '', '', '']),
    ...cells,
  ])
  if (!family.overflow && family.overflowed === null) return rows
  const how = family.overflowed === null ? '' : `: ${plural(family.overflowed, 'look-up')} had no room`
  return [...rows, ['', '', '', '', OVERFLOW_LABEL, '', '', `overflowed${how}`]]
}

async function run(args: Arguments, io: Io): Promise<number> {
  const target = parseTarget(args.positionals[0] ?? '')
  const filters = filtersOf(args)
  const top = args.number('top', DEFAULT_TOP, { min: 1, max: 1e9, integer: true })
  const min = args.number('min', DEFAULT_MIN, { min: 2, max: 1e9, integer: true })
  const { families } = await readTarget(target, requestSettings(args, target.url), formatOf(args, 'text'))
  const all = cardinalityOf(families, min)
  const wanted = new Set(families.filter(filters.family).map(({ name }) => name))
  const shown = all.filter(({ name }) => wanted.has(name)).slice(0, top)
  const totals = {
    families: all.length,
    series: all.reduce((sum, family) => sum + family.series, 0),
    samples: all.reduce((sum, family) => sum + family.samples, 0),
  }
  if (args.flag('json')) {
    say(io, toJson({ target: target.name, ...totals, top: shown }))
    return EXIT.ok
  }
  const { bold, red } = styleOf(args, io)
  const [title = '', ...lines] = table(COLUMNS, shown.flatMap(rowsOf), columnsOf(io))
  const explained = lines.map((line) => line.replace(/(explodes|overflowed.*)$/, (word) => red(word)))
  const { series, samples } = totals
  say(io, `${series} series (${plural(samples, 'sample')}) in ${plural(totals.families, 'family', 'families')}`)
  if (shown.length > 0) say(io, ['', bold(title), ...explained].join('\n'))
  if (wanted.size > shown.length)
    say(io, `... and ${plural(wanted.size - shown.length, 'smaller family', 'smaller families')}: see --top`)
  return EXIT.ok
}

export const cardinality: Command = {
  summary: 'tell which label explodes',
  usage: '[options] URL',
  about: `SERIES counts sets of labels, SAMPLES what Prometheus stores: each bucket of a histogram is one.
VALUES counts a label's distinct ones, SHARE is that over the series: at 100 % each series has a
value of its own. The label with the most values of its family explodes, where they are --min or
more, or where the family overflowed (otel_metric_overflow).

${TARGET_HELP}

${FILTER_HELP}`,
  options: {
    json: { type: 'boolean', help: 'print JSON' },
    top: { type: 'string', value: 'N', help: `families with the most series (default ${DEFAULT_TOP})` },
    min: { type: 'string', value: 'N', help: `values from which on a label explodes (default ${DEFAULT_MIN})` },
    name: FILTER_OPTIONS.name,
    type: FILTER_OPTIONS.type,
    ...formatOption('text'),
    ...TARGET_OPTIONS,
  },
  examples: [
    { command: 'cardinality localhost:9464', does: 'the families with the most series' },
    { command: 'cardinality :9464 --top 5 --min 50 --json', does: 'the same for programs' },
  ],
  positionals: { min: 1, max: 1 },
  run,
}
