// The engine's exact distribution, and the traces that its exemplars name.
import { expect, test } from 'vitest'
import { Distribution } from '../../../examples/engram/books/distribution.mjs'
import { traceOf } from '../../../examples/engram/engine/trace.mjs'

test('what several threads count is one distribution, from 0 to the highest value', () => {
  const buffer = Distribution.createBuffer(7)
  const [one, other] = [new Distribution(buffer), new Distribution(buffer)]
  expect(one.read()).toEqual([])
  for (const value of [7, 0, 3]) one.add(value)
  other.add(3)
  expect(one.read()).toEqual([
    [0, 1],
    [3, 2],
    [7, 1],
  ])
  expect(() => one.add(8)).toThrow(RangeError)
})

test('a trace tells worker and job, and differs between them', () => {
  expect(traceOf(2, 255)).toEqual({ traceId: '000000020000000000000000000000ff', spanId: '00000000000000ff' })
  const traces = [1, 2, 32].flatMap((worker) => [1, 2, 2 ** 40].map((job) => traceOf(worker, job)))
  expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(9)
  for (const { traceId, spanId } of traces) expect([traceId.length, spanId.length]).toEqual([32, 16])
})
