// Accept-Encoding: weights, wildcards, and which bodies are too small.
import { expect, test } from 'vitest'
import { isCompressed } from '../../../dist/exporter/content-coding.js'

const LARGE = 1024

test.each([
  ['gzip', true],
  ['GZip', true],
  ['x-gzip', true],
  ['gzip, deflate, br', true],
  ['br;q=1.0, gzip;q=0.8, *;q=0.1', true],
  ['*', true],
  ['identity, *;q=0.5', false],
  ['gzip;q=0.5, identity;q=0.6', false],
  ['gzip;q=0.6, identity;q=0.5', true],
  ['gzip;q=0.001', true],
  ['gzip ; q = .5', true],
  ['gzip;q=0', false],
  ['gzip;q=0.000, *', false],
  ['*;q=0', false],
  ['identity', false],
  ['deflate, br', false],
  ['', false],
  [',;,;q=1', false],
  ['gzip;q=x', false],
  ['gzip;q=2', false],
  ['gzip;q=', false],
  ['gzip;q=.', false],
  ['gzip;q=0.5=1', false],
  ['gzip;Q=0.5', true],
  ['gzip;level=1', false],
  [undefined, false],
] as const)('a large body: %s -> %s', (header, expected) => {
  expect(isCompressed(header, LARGE)).toBe(expected)
})

test.each([
  ['gzip', false],
  ['*', false],
  ['gzip, identity;q=0', true],
  ['gzip, *;q=0', true],
  ['gzip, *;q=0, identity;q=0.1', false],
  ['identity;q=0', false],
] as const)('a small body: %s -> %s', (header, expected) => {
  expect(isCompressed(header, LARGE - 1)).toBe(expected)
})

// Of a time that grows with the square of the length these would take longer than the test may.
test.each([
  ['blanks', (length: number) => `gzip;q=${' '.repeat(length)}x`],
  ['blanks before the name', (length: number) => `gzip;${' '.repeat(length)}x`],
  ['members', (length: number) => 'gzip;q=x,'.repeat(length)],
  ['parameters', (length: number) => `gzip${';q=x'.repeat(length)}`],
  ['digits', (length: number) => `gzip;q=.${'0'.repeat(length)}x`],
])('a great many %s', (_, header) => {
  expect(isCompressed(header(500_000), LARGE)).toBe(false)
})
