// Exporters for tests: on a free port, closed when the test ends.
import { type Exporter, type ExporterOptions, startExporter } from 'nanotally'
import { onTestFinished } from 'vitest'
import { ask } from './http.js'
import { type Family, parseTextFormat } from './text-format.js'

export async function start(options: ExporterOptions = {}): Promise<Exporter> {
  const exporter = await startExporter({ port: 0, ...options })
  onTestFinished(() => exporter.close())
  return exporter
}

/** The code that starting an exporter is refused with; `started` where it is not. */
export async function refusalCode(options: Record<string, unknown>): Promise<string> {
  return start(options).then(
    () => 'started',
    (error) => error.code,
  )
}

/** The families that a scrape of that URL tells, by name. */
export async function scrapeOf(url: string): Promise<Map<string, Family>> {
  const { status, body } = await ask(url)
  if (status !== 200) throw new Error(`status ${status}: ${body}`)
  return parseTextFormat(body)
}
