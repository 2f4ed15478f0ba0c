// Reads PromQL (prometheus.io/docs/prometheus/latest/querying/basics), the part of it that a watch can evaluate in the process,
// and says of the rest what it is. That part: numbers, selectors, `rate` and `increase` of one, `histogram_quantile`, `abs`, `time`,
// `vector`; `sum`, `avg`, `min`, `max`, `count` with `by` and `without`; `+ - * / %`, comparisons, `or`, `and`, `unless`, with `on` and
// `ignoring`. There are no subqueries, no offsets and no joins of one with many.

/** `label OP value`. */
export interface Matcher {
  readonly label: string
  readonly op: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

export interface Selector {
  readonly kind: 'selector'
  readonly name: string
  readonly matchers: readonly Matcher[]
}

/** `rate(x[5m])` and `increase(x[5m])`. */
export interface Range {
  readonly kind: 'range'
  readonly of: 'rate' | 'increase'
  readonly selector: Selector
  readonly windowMs: number
}

export interface Aggregation {
  readonly kind: 'aggregation'
  readonly op: 'sum' | 'avg' | 'min' | 'max' | 'count'
  readonly without: boolean
  readonly labels: readonly string[]
  readonly operand: Expression
}

export interface Binary {
  readonly kind: 'binary'
  readonly op: string
  /** Comparisons: 0 or 1 in place of what passes. */
  readonly bool: boolean
  /** Which labels have to be the same; undefined: all of them. */
  readonly matching: { readonly on: boolean; readonly labels: readonly string[] } | undefined
  readonly left: Expression
  readonly right: Expression
}

export interface Call {
  readonly kind: 'call'
  readonly of: 'histogram_quantile' | 'abs' | 'time' | 'vector'
  readonly operands: readonly Expression[]
}

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | Selector
  | Range
  | Aggregation
  | Binary
  | Call

/** What cannot be evaluated, and why. */
export class Unsupported extends Error {}

const AGGREGATIONS = ['sum', 'avg', 'min', 'max', 'count']
const RANGES = ['rate', 'increase']
const CALLS: Readonly<Record<string, number>> = { histogram_quantile: 2, abs: 1, time: 0, vector: 1 }
/** From what binds least to what binds most. `^` and `atan2` are left out. */
const PRECEDENCE = [['or'], ['and', 'unless'], ['==', '!=', '<=', '<', '>=', '>'], ['+', '-'], ['*', '/', '%']]
export const COMPARISONS: readonly string[] = PRECEDENCE[2] as string[]
export const SET_OPERATORS: readonly string[] = ['or', 'and', 'unless']
const UNIT_MS: Readonly<Record<string, number>> = {
  ...{ ms: 1, s: 1000, m: 60_000, h: 3_600_000 },
  ...{ d: 86_400_000, w: 604_800_000, y: 31_536_000_000 },
}
/** Deeper ones are nobody's. */
const MOST_NESTED = 50

const BLANK = /(?:\s+|#.*)*/y
const TOKEN =
  /(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![a-zA-Z0-9_.]))|(\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*)|([a-zA-Z_:][\w:]*)|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(=~|!~|!=|==|<=|>=|[-+*/%^<>=(){}[\],:@]))/y

interface Token {
  readonly kind: 'number' | 'duration' | 'word' | 'text' | 'sign' | 'end'
  readonly text: string
}

function tokensOf(query: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; ; at = TOKEN.lastIndex) {
    BLANK.lastIndex = at
    BLANK.exec(query)
    TOKEN.lastIndex = BLANK.lastIndex
    if (TOKEN.lastIndex === query.length) break
    const match = TOKEN.exec(query)
    if (match === null) throw new Unsupported(`at ${at}: ${query.slice(at, at + 20)}`)
    const kinds = ['number', 'duration', 'word', 'text', 'sign'] as const
    const index = kinds.findIndex((_, i) => match[i + 1] !== undefined)
    tokens.push({ kind: kinds[index] as Token['kind'], text: match[index + 1] as string })
  }
  return [...tokens, { kind: 'end', text: 'its end' }]
}

/** The text between quotes, with Go's simple escapes. */
function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)/g, (_, escaped: string) => {
    if (escaped.length > 1) return String.fromCodePoint(Number.parseInt(escaped.slice(1), 16))
    return { n: '\n', t: '\t', r: '\r' }[escaped] ?? escaped
  })
}

class Reader {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(query: string) {
    this.#tokens = tokensOf(query)
  }

  readAll(): Expression {
    const expression = this.#binary(0)
    if (this.#next.kind !== 'end') this.#fail()
    return expression
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token
  }

  #fail(): never {
    if (this.#next.kind === 'end') throw new Unsupported('it ends too early')
    throw new Unsupported(`${this.#next.text} is not supported there`)
  }

  #is(text: string): boolean {
    return this.#next.text === text && this.#next.kind !== 'text'
  }

  #accept(text: string): boolean {
    const is = this.#is(text)
    if (is) this.#at++
    return is
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#fail()
  }

  #take(kind: Token['kind']): string {
    if (this.#next.kind !== kind) this.#fail()
    return (this.#tokens[this.#at++] as Token).text
  }

  #binary(level: number): Expression {
    const operators = PRECEDENCE[level]
    if (operators === undefined) return this.#unary()
    let left = this.#binary(level + 1)
    while (operators.some((operator) => this.#is(operator))) {
      const op = (this.#tokens[this.#at++] as Token).text
      const bool = COMPARISONS.includes(op) && this.#accept('bool')
      const matching = this.#matching()
      left = { kind: 'binary', op, bool, matching, left, right: this.#binary(level + 1) }
    }
    return left
  }

  #matching(): Binary['matching'] {
    const on = this.#is('on')
    if (!on && !this.#is('ignoring')) return undefined
    this.#at++
    const labels = this.#labels()
    if (this.#is('group_left') || this.#is('group_right')) this.#fail()
    return { on, labels }
  }

  #unary(): Expression {
    if (++this.#depth > MOST_NESTED) throw new Unsupported(`more than ${MOST_NESTED} levels are not supported`)
    try {
      if (this.#accept('+')) return this.#unary()
      if (!this.#accept('-')) return this.#primary()
      const zero: Expression = { kind: 'number', value: -1 }
      return { kind: 'binary', op: '*', bool: false, matching: undefined, left: zero, right: this.#unary() }
    } finally {
      this.#depth--
    }
  }

  #primary(): Expression {
    if (this.#next.kind === 'number') return { kind: 'number', value: Number(this.#take('number')) }
    if (this.#accept('(')) {
      const inside = this.#binary(0)
      this.#expect(')')
      return inside
    }
    const word = this.#next.kind === 'word' ? this.#next.text : ''
    if (AGGREGATIONS.includes(word)) return this.#aggregation()
    const following = this.#tokens[this.#at + 1]
    const isCall = following?.kind === 'sign' && following.text === '('
    if (word !== '' && isCall) return RANGES.includes(word) ? this.#range() : this.#call()
    return this.#selector()
  }

  #aggregation(): Aggregation {
    const op = this.#take('word') as Aggregation['op']
    let grouping = this.#grouping()
    this.#expect('(')
    const operand = this.#binary(0)
    this.#expect(')')
    grouping ??= this.#grouping()
    return { kind: 'aggregation', op, without: false, labels: [], ...grouping, operand }
  }

  #grouping(): { without: boolean; labels: string[] } | undefined {
    const without = this.#is('without')
    if (!without && !this.#is('by')) return undefined
    this.#at++
    return { without, labels: this.#labels() }
  }

  #labels(): string[] {
    const labels: string[] = []
    this.#expect('(')
    while (!this.#accept(')')) {
      labels.push(this.#take('word'))
      if (!this.#is(')')) this.#expect(',')
    }
    return labels
  }

  #range(): Range {
    const of = this.#take('word') as Range['of']
    this.#expect('(')
    const selector = this.#selector()
    if (!this.#accept('[')) this.#fail()
    const windowMs = [...this.#take('duration').matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
      (sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit as string] as number),
      0,
    )
    if (windowMs === 0) throw new Unsupported('a window of no time is not supported')
    this.#expect(']')
    this.#expect(')')
    return { kind: 'range', of, selector, windowMs }
  }

  #call(): Call {
    const of = this.#next.text
    const takes = Object.hasOwn(CALLS, of) ? CALLS[of] : undefined
    if (takes === undefined) throw new Unsupported(`${of}() is not supported`)
    this.#at += 2
    const operands: Expression[] = []
    while (!this.#accept(')')) {
      operands.push(this.#binary(0))
      if (!this.#is(')')) this.#expect(',')
    }
    if (operands.length !== takes) throw new Unsupported(`${of}() takes ${takes} operands`)
    return { kind: 'call', of: of as Call['of'], operands }
  }

  #selector(): Selector {
    const name = this.#take('word')
    const matchers: Matcher[] = []
    if (this.#accept('{')) {
      while (!this.#accept('}')) {
        const label = this.#take('word')
        const op = this.#take('sign')
        if (!['=', '!=', '=~', '!~'].includes(op)) this.#fail()
        matchers.push({ label, op: op as Matcher['op'], value: unquoted(this.#take('text')) })
        if (!this.#is('}')) this.#expect(',')
      }
    }
    for (const { op, value } of matchers) if (op.endsWith('~')) checkPattern(value)
    return { kind: 'selector', name, matchers }
  }
}

/** Patterns are RE2's: what is written the same in JavaScript is taken, anchored at both ends. */
export function patternOf(value: string): RegExp {
  return new RegExp(`^(?:${value})$`, 's')
}

function checkPattern(value: string): void {
  try {
    patternOf(value)
  } catch {
    throw new Unsupported(`the pattern ${value} is not supported`)
  }
}

/**
 * The expression of a query.
 *
 * @throws Unsupported
 */
export function readExpression(query: string): Expression {
  const expression = new Reader(query).readAll()
  typeOf(expression)
  return expression
}

function demand(expression: Expression, type: 'a number' | 'series', where: string): void {
  if (typeOf(expression) !== type) throw new Unsupported(`${where} takes ${type}`)
}

/** What it comes to. Throws Unsupported for what Prometheus would refuse, too. */
function typeOf(expression: Expression): 'a number' | 'series' {
  if (expression.kind === 'number') return 'a number'
  if (expression.kind === 'aggregation') demand(expression.operand, 'series', `${expression.op}()`)
  if (expression.kind === 'call') return typeOfCall(expression)
  if (expression.kind !== 'binary') return 'series'
  const { op, bool, left, right } = expression
  const types = [typeOf(left), typeOf(right)]
  if (SET_OPERATORS.includes(op) && types.includes('a number')) throw new Unsupported(`${op} takes series`)
  if (types.includes('series')) return 'series'
  if (COMPARISONS.includes(op) && !bool) throw new Unsupported(`${op} of two numbers takes bool`)
  return 'a number'
}

function typeOfCall({ of, operands }: Call): 'a number' | 'series' {
  operands.forEach((operand, i) => {
    demand(operand, of === 'vector' || (of === 'histogram_quantile' && i === 0) ? 'a number' : 'series', `${of}()`)
  })
  return of === 'time' ? 'a number' : 'series'
}

/** All parts of an expression, itself among them. */
export function* partsOf(expression: Expression): Generator<Expression, undefined> {
  yield expression
  if (expression.kind === 'range') yield* partsOf(expression.selector)
  else if (expression.kind === 'aggregation') yield* partsOf(expression.operand)
  else if (expression.kind === 'call') for (const operand of expression.operands) yield* partsOf(operand)
  else if (expression.kind === 'binary') {
    yield* partsOf(expression.left)
    yield* partsOf(expression.right)
  }
}
