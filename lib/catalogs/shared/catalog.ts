// What a catalog is: typed data about metric families, from which their instruments, docs/metrics.md, rules and dashboards are
// made, so that none of them can say anything else.
import {
  type Counter,
  counter,
  derivedGauge,
  type Gauge,
  gauge,
  type Histogram,
  histogram,
  type LabelNames,
  type OperandMetric,
  type Registry,
} from '../../index.js'
import { classicBucketsOf } from './classic-buckets.js'

/** A figure of a family's query that calls for attention once it has been past it for some time. */
export interface Threshold {
  readonly above?: number
  readonly below?: number
  /** Default 0: at once. */
  readonly forSeconds?: number
}

/** Some series of another family of the same catalog, by the family's key. */
export interface FamilyOperand {
  readonly family: string
  readonly where?: Readonly<Record<string, string>>
  readonly part?: 'count' | 'sum'
  readonly minus?: boolean
}

/** How a gauge is computed from other families of its catalog at each scrape: see `derivedGauge()`. */
export type Derivation =
  | { readonly of: readonly FamilyOperand[]; readonly to: readonly FamilyOperand[]; readonly scale?: number }
  | { readonly rateOf: readonly FamilyOperand[]; readonly windowSeconds: number; readonly scale?: number }

/** What a catalog says of a family. */
export interface CatalogFamily {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Part of the metric, as OpenMetrics has it: only where the name ends in it. */
  readonly unit?: string
  readonly help: string
  readonly labels?: LabelNames
  readonly optionalLabels?: LabelNames
  /** Labels that have a fixed set of values; those of others are names that the program gives. */
  readonly values?: Readonly<Record<string, readonly string[]>>
  /** Gauges: how threads' values become one. Default `sum`. */
  readonly aggregate?: 'sum' | 'last' | 'min' | 'max' | 'average'
  /** Gauges: what the end of a thread does to its values, where that is not the gauge's default. */
  readonly onExit?: 'keep' | 'drop'
  /** Histograms: boundaries in place of the exponential default. */
  readonly buckets?: readonly number[]
  /**
   * Exponential histograms: the powers of two that enclose it are shown as `le`, from the first observation on. Default: where the
   * query is a quantile, what that has to tell apart: from the least that is expected to four times the gravest threshold.
   */
  readonly classicRange?: readonly [from: number, to: number]
  /** Gauges that nothing is recorded into: absent while there is nothing to compute them from. */
  readonly derived?: Derivation
  /** PromQL: the example for people, and what the figures below are about. */
  readonly query: string
  /** What the query gives in normal operation, in `queryUnit`. */
  readonly expected: readonly [from: number, to: number]
  /** Default: the family's unit, or a number of things. */
  readonly queryUnit?: string
  readonly warning?: Threshold
  readonly critical?: Threshold
  /** Who measures it, and where. */
  readonly source: string
  /** The planning documents that ask for it, 000 to 004. */
  readonly documents?: readonly string[]
  /** It has no source yet, and is not exposed: what it waits for. */
  readonly planned?: string
  /** It is not the catalog's to define: what exposes it, such as `startExporter()`. */
  readonly exposedBy?: string
}

export type CatalogFamilies = Readonly<Record<string, CatalogFamily>>

/** A catalog as data. */
export interface Catalog {
  /** The last part of its export, `nanotally/catalogs/NAME`. */
  readonly name: string
  /** One sentence. */
  readonly about: string
  readonly families: CatalogFamilies
}

/** Options of what a catalog's module makes. */
export interface CatalogOptions {
  /** Default: the process-wide default registry. */
  registry?: Registry | undefined
}

type NamesOf<T> = T extends LabelNames ? T : []
type RequiredOf<F> = F extends { labels: infer L } ? NamesOf<L> : []
type OptionalOf<F> = F extends { optionalLabels: infer O } ? NamesOf<O> : []
type InstrumentOf<F> = F extends { type: 'counter' }
  ? Counter<RequiredOf<F>, OptionalOf<F>>
  : F extends { type: 'histogram' }
    ? Histogram<RequiredOf<F>, OptionalOf<F>>
    : Gauge<RequiredOf<F>, OptionalOf<F>>

/** The instruments of a catalog's families, by their keys: of those that are recorded into. */
export type Instruments<Families> = {
  readonly [K in keyof Families as Families[K] extends { planned: string } | { exposedBy: string } | { derived: object }
    ? never
    : K]: InstrumentOf<Families[K]>
}

/**
 * Defines the families of a catalog that are the catalog's to define: those that are recorded into, then what is derived from
 * them. A family that is there already is found.
 *
 * @throws as `counter()`
 */
export function defineFamilies<const Families extends CatalogFamilies>(
  families: Families,
  { registry }: CatalogOptions,
): Instruments<Families> {
  const own = Object.entries<CatalogFamily>(families).filter(
    ([, family]) => family.planned === undefined && family.exposedBy === undefined,
  )
  const made: Record<string, OperandMetric> = {}
  for (const [key, family] of own) {
    if (family.derived === undefined) made[key] = defineRecorded(family, registry)
  }
  for (const [, family] of own) {
    if (family.derived !== undefined) defineDerived(family, family.derived, made, registry)
  }
  return made as Instruments<Families>
}

function defineRecorded(family: CatalogFamily, registry: Registry | undefined): OperandMetric {
  const { name, help, unit, labels, optionalLabels } = family
  const options = { name, help, unit, labels, optionalLabels, registry }
  if (family.type === 'counter') return counter(options)
  if (family.type === 'gauge') return gauge({ ...options, aggregate: family.aggregate, onExit: family.onExit })
  return histogram({ ...options, buckets: family.buckets, classicBuckets: classicBucketsOf(family) })
}

function defineDerived(
  { name, help, unit, labels = [], optionalLabels = [] }: CatalogFamily,
  derived: Derivation,
  made: Readonly<Record<string, OperandMetric>>,
  registry: Registry | undefined,
): void {
  const operands = (some: readonly FamilyOperand[]) =>
    some.map(({ family, ...rest }) => ({ metric: made[family] as OperandMetric, ...rest }))
  const { scale } = derived
  const options = { name, help, unit, registry, labels: [...labels, ...optionalLabels], scale }
  if ('of' in derived) derivedGauge({ ...options, ratio: { of: operands(derived.of), to: operands(derived.to) } })
  else derivedGauge({ ...options, rate: { of: operands(derived.rateOf), windowMs: derived.windowSeconds * 1000 } })
}
