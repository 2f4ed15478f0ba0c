// The error shapes: class, code, and a message that says what was expected and what came.
import { NanotallyError, Registry } from 'nanotally'
import { expect, test } from 'vitest'
import { invalidType, invalidValue, textOfThrown } from '../../dist/errors.js'

test('NanotallyError carries a code, a cause and its name', () => {
  const cause = new Error('why')
  const error = new NanotallyError('ERR_NANOTALLY_X', 'what', { cause })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: 'NanotallyError', code: 'ERR_NANOTALLY_X', message: 'what', cause })
  expect(String(error)).toBe('NanotallyError: what')
})

test('native failures are of the same class', () => {
  const registry = new Registry()
  registry.close()
  expect(() => registry.remove('x')).toThrow(NanotallyError)
})

test.each<[unknown, string]>([
  ['text', '"text"'],
  ['a\n"b"', '"a\\n\\"b\\""'],
  ['x'.repeat(200), `"${'x'.repeat(80)}..."`],
  [5, '5'],
  [undefined, 'undefined'],
  [null, 'null'],
  [Symbol('s'), 'Symbol(s)'],
  [() => 1, 'a function'],
  [[1, 2], 'an array'],
  [{}, 'an object'],
  [Object.create(null), 'an object'],
])('what was received is shown in short: %s', (received, shown) => {
  expect(invalidType('option', 'a thing', received).message).toBe(`option: expected a thing, received ${shown}`)
  const error = invalidValue('option', 'a thing', received)
  expect(error.message).toBe(`option: expected a thing, received ${shown}`)
  expect(error).toBeInstanceOf(RangeError)
  expect(error).toMatchObject({ code: 'ERR_NANOTALLY_INVALID_VALUE' })
})

test.each<[unknown, string]>([
  [new Error('boom'), 'Error: boom'],
  ['text', 'text'],
  [undefined, 'undefined'],
  [Symbol('s'), 'Symbol(s)'],
  [Object.create(null), 'a value that has no text'],
])('whatever is thrown has a text: %s', (thrown, text) => {
  expect(textOfThrown(thrown)).toBe(text)
})
