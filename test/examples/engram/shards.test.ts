// A shard under several threads that store and recall at once: no observation is lost or there twice, and its lists of links
// are whole.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { createMemory, EpisodicMemory } from '../../../examples/engram/engine/memory.mjs'
import { MAX_WORDS } from '../../../examples/engram/wordnet/senses.mjs'
import { tinyGraph } from './tiny-graph.js'

const WRITERS = 4
const EACH = 5000
const CAPACITY = 300

/** Walks the list of each synset: how often each of its links is met. Throws at a link that does not lead back. */
function linksOf({ head, next, previous, synset }: ReturnType<typeof createMemory>) {
  const met = new Map<number, number>()
  for (const [of, first] of head.entries()) {
    let before = -1
    for (let link = first; link !== -1; link = next[link] as number) {
      if (previous[link] !== before || synset[link] !== of) throw new Error(`link ${link} of synset ${of} is broken`)
      met.set(link, (met.get(link) ?? 0) + 1)
      before = link
    }
  }
  return met
}

test('four threads store and recall in one shard', async () => {
  const { graph } = tinyGraph(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`s${i}`, []])))
  const memory = createMemory(graph.synsetCount, CAPACITY)
  const told = await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      const workerData = { graph: graph.arrays, memory, first: 1 + writer * EACH, end: 1 + (writer + 1) * EACH }
      const thread = new Worker(new URL('./fixtures/shard-writer.mjs', import.meta.url), { workerData })
      return once(thread, 'message').then(([message]) => message as { evicted: number[]; matched: number })
    }),
  )
  expect(told.every(({ evicted, matched }) => evicted.length > 0 && matched > 0)).toBe(true)
  const view = new EpisodicMemory(graph, memory)
  expect(view.size).toBe(CAPACITY)
  const numbers = [...told.flatMap(({ evicted }) => evicted), ...memory.number].sort((a, b) => a - b)
  expect(numbers).toEqual(Array.from({ length: WRITERS * EACH }, (_, i) => 1 + i))

  const linked = new Set<number>()
  for (let observation = 0; observation < CAPACITY; observation++) {
    const { number, context, words } = view.read(observation)
    expect(context).toBe(number % 45)
    for (let i = 0; i < words.length; i++) {
      if (memory.synset[observation * MAX_WORDS + i] !== -1) linked.add(observation * MAX_WORDS + i)
    }
  }
  const met = linksOf(memory)
  expect(new Set(met.keys())).toEqual(linked)
  expect(Math.max(...met.values())).toBe(1)
  expect(linked.size).toBeGreaterThan(CAPACITY)
})
