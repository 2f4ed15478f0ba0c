// Reads Prometheus text 0.0.4 and 1.0.0 (prometheus.io/docs/instrumenting/exposition_formats) and OpenMetrics 1.0
// (prometheus.io/docs/specs/om/open_metrics_spec). Pure, and it takes any bytes: what is wrong with them is in its result.
import { isUtf8 } from 'node:buffer'
import { Cursor, LineError } from './cursor.js'
import type { Exposition, Family, FamilyType, Format, Problem, Sample } from './family.js'
import { Findings } from './findings.js'

const LINE_FEED = 0x0a
const EOF = '# EOF'

/** The types of each format by their names there. */
const TYPES: Record<Format, Readonly<Record<string, FamilyType>>> = {
  text: { counter: 'counter', gauge: 'gauge', histogram: 'histogram', summary: 'summary', untyped: 'unknown' },
  openmetrics: {
    counter: 'counter',
    gauge: 'gauge',
    histogram: 'histogram',
    gaugehistogram: 'gaugehistogram',
    summary: 'summary',
    info: 'info',
    stateset: 'stateset',
    unknown: 'unknown',
  },
}
/** What may follow a family's name in a sample's. */
const SUFFIXES: Record<Format, Readonly<Record<FamilyType, readonly string[]>>> = {
  text: {
    counter: [''],
    gauge: [''],
    histogram: ['_bucket', '_count', '_sum'],
    gaugehistogram: [],
    summary: ['', '_count', '_sum'],
    info: [],
    stateset: [],
    unknown: [''],
  },
  openmetrics: {
    counter: ['_total', '_created'],
    gauge: [''],
    histogram: ['_bucket', '_count', '_sum', '_created'],
    gaugehistogram: ['_bucket', '_gcount', '_gsum'],
    summary: ['', '_count', '_sum', '_created'],
    info: ['_info'],
    stateset: [''],
    unknown: [''],
  },
}
const ALL_SUFFIXES = [...new Set(Object.values(SUFFIXES).flatMap((types) => Object.values(types).flat()))]
/** What OpenMetrics leaves out of the names of families. */
const NAME_SUFFIX: Partial<Record<FamilyType, string>> = { counter: '_total', info: '_info' }

export interface ParseOptions {
  /** Default: OpenMetrics where the text ends in `# EOF`, else text. */
  format?: Format | undefined
  /** Reading ends at this many problems of syntax, at most 100. Default 1. */
  maxSyntaxProblems?: number | undefined
}

/** Parses an exposition. Never throws: what is wrong is told in `problems`, and the lines that are right are read. */
export function parseExposition(bytes: Uint8Array, options: ParseOptions = {}): Exposition {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
  const format = options.format ?? (/(?:^|\n)# EOF\n?$/.test(text.slice(-7)) ? 'openmetrics' : 'text')
  const parser = new Parser(format, options.maxSyntaxProblems ?? 1)
  if (!isUtf8(bytes)) parser.problem({ line: firstBadLine(bytes), rule: 'syntax', message: 'bytes that are not UTF-8' })
  else parser.read(text)
  return { format, families: parser.families(), problems: parser.problems.kept }
}

function firstBadLine(bytes: Uint8Array): number {
  let start = 0
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(LINE_FEED, start)
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line
    start = end + 1
  }
}

class Parser {
  readonly problems = new Findings<Problem>()
  readonly #format: Format
  readonly #families = new Map<string, Family>()
  readonly #split = new Set<Family>()
  #current: Family | undefined
  #line = 0
  #ended = false
  #syntaxProblemsLeft: number

  constructor(format: Format, maxSyntaxProblems: number) {
    this.#format = format
    this.#syntaxProblemsLeft = maxSyntaxProblems
  }

  read(text: string): void {
    for (let start = 0; start < text.length && this.#syntaxProblemsLeft > 0; ) {
      const end = text.indexOf('\n', start)
      this.#line++
      try {
        this.#readLine(text.slice(start, end < 0 ? text.length : end))
        if (end < 0 && this.#format === 'text') {
          this.#dispute('promtool refuses a last line that does not end with a line feed; it may be cut off')
        }
      } catch (error) {
        if (!(error instanceof LineError)) throw error
        this.problem({ line: this.#line, rule: 'syntax', message: error.message })
      }
      start = end < 0 ? text.length : end + 1
    }
    if (this.#format === 'openmetrics' && !this.#ended && this.#syntaxProblemsLeft > 0) {
      this.problem({ line: this.#line, rule: 'syntax', message: `no ${EOF} at the end: it may be cut off` })
    }
  }

  problem(problem: Problem): void {
    this.problems.add(problem)
    if (problem.rule === 'syntax') this.#syntaxProblemsLeft--
  }

  families(): Family[] {
    const families = [...this.#families.values()]
    if (this.#format === 'text') return families
    return families.map((family) => {
      const suffix = family.typed ? NAME_SUFFIX[family.type] : undefined
      return suffix === undefined ? family : { ...family, name: family.name + suffix }
    })
  }

  #readLine(line: string): void {
    if (this.#ended) throw new LineError(`something follows ${EOF}`)
    const cursor = new Cursor(line, this.#format, (message) => this.#dispute(message))
    const indented = cursor.optionalBlanks()
    if (cursor.atEnd) {
      if (this.#format === 'openmetrics') throw new LineError('an empty line')
    } else if (cursor.takeIf('#')) {
      this.#readComment(line, cursor)
    } else {
      if (indented) this.#dispute('Prometheus refuses blanks before the name of a metric')
      this.#readSample(cursor)
    }
  }

  #readComment(line: string, cursor: Cursor): void {
    const strict = this.#format === 'openmetrics'
    if (strict && line === EOF) {
      this.#ended = true
      return
    }
    const keyword = cursor.blanksIf() && ['HELP', 'TYPE', 'UNIT'].find((word) => cursor.takeIf(word))
    if (!keyword || !cursor.blanksIf() || (keyword === 'UNIT' && !strict)) {
      if (strict) throw new LineError(`a comment other than HELP, TYPE, UNIT and ${EOF}`)
      return
    }
    const name = cursor.metricName()
    const known = this.#families.get(name)
    const family = this.#enter(name)
    if (known && known.samples.length > 0 && keyword !== 'HELP') {
      this.#structure('metadata-late', family, `${keyword} comes after the samples`)
    }
    if (!cursor.atEnd && !cursor.blankIf()) cursor.fail('a space')
    if (cursor.optionalBlanks() && keyword === 'TYPE') this.#dispute('Prometheus refuses a second blank before a type')
    if (keyword === 'HELP') {
      this.#once(family, keyword, family.help !== undefined)
      family.help = cursor.help()
    } else if (keyword === 'UNIT') {
      this.#once(family, keyword, family.unit !== '')
      family.unit = cursor.rest()
    } else {
      const type = cursor.rest()
      const known = Object.entries(TYPES[this.#format]).find(([name]) => name === type)
      if (known === undefined) throw new LineError(`${JSON.stringify(type)} is no type of metric`)
      this.#once(family, keyword, family.typed)
      family.type = known[1]
      family.typed = true
    }
  }

  #once(family: Family, keyword: string, again: boolean): void {
    if (again) this.#structure('metadata-twice', family, `a second ${keyword}`)
  }

  #readSample(cursor: Cursor): void {
    const { name, labels } = cursor.series()
    // Behind a closing brace the text format wants no blank.
    if (!cursor.blanksIf() && this.#format === 'openmetrics') cursor.fail('a space')
    const sample: Sample = { name, labels, value: cursor.number(), line: this.#line }
    if (this.#format === 'text') {
      let blanks = cursor.blanksIf()
      if (blanks && !cursor.atEnd) {
        sample.timestamp = cursor.timestamp()
        blanks = cursor.blanksIf()
      }
      if (blanks && cursor.atEnd) this.#dispute('promtool refuses blanks at the end of a sample')
    } else {
      let more = cursor.blanksIf()
      if (more && !cursor.startsWith('#')) {
        sample.timestamp = cursor.timestamp()
        more = cursor.blanksIf()
      }
      if (more) sample.exemplar = cursor.exemplar()
    }
    cursor.end()
    const family = this.#familyOf(name)
    if (family.samples.length > 0 && family !== this.#current && !this.#split.has(family)) {
      this.#split.add(family)
      this.#structure('split-family', family, 'its lines do not stand together')
    }
    this.#current = family
    if (SUFFIXES[this.#format][family.type].some((suffix) => family.name + suffix === name)) family.samples.push(sample)
    else this.#structure('stray-sample', family, `${name} is no sample of a ${family.type}`)
  }

  /** The family that announced a sample of the name; else the one of that very name, made where there is none. */
  #familyOf(name: string): Family {
    for (const suffix of ALL_SUFFIXES) {
      if (!name.endsWith(suffix)) continue
      const family = this.#families.get(name.slice(0, name.length - suffix.length))
      if (family !== undefined && SUFFIXES[this.#format][family.type].includes(suffix)) return family
    }
    return this.#families.get(name) ?? this.#make(name)
  }

  #enter(name: string): Family {
    this.#current = this.#families.get(name) ?? this.#make(name)
    return this.#current
  }

  #make(name: string): Family {
    const family: Family = {
      ...{ name, type: 'unknown', typed: false, help: undefined, unit: '', samples: [], line: this.#line },
    }
    this.#families.set(name, family)
    return family
  }

  #dispute(message: string): void {
    this.problem({ line: this.#line, rule: 'disputed', message })
  }

  #structure(rule: Problem['rule'], family: Family, message: string): void {
    this.problem({ line: this.#line, rule, name: family.name, message })
  }
}
