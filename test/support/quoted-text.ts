// A strict reader for tests of the two text formats that may quote names, written from their specifications and not from any
// code that writes them: Prometheus text 1.0.0 (prometheus.io/docs/instrumenting/exposition_formats and
// /docs/instrumenting/content_negotiation) and OpenMetrics 1.0 (prometheus.io/docs/specs/om/open_metrics_spec).

export interface QuotedExemplar {
  labels: Record<string, string>
  value: number
  timestampSeconds: number
}

export interface QuotedSample {
  /** The name on the line, without quotes and escapes. */
  name: string
  labels: Record<string, string>
  value: number
  exemplar?: QuotedExemplar
}

export interface QuotedFamily {
  name: string
  help: string
  type: string
  /** Empty where there is no UNIT line. */
  unit: string
  samples: QuotedSample[]
}

export type QuotedFormat = 'text-1.0.0' | 'openmetrics'

/** What may follow the family's name in a sample's. */
const SUFFIXES: Record<QuotedFormat, Record<string, readonly string[]>> = {
  'text-1.0.0': { counter: [''], gauge: [''], untyped: [''], histogram: ['_bucket', '_sum', '_count'] },
  openmetrics: {
    counter: ['_total', '_created'],
    gauge: [''],
    unknown: [''],
    info: ['_info'],
    stateset: [''],
    histogram: ['_bucket', '_sum', '_count', '_created'],
  },
}
const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/suy
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]Inf/y
const MAX_EXEMPLAR_CHARACTERS = 128

/**
 * Parses an exposition of HELP, TYPE and samples, in this order, one space between the parts of a line.
 *
 * @returns its families by name, in their order
 * @throws SyntaxError, with the line's number, for malformed lines, names, escapes or numbers; a family or a sample twice; a
 *   sample that is none of its family; in OpenMetrics also for what follows `# EOF` and for exemplars elsewhere than on buckets
 * @throws TypeError for bytes that are not UTF-8
 */
export function parseQuotedText(exposition: Uint8Array, format: QuotedFormat): Map<string, QuotedFamily> {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(exposition)
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new SyntaxError('the last line does not end with a line feed')
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new SyntaxError('the last line is not # EOF')
  const families = new Map<string, QuotedFamily>()
  const seen = new Set<string>()
  let family: QuotedFamily | undefined
  for (const [index, line] of lines.entries()) {
    const cursor: Cursor = new Cursor(line, index + 1) // typed, so that fail() ends a branch
    if (cursor.takeIf('# HELP ')) {
      const name = cursor.metricName()
      if (families.has(name)) cursor.fail(`second HELP of ${name}`)
      cursor.take(' ')
      family = { name, help: cursor.help(format), type: '', unit: '', samples: [] }
      families.set(name, family)
    } else if (cursor.takeIf('# TYPE ')) {
      if (family === undefined || cursor.metricName() !== family.name) cursor.fail('TYPE of another family')
      cursor.take(' ')
      if (family.type !== '') cursor.fail('second TYPE')
      family.type = cursor.rest()
      if (!Object.hasOwn(SUFFIXES[format], family.type)) cursor.fail(`unknown type ${family.type}`)
    } else if (format === 'openmetrics' && cursor.takeIf('# UNIT ')) {
      if (family === undefined || cursor.metricName() !== family.name) cursor.fail('UNIT of another family')
      cursor.take(' ')
      if (family.unit !== '' || family.samples.length > 0) cursor.fail('UNIT in the wrong place')
      family.unit = cursor.rest()
      if (!family.name.endsWith(`_${family.unit}`)) cursor.fail(`${family.name} does not end with ${family.unit}`)
    } else {
      const sample = readSample(cursor, format)
      if (family === undefined) cursor.fail('a sample without a family')
      const suffix = SUFFIXES[format][family.type]?.find((one) => `${family?.name}${one}` === sample.name)
      if (suffix === undefined) cursor.fail(`${sample.name} is no sample of the ${family.type} ${family.name}`)
      if (sample.exemplar !== undefined && suffix !== '_bucket') cursor.fail('an exemplar of what is no bucket')
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
      if (seen.has(key)) cursor.fail(`second sample of ${key}`)
      seen.add(key)
      family.samples.push(sample)
    }
  }
  return families
}

/** `name{labels} value`, or `{"name",labels} value` for a quoted one. */
function readSample(cursor: Cursor, format: QuotedFormat): QuotedSample {
  let name = ''
  let labels: Record<string, string> = {}
  if (cursor.takeIf('{')) {
    name = cursor.quoted()
    if (cursor.takeIf(',')) labels = cursor.labels()
    else cursor.take('}')
  } else {
    name = cursor.match(METRIC_NAME, 'a metric name')
    if (cursor.takeIf('{')) labels = cursor.labels()
  }
  cursor.take(' ')
  const sample: QuotedSample = { name, labels, value: cursor.number() }
  if (format === 'openmetrics' && cursor.takeIf(' # {')) {
    const exemplarLabels = cursor.labels()
    const length = [...Object.entries(exemplarLabels).flat().join('')].length
    if (length > MAX_EXEMPLAR_CHARACTERS) cursor.fail(`an exemplar of ${length} characters`)
    cursor.take(' ')
    const value = cursor.number()
    cursor.take(' ')
    sample.exemplar = { labels: exemplarLabels, value, timestampSeconds: cursor.number() }
  }
  cursor.end()
  return sample
}

/** A place in a line. */
class Cursor {
  readonly #line: string
  readonly #number: number
  #at = 0

  constructor(line: string, number: number) {
    this.#line = line
    this.#number = number
  }

  fail(what: string): never {
    throw new SyntaxError(`line ${this.#number}, ${this.#at}: ${what}`)
  }

  takeIf(text: string): boolean {
    if (!this.#line.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  take(text: string): void {
    if (!this.takeIf(text)) this.fail(`expected '${text}'`)
  }

  match(pattern: RegExp, what: string): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#line)
    if (found === null) this.fail(`expected ${what}`)
    this.#at = pattern.lastIndex
    return found[1] ?? found[0]
  }

  rest(): string {
    const rest = this.#line.slice(this.#at)
    this.#at = this.#line.length
    return rest
  }

  end(): void {
    if (this.#at !== this.#line.length) this.fail('expected the end of the line')
  }

  quoted(): string {
    return this.#unescape(this.match(QUOTED, 'a quoted text'), { '\\': '\\', '"': '"', n: '\n' })
  }

  metricName(): string {
    return this.#line[this.#at] === '"' ? this.quoted() : this.match(METRIC_NAME, 'a metric name')
  }

  /** Prometheus text escapes no quotes here. */
  help(format: QuotedFormat): string {
    const meanings: Record<string, string> = format === 'openmetrics' ? { '"': '"' } : {}
    return this.#unescape(this.rest(), { ...meanings, '\\': '\\', n: '\n' })
  }

  /** To the closing brace. */
  labels(): Record<string, string> {
    const labels = new Map<string, string>()
    while (!this.takeIf('}')) {
      if (labels.size > 0) this.take(',')
      const name = this.#line[this.#at] === '"' ? this.quoted() : this.match(LABEL_NAME, 'a label name')
      this.take('=')
      if (labels.has(name)) this.fail(`label ${name} twice`)
      labels.set(name, this.quoted())
    }
    return Object.fromEntries(labels)
  }

  number(): number {
    const text = this.match(NUMBER, 'a number')
    return text.endsWith('Inf') ? Number(`${text}inity`) : Number(text)
  }

  #unescape(text: string, meanings: Record<string, string>): string {
    return text.replace(/\\(.?)/gsu, (sequence, character: string) => {
      return meanings[character] ?? this.fail(`unknown escape ${sequence}`)
    })
  }
}
