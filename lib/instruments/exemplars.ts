// Exemplars: where those of this environment come from, when one is taken, and keeping it.
//
// Nothing is asked for on the way of an ordinary observation. A series has places, groups of its buckets; a place that is
// armed makes its next observation come here, which disarms it. A timer arms places again, at most so many each time: that
// is the bound on the rate, and a thread whose event loop is blocked only samples less.
import { invalidType, textOfThrown } from '../errors.js'
import { native } from '../native.js'
import type { RegisteredMetric, Registry } from '../registry.js'
import { disabled } from './definition.js'
import { IN_SINK } from './instrument.js'

/** The trace that an observation was made in. */
export interface Exemplar {
  /** 32 hexadecimal digits, not all 0 (W3C Trace Context). */
  traceId: string
  /** 16 hexadecimal digits, not all 0. Default: none. */
  spanId?: string | undefined
}

/** Tells the trace that the caller is in; undefined when there is none. */
export type ExemplarSource = () => Exemplar | undefined

/** A series of a histogram, as sampling sees it. */
export interface SampledSeries {
  /** @internal */
  readonly _metric: RegisteredMetric & { readonly _registry: Registry }
  /** The series' number within its metric, or IN_SINK. @internal */
  readonly _series: number
  /** Gets ready for `_arm`; the places that have been recorded into. @internal */
  _startSampling(): number[]
  /** Nothing is armed from now on. @internal */
  _stopSampling(): void
  /** Makes the next observation of the place call `takeExemplar`, once. @internal */
  _arm(place: number): void
}

/** A histogram of this environment. */
export interface SampledMetric {
  /** @internal */
  _handles(): Iterable<SampledSeries>
}

/** A place gives one exemplar in this time, if it is armed each time. */
const INTERVAL_MS = 1000
/** Most places that are armed at once. A sample costs 0.4 us beside its source: so many are 0.04 % of a processor. */
export const MOST_ARMED = 1000

const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/i
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/i

const metrics = new Set<WeakRef<SampledMetric>>()
const collected = new FinalizationRegistry<WeakRef<SampledMetric>>((metric) => metrics.delete(metric))

let source: ExemplarSource | undefined
let timer: NodeJS.Timeout | undefined
let isAsking = false
/** Places that are not armed, those that have waited longest first. */
let waiting: { series: SampledSeries; place: number }[] = []

/**
 * Says where exemplars come from. About once a second, for each group of buckets of each histogram series that is recorded
 * into (an octave of an exponential histogram, a bucket of an explicit one), `source` is called inside of an `observe()`,
 * and what it returns is kept with the observed value. OpenMetrics and protobuf expositions show it.
 *
 * Of this thread: a worker calls it for itself. A source that throws, or returns what is no exemplar, costs the exemplar,
 * which is counted as rejected with the reason `exemplar`; the observation is recorded. An observation that is not
 * sampled costs what it costs without a source.
 *
 * @param source `undefined` ends it; exemplars that were taken stay.
 * @throws `ERR_NANOTALLY_INVALID_TYPE`
 *
 * @example
 * const { AsyncLocalStorage } = process.getBuiltinModule('async_hooks')
 * const requests = new AsyncLocalStorage()
 * setExemplarSource(() => requests.getStore())
 * const latency = histogram({ name: 'request_latency_seconds', help: 'Time to answer.', unit: 'seconds' })
 * requests.run({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }, () => latency.observe(0.021))
 */
export function setExemplarSource(source: ExemplarSource | undefined): void {
  if (source !== undefined && typeof source !== 'function') throw invalidType('source', 'a function', source)
  if (!disabled) use(source)
}

function use(next: ExemplarSource | undefined): void {
  const wasOn = source !== undefined
  source = next
  if (wasOn === (next !== undefined)) return
  if (next === undefined) {
    clearInterval(timer)
    waiting = []
    for (const series of everySeries()) series._stopSampling()
  } else {
    timer = setInterval(armWaiting, INTERVAL_MS).unref()
    for (const series of everySeries()) awaitArming(series)
    armWaiting()
  }
}

function everySeries(): Set<SampledSeries> {
  const found = new Set<SampledSeries>()
  for (const metric of metrics) {
    for (const series of metric.deref()?._handles() ?? []) if (series._series !== IN_SINK) found.add(series)
  }
  return found
}

/** The series of this metric are sampled from now on, those that come later by `isSampling` and `awaitArming`. */
export function addSampled(metric: SampledMetric): void {
  const reference = new WeakRef(metric)
  metrics.add(reference)
  collected.register(metric, reference)
}

/** Whether there is a source. */
export function isSampling(): boolean {
  return source !== undefined
}

/** Has all places of a series armed, in their turn. */
export function awaitArming(series: SampledSeries): void {
  for (const place of series._startSampling()) waiting.push({ series, place })
}

/** Arms the places that have waited longest. @internal */
export function armWaiting(): void {
  for (const { series, place } of waiting.splice(0, MOST_ARMED)) if (series._series !== IN_SINK) series._arm(place)
}

/** Asks for the exemplar of an observation in a place that was armed, or is new. Never throws. */
export function takeExemplar(series: SampledSeries, place: number, value: number): void {
  if (source === undefined || series._series === IN_SINK) return
  waiting.push({ series, place })
  if (isAsking) return // the source itself observes
  isAsking = true
  try {
    const exemplar = source()
    if (exemplar !== undefined) keepExemplar(series, value, exemplar)
  } catch (error) {
    refuse(series, `the source threw ${textOfThrown(error)}`)
  } finally {
    isAsking = false
  }
}

/** Keeps an exemplar in place of the last one of its buckets. Never throws. */
export function keepExemplar(series: SampledSeries, value: number, exemplar: unknown): void {
  try {
    const { traceId, spanId = '' } = exemplar as Partial<Record<string, unknown>>
    if (typeof traceId !== 'string' || !TRACE_ID.test(traceId)) {
      refuse(series, 'traceId is not 32 hexadecimal digits, one of them not 0')
    } else if (typeof spanId !== 'string' || (spanId !== '' && !SPAN_ID.test(spanId))) {
      refuse(series, 'spanId is not 16 hexadecimal digits, one of them not 0')
    } else {
      const { _registry, _id } = series._metric
      native.recordExemplar(_registry._handle, _id, series._series, value, traceId, spanId)
    }
  } catch (error) {
    refuse(series, textOfThrown(error))
  }
}

function refuse({ _metric }: SampledSeries, detail: string): void {
  _metric._registry._reject(_metric, 'exemplar', detail)
}
