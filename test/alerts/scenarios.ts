// What the planning documents fear, as changes of a calm instance, each labelled with what has to be raised: these and no others.
import { type Change, IDLE, WORKERS } from './plant-state.js'

export interface Incident {
  label: string
  /** The document that tells of it. */
  document: string
  /** What becomes of the instance, by the minutes since it began. */
  change: Change
  /** `Alert`, or `Alert severity` of one that has two. */
  raises: string[]
  /** 80 minutes in place of 28, before whose end nothing can be predicted. */
  isLong?: true
}

const both = (...alerts: string[]) => alerts.flatMap((alert) => [`${alert} warning`, `${alert} critical`])

export const incidents: readonly Incident[] = [
  {
    label: 'allocations slow down, fail, and use all columns',
    document: '000',
    change: () => ({ allocationTime: 0.05, failedAllocations: 0.05, activeColumns: 0.99 }),
    raises: ['HighAllocationLatency', 'HighAllocationErrorRate', 'AllocationColumnsExhausted'],
  },
  {
    label: 'memory runs out',
    document: '000',
    change: (_, minutes) => ({
      heap: Math.min(0.98, 0.5 + minutes / 20),
      containerMemory: Math.min(0.88, 0.45 + minutes / 25),
      pressure: 0.6,
      outOfMemory: minutes === 20 ? 1 / 30 : 0,
    }),
    raises: [...both('HeapNearlyFull', 'ContainerMemoryNearlyFull', 'MemoryPressureHigh'), 'ContainerOutOfMemory'],
  },
  {
    label: 'a neighbour in the same pod eats the memory',
    document: '004',
    change: () => ({ containerMemory: 0.45, neighbours: 0.53 }),
    raises: both('ContainerMemoryNearlyFull'),
  },
  {
    label: 'file descriptors leak',
    document: '000',
    change: (_, minutes) => ({ descriptors: Math.min(1, 0.1 + minutes / 20) }),
    raises: both('FileDescriptorsNearlyExhausted'),
  },
  {
    label: 'the processor is taken away',
    document: '000',
    change: () => ({ throttled: 0.7, loopDelay: 0.4 }),
    raises: ['ContainerCpuThrottled', ...both('EventLoopDelayHigh')],
  },
  {
    label: 'a deadlock',
    document: '000',
    change: ({ concurrentSpreads }, minutes) => ({
      ...{ observations: 0, batches: [0, 0, 0], queued: 0.4, poolWait: minutes * 60 },
      ...{ spreads: 0, failedSpreads: 0, concurrentSpreads: concurrentSpreads + 1 },
    }),
    raises: ['StreamingStalled', 'WorkerDown', 'SpreadingStalled', ...both('ThreadPoolStalled'), 'LowThroughput'],
  },
  {
    label: 'overload of one priority',
    document: '001',
    change: () => ({ queued: 0.97, rejected: 0.08, observationTime: 0.15, backpressure: 3, activations: 150 }),
    raises: [
      ...['HighQueueDepth', 'CriticalQueueDepth', 'HighRejectionRate', 'HighObservationLatency'],
      ...['PersistentBackpressure', 'FrequentBackpressure'],
    ],
  },
  {
    label: 'a worker hangs',
    document: '001',
    change: ({ batches: [, ...others] }, minutes) => ({ batches: [0, ...others], queued: 0.3, stall: minutes * 60 }),
    raises: ['WorkerDown', ...both('EventLoopStalled')],
  },
  {
    label: 'one worker has all the work',
    document: '001',
    change: () => ({ busy: [98, 40, 45], stolen: 0.45 }),
    raises: ['WorkerUtilizationImbalance', 'ExcessiveWorkStealing'],
  },
  {
    label: 'the index is corrupt',
    document: '001',
    change: (_, minutes) => ({
      ...{ failedBatches: WORKERS.map(() => 1 + Math.floor(60 * minutes)), batches: WORKERS.map(() => 0) },
      ...{ rejected: 1, queued: 0.3 },
    }),
    raises: ['BatchInsertionFailures', 'HighRejectionRate', 'LowThroughput'],
  },
  {
    label: 'a single batch fails, the first ever',
    document: '001',
    change: () => ({ failedBatches: [1] }),
    raises: ['BatchInsertionFailures'],
  },
  {
    label: 'recalls are slow',
    document: '001',
    change: () => ({ recallTime: 0.03 }),
    raises: ['HighRecallLatency'],
  },
  {
    label: 'clients go away',
    document: '001',
    change: () => ({ observations: 20 }),
    raises: ['LowThroughput'],
  },
  {
    label: 'nobody writes and nobody asks',
    document: '001',
    change: () => IDLE,
    raises: ['LowThroughput'],
  },
  {
    label: 'a queue that is far too large',
    document: '001',
    change: () => ({ queueMemory: 3 * 2 ** 30 }),
    raises: ['HighQueueMemory'],
  },
  {
    label: 'the engine is there, its streaming metrics are not',
    document: '001',
    change: () => ({ streams: false }),
    raises: ['StreamingMetricsAbsent'],
  },
  {
    label: 'spreading breaks down',
    document: '002',
    change: () => ({ spreadTime: 0.02, failedSpreads: 3, breaker: 1 }),
    raises: ['SpreadingLatencyHigh', 'SpreadingFailures', 'CircuitBreakerOpen'],
  },
  {
    label: 'spreads and a pool creep towards their limits, and are not there yet',
    isLong: true,
    document: '002',
    change: (_, minutes) => ({ spreadTime: 0.0012 + 0.000_024 * minutes, pool: 0.4 + 0.006 * minutes }),
    raises: ['SpreadingLatencyPredicted', 'MemoryPoolExhaustionPredicted'],
  },
  {
    label: 'spreads and a pool climb steeply from nearly nothing, and are far from their limits',
    isLong: true,
    document: '002',
    change: (_, minutes) => ({ spreadTime: 0.0002 + 0.000_025 * minutes, pool: 0.05 + 0.007 * minutes }),
    raises: [],
  },
  {
    label: 'spreads creep towards their limit, with a pause of ten minutes',
    isLong: true,
    document: '002',
    change: ({ spreads, concurrentSpreads }, minutes) => {
      const isPause = minutes >= 35 && minutes < 45
      return {
        spreadTime: 0.0012 + 0.000_024 * minutes,
        spreads: isPause ? 0 : spreads,
        concurrentSpreads: isPause ? 0 : concurrentSpreads,
      }
    },
    raises: ['SpreadingLatencyPredicted'],
  },
  {
    label: 'a mind in disorder',
    document: '003',
    change: () => ({ hippocampalRecent: 0.99, hippocampalRemote: 0.93, falseMemories: 0.9, transitions: 0 }),
    raises: ['CLSSystemImbalance', 'FalseMemoryGenerationSpike', 'ConsolidationStalled'],
  },
  {
    label: 'kernels that the processor does not like',
    document: '003',
    change: () => ({ simd: 12, l1Hits: 0.7, predicted: 0.8 }),
    raises: ['SIMDUtilizationLow', 'CacheHitRatioDeterioration', 'BranchPredictionDegradation'],
  },
  {
    label: 'all memory on one node',
    document: '003',
    change: () => ({ remote: 0.5, nodeImbalance: 0.8, crossSocket: 95 }),
    raises: [
      ...['NUMARemoteAccessRatioHigh', 'NUMANodeImbalance', 'CrossSocketBandwidthSaturation', 'SocketLinkSaturated'],
    ],
  },
  {
    label: 'pools overflow into the heap',
    document: '003',
    change: () => ({ pool: 0.96, fragmented: 0.5, aligned: 80, heapAllocations: 4 }),
    raises: [
      ...['MemoryPoolUtilizationHigh', 'MemoryPoolFragmentation', 'CacheAlignmentDegraded', 'ZeroAllocationViolation'],
    ],
  },
  {
    label: 'a bad release',
    document: '003',
    change: ({ degradations }) => ({ healthCheckTime: 8, health: 0, regression: 1, degradations: degradations + 1 }),
    raises: [
      ...['HealthCheckLatencyHigh', 'PerformanceRegressionDetected', 'GracefulDegradationActivated'],
      ...both('HealthCheckFailing'),
    ],
  },
  {
    label: 'threads fight for the same cache lines',
    document: '003',
    change: () => ({ contentions: 20_000, atomicTime: 400, aggregationLag: 300, collectAge: 200 }),
    raises: [
      'LockFreeContentionSpike',
      'AtomicOperationContentionHigh',
      'MetricsAggregationLag',
      'MetricsCollectStale',
    ],
  },
  {
    label: 'ten requests in five minutes, of which one is slow and fails, as does its query',
    document: '004',
    change: () => ({ requests: 1 / 30, httpErrors: 0.1, httpTime: 4, queries: 1 / 30, queryErrors: 0.1 }),
    raises: [],
  },
  {
    label: 'ten requests in five minutes, of which all fail',
    document: '004',
    change: () => ({ requests: 1 / 30, httpErrors: 1, queries: 1 / 30, queryErrors: 1 }),
    raises: both('HttpErrorRateHigh', 'PostgresErrorRateHigh'),
  },
  {
    label: 'a pool of which all is used, and nobody waits',
    document: '004',
    change: () => ({ connections: 1 }),
    raises: ['PostgresPoolNearlyExhausted warning'],
  },
  {
    label: 'the databases are gone',
    document: '004',
    change: () => ({
      httpErrors: 0.3,
      httpTime: 4,
      queryErrors: 0.5,
      connections: 1,
      waitingQueries: 60,
      redisReady: 0,
      redisTime: 0.4,
      postgresUp: 0,
      redisUp: 0,
    }),
    raises: [
      ...both(
        ...['HttpErrorRateHigh', 'HttpLatencyHigh', 'PostgresErrorRateHigh', 'PostgresPoolNearlyExhausted'],
        ...['RedisDisconnected', 'RedisLatencyHigh'],
      ),
      ...['PostgresDown', 'RedisDown'],
    ],
  },
  {
    label: 'PostgreSQL and Redis are started anew, and answer after half a minute',
    document: '004',
    change: (_, minutes) => ({ postgresUp: minutes < 1 ? 0 : 1, redisUp: minutes < 1 ? 0 : 1 }),
    raises: [],
  },
  {
    label: 'a machine and its databases run out of disk, memory and connections',
    document: '000',
    change: (_, minutes) => ({
      ...{ diskLeft: Math.max(0.001, 0.18 - minutes / 20), hostMemory: 0.03 },
      ...{ serverConnections: 0.99, redisMemory: 0.97 },
    }),
    raises: [
      ...both('DiskNearlyFull', 'PostgresConnectionsNearlyUsed'),
      ...['HostMemoryNearlyFull', 'RedisMemoryNearlyFull'],
    ],
  },
  {
    label: 'a disk fills up slowly, and is not full yet',
    isLong: true,
    document: '002',
    change: (_, minutes) => ({ diskLeft: 0.18 - 0.0005 * minutes }),
    raises: ['DiskFullPredicted'],
  },
  {
    label: 'no connection to PostgreSQL, and so no query that could fail',
    document: '004',
    change: () => ({ unconnected: 1 }),
    raises: both('PostgresConnectionsFailing'),
  },
  {
    label: 'queries wait for a lock',
    document: '004',
    change: () => ({ queryTime: 3 }),
    raises: both('PostgresLatencyHigh'),
  },
  {
    label: 'Redis is there, refuses what it is sent, and breaks connections',
    document: '004',
    change: () => ({ redisErrors: 0.4, reconnects: 0.05 }),
    raises: [...both('RedisErrorRateHigh'), 'RedisReconnecting'],
  },
  {
    label: 'Redis stands still, and requests with it',
    document: '004',
    change: () => ({ pendingCommands: 4000, inFlight: 900 }),
    raises: ['RedisCommandsPending', 'HttpRequestsPilingUp'],
  },
  {
    label: 'alerts reach nobody',
    document: '004',
    change: () => ({ unnotified: 0.9, refusals: 0.5 }),
    raises: both('AlertNotificationsFailing', 'AlertsRefused'),
  },
  {
    label: 'the process is gone',
    document: '004',
    change: () => ({ up: 0 }),
    // That all are gone is in units.test.ts: here others go on streaming.
    raises: both('ScrapeFailing'),
  },
  {
    label: 'the process is replaced, which takes three minutes',
    document: '004',
    change: (_, minutes) => ({ up: minutes < 3 ? 0 : 1 }),
    raises: ['ScrapeFailing warning'],
  },
  {
    label: 'the metrics are in trouble',
    isLong: true,
    document: '003',
    change: () => ({
      ...{ restarts: 0.01, dropped: 2, certificateDays: 0.5, rejectedRecords: 5, overflowed: 3 },
      ...{ series: 900_000, renderTime: 60 },
    }),
    raises: [
      ...['ExporterRestarted', 'ExporterConnectionsDropped', ...both('ExporterCertificateExpiring')],
      ...['RecordsRejected', 'SeriesOverflowed', 'CardinalityHigh', 'MetricsExportSlow'],
    ],
  },
]
