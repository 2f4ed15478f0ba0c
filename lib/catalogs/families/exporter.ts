// The families of the exporter catalog, as data: its own, and what nanotally tells of itself.
import type { CatalogFamilies } from '../shared/catalog.js'
import { exposedFamilies } from '../shared/exposed.js'

/** Classes of size, in KiB: what is above one, up to the next. */
export const SIZE_CLASSES = ['1', '4', '16', '64', '256', '1024', '4096', '16384', 'above_16384'] as const
export type SizeClass = (typeof SIZE_CLASSES)[number]

export const EXPORT_FORMATS = ['prometheus', 'openmetrics', 'protobuf', 'json', 'other'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Boundaries around the 5 ms that an exposition may take, in milliseconds. */
const EXPORT_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500]

export const FAMILIES = {
  exportDuration: {
    name: 'engram_metrics_export_duration_ms',
    type: 'histogram',
    help: 'Time to make an exposition, in milliseconds, by its format and the class of its size in KiB, uncompressed.',
    labels: ['format', 'size_kb'],
    values: { format: EXPORT_FORMATS, size_kb: SIZE_CLASSES },
    buckets: EXPORT_BUCKETS,
    query: 'histogram_quantile(0.99, sum by (le, format) (rate(engram_metrics_export_duration_ms_bucket[5m])))',
    queryUnit: 'milliseconds',
    expected: [0.05, 5],
    warning: { above: 10, forSeconds: 300 },
    source: 'whoever makes expositions; those of startExporter() are in nanotally_render_seconds_total',
    documents: ['003'],
  },
  aggregationLag: {
    name: 'engram_streaming_aggregation_lag_ms',
    type: 'gauge',
    help: 'How far the aggregation of metrics is behind what was recorded, in milliseconds.',
    labels: ['queue_depth'],
    query: 'max(engram_streaming_aggregation_lag_ms)',
    queryUnit: 'milliseconds',
    expected: [0, 50],
    warning: { above: 50, forSeconds: 30 },
    source: 'the aggregation',
    documents: ['003'],
    planned: 'streaming aggregation: a scrape reads the cells themselves, and lags behind nothing',
  },
} as const satisfies CatalogFamilies

const SHARED = exposedFamilies('a registry that has a name', {
  nanotally_arena_bytes: {
    help: 'Memory of the cells of all registries of the process.',
    expected: [65_536, 2 ** 28],
    warning: { above: 2 ** 29, forSeconds: 600 },
    source: 'the arena',
  },
  nanotally_render_seconds_total: {
    help: 'Time that making expositions took, on the thread that made them.',
    query: '1000 * sum(rate(nanotally_render_seconds_total[5m])) / sum(rate(nanotally_renders_total[5m]))',
    queryUnit: 'milliseconds for each exposition',
    expected: [0.05, 5],
    warning: { above: 10, forSeconds: 300 },
    source: 'the steady clock, around each rendering',
    documents: ['003'],
  },
  nanotally_rendered_bytes_total: {
    help: 'Size of all expositions, uncompressed.',
    query: 'sum(rate(nanotally_rendered_bytes_total[5m])) / sum(rate(nanotally_renders_total[5m]))',
    queryUnit: 'bytes for each exposition',
    expected: [1000, 10_000_000],
    source: 'each rendering',
    documents: ['003'],
  },
  nanotally_renders_total: {
    help: 'Expositions made.',
    expected: [0.01, 1],
    source: 'each rendering',
    documents: ['003'],
  },
  nanotally_series: {
    help: 'Series by state: live ones are exposed, idle ones hidden until they are recorded into, waiting ones ended and not yet free to be used anew.',
    labels: ['state'],
    values: { state: ['live', 'idle', 'waiting'] },
    query: 'sum(nanotally_series{state="live"})',
    queryUnit: 'series',
    expected: [1, 100_000],
    warning: { above: 500_000, forSeconds: 600 },
    source: 'the registry',
  },
})

const LOST = exposedFamilies('any registry, once something is lost', {
  nanotally_expired: {
    help: "What idle series hold or held that are not exposed: a counter's value, a histogram's observations.",
    labels: ['metric'],
    expected: [0, 1_000_000],
    source: 'the registry, of metrics with idleTimeoutMs',
  },
  nanotally_overflowed_total: {
    help: 'Label lookups past maxSeries that led to the overflow series.',
    labels: ['metric'],
    query: 'sum by (metric) (increase(nanotally_overflowed_total[5m]))',
    queryUnit: 'in 5 minutes',
    expected: [0, 0],
    warning: { above: 0, forSeconds: 300 },
    source: 'the registry',
  },
  nanotally_rejected_total: {
    help: 'Recordings that were dropped, by metric and reason.',
    labels: ['reason'],
    optionalLabels: ['metric'],
    query: 'sum by (metric, reason) (increase(nanotally_rejected_total[5m]))',
    queryUnit: 'in 5 minutes',
    expected: [0, 0],
    warning: { above: 0, forSeconds: 300 },
    source: 'the registry',
  },
})

const SERVED = exposedFamilies('startExporter()', {
  nanotally_collect_age_seconds: {
    help: 'Time since the collect callbacks of the thread were last done.',
    labels: ['thread'],
    query: 'max by (thread) (nanotally_collect_age_seconds)',
    expected: [0, 60],
    warning: { above: 120, forSeconds: 120 },
    source: 'each thread with collect callbacks',
  },
  nanotally_record_seconds: {
    help: 'What one recording costs in this process, as measured once a minute.',
    labels: ['instrument'],
    values: { instrument: ['counter', 'histogram'] },
    query: '1e9 * max by (instrument) (nanotally_record_seconds)',
    queryUnit: 'nanoseconds',
    expected: [1, 50],
    warning: { above: 100, forSeconds: 600 },
    source: 'a measurement on the thread that serves, once a minute',
    documents: ['003'],
  },
  nanotally_health_check_status: {
    help: '1 where the health check is healthy, 0.5 degraded, 0 unhealthy; absent while it is unavailable.',
    labels: ['check'],
    query: 'min by (check) (nanotally_health_check_status)',
    queryUnit: '1 healthy, 0.5 degraded, 0 unhealthy',
    expected: [1, 1],
    warning: { below: 1, forSeconds: 300 },
    critical: { below: 0.5, forSeconds: 60 },
    source: 'health checks, the built-in ones and those of health.register()',
    documents: ['003', '004'],
  },
  nanotally_health_check_consecutive_failures: {
    help: 'How often the check has failed in a row.',
    labels: ['check'],
    query: 'max by (check) (nanotally_health_check_consecutive_failures)',
    queryUnit: 'failures',
    expected: [0, 0],
    warning: { above: 2, forSeconds: 60 },
    source: 'checks of health.register()',
    documents: ['003', '004'],
  },
  nanotally_health_check_duration_seconds: {
    help: 'How long the check took when it last ran.',
    labels: ['check'],
    query: 'max by (check) (nanotally_health_check_duration_seconds)',
    expected: [0, 1],
    warning: { above: 1, forSeconds: 120 },
    source: 'checks of health.register()',
    documents: ['003', '004'],
  },
  nanotally_exporter_restarts_total: {
    help: 'Times that the exporter thread was started again.',
    query: 'sum(increase(nanotally_exporter_restarts_total[15m]))',
    queryUnit: 'restarts in 15 minutes',
    expected: [0, 0],
    warning: { above: 0 },
    source: 'the thread that started the exporter, when that is started again',
  },
  nanotally_exporter_certificate_expiry_seconds: {
    unit: '',
    help: "When the certificate that the exporter serves ends, in seconds since the Unix epoch, by the certificate's file.",
    labels: ['file'],
    query: '(min(nanotally_exporter_certificate_expiry_seconds) - time()) / 86400',
    queryUnit: 'days',
    expected: [7, 400],
    warning: { below: 7, forSeconds: 3600 },
    critical: { below: 1 },
    source: 'the certificate file, over TLS',
  },
  nanotally_exporter_dropped_connections_total: {
    help: 'Connections to the exporter that were not served: past its limit of them, or for an error.',
    labels: ['reason'],
    expected: [0, 0],
    warning: { above: 0.1, forSeconds: 300 },
    source: 'the exporter, when it drops one',
  },
})

export const EXPOSED: CatalogFamilies = { ...SHARED, ...LOST, ...SERVED }
