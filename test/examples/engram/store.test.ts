// A worker's store step: what the index refuses once, twice, or with an error; nothing is lost, and both books agree.
import { registry } from 'nanotally'
import { expect, test } from 'vitest'
import { compare } from '../../../examples/engram/books/compare.mjs'
import { Tally } from '../../../examples/engram/books/tally.mjs'
import { Controls, createControls } from '../../../examples/engram/engine/controls.mjs'
import { createMemory, Shards } from '../../../examples/engram/engine/memory.mjs'
import { emptyJob, type Job } from '../../../examples/engram/engine/queue.mjs'
import { Recording } from '../../../examples/engram/engine/recording.mjs'
import { type InsertBatch, Storer } from '../../../examples/engram/engine/store.mjs'
import { Scrape } from '../../../examples/engram/view/exposition.mjs'
import { tinyGraph } from './tiny-graph.js'

const VERB = 32
const { graph } = tinyGraph({ a: [], b: [] })
const shards = new Shards(
  graph,
  [0, 1].map(() => createMemory(graph.synsetCount, 100)),
)
const controls = new Controls(createControls(2))
const tally = new Tally(Tally.createBuffer(2), 2, 2)
const recording = new Recording(tally)
let number = 0

/** Observations of alternating contexts, of different shards. */
function batch(count: number): Job[] {
  return Array.from({ length: count }, (_, i) => {
    const job = Object.assign(emptyJob(), { number: ++number, priority: i % 3, context: VERB + (i % 2), count: 1 })
    job.lemmas[0] = i % 2
    return job
  })
}

/** Stores a batch of 5, where one of 7 has room, through an index. */
function store(insertBatch: InsertBatch): Job[] {
  const seen: Job[] = []
  const jobs = batch(7)
  new Storer({ worker: 1, shards, insertBatch, controls, tally, recording }).store(jobs, 5, (job) => seen.push(job))
  return seen
}

const families = [
  'engram_streaming_observations_total',
  'engram_streaming_observations_rejected_total',
  'engram_streaming_batches_processed_total',
  'engram_streaming_batch_failures_total',
  'engram_streaming_batch_size_count',
]

/** What the registry says of the families above; what both books have in common is equal. */
async function counted() {
  const scrape = new Scrape(await registry.metrics())
  const recorded = tally.read().filter(({ value, type }) => value > 0 && type !== 'gauge')
  const rows = compare(recorded, scrape)
  expect(rows.filter(({ equal, tally: own, registry: theirs }) => !equal && (own ?? theirs) !== 0)).toEqual([])
  return families.map((name) => scrape.sum(name))
}

test('an index that takes a batch is offered it once, whole', async () => {
  const offered: [number, number][] = []
  const seen = store((jobs, count) => {
    offered.push([jobs.length, count])
    return undefined
  })
  expect(offered).toEqual([[7, 5]])
  expect(seen.map((job) => job.number)).toEqual([1, 2, 3, 4, 5])
  expect(shards.of(VERB).size + shards.of(VERB + 1).size).toBe(5)
  expect(shards.of(VERB).read(1)).toMatchObject({ number: 3, context: VERB })
  expect(await counted()).toEqual([5, 0, 1, 0, 1])
})

test('a batch that is refused once is stored all the same, and counted as a failure', async () => {
  let offers = 0
  store(() => (++offers === 1 ? 'index_full' : undefined))
  expect(offers).toBe(2)
  expect(await counted()).toEqual([10, 0, 2, 1, 2])
})

test('a batch that is refused twice is rejected, and stored nowhere', async () => {
  const before = shards.of(VERB).size
  const seen = store(() => 'index_corrupt')
  expect(seen).toEqual([])
  expect(shards.of(VERB).size).toBe(before)
  expect(await counted()).toEqual([10, 5, 2, 3, 3])
  const scrape = new Scrape(await registry.metrics())
  expect(
    scrape.sum('engram_streaming_observations_rejected_total', { memory_space: 'verb', reason: 'index_error' }),
  ).toBe(5)
})

test.each([
  [Object.assign(new Error('full'), { code: 'index_full' }), 'index_full'],
  [new Error('no code'), 'exception'],
  [undefined, 'exception'],
])('what it throws is an error by its code: %s', async (thrown, type) => {
  const failures = async () =>
    new Scrape(await registry.metrics()).sum('engram_streaming_batch_failures_total', { error_type: type })
  const before = await failures()
  store(() => {
    throw thrown
  })
  expect(await failures()).toBe(before + 2)
  await counted()
})
