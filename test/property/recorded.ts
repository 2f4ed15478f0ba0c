// Registries made at random, and by themselves what was recorded into them.
import fc from 'fast-check'
import { counter, gauge, histogram, info, Registry, stateSet } from 'nanotally'
import { exactIndex } from './exact-buckets.js'
import { type Labels, labelKey } from './shown.js'

export type Kind = 'counter' | 'gauge' | 'info' | 'stateset' | 'histogram'

/** One observation, with the exemplar that was given for it. */
export interface Observed {
  value: number
  exemplar?: { traceId: string; spanId?: string }
}

export interface RecordedSeries {
  labels: Labels
  /** Of a histogram the sum. */
  value: number
  observed: Observed[]
}

export interface RecordedMetric {
  name: string
  kind: Kind
  help: string
  unit: string
  /** Of an exponential histogram. */
  schema?: number
  /** Of an explicit one. */
  bounds?: readonly number[]
  /** By `labelKey`. */
  series: Map<string, RecordedSeries>
}

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'"\\\n\r\t,={}.:# a_1\u2028\u0001',
        '="',
        '",',
        '\\n',
        '\\"',
        '😀',
        ' # {',
        '# EOF',
        '\n# TYPE x ',
      ),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join('').replaceAll('\0', ''))
  .filter((text) => text.isWellFormed())
const plain = fc.constantFrom('a', 'x_y', '_', 'total', 'le', 'Z9')
/** The start of a name: U__ marks what is escaped. */
const start = fc.oneof(plain, hostile).filter((text) => !text.startsWith('_') && !text.startsWith('U__') && text !== '')
const labelName = fc
  .oneof(plain, start)
  .filter((name) => !name.startsWith('_') && !['le', 'otel_metric_overflow'].includes(name))

const MAX = Number.MAX_VALUE
const finite = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(0, -0, 1, 2, 0.1, 2 ** -128, 2 ** -127, 5e-324, 1e308, MAX, -MAX, 1e21, 1e-7),
  },
)
const anything = fc.oneof(
  { weight: 6, arbitrary: finite },
  { weight: 2, arbitrary: finite.map(Math.abs) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity) },
)
const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdefABCDEF'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
    .filter((text) => !/^0+$/.test(text))
const observation: fc.Arbitrary<Observed> = fc.record(
  { value: anything, exemplar: fc.record({ traceId: hex(32), spanId: hex(16) }, { requiredKeys: ['traceId'] }) },
  { requiredKeys: ['value'] },
)

const metric = fc.record({
  kind: fc.constantFrom<Kind>('counter', 'gauge', 'info', 'stateset', 'histogram', 'histogram'),
  start,
  suffix: fc.constantFrom<string>('', '_total', '_seconds', '_seconds_total'),
  help: hostile,
  labels: fc.uniqueArray(labelName, { maxLength: 3 }),
  layout: fc.oneof<fc.Arbitrary<number | readonly number[]>[]>(
    fc.integer({ min: -4, max: 8 }),
    fc.constantFrom([1], [0.1, 1, 1024], [-1, 0, 1e300], [1e-3, 1, 2, 3, 4, 5, 6]),
  ),
  states: fc.uniqueArray(
    hostile.filter((text) => text !== ''),
    { minLength: 1, maxLength: 3 },
  ),
  series: fc.array(
    fc.record({
      values: fc.array(hostile, { minLength: 3, maxLength: 3 }),
      amounts: fc.array(anything, { minLength: 1, maxLength: 3 }),
      observed: fc.array(observation, { maxLength: 30, size: 'max' }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
})

/** What to define and record. */
export const program = fc.array(metric, { minLength: 1, maxLength: 4 })
export type Program = typeof program extends fc.Arbitrary<infer T> ? T : never
type Made = Program[number]

/** Runs a program on a new registry. */
export function record(made: Program): { registry: Registry; metrics: RecordedMetric[] } {
  const registry = new Registry()
  return { registry, metrics: made.map((one, index) => recordOne(registry, one, index)) }
}

function recordOne(registry: Registry, made: Made, index: number): RecordedMetric {
  const { kind, labels } = made
  // A number makes names unlike; what follows it is what the formats look at.
  const suffix = kind === 'info' ? '_info' : kind === 'counter' ? made.suffix : made.suffix.replace('_total', '')
  const name = `${made.start}${index}${suffix}`
  const unit = suffix.startsWith('_seconds') && kind !== 'stateset' ? 'seconds' : ''
  // Leading blanks of a help are not kept by text 0.0.4.
  const recorded: RecordedMetric = { name, kind, help: `h${made.help}`, unit, series: new Map() }
  const labelSets = made.series.map(({ values }) =>
    Object.fromEntries(labels.map((label, i) => [label, values[i] as string])),
  )
  RECORDERS[kind](made, { name, help: recorded.help, labels, registry }, recorded, labelSets)
  return recorded
}

interface Head {
  name: string
  help: string
  labels: string[]
  registry: Registry
}

/** How a metric of each kind is defined and recorded into, here and there. */
const RECORDERS: Record<Kind, (made: Made, head: Head, recorded: RecordedMetric, labelSets: Labels[]) => void> = {
  counter({ series }, head, recorded, labelSets) {
    const metric = counter({ ...head, unit: recorded.unit })
    for (const [i, labels] of labelSets.entries()) {
      for (const amount of series[i]?.amounts ?? []) {
        const usable = Number.isFinite(amount) ? Math.abs(amount) : 0
        metric.inc(labels, usable)
        at(recorded, labels).value += usable
      }
    }
  },
  gauge({ series }, head, recorded, labelSets) {
    const metric = gauge({ ...head, unit: recorded.unit })
    for (const [i, labels] of labelSets.entries()) {
      for (const amount of series[i]?.amounts ?? []) {
        metric.set(labels, amount)
        at(recorded, labels).value = amount
      }
    }
  },
  info(_, head, recorded, labelSets) {
    const metric = info(head)
    for (const labels of labelSets) {
      metric.set(labels)
      at(recorded, labels).value = 1
    }
  },
  stateset({ series, states }, head, recorded, labelSets) {
    const metric = stateSet({ ...head, states })
    for (const [i, labels] of labelSets.entries()) {
      const chosen = states[(series[i]?.observed.length ?? 0) % states.length] as string
      metric.set(labels, chosen)
      for (const state of states) {
        at(recorded, { ...labels, [head.name]: state }).value = state === chosen ? 1 : 0
      }
    }
  },
  histogram({ series, layout }, head, recorded, labelSets) {
    Object.assign(recorded, typeof layout === 'number' ? { schema: layout } : { bounds: layout })
    const buckets = typeof layout === 'number' ? { schema: layout } : { buckets: layout }
    const metric = histogram({ ...head, unit: recorded.unit, ...buckets })
    for (const [i, labels] of labelSets.entries()) {
      const bound = metric.labels(labels)
      const own = at(recorded, labels)
      for (const one of series[i]?.observed ?? []) {
        bound.observe(one.value, one.exemplar && { exemplar: one.exemplar })
        own.value += one.value
        own.observed.push(one)
      }
    }
  },
}

function at(metric: RecordedMetric, labels: Labels): RecordedSeries {
  const key = labelKey(labels)
  const series = metric.series.get(key) ?? { labels, value: 0, observed: [] }
  metric.series.set(key, series)
  return series
}

export const ZERO_THRESHOLD = 2 ** -128

/** The populated buckets of one sign, by their exact indices; what is infinite lies in the one above the last. */
export function exactBuckets(schema: number, observed: readonly Observed[], sign: 1 | -1): [number, number][] {
  const counts = new Map<number, number>()
  for (const { value } of observed) {
    const magnitude = value * sign
    if (!(magnitude > ZERO_THRESHOLD)) continue
    const index = magnitude === Infinity ? exactIndex(schema, MAX) + 1 : exactIndex(schema, magnitude)
    counts.set(index, (counts.get(index) ?? 0) + 1)
  }
  return [...counts].sort(([a], [b]) => a - b)
}
