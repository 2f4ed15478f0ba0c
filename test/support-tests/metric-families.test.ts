// The reader of protobuf expositions: bytes written by hand after the wire format's rules.
import { expect, test } from 'vitest'
import { bucketCounts, parseMetricFamilies, secondsOf } from '../support/metric-families.js'

/** `text` as a field of its own length. */
const text = (field: number, value: string) => [(field << 3) | 2, Buffer.byteLength(value), ...Buffer.from(value)]
const message = (field: number, ...parts: number[][]) => [(field << 3) | 2, parts.flat().length, ...parts.flat()]
const delimited = (...parts: number[][]) => Uint8Array.from([parts.flat().length, ...parts.flat()])

/** A histogram of schema -1 with spans and packed deltas 3, -1. */
const histogram = message(
  7,
  [0x08, 5], // sample_count
  [0x28, 1], // schema, zigzag
  message(12, [0x08, 5], [0x10, 2]), // span: offset -3, length 2
  message(13, [6], [1]), // deltas
  message(15, [0x08, 7], [0x10, 100]), // created
)
test('a native histogram', () => {
  const label = message(1, text(1, 'l'), text(2, 'ü'))
  const bytes = delimited(text(1, 'a.b'), text(2, 'h'), [0x18, 4], message(4, label, histogram))
  const [first, ...others] = parseMetricFamilies(bytes)
  expect(others).toEqual([])
  expect(first).toMatchObject({ name: 'a.b', help: 'h', type: 'HISTOGRAM' })
  expect(first?.metric[0]?.label).toEqual([{ name: 'l', value: 'ü' }])
  const read = first?.metric[0]?.histogram
  expect(read).toMatchObject({ sample_count: 5, schema: -1, positive_delta: [3, -1] })
  expect(read).not.toHaveProperty('zero_count')
  expect(secondsOf(read?.created_timestamp ?? { seconds: 0, nanos: 0 })).toBe(7 + 100e-9)
  expect(bucketCounts(read?.positive_span, read?.positive_delta)).toEqual([
    [-3, 3],
    [-2, 2],
  ])
  expect(parseMetricFamilies(Buffer.concat([bytes, bytes]))).toHaveLength(2)
  expect(parseMetricFamilies(new Uint8Array())).toEqual([])
})

test('what the schema does not know, and what is cut off, is refused', () => {
  expect(() => parseMetricFamilies(delimited(text(1, 'a'), text(14, 'b')))).toThrow('bytes, of which 4 are known')
  expect(() => parseMetricFamilies(delimited(text(1, 'abc')).subarray(0, 4))).toThrow(RangeError)
})

test('spans and deltas have to agree', () => {
  expect(bucketCounts()).toEqual([])
  const spans = [
    { offset: 1, length: 1 },
    { offset: 2, length: 1 },
  ]
  expect(bucketCounts(spans, [1, 1])).toEqual([
    [1, 1],
    [4, 2],
  ])
  expect(() => bucketCounts(spans, [1])).toThrow('1 deltas in spans of 2')
  expect(() => bucketCounts(spans, [1, 1, 1])).toThrow('3 deltas in spans of 2')
})
