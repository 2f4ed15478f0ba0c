// The choice of `le` boundaries for exponential histograms: which lists and schemas are taken, and what a refusal says.
import { type HistogramOptions, histogram, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'

type Options = Partial<HistogramOptions<[], []>>

const define = (options: Options) => histogram({ name: 'h', help: 'h', registry: new Registry(), ...options })

/** What defining with these options throws. */
function refusal(options: object): { code?: string; message?: string } {
  try {
    define(options as Options)
  } catch (error) {
    return error as Error
  }
  return {}
}

test('boundaries of the schema are taken, every one of them that a snapshot shows', () => {
  for (const schema of [-4, -1, 0, 3, 8]) {
    const h = define({ schema })
    for (let exponent = -127; exponent < 1008; exponent += 31) h.observe(1.3 * 2 ** exponent)
    const bounds = h.snapshot().buckets.flatMap(({ lower, upper }) => [lower, upper])
    const classicBuckets = [...new Set(bounds)].sort((a, b) => a - b)
    expect(classicBuckets.length).toBeGreaterThan(36)
    define({ schema, classicBuckets })
    define({ schema, classicBuckets: [...classicBuckets, Infinity] })
  }
})

test.each<[number, number[]]>([
  [-4, [2 ** -128, 1, 2 ** 16]],
  [0, [0.125, 0.25, 0.5, 1, 2, 1024]],
  [1, [1, Math.SQRT2 - Number.EPSILON, 2]],
])('schema %d takes %j', (schema, classicBuckets) => {
  // The double nearest to the root of 2 is above it.
  define({ schema, classicBuckets })
})

describe('a list is refused that', () => {
  const code = 'ERR_NANOTALLY_INVALID_BUCKETS'

  test.each<[string, number, number[], number, string]>([
    ['lies between boundaries', 0, [1, 3, 4], 3, '2 and 4'],
    ['is an ulp above one', 1, [Math.SQRT2], Math.SQRT2, '1.414213562373095 and 2'],
    ['is an ulp below one', 0, [1 - Number.EPSILON / 2], 1 - Number.EPSILON / 2, '0.5 and 1'],
    ['is 0', 3, [0, 1], 0, `${2 ** -128}`],
    ['is negative', 3, [-1], -1, `${2 ** -128}`],
    ['lies within the zero threshold', 3, [2 ** -129], 2 ** -129, `${2 ** -128}`],
    ['is the greatest double', 0, [Number.MAX_VALUE], Number.MAX_VALUE, `${2 ** 1023}`],
    ['is of a finer schema', -1, [2], 2, '1 and 4'],
  ])('%s (schema %d, %j)', (_, schema, classicBuckets, offender, nearest) => {
    const refused = refusal({ schema, classicBuckets })
    expect(refused.code).toBe(code)
    expect(refused).toBeInstanceOf(RangeError)
    expect(refused.message).toBe(
      `classicBuckets: expected exact boundaries of schema ${schema} (the nearest: ${nearest}), received ${offender}`,
    )
  })

  test.each<[string, unknown[]]>([
    ['is empty', []],
    ['is Infinity alone', [Infinity]],
    ['descends', [2, 1]],
    ['has one twice', [1, 1]],
    ['has an infinity in it', [1, Infinity, 2]],
    ['is too long', Array.from({ length: 1001 }, (_, i) => i)],
  ])('%s', (_, classicBuckets) => {
    const refused = refusal({ classicBuckets })
    expect(refused.code).toBe(code)
    expect(refused.message).toMatch(/^classicBuckets: /)
  })

  test.each<[unknown]>([['1'], [7], [['1']], [[null]], [{}]])('%j', (classicBuckets) => {
    expect(refusal({ classicBuckets }).code).toBe('ERR_NANOTALLY_INVALID_TYPE')
  })
})

describe('a schema', () => {
  test('up to that of the histogram is taken', () => {
    for (let classicSchema = -4; classicSchema <= 3; classicSchema++) define({ classicSchema })
    define({ schema: 8, classicSchema: 8 })
  })

  test.each([4, -5, 1.5, Number.NaN])('%d is refused beside schema 3', (classicSchema) => {
    expect(refusal({ classicSchema })).toMatchObject({
      code: 'ERR_NANOTALLY_INVALID_SCHEMA',
      message: `classicSchema: expected an integer of -4 to 3, received ${classicSchema}`,
    })
  })

  test('is a number', () => expect(refusal({ classicSchema: '2' }).code).toBe('ERR_NANOTALLY_INVALID_TYPE'))
})

test.each<[object, string]>([
  [{ classicSchema: 1, classicBuckets: [1] }, 'classicSchema'],
  [{ buckets: [1], classicBuckets: [1] }, 'classicBuckets'],
  [{ buckets: [1], classicSchema: 1 }, 'classicSchema'],
  [{ buckets: [1], schema: 1 }, 'schema'],
])('%j contradicts itself', (options, named) => {
  const refused = refusal(options)
  expect(refused.code).toBe('ERR_NANOTALLY_INVALID_VALUE')
  expect(refused.message).toMatch(`${named}: expected no ${named}`)
})

test('the choice is part of what makes a metric the same', () => {
  const registry = new Registry()
  const h = define({ registry, classicBuckets: [1, 2] })
  expect(define({ registry, classicBuckets: [1, 2, Infinity] })).toBe(h)
  for (const other of [{ classicBuckets: [1, 4] }, { classicSchema: 0 }, {}]) {
    expect(refusal({ registry, ...other }).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
  }
})
