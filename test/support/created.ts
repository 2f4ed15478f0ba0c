// The created times of series, as OpenMetrics tells them.
import type { Registry } from 'nanotally'

/** The registry's OpenMetrics text. */
export async function openMetricsOf(registry: Registry): Promise<string> {
  return (await registry.render({ accept: 'application/openmetrics-text;version=1.0.0' })).body.toString()
}

/**
 * The values of the samples of a name by their labels as they stand in the text, such as `l="a"`: created times in
 * seconds since the Unix epoch for a name that ends in `_created`.
 */
export async function openMetricsSamples(registry: Registry, name: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const line of (await openMetricsOf(registry)).split('\n')) {
    const [, sample, labels = '', value] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*?)\})? (\S+)/.exec(line) ?? []
    if (sample === name) found[labels] = Number(value)
  }
  return found
}
