// A strict parser of the Prometheus text format 0.0.4 for tests, written from its specification
// (prometheus.io/docs/instrumenting/exposition_formats) and not from any code that writes it.

export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'

export interface TextSample {
  /** The name on the line: in a histogram with its `_bucket`, `_sum` or `_count`. */
  name: string
  /** Label values, unescaped. */
  labels: Record<string, string>
  value: number
  timestampMs?: number
}

export interface Family {
  name: string
  /** Unescaped; undefined where there is no HELP line. */
  help?: string
  type: FamilyType
  samples: TextSample[]
}

const METRIC_NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
// Flag s: a label value may hold a carriage return or a Unicode line separator.
const COMMENT = /^#[ \t]+(HELP|TYPE)(?:[ \t]+(.*))?$/s
const COMMENT_REST = new RegExp(`^(${METRIC_NAME})(?:[ \\t]+(.*))?$`, 's')
const SAMPLE = new RegExp(
  `^(${METRIC_NAME})(?:[ \\t]*\\{(.*)\\}[ \\t]*|[ \\t]+)(\\S+)(?:[ \\t]+(-?\\d+))?[ \\t]*$`,
  's',
)
const ESCAPE = /\\(.?)/gs
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(,|$)/sy
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const SUFFIXES: Record<FamilyType, readonly string[]> = {
  counter: [''],
  gauge: [''],
  untyped: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/**
 * Parses an exposition.
 *
 * @returns its families by name, in their order
 * @throws SyntaxError, with the line's number, for whatever the specification does not allow: malformed lines, names,
 *   escapes or numbers; a second HELP or TYPE; either after its samples; a family in two places; a sample twice; a
 *   histogram or summary whose series are incomplete, out of order, not cumulative or at odds with their count
 */
export function parseTextFormat(exposition: string | Uint8Array): Map<string, Family> {
  const text =
    typeof exposition === 'string' ? exposition : new TextDecoder('utf-8', { fatal: true }).decode(exposition)
  const parser = new Parser()
  if (text === '') return parser.families
  if (!text.endsWith('\n')) throw new SyntaxError('the last line does not end with a line feed')
  for (const line of text.slice(0, -1).split('\n')) parser.line(line)
  parser.end()
  return parser.families
}

/**
 * What a program defined: all but what a shared registry tells of itself, and a served one of those who record, which changes
 * from scrape to scrape.
 */
export function definedFamilies(exposition: string | Uint8Array): Family[] {
  return [...parseTextFormat(exposition).values()].filter(
    ({ name }) => !/^nanotally_|^nodejs_eventloop_stall_seconds$/.test(name),
  )
}

/**
 * The value of one sample, or undefined where there is none.
 *
 * @param name - the name on the sample's line, such as `x_seconds_count`
 * @param labels - all of its labels
 */
export function sampleValue(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = seriesKey(name, labels)
  for (const { samples } of families.values()) {
    const found = samples.find((sample) => seriesKey(sample.name, sample.labels) === wanted)
    if (found) return found.value
  }
  return undefined
}

class Parser {
  readonly families = new Map<string, Family>()
  readonly #typed = new Set<string>()
  readonly #seen = new Set<string>()
  /** Which family the sample names belong to that a TYPE line or a sample has claimed. */
  readonly #owners = new Map<string, string>()
  #current: Family | undefined
  #number = 0

  line(raw: string): void {
    this.#number++
    const line = raw.replace(/^[ \t]+/, '')
    if (line === '') return
    if (line.startsWith('#')) this.#comment(line)
    else this.#sample(line)
  }

  end(): void {
    this.#close()
  }

  #comment(line: string): void {
    const [, keyword, rest] = COMMENT.exec(line) ?? []
    if (keyword === undefined) return
    const [, name, text = ''] = COMMENT_REST.exec(rest ?? '') ?? []
    if (name === undefined) this.#fail(`${keyword} without a valid metric name`)
    const family = this.#enter(name)
    if (family.samples.length > 0) this.#fail(`${keyword} of ${name} after its samples`)
    if (keyword === 'HELP') {
      if (family.help !== undefined) this.#fail(`second HELP of ${name}`)
      family.help = this.#unescape(text, { '\\': '\\', n: '\n' })
    } else {
      if (this.#typed.has(name)) this.#fail(`second TYPE of ${name}`)
      const type = text.trimEnd()
      if (!Object.hasOwn(SUFFIXES, type)) this.#fail(`unknown type '${type}'`)
      this.#typed.add(name)
      family.type = type as FamilyType
      for (const suffix of SUFFIXES[family.type]) this.#claim(name + suffix, name)
    }
  }

  #sample(line: string): void {
    const [, name, labelText, valueText, timestamp] = SAMPLE.exec(line) ?? []
    if (name === undefined || valueText === undefined) this.#fail('neither a comment nor a sample')
    const owner = this.#owners.get(name)
    const family = this.#enter(owner ?? name)
    if (owner === undefined) this.#claim(name, name)
    // A name that no TYPE line announced is a family of its own; one with a TYPE must have been announced by it.
    if (!SUFFIXES[family.type].some((suffix) => family.name + suffix === name)) {
      this.#fail(`${name} is no sample of the ${family.type} ${family.name}`)
    }
    const sample: TextSample = { name, labels: this.#labels(labelText ?? ''), value: this.#value(valueText) }
    if (timestamp !== undefined) sample.timestampMs = Number(timestamp)
    const key = seriesKey(name, sample.labels)
    if (this.#seen.has(key)) this.#fail(`second sample of ${key}`)
    this.#seen.add(key)
    family.samples.push(sample)
  }

  /** The family that a line belongs to. Leaving one closes it: its lines must stand together. */
  #enter(name: string): Family {
    if (this.#current?.name === name) return this.#current
    if (this.families.has(name)) this.#fail(`the lines of ${name} do not stand together`)
    this.#close()
    this.#current = { name, type: 'untyped', samples: [] }
    this.families.set(name, this.#current)
    return this.#current
  }

  #claim(sampleName: string, family: string): void {
    const owner = this.#owners.get(sampleName)
    if (owner !== undefined && owner !== family) this.#fail(`${sampleName} belongs to both ${owner} and ${family}`)
    this.#owners.set(sampleName, family)
  }

  #labels(text: string): Record<string, string> {
    const labels = new Map<string, string>()
    LABEL.lastIndex = 0
    let comma = ''
    while (LABEL.lastIndex < text.length) {
      if (comma === ',' && text.slice(LABEL.lastIndex).trim() === '') break // one comma may trail
      const at = LABEL.lastIndex
      const match = LABEL.exec(text)
      if (!match) this.#fail(`malformed label at '${text.slice(at)}'`)
      const [, name = '', value = ''] = match
      comma = match[3] ?? ''
      if (labels.has(name)) this.#fail(`label ${name} twice`)
      labels.set(name, this.#unescape(value, { '\\': '\\', '"': '"', n: '\n' }))
    }
    return Object.fromEntries(labels)
  }

  #unescape(text: string, meanings: Record<string, string>): string {
    if (!text.isWellFormed()) this.#fail('a lone surrogate')
    return text.replace(ESCAPE, (sequence, character: string) => {
      return meanings[character] ?? this.#fail(`unknown escape ${sequence}`)
    })
  }

  #value(text: string): number {
    if (text === 'NaN') return Number.NaN
    if (text === '+Inf') return Number.POSITIVE_INFINITY
    if (text === '-Inf') return Number.NEGATIVE_INFINITY
    if (!DECIMAL.test(text)) this.#fail(`malformed value '${text}'`)
    return Number(text)
  }

  /** What can only be judged when all of a family's lines are read. */
  #close(): void {
    const family = this.#current
    if (family?.type === 'histogram') this.#series(family, 'le', '_bucket')
    if (family?.type === 'summary') this.#series(family, 'quantile', '')
  }

  /** Checks each series of a histogram or summary: the samples that share their labels but for `boundary`. */
  #series(family: Family, boundary: 'le' | 'quantile', suffix: string): void {
    const groups = new Map<string, TextSample[]>()
    for (const sample of family.samples) {
      const isPart = sample.name === family.name + suffix
      if (isPart !== boundary in sample.labels) {
        this.#fail(`${sample.name} ${isPart ? 'lacks' : 'has'} the label ${boundary}`)
      }
      const { [boundary]: _, ...labels } = sample.labels
      const key = seriesKey(family.name, labels)
      groups.set(key, [...(groups.get(key) ?? []), sample])
    }
    for (const [key, samples] of groups) {
      const parts = samples.filter(({ name }) => name === family.name + suffix)
      const count = samples.find(({ name }) => name === `${family.name}_count`)?.value
      if (count === undefined) this.#fail(`${key} has no _count`)
      if (!samples.some(({ name }) => name === `${family.name}_sum`)) this.#fail(`${key} has no _sum`)
      const boundaries = parts.map(({ labels }) => this.#value(labels[boundary] ?? ''))
      if (boundaries.some((value, i) => Number.isNaN(value) || (i > 0 && !(value > (boundaries[i - 1] ?? value))))) {
        this.#fail(`${key}: ${boundary} does not increase: ${boundaries.join(', ')}`)
      }
      if (boundary === 'le') this.#buckets(key, parts, boundaries, count)
    }
  }

  #buckets(key: string, buckets: TextSample[], boundaries: number[], count: number): void {
    if (boundaries.at(-1) !== Number.POSITIVE_INFINITY) this.#fail(`${key} has no bucket le="+Inf"`)
    const values = buckets.map(({ value }) => value)
    if (values.some((value, i) => !(value >= (values[i - 1] ?? 0)))) {
      this.#fail(`${key}: buckets are not cumulative: ${values.join(', ')}`)
    }
    if (values.at(-1) !== count) this.#fail(`${key}: _count ${count} differs from +Inf ${values.at(-1)}`)
  }

  #fail(what: string): never {
    throw new SyntaxError(`line ${this.#number}: ${what}`)
  }
}

function seriesKey(name: string, labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${name}${JSON.stringify(sorted)}`
}
