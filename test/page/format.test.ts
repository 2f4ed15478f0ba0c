// How the live page writes numbers.
import { describe, expect, test } from 'vitest'
import { formatCount, formatRate, formatTime, formatValue, trimZeros, unitOf } from '../../page/src/model/format.js'

test.each([
  ['http_request_duration_seconds', '', 'seconds'],
  ['process_cpu_seconds_total', '', 'seconds'],
  ['sent_bytes_total', '', 'bytes'],
  ['cache_hit_ratio', '', 'ratio'],
  ['process_start_time_seconds', 'seconds', 'timestamp'],
  ['backup_last_timestamp_seconds', '', 'timestamp'],
  ['requests_total', '', ''],
  ['latency', 'seconds', 'seconds'],
])('the unit of %s (%s) is %s', (name, told, unit) => {
  expect(unitOf(name, told)).toBe(unit)
})

test.each([
  [0, 'seconds', '0 s'],
  [0.000_000_002, 'seconds', '2 ns'],
  [0.000_015_6, 'seconds', '15.6 µs'],
  [0.0064, 'seconds', '6.40 ms'],
  [-0.25, 'seconds', '-250 ms'],
  [1.5, 'seconds', '1.50 s'],
  [90, 'seconds', '1.50 min'],
  [7200, 'seconds', '2 h'],
  [1e6, 'seconds', '11.6 d'],
  [1e-12, 'seconds', '0.00100 ns'],
  [0, 'bytes', '0 B'],
  [1023, 'bytes', '1023 B'],
  [1536, 'bytes', '1.50 KiB'],
  [5 * 2 ** 30, 'bytes', '5 GiB'],
  [0.937, 'ratio', '93.7 %'],
  [21.5, 'celsius', '21.5 °C'],
  [9999, '', '9999'],
  [12_345, '', '12.3 k'],
  [1_234_567, '', '1.23 M'],
  [-4e9, '', '-4 G'],
  [0.123_456, '', '0.123'],
  [0.000_012, '', '1.2e-5'],
  [0, '', '0'],
])('%d of unit "%s" is %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text)
})

describe.each(['seconds', 'bytes', 'ratio', 'timestamp', ''])('with unit "%s"', (unit) => {
  test.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ])('%d is %s, never 0', (value, text) => {
    expect(formatValue(value, unit)).toBe(text)
    expect(formatCount(value)).toBe(text)
  })
})

test('a rate is per second', () => {
  expect(formatRate(12_345, '')).toBe('12.3 k/s')
  expect(formatRate(0.42, 'seconds')).toBe('420 ms/s')
  expect(formatRate(0.5, 'ratio')).toBe('0.500/s')
})

test.each([
  ['1.50 ms', '1.5 ms'],
  ['10.0 k/s', '10 k/s'],
  ['0.750/s', '0.75/s'],
  ['100', '100'],
  ['1.05 s', '1.05 s'],
  ['1.0e-5', '1e-5'],
])('an axis has %s as %s', (text, trimmed) => {
  expect(trimZeros(text)).toBe(trimmed)
})

test('a time is told in hours, minutes and seconds', () => {
  const date = new Date(2026, 0, 2, 3, 4, 5)
  expect(formatTime(date.getTime() / 1000)).toBe('03:04:05')
})
