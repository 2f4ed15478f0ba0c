// Asks the Python client's strict parser, which the OpenMetrics project names as a reference, about an exposition.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { toolPath } from './server.js'

const SCRIPT = fileURLToPath(new URL('openmetrics-parser.py', import.meta.url))

export interface OpenMetricsSample {
  /** With its suffix, such as `x_total`. */
  name: string
  labels: Record<string, string>
  /** As Python writes it: `1.0`, `inf`, `nan`. */
  value: string
  exemplar: { labels: Record<string, string>; value: number; timestamp: number } | null
}

export interface OpenMetricsFamily {
  name: string
  type: string
  /** Empty where none is told. */
  unit: string
  help: string
  samples: OpenMetricsSample[]
}

/**
 * Parses OpenMetrics text.
 *
 * @returns the families in their order
 * @throws SyntaxError with the parser's reason when it refuses the text
 */
export function parseOpenMetrics(text: string | Uint8Array): OpenMetricsFamily[] {
  const { status, stdout, stderr, error } = spawnSync('python3', [SCRIPT], {
    input: text,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, PYTHONPATH: toolPath('openmetrics-parser'), PYTHONDONTWRITEBYTECODE: '1' },
  })
  if (error !== undefined) throw error
  if (status === 1 && stderr.startsWith('refused: ')) throw new SyntaxError(stderr.trim())
  if (status !== 0) throw new Error(`the parser ended with ${status}: ${stderr}`)
  return JSON.parse(stdout)
}
