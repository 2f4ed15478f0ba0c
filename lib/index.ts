// The public API of nanotally.
export { NanotallyError } from './errors.js'
export type { Credentials } from './exporter/credentials.js'
export { type Exporter, startExporter } from './exporter/exporter.js'
export {
  type HandledRequest,
  type HandledResponse,
  type MetricsHandler,
  type MetricsHandlerOptions,
  metricsHandler,
} from './exporter/handler.js'
export type { ExporterOptions, ServingOptions, TlsOptions } from './exporter/settings.js'
export type { HealthCheckOutcome } from './health/check.js'
export { type HealthCheckOptions, health, type RegisteredHealthCheck } from './health/health.js'
export type { HealthReport } from './health/report.js'
export type { BoundHistogram, ObserveOptions } from './instruments/bound-histogram.js'
export { type BoundCounter, type Counter, type CounterOptions, counter } from './instruments/counter.js'
export type { LabelNames, Labels, LabelTuple, LabelValue, MetricOptions, WithLabels } from './instruments/definition.js'
export {
  type DerivedGaugeOptions,
  derivedGauge,
  type Operand,
  type OperandMetric,
} from './instruments/derived-gauge.js'
export { type Exemplar, type ExemplarSource, setExemplarSource } from './instruments/exemplars.js'
export { type BoundGauge, type Gauge, type GaugeOptions, gauge } from './instruments/gauge.js'
export { type Histogram, type HistogramOptions, histogram } from './instruments/histogram.js'
export type { HistogramBucket, HistogramSnapshot, HistogramSnapshotJSON } from './instruments/histogram-snapshot.js'
export { type Info, type InfoOptions, info } from './instruments/info.js'
export { record } from './instruments/record.js'
export { type StateSet, type StateSetOptions, stateSet } from './instruments/state-set.js'
export type { Exposition, HealthCheckResult, HealthStatus } from './native.js'
export { nativeInterface } from './native-interface.js'
export { Registry, type RenderOptions, registry } from './registry.js'
export {
  collectRuntimeMetrics,
  type RuntimeMetrics,
  type RuntimeMetricsOptions,
} from './runtime/collect-runtime-metrics.js'
