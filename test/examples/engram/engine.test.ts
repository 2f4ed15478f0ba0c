// The engine as a library, on a small graph: full queues, evictions, and every metric equal to the tally at the end.
import { registry } from 'nanotally'
import { expect, test } from 'vitest'
import { compare } from '../../../examples/engram/books/compare.mjs'
import { start } from '../../../examples/engram/engine/engine.mjs'
import { Scrape } from '../../../examples/engram/view/exposition.mjs'
import { OBSERVE, RECALL } from '../../../examples/engram/wordnet/vocabulary.mjs'
import { until } from '../../support/until.js'
import { tinyGraph } from './tiny-graph.js'

const scrape = async () => new Scrape(await registry.metrics())

test('what its workers recorded under pressure is what they counted, and so says every scrape on the way', async () => {
  const names = Array.from({ length: 200 }, (_, i) => `s${i}`)
  const { graph } = tinyGraph(Object.fromEntries(names.map((name, i) => [name, [`similar s${(i * 7 + 1) % 200}`]])))
  const engine = await start({ graph, workers: 3, seed: 5, rate: 0, capacity: 64, queueCapacity: 4 })
  await expect(start({ graph })).rejects.toThrow('an engine was started in this process before')
  const request = { kind: OBSERVE, priority: 0, context: 3, words: Array.from({ length: 9 }, () => 's1') }
  expect(engine.submit(request)).toBe('invalid')
  expect(engine.submit({ ...request, words: [] })).toBe('invalid')
  expect(engine.submit({ ...request, kind: RECALL, words: [] })).toBe('invalid')

  let scrapes = 0
  let recallsBefore = 0
  await until('recalls, evictions, and scrapes on the way', async () => {
    const now = await scrape()
    scrapes++
    const recalls = now.sum('engram_recalls_total')
    expect(recalls).toBeGreaterThanOrEqual(recallsBefore)
    recallsBefore = recalls
    const hops = now.sum('engram_recall_hops_count')
    expect(now.sum('engram_recall_hops_bucket', { le: '+Inf' })).toBe(hops)
    return recalls > 5000 && now.sum('engram_evictions_total') > 500 && scrapes > 1
  })

  const tally = await engine.stop()
  expect(await engine.stop()).toBe(tally)
  const end = await scrape()
  const rows = compare(tally, end)
  expect(rows.length).toBeGreaterThan(100)
  expect(rows.filter(({ equal }) => !equal)).toEqual([])
  const reached = engine.reachedSynsets
  const value = (sample: string) => tally.find((row) => row.sample === sample)?.value
  expect(value('engram_stored_observations')).toBe(64)
  expect(value('engram_streaming_queue_depth{priority="low"}')).toBe(0)
  expect(reached.reduce((sum, [, count]) => sum + count, 0)).toBe(value('engram_recall_synsets_count'))
  expect(reached.reduce((sum, [synsets, count]) => sum + synsets * count, 0)).toBe(value('engram_recall_synsets_sum'))
  // A load that waits for room is never turned away.
  const rejected = tally.filter(({ name, value }) => name.endsWith('_rejected_total') && value > 0)
  expect(rejected.map(({ sample, value }) => [sample, value])).toEqual([
    ['engram_streaming_observations_rejected_total{memory_space="noun",reason="invalid"}', 2],
  ])
  expect(value('engram_recalls_refused_total{reason="invalid"}')).toBe(1)
  expect(value('engram_recalls_refused_total{reason="queue_full"}')).toBe(0)
  const total = (name: string) => end.sum(name)
  expect(end.sum('engram_jobs_queued_total', { kind: 'observe' })).toBe(total('engram_streaming_observations_total'))
  expect(total('engram_streaming_batch_size_sum')).toBe(total('engram_streaming_observations_total'))
  const hits = value('engram_recalls_total{outcome="hit"}') as number
  expect(end.sum('engram_recall_hit_ratio')).toBe(hits / end.sum('engram_recalls_total'))
  expect(end.sum('nanotally_rejected_total')).toBe(0)
})
