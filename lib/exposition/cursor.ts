// Reads one line of an exposition from left to right: names, labels, numbers, and the blanks between them.
import type { Exemplar, Format, LabelSet } from './family.js'

/** A line that cannot be read. */
export class LineError extends Error {}

const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y
const NUMBER = /[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?)|nan/iy
const WHOLE_NUMBER = /[+-]?\d+(?![^ \t])/y
const BLANKS = /[ \t]+/y
const ESCAPE = /\\(.?)/gs
const SHOWN_CHARACTERS = 40
const MAX_EXEMPLAR_CHARACTERS = 128
const MAX_INT64 = 2n ** 63n - 1n

/** The number that a text of `NUMBER` means. */
function toNumber(text: string): number {
  const infinity = /^([+-]?)inf/i.exec(text)
  if (infinity) return infinity[1] === '-' ? -Infinity : Infinity
  return /nan/i.test(text) ? Number.NaN : Number(text)
}

/** What a label such as `le` says; undefined where it is no number. */
export function parseNumber(text: string): number | undefined {
  NUMBER.lastIndex = 0
  return NUMBER.exec(text)?.[0] === text ? toNumber(text) : undefined
}

export class Cursor {
  readonly #line: string
  readonly #format: Format
  readonly #dispute: (message: string) => void
  #at = 0

  /** @param dispute - told of what either Prometheus or its promtool refuses, and the other reads */
  constructor(line: string, format: Format, dispute: (message: string) => void) {
    this.#line = line
    this.#format = format
    this.#dispute = dispute
  }

  get atEnd(): boolean {
    return this.#at === this.#line.length
  }

  takeIf(text: string): boolean {
    const found = this.#line.startsWith(text, this.#at)
    if (found) this.#at += text.length
    return found
  }

  /** Whether there were blanks: any in text, a single space in OpenMetrics. */
  blanksIf(): boolean {
    return this.#format === 'openmetrics' ? this.takeIf(' ') : this.#match(BLANKS) !== undefined
  }

  /** Whether there was one that the format allows. */
  blankIf(): boolean {
    return this.takeIf(' ') || (this.#format === 'text' && this.takeIf('\t'))
  }

  startsWith(text: string): boolean {
    return this.#line.startsWith(text, this.#at)
  }

  blanks(): void {
    if (!this.blanksIf()) this.fail('a space')
  }

  /** Blanks where the text format allows and ignores them; OpenMetrics has none there. @returns whether there were some */
  optionalBlanks(): boolean {
    return this.#format === 'text' && this.#match(BLANKS) !== undefined
  }

  /** A family's name in a line of metadata, plain or quoted. */
  metricName(): string {
    const name = this.#match(METRIC_NAME)?.[0] ?? this.#quoted()
    if (!name) this.fail('the name of a metric')
    return name
  }

  /** `name{labels}` or `{"name",labels}`. */
  series(): { name: string; labels: LabelSet } {
    const plain = this.#match(METRIC_NAME)?.[0]
    this.optionalBlanks()
    const { quotedName, labels } = this.takeIf('{') ? this.#labels() : { quotedName: undefined, labels: {} }
    const name = plain ?? quotedName
    if (!name) this.fail('the name of a metric')
    if (plain !== undefined && quotedName !== undefined) throw new LineError('two names of a metric')
    return { name, labels }
  }

  /** `# {labels} value timestamp`, the timestamp optional. */
  exemplar(): Exemplar {
    if (!this.takeIf('# {')) this.fail('an exemplar')
    const { quotedName, labels } = this.#labels()
    if (quotedName !== undefined) throw new LineError('an exemplar has no name')
    const length = Object.entries(labels).reduce((sum, [name, value]) => sum + [...name].length + [...value].length, 0)
    if (length > MAX_EXEMPLAR_CHARACTERS) {
      throw new LineError(`the labels of an exemplar hold ${length} characters, more than ${MAX_EXEMPLAR_CHARACTERS}`)
    }
    this.blanks()
    const value = this.number()
    return this.blanksIf() ? { labels, value, timestamp: this.#finite() } : { labels, value }
  }

  number(): number {
    const text = this.#match(NUMBER)?.[0]
    if (text === undefined) this.fail('a number')
    const number = toNumber(text)
    if (/\d/.test(text) && !Number.isFinite(number)) throw new LineError(`${text} is too large for a number of 64 bits`)
    return number
  }

  /** Unix seconds; text has them in whole milliseconds. */
  timestamp(): number {
    if (this.#format === 'openmetrics') return this.#finite()
    const text = this.#match(WHOLE_NUMBER)?.[0]
    if (text === undefined) this.fail('a timestamp in whole milliseconds')
    const milliseconds = BigInt(text.replace('+', ''))
    if (milliseconds > MAX_INT64 || milliseconds < -MAX_INT64 - 1n) {
      throw new LineError(`the timestamp ${text} is too large for an integer of 64 bits`)
    }
    if (!/^\d/.test(text)) this.#dispute('Prometheus refuses a timestamp with a sign')
    return Number(milliseconds) / 1000
  }

  /** Text to the end of the line, unescaped. */
  help(): string {
    return this.#unescape(this.rest(), this.#format === 'openmetrics' ? '\\"' : '\\')
  }

  rest(): string {
    const rest = this.#line.slice(this.#at)
    this.#at = this.#line.length
    return rest
  }

  end(): void {
    if (!this.atEnd) this.fail('the end of the line')
  }

  /** @throws LineError always: something else was expected here */
  fail(expected: string): never {
    const rest = this.#line.slice(this.#at, this.#at + SHOWN_CHARACTERS)
    const found = rest === '' ? 'the line ends' : `found ${JSON.stringify(rest)}`
    throw new LineError(`expected ${expected}, ${found}`)
  }

  /** What stands between the braces, the first of which is taken. */
  #labels(): { quotedName: string | undefined; labels: LabelSet } {
    const labels = new Map<string, string>()
    let quotedName: string | undefined
    this.optionalBlanks()
    while (!this.takeIf('}')) {
      const plain = this.#match(LABEL_NAME)?.[0]
      const name = plain ?? this.#quoted()
      if (name === undefined) this.fail('the name of a label or a closing brace')
      this.optionalBlanks()
      if (this.takeIf('=')) {
        this.optionalBlanks()
        const value = this.#quoted()
        if (value === undefined) this.fail('the value of a label in quotes')
        if (name === '__name__') throw new LineError('the label __name__ is reserved')
        if (labels.has(name)) throw new LineError(`the label ${name} is there twice`)
        labels.set(name, value)
      } else if (plain === undefined && quotedName === undefined) {
        quotedName = name
      } else {
        this.fail('an equals sign')
      }
      const blanks = this.optionalBlanks()
      if (this.takeIf(',')) this.optionalBlanks()
      else if (blanks && this.#is(LABEL_NAME)) this.#dispute('promtool refuses labels without a comma between them')
      else if (!this.startsWith('}')) this.fail('a comma or a closing brace')
    }
    return { quotedName, labels: Object.fromEntries(labels) }
  }

  /** By hand: a regular expression runs out of stack on a value of some megabytes. */
  #quoted(): string | undefined {
    if (!this.startsWith('"')) return undefined
    let end = this.#line.indexOf('"', this.#at + 1)
    while (end > 0 && this.#isEscaped(end)) end = this.#line.indexOf('"', end + 1)
    if (end < 0) this.fail('a quoted text with its end')
    const text = this.#line.slice(this.#at + 1, end)
    this.#at = end + 1
    return this.#unescape(text, '\\"')
  }

  #isEscaped(at: number): boolean {
    let start = at
    while (this.#line[start - 1] === '\\') start--
    return (at - start) % 2 === 1
  }

  #unescape(text: string, characters: string): string {
    if (!text.includes('\\')) return text
    return text.replace(ESCAPE, (sequence, character: string) => {
      if (character === 'n') return '\n'
      if (character !== '' && characters.includes(character)) return character
      // OpenMetrics has a backslash before anything else stand for itself.
      if (this.#format === 'text') {
        this.#dispute(`promtool refuses ${JSON.stringify(sequence)}, which is no escape sequence`)
      }
      return sequence
    })
  }

  #finite(): number {
    const time = this.number()
    if (!Number.isFinite(time)) throw new LineError('a timestamp is a finite number')
    return time
  }

  #is(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    return pattern.test(this.#line)
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#line) ?? undefined
    if (match !== undefined) this.#at = pattern.lastIndex
    return match
  }
}
