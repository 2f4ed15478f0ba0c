// Work stealing in a running engine that gets its load by hand: nothing is stolen where the load is balanced; a worker that
// hangs is helped, its recalls wait, and what thieves stored for it is recalled from its shard.
import { registry } from 'nanotally'
import { expect, test } from 'vitest'
import { compare } from '../../../examples/engram/books/compare.mjs'
import { MAX_BATCH, stealAbove } from '../../../examples/engram/engine/batching.mjs'
import { start } from '../../../examples/engram/engine/engine.mjs'
import { Scrape } from '../../../examples/engram/view/exposition.mjs'
import { OBSERVE, RECALL } from '../../../examples/engram/wordnet/vocabulary.mjs'
import { until } from '../../support/until.js'
import { tinyGraph } from './tiny-graph.js'

const WORKERS = 3
const CAPACITY = 512
/** Contexts of worker 0, 1 and 2, all of nouns. */
const CONTEXTS = [3, 4, 5]

const scrape = async () => new Scrape(await registry.metrics())

test('a balanced load is not stolen from, a hanging worker is', async () => {
  const { graph } = tinyGraph({ a: [], b: [], c: [] })
  // So slow that nothing comes of itself.
  const engine = await start({ graph, workers: WORKERS, rate: 1e-6, queueCapacity: CAPACITY })
  // As many as a queue keeps for its owner, at most: whatever the threads do, none is too long.
  const most = stealAbove(3 * CAPACITY)
  expect(most).toBe(2 * MAX_BATCH)
  let observed = 0
  const observe = (context: number, word = 'a') => {
    const refused = engine.submit({ kind: OBSERVE, priority: observed++ % 3, context, words: [word] })
    expect(refused).toBeUndefined()
  }
  const stored = async () => (await scrape()).sum('engram_streaming_observations_total')
  /** Whether all that was taken is stored, by gauges that are of now: they are set every now and then. */
  const isAtRest = (now: Scrape) =>
    now.sum('engram_streaming_observations_total') + now.sum('engram_streaming_queue_depth') === observed &&
    now.sum('engram_streaming_queue_depth') <= most
  const by = (now: Scrape, name: string) =>
    Array.from({ length: WORKERS }, (_, id) => now.sum(`engram_streaming_${name}`, { worker_id: `${id}` }))

  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < most; i++) for (const context of CONTEXTS) observe(context)
    await until('a round to be stored', async () => (await stored()) === observed)
  }
  const balanced = await scrape()
  expect(by(balanced, 'work_stolen_total')).toEqual([0, 0, 0])
  for (const size of by(balanced, 'batch_size_sum')) expect(size).toBe(10 * most)

  engine.stall(0)
  // It may have been about to take: what it took is stored, and then it stands.
  const before = observed
  for (let i = 0; i < 1000; i++) observe(CONTEXTS[0] as number)
  for (const context of [3, 4]) engine.submit({ kind: RECALL, priority: 1, context, words: ['c'] })
  await until('thieves to take what is too much, and the recall of another worker', async () => {
    const now = await scrape()
    return isAtRest(now) && now.sum('engram_recalls_total') === 1 && now.sum('engram_recalls_waiting') < 2
  })
  const stalled = await scrape()
  const [, ...stolen] = by(stalled, 'work_stolen_total')
  expect(by(stalled, 'work_stolen_total')[0]).toBe(0)
  expect((stolen[0] as number) + (stolen[1] as number)).toBeGreaterThan(0)
  expect(stalled.sum('engram_streaming_queue_depth')).toBeGreaterThanOrEqual(most / 2)
  expect(stalled.sum('engram_recalls_waiting')).toBe(1)
  // Back-pressure is far away, and nothing was rejected.
  expect(engine.backpressure).toEqual([0, 0, 0, 0])
  const down = by(stalled, 'batches_processed_total')[0]

  // A thief stores into the shard of the owner: what only it can have stored is recalled there.
  for (let i = 0; i < 2 * most; i++) observe(CONTEXTS[0] as number, 'b')
  await until('thieves to come as far as b', async () => isAtRest(await scrape()))
  expect(by(await scrape(), 'batches_processed_total')[0]).toBe(down)
  engine.resume(0)
  await until('all to be stored', async () => (await stored()) === observed)
  engine.submit({ kind: RECALL, priority: 0, context: 3, words: ['b'] })
  await until('the recall', async () => (await scrape()).sum('engram_recalls_total') === 3)
  expect((await scrape()).sum('engram_recalls_total', { outcome: 'hit' })).toBe(1)
  expect(observed).toBe(before + 1000 + 2 * most)

  const tally = await engine.stop()
  const end = await scrape()
  expect(compare(tally, end).filter(({ equal }) => !equal)).toEqual([])
  expect(end.sum('engram_jobs_queued_total', { kind: 'observe' })).toBe(observed)
  expect(end.sum('engram_streaming_queue_depth')).toBe(0)
  expect(end.sum('engram_streaming_observations_rejected_total')).toBe(0)
})
