// Reads a registry the way a scraper does: through its text, which the strict parser has to accept.
import type { Registry } from 'nanotally'
import { type Family, parseTextFormat, sampleValue } from './text-format.js'

/** The families of a registry, by name. */
export async function scrape(registry: Registry): Promise<Map<string, Family>> {
  return parseTextFormat(await registry.metrics())
}

/** The value of one sample, or undefined where there is none. `name` is the one on its line, such as `x_seconds_count`. */
export async function read(
  registry: Registry,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  return sampleValue(await scrape(registry), name, labels)
}

/** What a registry says of the recordings of a metric that it dropped, by reason. */
export async function rejections(registry: Registry, metric?: string): Promise<Record<string, number>> {
  const samples = (await scrape(registry)).get('nanotally_rejected_total')?.samples ?? []
  const own = samples.filter(({ labels }) => labels.metric === metric)
  return Object.fromEntries(own.map(({ labels, value }) => [labels.reason, value]))
}

/** The values of a family's own samples by their labels, as JSON. */
export async function samplesOf(registry: Registry, name: string): Promise<Record<string, number>> {
  const samples = (await scrape(registry)).get(name)?.samples ?? []
  return Object.fromEntries(samples.map(({ labels, value }) => [JSON.stringify(labels), value]))
}

/** The error that a call throws; it is one itself when the call throws nothing. */
export function refusal(call: () => unknown): Error & { code?: string } {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
