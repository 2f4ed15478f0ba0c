// Garbage collections by kind, and the heap beside V8's own figures.
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { collectRuntimeMetrics, Registry } from 'nanotally'
import { expect, onTestFinished, test } from 'vitest'
import { assertEnded, runChild } from '../../support/children.js'
import { scrape } from '../../support/registry.js'
import { parseTextFormat, sampleValue } from '../../support/text-format.js'

const KINDS = ['major', 'minor', 'incremental', 'weakcb']

test('garbage collections are counted by their kind', async () => {
  const result = await runChild(new URL('fixtures/collections.mjs', import.meta.url), { nodeFlags: ['--expose-gc'] })
  assertEnded(result)
  const { text, majors, minors } = result.messages[0] as { text: string; majors: number; minors: number }
  const families = parseTextFormat(text)
  const count = (kind: string) =>
    sampleValue(families, 'nodejs_gc_duration_seconds_count', { kind, thread: 'main' }) as number
  expect(majors).toBeGreaterThan(0)
  expect(count('major')).toBeGreaterThanOrEqual(majors)
  expect(count('minor')).toBeGreaterThanOrEqual(minors)
  const samples = families.get('nodejs_gc_duration_seconds')?.samples ?? []
  expect(samples.filter(({ labels }) => !KINDS.includes(labels.kind ?? ''))).toEqual([])
  for (const kind of ['major', 'minor']) {
    const sum = sampleValue(families, 'nodejs_gc_duration_seconds_sum', { kind, thread: 'main' })
    expect(sum).toBeGreaterThan(0)
    expect(sum).toBeLessThan(60)
  }
})

test("the heap is V8's own account of it", async () => {
  const registry = new Registry()
  const runtime = collectRuntimeMetrics({ registry })
  onTestFinished(() => runtime.stop())
  const ballast = Array.from({ length: 500_000 }, (_, i) => ({ i }))
  const read = () => ({ heap: getHeapStatistics(), spaces: getHeapSpaceStatistics() })
  const before = read()
  const families = await scrape(registry)
  const { heap, spaces } = read()
  expect(ballast).toHaveLength(500_000)
  const thread = 'main'
  // V8 may collect in between, and give memory back: what is told is of one of the two times, but for what the test itself makes.
  const near = (value: number | undefined, earlier: number, later: number) => {
    const slack = 0.05 * later + 2 ** 20
    expect(value).toBeGreaterThan(Math.min(earlier, later) - slack)
    expect(value).toBeLessThan(Math.max(earlier, later) + slack)
  }
  const of = (name: string) => sampleValue(families, `nodejs_${name}_bytes`, { thread })
  expect(of('heap_size_used')).toBeGreaterThan(500_000 * 16)
  near(of('heap_size_used'), before.heap.used_heap_size, heap.used_heap_size)
  near(of('heap_size_total'), before.heap.total_heap_size, heap.total_heap_size)
  near(of('external_memory'), before.heap.external_memory, heap.external_memory)
  near(of('heap_malloced_memory'), before.heap.malloced_memory, heap.malloced_memory)
  expect(of('heap_size_limit')).toBe(heap.heap_size_limit)
  for (const [index, { space_name, space_used_size, space_size }] of spaces.entries()) {
    const labels = { thread, space: space_name.replace(/_space$/, '') }
    const earlier = before.spaces[index]
    expect(earlier?.space_name).toBe(space_name)
    near(
      sampleValue(families, 'nodejs_heap_space_size_used_bytes', labels),
      earlier?.space_used_size as number,
      space_used_size,
    )
    near(sampleValue(families, 'nodejs_heap_space_size_total_bytes', labels), earlier?.space_size as number, space_size)
  }
  expect(spaces.length).toBeGreaterThan(4)
})
