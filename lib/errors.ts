// The errors that set-up calls throw. Recording calls never throw: see warnings.ts.

/** The error class of everything that goes wrong at run time during set-up; `code` is stable, the message is not. */
export class NanotallyError extends Error {
  /** Such as `ERR_NANOTALLY_METRIC_CONFLICT`. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'NanotallyError'
    this.code = code
  }
}

/** What to do about a package that has lost its files. */
export const NOT_WHOLE =
  'This is not a whole installation. If a bundler moved the code, keep nanotally external (docs/getting-started.md, ' +
  '"Bundlers"); else install the package again.'

function withCode<E extends Error>(error: E, code: string): E & { code: string } {
  return Object.assign(error, { code })
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value)
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}

/** A `TypeError` with code `ERR_NANOTALLY_INVALID_TYPE`: `name` is not of the `expected` kind. */
export function invalidType(name: string, expected: string, received: unknown): TypeError {
  return withCode(
    new TypeError(`${name}: expected ${expected}, received ${show(received)}`),
    'ERR_NANOTALLY_INVALID_TYPE',
  )
}

/** A `RangeError` with the given code: `name` is of the right type, its value is not allowed. */
export function invalidValue(
  name: string,
  expected: string,
  received: unknown,
  code = 'ERR_NANOTALLY_INVALID_VALUE',
): RangeError {
  return withCode(new RangeError(`${name}: expected ${expected}, received ${show(received)}`), code)
}

/** The text of whatever was thrown, which may be anything, without throwing again. */
export function textOfThrown(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    return 'a value that has no text'
  }
}
