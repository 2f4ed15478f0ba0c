// The rows of the tally that the index and its pools know: they count in C++, for themselves, beside what they tell nanotally.
import { LAYERS, QUERY_TYPES } from '../index/terms.mjs'

/** @typedef {import('./tally.mjs').TallyRow} TallyRow */

/** @param {TallyRow['type']} type @param {string} name @param {Record<string, string>} labels @param {number} value @returns {TallyRow} */
function row(type, name, labels, value) {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`)
  return { sample: `${name}{${pairs.join(',')}}`, type, name, labels, value }
}

/**
 * @param {import('../index/memory-index.mjs').Stats} stats of the only index of the process
 * @param {Record<string, import('../index/addon.mjs').PoolBooks>} pools
 * @returns {TallyRow[]}
 */
export function indexRows(stats, pools) {
  const rows = QUERY_TYPES.flatMap((query_type, type) =>
    Array.from({ length: LAYERS }, (_, layer) => {
      const labels = { query_type, layer: String(layer) }
      const count = stats.hopsCount[type][layer]
      // A series is made with its first recording; the addon asks for that of layer 0 of similarity from the start.
      if (count === 0 && !(type === 0 && layer === 0)) return []
      const name = 'engram_hnsw_traversal_hops'
      return [
        row('histogram', `${name}_count`, labels, count),
        row('histogram', `${name}_sum`, labels, stats.hopsSum[type][layer]),
      ]
    }).flat(),
  )
  for (const prefetch of /** @type {const} */ (['disabled', 'enabled'])) {
    const labels = { traversal_pattern: 'bf', prefetch }
    rows.push(row('counter', 'engram_hnsw_near_edges_total', labels, stats.near[prefetch]))
    rows.push(row('counter', 'engram_hnsw_far_edges_total', labels, stats.far[prefetch]))
  }
  const { warm, cold } = stats.tiers
  const delta = { encoding: 'delta' }
  // Gauges, so not there before the first segment is.
  if (stats.seals > 0) {
    rows.push(row('gauge', 'engram_graph_edge_raw_bytes', delta, warm.rawEdgeBytes + cold.rawEdgeBytes))
    rows.push(row('gauge', 'engram_graph_edge_encoded_bytes', delta, warm.encodedEdgeBytes + cold.encodedEdgeBytes))
  }

  let aligned = 0
  let allocations = 0
  for (const [pool_type, pool] of Object.entries(pools)) {
    const labels = { pool_type }
    aligned += pool.aligned
    allocations += pool.allocations
    rows.push(row('counter', 'engram_memory_pool_allocated_bytes_total', labels, pool.allocatedBytes))
    rows.push(row('counter', 'engram_memory_pool_freed_bytes_total', labels, pool.allocatedBytes - pool.used))
    rows.push(row('gauge', 'engram_memory_pool_capacity_bytes', labels, pool.capacity))
    rows.push(row('gauge', 'engram_memory_pool_fragmented_bytes', labels, pool.internal + pool.external))
    rows.push(row('gauge', 'engram_memory_pool_fragmentable_bytes', labels, pool.capacity - pool.empty))
  }
  const alignment = '64_byte'
  rows.push(row('counter', 'engram_checked_allocations_total', { alignment, aligned: 'true' }, aligned))
  rows.push(row('counter', 'engram_checked_allocations_total', { alignment, aligned: 'false' }, allocations - aligned))
  return rows
}
