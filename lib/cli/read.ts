// A target's metrics as families, or an error that says in one line why there are none.
import type { Exposition, Format } from '../exposition/family.js'
import { parseExposition } from '../exposition/parse.js'
import { type Arguments, type OptionTable, usageError } from './command.js'
import { type Answer, fetchMetrics, notMetrics } from './request.js'
import type { RequestSettings, Target } from './target.js'
import { printable } from './text.js'

export const QUANTILE_HELP = `P50, P90 and P99 of histograms are estimates: interpolated inside their bucket, as PromQL's
histogram_quantile does. nanotally's exponential histograms show the powers of two as boundaries:
an estimate is off by a factor of up to 2. Their option classicSchema shows finer ones.`

const ACCEPT: Record<Format, string> = {
  text: 'text/plain;version=1.0.0;escaping=allow-utf-8,text/plain;version=0.0.4;q=0.8,*/*;q=0.1',
  openmetrics:
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8,' +
    'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
}

export function formatOption(fallback: Format): OptionTable {
  return {
    format: { type: 'string', value: 'text|openmetrics', help: `what to ask the target for (default ${fallback})` },
  }
}

/** @throws CliError for another value of --format */
export function formatOf(args: Arguments, fallback: Format): Format {
  const format = args.text('format') ?? fallback
  if (format !== 'text' && format !== 'openmetrics') {
    throw usageError(`--format: expected text or openmetrics, received ${printable(format)}`)
  }
  return format
}

/**
 * Fetches and parses.
 *
 * @param format what is asked for; the target may answer in the other one
 * @param maxSyntaxProblems where given, problems of syntax are the caller's to tell. Default: the first is an error, as it
 *   is to Prometheus
 * @throws CliError for a target without metrics
 */
export async function readTarget(
  target: Target,
  settings: RequestSettings,
  format: Format,
  maxSyntaxProblems?: number,
): Promise<Exposition & { bytes: number }> {
  const answer = await fetchMetrics(target, settings, ACCEPT[format])
  const answered = formatOfAnswer(target, answer)
  const exposition = parseExposition(answer.body, { format: answered, maxSyntaxProblems })
  const wrong = exposition.problems.find(({ rule }) => rule === 'syntax')
  if (wrong !== undefined && maxSyntaxProblems === undefined) {
    throw notMetrics(target, `no Prometheus exposition: line ${wrong.line}: ${printable(wrong.message)}`)
  }
  return { ...exposition, bytes: answer.body.length }
}

/** Undefined where the target does not say. */
function formatOfAnswer(target: Target, { contentType }: Answer): Format | undefined {
  const type = contentType.split(';')[0]?.trim().toLowerCase()
  if (type === '') return undefined
  if (type === 'text/plain') return 'text'
  if (type === 'application/openmetrics-text') return 'openmetrics'
  throw notMetrics(target, `answered ${printable(contentType)}, which is no Prometheus text format`)
}
