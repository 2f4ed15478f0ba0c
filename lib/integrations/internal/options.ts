// Checks of what users give the integrations, at set-up.
import { registry as defaultRegistry, Registry } from '../../index.js'

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80))
  return typeof value === 'object' && value !== null
    ? 'an object'
    : `${typeof value === 'function' ? 'a function' : value}`
}

export function invalidType(name: string, expected: string, received: unknown): TypeError {
  const error = new TypeError(`${name}: expected ${expected}, received ${shown(received)}`)
  return Object.assign(error, { code: 'ERR_NANOTALLY_INVALID_TYPE' })
}

export function invalidValue(name: string, expected: string, received: unknown): RangeError {
  const error = new RangeError(`${name}: expected ${expected}, received ${shown(received)}`)
  return Object.assign(error, { code: 'ERR_NANOTALLY_INVALID_VALUE' })
}

/** @throws `ERR_NANOTALLY_INVALID_TYPE` for what is no object, `ERR_NANOTALLY_INVALID_VALUE` for an option that there is none of */
export function checkOptions(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw invalidValue('options', `one of ${known.join(', ')}`, name)
  }
}

/** @throws `ERR_NANOTALLY_INVALID_TYPE` */
export function checkRegistry(registry: unknown): Registry {
  if (registry === undefined) return defaultRegistry
  if (!(registry instanceof Registry)) throw invalidType('registry', 'a Registry', registry)
  return registry
}

/** @throws `ERR_NANOTALLY_INVALID_TYPE` */
export function checkFunction<T extends (...args: never[]) => unknown>(
  name: string,
  value: T | undefined,
): T | undefined {
  if (value !== undefined && typeof value !== 'function') throw invalidType(name, 'a function', value)
  return value
}

/** A label value that is the user's to choose. @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE` */
export function checkLabelText(name: string, value: unknown, otherwise: string): string {
  if (value === undefined) return otherwise
  if (typeof value !== 'string') throw invalidType(name, 'a string', value)
  if (value === '') throw invalidValue(name, 'a text that is not empty', value)
  return value
}
