// The graph catalog: searches of an HNSW index, the edges of a graph in memory, and operations on both, one by one and in
// batches. Planning document 003.
import type { BoundHistogram, LabelValue } from '../index.js'
import type { Catalog, CatalogFamilies, Instruments } from './shared/catalog.js'
import { type CatalogOptions, defineFamilies } from './shared/catalog.js'
import { amountOf, amountOrNoNumber, isAmount, NO_LABEL, numaNodeLabel, oneOf, optional } from './shared/recording.js'

/** Whether something that can be turned on is. */
export const SWITCH = ['enabled', 'disabled'] as const
export type Switch = (typeof SWITCH)[number]

export const OPERATION_STATUSES = ['success', 'error'] as const
export type OperationStatus = (typeof OPERATION_STATUSES)[number]

export const SIMD_TYPES = ['scalar', 'sse4_2', 'neon', 'avx2', 'avx512'] as const
export type SimdType = (typeof SIMD_TYPES)[number]

/** How much back-pressure there was. */
export const BACKPRESSURE_LEVELS = ['none', 'warning', 'critical', 'overloaded'] as const
export type BackpressureLevel = (typeof BACKPRESSURE_LEVELS)[number]

const BATCH_SIZES = ['0', '1', '2-10', '11-100', '101-1000', '1001-10000', '10001+'] as const
const LAYERS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16+'] as const

const FAMILIES = {
  hnswTraversalHops: {
    name: 'engram_hnsw_traversal_hops',
    type: 'histogram',
    help: 'Nodes that a search moved to in a layer of the index; layer 0 has all nodes.',
    labels: ['query_type', 'layer'],
    values: { layer: LAYERS },
    query: 'histogram_quantile(0.99, sum by (le, layer) (rate(engram_hnsw_traversal_hops_bucket[5m])))',
    queryUnit: 'hops',
    expected: [0, 500],
    source: 'the HNSW index, for each layer that a search went through',
    documents: ['003'],
  },
  hnswNearEdges: {
    name: 'engram_hnsw_near_edges_total',
    type: 'counter',
    help: 'Edges that searches followed to a node that lies near in memory.',
    labels: ['traversal_pattern', 'prefetch'],
    values: { prefetch: SWITCH },
    query: 'sum(rate(engram_hnsw_near_edges_total[5m]))',
    queryUnit: 'edges per second',
    expected: [0, 1e9],
    source: 'the HNSW index, at the end of a search',
  },
  hnswFarEdges: {
    name: 'engram_hnsw_far_edges_total',
    type: 'counter',
    help: 'Edges that searches followed to a node that lies elsewhere in memory.',
    labels: ['traversal_pattern', 'prefetch'],
    values: { prefetch: SWITCH },
    query: 'sum(rate(engram_hnsw_far_edges_total[5m]))',
    queryUnit: 'edges per second',
    expected: [0, 1e9],
    source: 'the HNSW index, at the end of a search',
  },
  hnswCacheLocality: {
    name: 'engram_hnsw_cache_locality_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of the edges that searches followed whose ends lie near each other in memory, since the start.',
    labels: ['traversal_pattern', 'prefetch'],
    values: { prefetch: SWITCH },
    derived: { of: [{ family: 'hnswNearEdges' }], to: [{ family: 'hnswNearEdges' }, { family: 'hnswFarEdges' }] },
    query: 'min by (traversal_pattern, prefetch) (engram_hnsw_cache_locality_ratio)',
    expected: [0.01, 1],
    source: 'computed of engram_hnsw_near_edges_total and engram_hnsw_far_edges_total',
    documents: ['003'],
  },
  edgeRawBytes: {
    name: 'engram_graph_edge_raw_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory that the edges of the graph would take as plain integers.',
    labels: ['encoding'],
    query: 'sum by (encoding) (engram_graph_edge_raw_bytes)',
    expected: [0, 2 ** 36],
    source: 'the graph, when it encodes edges and when it drops them',
  },
  edgeEncodedBytes: {
    name: 'engram_graph_edge_encoded_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory that the edges of the graph take as they are encoded.',
    labels: ['encoding'],
    query: 'sum by (encoding) (engram_graph_edge_encoded_bytes)',
    expected: [0, 2 ** 36],
    source: 'the graph, when it encodes edges and when it drops them',
  },
  edgeCompression: {
    name: 'engram_graph_edge_compression_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Bytes of plain edges for each byte of encoded ones: 4 is a fourth of the memory.',
    labels: ['encoding'],
    derived: { of: [{ family: 'edgeRawBytes' }], to: [{ family: 'edgeEncodedBytes' }] },
    query: 'min by (encoding) (engram_graph_edge_compression_ratio)',
    queryUnit: 'times smaller',
    expected: [1, 8],
    warning: { below: 1, forSeconds: 300 },
    source: 'computed of engram_graph_edge_raw_bytes and engram_graph_edge_encoded_bytes',
    documents: ['003'],
  },
  batchItems: {
    name: 'engram_batch_operation_items_total',
    type: 'counter',
    help: 'Items that batch operations worked through.',
    labels: ['operation', 'simd'],
    values: { simd: SWITCH },
    query: 'sum by (operation, simd) (rate(engram_batch_operation_items_total[5m]))',
    queryUnit: 'items per second',
    expected: [0, 1e9],
    source: 'a batch operation, at its end',
  },
  batchThroughput: {
    name: 'engram_batch_operation_throughput',
    type: 'gauge',
    help: 'Items per second that batch operations worked through, over the last minute.',
    labels: ['operation', 'simd'],
    values: { simd: SWITCH },
    derived: { rateOf: [{ family: 'batchItems' }], windowSeconds: 60 },
    query: 'sum by (operation) (engram_batch_operation_throughput)',
    queryUnit: 'items per second',
    expected: [0, 1e9],
    source: 'computed of engram_batch_operation_items_total',
    documents: ['003'],
  },
  batchBackpressure: {
    name: 'engram_streaming_batch_backpressure_events',
    type: 'counter',
    help: 'Times that a stream of batches gave way to back-pressure.',
    labels: ['strategy'],
    query: 'sum by (strategy) (rate(engram_streaming_batch_backpressure_events[5m]))',
    queryUnit: 'per second',
    expected: [0, 1],
    source: 'whoever makes the batches, such as when it makes them smaller',
    documents: ['003'],
  },
  operationDuration: {
    name: 'engram_operation_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time that an operation took.',
    labels: ['operation', 'status'],
    optionalLabels: ['numa_node', 'cue_type', 'simd_type', 'batch_size', 'backpressure'],
    values: {
      status: OPERATION_STATUSES,
      simd_type: SIMD_TYPES,
      batch_size: BATCH_SIZES,
      backpressure: BACKPRESSURE_LEVELS,
    },
    query: 'histogram_quantile(0.99, sum by (le, operation) (rate(engram_operation_duration_seconds_bucket[5m])))',
    expected: [0.000001, 0.1],
    source: 'the engine, at the end of each operation',
    documents: ['003'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const graph: Catalog = {
  name: 'graph',
  about: 'A graph in memory and its HNSW index: searches, locality, encoded edges, operations and batches.',
  families: FAMILIES,
}

/** What else is known of an operation. */
export interface OperationDetails {
  /** The node that it ran on: an integer, 0 to 1023. */
  numaNode?: number | undefined
  /** What a recall was cued by: a short fixed text, such as `embedding`. */
  cueType?: string | undefined
  simdType?: SimdType | undefined
  /** Items of a batch: its class is recorded, see `batchSizeClass`. */
  batchSize?: number | undefined
  backpressure?: BackpressureLevel | undefined
}

/** Graph metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface GraphMetrics extends Instruments<typeof FAMILIES> {
  /**
   * One search in one layer.
   *
   * @param queryType - a short fixed text, such as `batch_similarity`
   * @param layer - an integer from 0 on; those from 16 on are one
   */
  recordTraversalHops(queryType: string, layer: number, hops: number): void
  /**
   * Edges that a search followed, by where their other end lies. What is near is the index's to say: in the same page, or
   * within what the hardware prefetches.
   *
   * @param traversalPattern - a short fixed text, such as `bf` (best first)
   */
  recordEdgesFollowed(traversalPattern: string, prefetch: Switch, near: number, far: number): void
  /**
   * Edges came into the graph, or left it: then both numbers are negative.
   *
   * @param encoding - a short fixed text, such as `delta`
   * @param rawBytes - what they take as plain integers
   * @param encodedBytes - what they take in the graph
   */
  addEdgeBytes(encoding: string, rawBytes: number, encodedBytes: number): void
  /** @param operation - a short fixed text, such as `similarity_search` */
  recordBatch(operation: string, simd: Switch, items: number): void
  /** @param strategy - a short fixed text, such as `adaptive_resize` */
  recordBatchBackpressure(strategy: string): void
  /** @param operation - a short fixed text, such as `store`, `recall` or `batch_store` */
  recordOperation(operation: string, status: OperationStatus, seconds: number, details?: OperationDetails): void
  /** What `recordOperation` records into, found once: for operations that are shorter than the finding of seven labels. */
  operation(operation: string, status: OperationStatus, details?: OperationDetails): BoundHistogram
}

/** The class of a batch by its items: `0`, `1`, `2-10`, `11-100` and so on to `10001+`. NaN of what is no integer from 0 on. */
export function batchSizeClass(items: number): LabelValue {
  if (!Number.isInteger(items) || items < 0) return NO_LABEL
  if (items <= 1) return items
  if (items <= 10) return '2-10'
  if (items <= 100) return '11-100'
  if (items <= 1000) return '101-1000'
  return items <= 10_000 ? '1001-10000' : '10001+'
}

/** The class of a layer: itself to 15, then `16+`. NaN of what is no integer from 0 on. */
export function layerClass(layer: number): LabelValue {
  if (!Number.isInteger(layer) || layer < 0) return NO_LABEL
  return layer < 16 ? layer : '16+'
}

/**
 * Defines the graph families in a registry, or finds them there, and returns what records them. Each family that is not
 * computed is also there itself, to be bound where a function that looks its labels up is too slow.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = graphMetrics()
 * metrics.recordTraversalHops('batch_similarity', 0, 37)
 * metrics.recordEdgesFollowed('bf', 'enabled', 210, 46)
 * metrics.recordOperation('recall', 'success', 0.0031, { cueType: 'embedding', simdType: 'avx2' })
 * const stores = metrics.operation('store', 'success', { numaNode: 0 })
 * stores.observe(0.000004)
 */
export function graphMetrics(options: CatalogOptions = {}): GraphMetrics {
  const families = defineFamilies(FAMILIES, options)
  const { hnswNearEdges, hnswFarEdges, edgeRawBytes, edgeEncodedBytes } = families
  const operationSeries = (operation: string, status: OperationStatus, details?: OperationDetails) => {
    const { numaNode, cueType, simdType, batchSize, backpressure } = details ?? {}
    // By position: an object with keys that are undefined is none that the series are found by quickly.
    return families.operationDuration.labels(
      operation,
      oneOf(OPERATION_STATUSES, status),
      optional(numaNode, numaNodeLabel),
      cueType,
      optional(simdType, (type) => oneOf(SIMD_TYPES, type)),
      optional(batchSize, batchSizeClass),
      optional(backpressure, (level) => oneOf(BACKPRESSURE_LEVELS, level)),
    )
  }
  return {
    ...families,
    recordTraversalHops: (query_type, layer, hops) =>
      families.hnswTraversalHops.observe({ query_type, layer: layerClass(layer) }, amountOrNoNumber(hops)),
    recordEdgesFollowed: (traversal_pattern, prefetch, near, far) => {
      const labels = { traversal_pattern, prefetch: oneOf(SWITCH, prefetch) }
      // Both or neither: the ratio is of the two.
      if (isAmount(near) && isAmount(far)) {
        hnswNearEdges.inc(labels, near)
        hnswFarEdges.inc(labels, far)
      } else hnswNearEdges.inc(labels, Number.NaN)
    },
    addEdgeBytes: (encoding, rawBytes, encodedBytes) => {
      if (Number.isFinite(rawBytes) && Number.isFinite(encodedBytes)) {
        edgeRawBytes.inc({ encoding }, rawBytes)
        edgeEncodedBytes.inc({ encoding }, encodedBytes)
      } else edgeRawBytes.inc({ encoding }, Number.NaN)
    },
    recordBatch: (operation, simd, items) =>
      families.batchItems.inc({ operation, simd: oneOf(SWITCH, simd) }, amountOf(items)),
    recordBatchBackpressure: (strategy) => families.batchBackpressure.inc({ strategy }),
    recordOperation: (operation, status, seconds, details) =>
      operationSeries(operation, status, details).observe(amountOrNoNumber(seconds)),
    operation: operationSeries,
  }
}
