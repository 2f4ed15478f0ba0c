// The exporter catalog: what it takes to make expositions (planning document 003), and what nanotally tells of itself.
//
// The exporter renders on a thread of its own and counts that itself, in nanotally_render*. These functions are for programs
// that render on their own.
import { registry as defaultRegistry, type Exposition, type RenderOptions } from '../index.js'
import {
  EXPORT_FORMATS,
  EXPOSED,
  type ExportFormat,
  FAMILIES,
  SIZE_CLASSES,
  type SizeClass,
} from './families/exporter.js'
import { type Catalog, type CatalogOptions, defineFamilies, type Instruments } from './shared/catalog.js'
import { isAmount, NO_NUMBER, oneOf } from './shared/recording.js'

export { EXPORT_FORMATS, type ExportFormat, SIZE_CLASSES, type SizeClass }

/** The catalog as data. */
export const exporter: Catalog = {
  name: 'exporter',
  about: 'The exposition of metrics: its time and size, its exporter, what was lost.',
  families: { ...FAMILIES, ...EXPOSED },
}

/** An exposition that was made. */
export interface ExportRecord {
  format: ExportFormat
  /** Uncompressed. */
  bytes: number
  seconds: number
}

/** Exporter metrics of a registry. Recording never throws: what cannot be recorded is dropped and counted. */
export interface ExporterMetrics extends Instruments<typeof FAMILIES> {
  recordExport(made: ExportRecord): void
  /**
   * The registry's `render()`, recorded: with the time that the caller waited for it.
   *
   * @throws as `Registry.render()` (rejects)
   */
  render(options?: RenderOptions): Promise<Exposition>
}

/** The class of a size in bytes; undefined where that is negative or no number. */
export function sizeClass(bytes: number): SizeClass | undefined {
  if (!isAmount(bytes)) return undefined
  const index = SIZE_CLASSES.findIndex((upTo) => bytes <= Number(upTo) * 1024)
  return index < 0 ? SIZE_CLASSES.at(-1) : SIZE_CLASSES[index]
}

/** By the content type of an exposition. */
export function formatOf(contentType: string): ExportFormat {
  if (contentType.startsWith('text/plain')) return 'prometheus'
  if (contentType.startsWith('application/openmetrics-text')) return 'openmetrics'
  if (contentType.startsWith('application/vnd.google.protobuf')) return 'protobuf'
  return contentType.startsWith('application/json') ? 'json' : 'other'
}

/**
 * Defines the exporter families in a registry, or finds them there, and returns what records them.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = exporterMetrics()
 * const { contentType, body } = await metrics.render()
 */
export function exporterMetrics(options: CatalogOptions = {}): ExporterMetrics {
  const families = defineFamilies(FAMILIES, options)
  const registry = options.registry ?? defaultRegistry

  const recordExport = (made: ExportRecord) => {
    const { format, bytes, seconds } = made ?? {}
    // What is no format, or no size, is no label, and is dropped and counted for it.
    const labels = { format: oneOf(EXPORT_FORMATS, format), size_kb: sizeClass(bytes) as SizeClass }
    families.exportDuration.observe(labels, isAmount(seconds) ? seconds * 1000 : NO_NUMBER)
  }
  return {
    ...families,
    recordExport,
    render: async (renderOptions) => {
      const start = performance.now()
      const made = await registry.render(renderOptions)
      const seconds = (performance.now() - start) / 1000
      recordExport({ format: formatOf(made.contentType), bytes: made.body.length, seconds })
      return made
    },
  }
}
