// Random programs of operations over several metrics, compared with a plain model through the text exposition.
import fc from 'fast-check'
import { type Counter, counter, type Gauge, gauge, type Histogram, histogram, Registry } from 'nanotally'
import { expect, test } from 'vitest'
import { rejections, scrape } from '../support/registry.js'
import { type Labels, ModelMetric, type Shape } from './model.js'
import './settings.js'

// biome-ignore lint/suspicious/noExplicitAny: shapes are made at random
type Metric = Counter<any, any> | Gauge<any, any> | Histogram<any, any>

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.double(),
  fc.integer({ min: -5, max: 1000 }),
  fc.constantFrom(
    0,
    -0,
    0.1,
    0.25,
    1,
    2,
    1024,
    2 ** -128,
    2 ** -129,
    5e-324,
    2 ** 53,
    1e308,
    Number.NaN,
    Infinity,
    -Infinity,
  ),
)
const value = fc.oneof(fc.constantFrom('', 'a', 'b', 'true', '1'), fc.integer({ min: 0, max: 5 }), fc.boolean())

const shape: fc.Arbitrary<Omit<Shape, 'name'> & { schema?: number }> = fc.record({
  type: fc.constantFrom('counter', 'gauge', 'histogram'),
  labels: fc.constantFrom([], ['x'], ['x', 'y']),
  maxSeries: fc.constantFrom(1, 3, 2000),
  bounds: fc.option(fc.constantFrom([0], [-1, 0, 1], [0.1, 0.25, 1, 1024]), { nil: undefined }),
  schema: fc.integer({ min: -4, max: 8 }),
})

const operation = fc.record({
  metric: fc.nat({ max: 3 }),
  kind: fc.constantFrom('record', 'record', 'record', 'record', 'set', 'unusable', 'define', 'remove', 'scrape'),
  labels: fc.record({ x: value, y: value }),
  number,
  isBound: fc.boolean(),
})

/** Both sides of one metric. */
class Pair {
  readonly metric: Metric
  readonly model: ModelMetric
  readonly #options: object

  constructor(registry: Registry, index: number, given: Omit<Shape, 'name'> & { schema?: number }) {
    const { type, labels, maxSeries, bounds, schema } = given
    const name = `m${index}`
    this.model = new ModelMetric({ name, type, labels, maxSeries, bounds: type === 'histogram' ? bounds : undefined })
    this.#options = { name, help: 'h', labels, maxSeries, registry, ...(bounds ? { buckets: bounds } : { schema }) }
    this.metric = this.define()
  }

  define(): Metric {
    const make = { counter, gauge, histogram }[this.model.shape.type] as (options: never) => Metric
    return make(this.#options as never)
  }

  /** The metric itself with the labels before the other arguments, or the bound series. */
  #call(method: string, labels: Record<string, unknown>, isBound: boolean, ...args: unknown[]): void {
    const own = Object.fromEntries(this.model.shape.labels.map((name) => [name, labels[name]]))
    const metric = this.metric as unknown as Record<string, (...args: unknown[]) => unknown>
    if (isBound) {
      const bound = metric.labels?.call(metric, own) as Record<string, (...args: unknown[]) => unknown>
      bound[method]?.(...args)
    } else if (this.model.shape.labels.length === 0) {
      metric[method]?.(...args)
    } else {
      metric[method]?.(own, ...args)
    }
  }

  record(labels: Record<string, unknown>, amount: number, isBound: boolean): void {
    const texts = textsOf(labels)
    if (this.model.shape.type === 'histogram') {
      this.#call('observe', labels, isBound, amount)
      this.model.observe(texts, amount)
    } else {
      this.#call('inc', labels, isBound, amount)
      this.model.inc(texts, amount)
    }
  }

  set(labels: Record<string, unknown>, amount: number, isBound: boolean): void {
    if (this.model.shape.type !== 'gauge') return
    this.#call('set', labels, isBound, amount)
    this.model.set(textsOf(labels), amount)
  }

  /** Labels that are none. */
  unusable(amount: number): void {
    if (this.model.shape.labels.length === 0) return
    this.#call(this.model.shape.type === 'histogram' ? 'observe' : 'inc', { x: {}, y: null }, false, amount)
    this.model.reject('labels')
  }
}

const textsOf = (labels: Record<string, unknown>): Labels =>
  Object.fromEntries(Object.entries(labels).map(([name, given]) => [name, String(given)]))

async function compare(registry: Registry, pairs: readonly (Pair | undefined)[]): Promise<number> {
  const families = await scrape(registry)
  let compared = 0
  for (const pair of pairs) {
    if (pair === undefined) continue
    const { model } = pair
    const family = families.get(model.shape.name)
    expect(model.difference(family)).toBeUndefined()
    expect(await rejections(registry, model.shape.name)).toEqual(model.rejected)
    const overflowed = families
      .get('nanotally_overflowed_total')
      ?.samples.find(({ labels }) => labels.metric === model.shape.name)
    // Bound or not, each look-up past maxSeries counts.
    expect(overflowed?.value ?? 0).toBe(model.overflowed)
    compared += family?.samples.length ?? 0
  }
  return compared
}

test('what the text shows is what the model says', async () => {
  let operations = 0
  let compared = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(shape, { minLength: 4, maxLength: 4 }),
      fc.array(operation, { minLength: 1, maxLength: 80, size: 'max' }),
      async (shapes, program) => {
        const registry = new Registry()
        const make = (index: number) => new Pair(registry, index, shapes[index] as (typeof shapes)[number])
        const pairs: (Pair | undefined)[] = shapes.map((_, index) => make(index))
        for (const { metric: index, kind, labels, number: amount, isBound } of program) {
          operations++
          const pair = pairs[index]
          if (kind === 'scrape') {
            compared += await compare(registry, pairs)
          } else if (pair === undefined) {
            // Removed before: the name starts anew.
            if (kind === 'define') pairs[index] = make(index)
          } else if (kind === 'record') pair.record(labels, amount, isBound)
          else if (kind === 'set') pair.set(labels, amount, isBound)
          else if (kind === 'unusable') pair.unusable(amount)
          else if (kind === 'define') expect(pair.define()).toBe(pair.metric)
          else {
            expect(registry.remove(pair.model.shape.name)).toBe(true)
            pairs[index] = undefined
          }
        }
        compared += await compare(registry, pairs)
        registry.close()
      },
    ),
    { numRuns: 1000 },
  )
  expect(operations).toBeGreaterThan(10_000)
  expect(compared).toBeGreaterThan(20_000)
})
