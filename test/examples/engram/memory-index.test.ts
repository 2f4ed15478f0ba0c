// The index in tiers: recall in each of them, what moves and what is let go, several threads at once, metrics against the
// index's own books, and threads that are terminated while they search.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { counter, gauge, histogram, registry } from 'nanotally'
import { beforeAll, expect, test } from 'vitest'
import { pools, recordMetrics, recordPools, trimPools } from '../../../examples/engram/index/addon.mjs'
import { MemoryIndex } from '../../../examples/engram/index/memory-index.mjs'
import { LAYERS, QUERY_TYPES, TIERS } from '../../../examples/engram/index/terms.mjs'
import { assertEnded, runChild } from '../../support/children.js'
import { parseTextFormat, sampleValue } from '../../support/text-format.js'
import { glossVectors, nearest, Recall } from './gloss-vectors.js'

let glosses: Float32Array[]

beforeAll(() => {
  glosses = glossVectors(8200)
  // As the catalogs define them: the addon finds these, and defines the others.
  histogram({ name: 'engram_hnsw_traversal_hops', help: 'As JavaScript says.', labels: ['query_type', 'layer'] })
  counter({
    name: 'engram_memory_pool_allocated_bytes_total',
    help: 'As JavaScript says.',
    unit: 'bytes',
    optionalLabels: ['pool_type', 'numa_node'],
  })
  gauge({ name: 'engram_graph_edge_raw_bytes', help: 'As JavaScript says.', unit: 'bytes', labels: ['encoding'] })
  recordMetrics()
  recordMetrics()
})

/** Looks up samples of what would be scraped now; undefined where there is none. */
async function scrape() {
  const families = parseTextFormat(await registry.metrics())
  return (name: string, labels: Record<string, string>) => sampleValue(families, name, labels)
}

test('recall@10 over all tiers is 0.9 or more, and so it is within each', () => {
  const index = MemoryIndex.create({ hotCapacity: 1000, warmSegments: 3, coldSegments: 4 })
  const vectors = glosses.slice(0, 7500)
  const sealed = vectors.filter((vector, id) => index.insert(id, vector))
  expect(sealed).toHaveLength(7)
  const { tiers, ...books } = index.stats()
  expect(books).toMatchObject({ inserted: 7500, seals: 7, toCold: 4, droppedSegments: 0 })
  expect(tiers.hot).toMatchObject({ segments: 1, vectors: 500, fileBytes: 0 })
  expect(tiers.warm).toMatchObject({ segments: 3, vectors: 3000, fileBytes: 0 })
  expect(tiers.cold).toMatchObject({ segments: 4, vectors: 4000 })
  // A byte a dimension and 4 for the scale, and the edges: less than half of it as floats and integers.
  expect(tiers.cold.fileBytes).toBeGreaterThan(4000 * 68)
  expect(tiers.cold.fileBytes).toBeLessThan(4000 * 128)
  expect(tiers.cold.memoryBytes).toBeLessThan(tiers.cold.fileBytes / 4)
  expect(tiers.warm.memoryBytes).toBeLessThan((tiers.hot.memoryBytes / 500) * 3000 * 0.5)
  const compression = tiers.cold.rawEdgeBytes / tiers.cold.encodedEdgeBytes
  expect(compression).toBeGreaterThan(2)

  // Ids tell the tier: the oldest are cold.
  const tierOf = (id: number) => (id < 4000 ? 2 : id < 7000 ? 1 : 0)
  const all = new Recall()
  const byTier = TIERS.map(() => new Recall())
  const seconds = { hot: 0, warm: 0, cold: 0 }
  for (const query of glosses.slice(8000)) {
    const { ids, tiers: of, scores, seconds: took } = index.search(query)
    all.add(ids, nearest(vectors, query, 10))
    for (const [i, id] of ids.entries()) {
      expect(of[i]).toBe(tierOf(id))
      const exact = nearest(vectors, query, 1, [id].values())[0]?.score as number
      expect(Math.abs((scores[i] as number) - exact)).toBeLessThan(0.01)
    }
    const truth = nearest(vectors, query, 10)
    for (const [tier, recall] of byTier.entries()) {
      recall.add(
        ids,
        truth.filter(({ id }) => tierOf(id) === tier),
      )
    }
    for (const tier of TIERS) seconds[tier] += took[tier]
  }
  const shares = Object.fromEntries(TIERS.map((tier, i) => [tier, byTier[i]?.share.toFixed(3)]))
  console.log(`recall@10 of 7500: ${all.share} in all`, shares, `edges ${compression.toFixed(2)} times smaller`)
  expect(all.wanted).toBe(2000)
  expect(all.share).toBeGreaterThanOrEqual(0.9)
  for (const recall of byTier) {
    expect(recall.wanted).toBeGreaterThan(50)
    expect(recall.share).toBeGreaterThanOrEqual(0.9)
  }
  const after = index.stats()
  expect(after.searches).toBe(200)
  for (const tier of TIERS) {
    expect(after.tiers[tier].graphsSearched).toBe(200 * tiers[tier].segments)
    expect(after.tiers[tier].seconds).toBeCloseTo(seconds[tier], 9)
    expect(seconds[tier]).toBeGreaterThan(0)
  }
  for (const integrity of Object.values(index.checkIntegrity())) expect(integrity).toMatchObject({ isSound: true })
  index.close()
})

test('what is older than the last cold segment is let go, and no longer found', () => {
  const index = MemoryIndex.create({ hotCapacity: 100, warmSegments: 1, coldSegments: 2 })
  for (const [id, vector] of glosses.slice(0, 1050).entries()) index.insert(id, vector)
  const { tiers, ...books } = index.stats()
  expect(books).toMatchObject({ seals: 10, toCold: 9, droppedSegments: 7, droppedVectors: 700 })
  expect(TIERS.map((tier) => tiers[tier].vectors)).toEqual([50, 100, 200])
  let found = 0
  for (const [id, vector] of glosses.slice(0, 1050).entries()) {
    const { ids } = index.search(vector, { k: 1 })
    if (ids[0] === id) found++
    expect(ids[0]).toBeGreaterThanOrEqual(700)
  }
  expect(found).toBeGreaterThanOrEqual(345) // of 350, with a few glosses that are not the only ones
  index.close()

  const none = MemoryIndex.create({ hotCapacity: 10, warmSegments: 0, coldSegments: 0 })
  for (const [id, vector] of glosses.slice(0, 25).entries()) none.insert(id, vector)
  expect(none.stats()).toMatchObject({ droppedVectors: 20, droppedSegments: 2, toCold: 0 })
  none.close()
})

test('a sealed segment whose edges are no list is found, searched without harm, and built anew', () => {
  const index = MemoryIndex.create({ hotCapacity: 500, warmSegments: 1, coldSegments: 1 })
  for (const [id, vector] of glosses.slice(0, 1300).entries()) index.insert(id, vector)
  expect(index.corrupt('segment', 3)).toBe(true)
  for (const query of glosses.slice(8000, 8050)) expect(index.search(query).ids).toHaveLength(10)
  const { hot, warm, cold } = index.checkIntegrity()
  expect([hot.isSound, warm.isSound, cold.isSound]).toEqual([true, false, true])
  expect(warm.badEncoding).toBe(1)
  expect(() => index.insert(1, glosses[1] as Float32Array)).toThrow(/broken/)
  expect(index.repair()).toEqual({ kept: 500, lost: 0 })
  expect(index.checkIntegrity().warm).toMatchObject({ isSound: true, nodes: 500 })
  const found = glosses.slice(500, 1000).filter((vector, i) => index.search(vector, { k: 1 }).ids[0] === 500 + i)
  expect(found.length).toBeGreaterThanOrEqual(490)
  index.insert(1, glosses[1] as Float32Array)
  index.close()
})

test('two workers that insert and search at once lose nothing', async () => {
  const index = MemoryIndex.create({ hotCapacity: 400, warmSegments: 2, coldSegments: 20 })
  const shared = new Float32Array(new SharedArrayBuffer(3000 * 64 * 4))
  for (const [i, vector] of glosses.slice(0, 3000).entries()) shared.set(vector, i * 64)
  const workers = [0, 1].map(
    (part) =>
      new Worker(new URL('fixtures/index-worker.mjs', import.meta.url), {
        workerData: { handle: index.handle, vectors: shared, part, parts: 2 },
      }),
  )
  const reports = (await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]))) as {
    inserted: number
    searched: number
    foundOwn: number
  }[]
  await Promise.all(workers.map((worker) => worker.terminate()))
  const sum = (key: 'inserted' | 'searched' | 'foundOwn') => reports.reduce((all, report) => all + report[key], 0)
  const stats = index.stats()
  expect(sum('inserted')).toBe(3000)
  expect(stats).toMatchObject({ inserted: 3000, searches: sum('searched'), seals: 7, isBroken: false, faults: 0 })
  expect(TIERS.reduce((all, tier) => all + stats.tiers[tier].vectors, 0)).toBe(3000)
  expect(sum('foundOwn')).toBeGreaterThan(0.97 * 3000)
  // Each id is there once.
  const { ids } = index.search(glosses[0] as Float32Array, { k: 3000, ef: 3000 })
  expect(ids.length).toBeGreaterThan(2970)
  expect(new Set(ids).size).toBe(ids.length)
  for (const integrity of Object.values(index.checkIntegrity())) expect(integrity).toMatchObject({ isSound: true })
  index.close()
})

test('metrics equal the books', async () => {
  let metric = await scrape()
  const before = {
    pools: pools(),
    near: metric('engram_hnsw_near_edges_total', { traversal_pattern: 'bf', prefetch: 'disabled' }) as number,
    hops: QUERY_TYPES.map((query_type) =>
      Array.from({ length: LAYERS }, (_, layer) => {
        const labels = { query_type, layer: String(layer) }
        return [
          metric('engram_hnsw_traversal_hops_count', labels) ?? 0,
          metric('engram_hnsw_traversal_hops_sum', labels) ?? 0,
        ]
      }),
    ),
  }
  const index = MemoryIndex.create({ hotCapacity: 300, warmSegments: 1, coldSegments: 1 })
  for (const [id, vector] of glosses.slice(0, 1000).entries()) index.insert(id, vector)
  for (const query of glosses.slice(8000, 8100)) index.search(query)
  for (const query of glosses.slice(8100)) index.search(query, { queryType: 'batch_similarity' })
  const books = index.stats()
  expect(books).toMatchObject({ searches: 200, inserted: 1000, droppedSegments: 1 })

  recordPools()
  metric = await scrape()
  let compared = 0
  for (const [type, query_type] of QUERY_TYPES.entries()) {
    for (let layer = 0; layer < LAYERS; layer++) {
      const labels = { query_type, layer: String(layer) }
      const [count = 0, sum = 0] = before.hops[type]?.[layer] ?? []
      const [hopsCount, hopsSum] = [books.hopsCount, books.hopsSum].map((hops) => hops[type]?.[layer] as number)
      expect((metric('engram_hnsw_traversal_hops_count', labels) ?? 0) - count).toBe(hopsCount)
      expect((metric('engram_hnsw_traversal_hops_sum', labels) ?? 0) - sum).toBe(hopsSum)
      compared += Number((hopsCount as number) > 0)
    }
  }
  expect(compared).toBeGreaterThanOrEqual(6)
  const near = { traversal_pattern: 'bf', prefetch: 'disabled' }
  expect((metric('engram_hnsw_near_edges_total', near) as number) - before.near).toBe(books.near.disabled)
  expect(books.near.disabled).toBeGreaterThan(0)
  // Other tests' indexes are closed: only this one's sealed edges are left.
  const delta = { encoding: 'delta' }
  const { warm, cold } = books.tiers
  expect(metric('engram_graph_edge_raw_bytes', delta)).toBe(warm.rawEdgeBytes + cold.rawEdgeBytes)
  expect(metric('engram_graph_edge_encoded_bytes', delta)).toBe(warm.encodedEdgeBytes + cold.encodedEdgeBytes)

  for (const [pool_type, of] of Object.entries(pools())) {
    const allocated = metric('engram_memory_pool_allocated_bytes_total', { pool_type }) as number
    const freed = metric('engram_memory_pool_freed_bytes_total', { pool_type }) as number
    // All was recorded from the first allocation on.
    expect(allocated - freed).toBe(of.used)
    expect(metric('engram_memory_pool_capacity_bytes', { pool_type })).toBe(of.capacity)
    expect(metric('engram_memory_pool_fragmented_bytes', { pool_type })).toBe(of.internal + of.external)
    expect(metric('engram_memory_pool_fragmentable_bytes', { pool_type })).toBe(of.capacity - of.empty)
    expect(of.used).toBeGreaterThan(0)
    expect(of.refused).toBe(0)
  }
  const aligned = Object.values(pools()).reduce((sum, of) => sum + of.aligned, 0)
  expect(metric('engram_checked_allocations_total', { alignment: '64_byte', aligned: 'true' })).toBe(aligned)
  expect(metric('engram_checked_allocations_total', { alignment: '64_byte', aligned: 'false' })).toBe(0)

  index.close()
  metric = await scrape()
  expect(metric('engram_graph_edge_raw_bytes', delta)).toBe(0)
  expect(pools().vector_arena).toMatchObject({ used: 0, requested: 0 })
  expect(trimPools()).toBeGreaterThan(0)
  metric = await scrape()
  expect(metric('engram_memory_pool_capacity_bytes', { pool_type: 'edge_arena' })).toBe(0)
})

test('workers that are terminated while they search and insert take nothing with them', async () => {
  const result = await runChild(new URL('fixtures/index-terminated.mjs', import.meta.url))
  assertEnded(result)
  expect(result.stderr).toBe('')
  const [report] = result.messages as [{ rounds: number; inserted: number; vectors: number; sound: boolean }]
  expect(report).toMatchObject({ rounds: 6, sound: true })
  expect(report.vectors).toBe(report.inserted)
  expect(report.inserted).toBeGreaterThanOrEqual(6 * 2 * 10)
})
