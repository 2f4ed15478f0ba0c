// What goes on in a simulated instance, as numbers that mean something, and how they go on a calm day: with a daily rhythm, and
// with what happens on good days, too.
export const DAY = 86_400
export const WORKERS = [0, 1, 2]

/** What goes on at a time. Rates are per second, times are medians in seconds, shares 0 to 1, where nothing else is said. */
export interface State {
  /** 0 while it cannot be scraped: then it has no series. */
  up: number
  streams: boolean
  allocations: number
  allocationTime: number
  failedAllocations: number
  activeColumns: number
  observations: number
  rejected: number
  queued: number
  queueMemory: number
  backpressure: number
  activations: number
  observationTime: number
  recallTime: number
  /** Of each worker, in percent. */
  busy: number[]
  /** Of each worker. */
  batches: number[]
  stolen: number
  /** Of each worker, how many so far; undefined before the first. */
  failedBatches: (number | undefined)[]
  spreads: number
  spreadTime: number
  failedSpreads: number
  concurrentSpreads: number
  breaker: number
  pool: number
  fragmented: number
  /** In percent. */
  aligned: number
  heapAllocations: number
  hippocampalRecent: number
  hippocampalRemote: number
  falseMemories: number
  transitions: number
  /** In percent. */
  simd: number
  l1Hits: number
  predicted: number
  remote: number
  nodeImbalance: number
  /** In GB/s. */
  crossSocket: number
  /** In milliseconds. */
  healthCheckTime: number
  health: number
  regression: number
  /** How many so far. */
  degradations: number
  contentions: number
  /** In cycles. */
  atomicTime: number
  /** In milliseconds. */
  aggregationLag: number
  stall: number
  poolWait: number
  loopDelay: number
  heap: number
  descriptors: number
  containerMemory: number
  /** Of the same limit, what other groups have. */
  neighbours: number
  outOfMemory: number
  throttled: number
  pressure: number
  requests: number
  httpErrors: number
  httpTime: number
  queries: number
  queryErrors: number
  connections: number
  waitingQueries: number
  redisReady: number
  redisTime: number
  redisErrors: number
  reconnects: number
  pendingCommands: number
  inFlight: number
  queryTime: number
  /** Of requests for a connection, the share that fails. */
  unconnected: number
  postgresUp: number
  /** Of those that the server takes, all clients' together. */
  serverConnections: number
  redisUp: number
  redisMemory: number
  /** Of the machine's disk and memory, the share that could still be had. */
  diskLeft: number
  hostMemory: number
  /** Of attempts to notify, the share that fails. */
  unnotified: number
  refusals: number
  restarts: number
  dropped: number
  certificateDays: number
  rejectedRecords: number
  overflowed: number
  series: number
  collectAge: number
  /** In milliseconds. */
  renderTime: number
}

/** Nobody writes and nobody asks, so that there is nothing to do. */
export const IDLE: Readonly<Partial<State>> = {
  observations: 0,
  queued: 0,
  batches: WORKERS.map(() => 0),
  spreads: 0,
  failedSpreads: 0,
  concurrentSpreads: 0,
  transitions: 0,
}

export type Change = (state: State, minutes: number) => Partial<State>

/** A day of calm, from midnight on. */
export function calmState(time: number, noise: (around: number, spread?: number) => number): State {
  const load = 1 - 0.55 * Math.cos((2 * Math.PI * time) / DAY)
  const minute = Math.floor(time / 60)
  // Every night a backup makes disks slow for half an hour, and at 5:00 nobody asks for anything for eight minutes; at noon a
  // burst fills the queue for a moment, and a collection holds the event loop; at 15:00 an operator drains a worker for five
  // minutes, while little waits.
  const isBackup = minute >= 120 && minute < 150
  const isBurst = time === 720 * 60
  const isDrained = minute >= 900 && minute < 905
  const isIdle = minute >= 300 && minute < 308
  const slow = isBackup ? 1.6 : 1
  return {
    // Every day it is deployed anew.
    up: minute === 200 ? 0 : 1,
    streams: true,
    allocations: noise(200 * load),
    allocationTime: noise(0.008 * slow),
    failedAllocations: noise(0.001, 0.3),
    activeColumns: noise(0.25 + 0.2 * load),
    observations: noise(800 * load),
    rejected: noise(0.0005, 0.5),
    queued: isBurst ? 0.95 : noise(isDrained ? 0.005 : 0.08 + 0.15 * load, 0.25),
    queueMemory: 2e8,
    backpressure: isBurst ? 2 : 0,
    activations: isBurst ? 3 : noise(0.05, 0.5),
    observationTime: noise(0.007 * slow),
    recallTime: noise(0.003 * slow),
    busy: WORKERS.map((worker) => noise(20 + 15 * load + 3 * worker)),
    batches: WORKERS.map((worker) => (isDrained && worker === 0 ? 0 : noise(10 * load))),
    stolen: noise(0.05, 0.3),
    failedBatches: WORKERS.map(() => undefined),
    spreads: noise(60 * load),
    spreadTime: noise(0.0012 * slow),
    failedSpreads: noise(0.005, 0.5),
    concurrentSpreads: Math.round(noise(2 * load)),
    breaker: 0,
    pool: noise(0.3 + 0.12 * load, 0.03),
    fragmented: noise(0.12, 0.2),
    aligned: 99.5,
    heapAllocations: 0,
    hippocampalRecent: Math.min(1, noise(0.82, 0.05)),
    hippocampalRemote: noise(0.22, 0.1),
    falseMemories: noise(0.35, 0.2),
    transitions: noise(0.6 * load, 0.3),
    simd: noise(85),
    l1Hits: Math.min(1, noise(0.95, 0.01)),
    predicted: Math.min(1, noise(0.965, 0.01)),
    remote: noise(0.1, 0.2),
    nodeImbalance: noise(0.15, 0.2),
    crossSocket: noise(20 * load),
    healthCheckTime: noise(0.5),
    health: 1,
    regression: 0,
    degradations: 2,
    contentions: noise(60 * load, 0.4),
    atomicTime: noise(26, 0.2),
    aggregationLag: noise(8, 0.3),
    stall: isBurst ? 1.4 : noise(0.004, 0.5),
    poolWait: noise(0.002, 0.5),
    loopDelay: noise(0.003, 0.3),
    // Between two full collections it grows.
    heap: noise(0.35 + ((minute % 45) / 45) * 0.2, 0.05),
    descriptors: noise(0.08),
    containerMemory: noise(0.45, 0.05),
    neighbours: 0.1,
    outOfMemory: 0,
    throttled: noise(0.01, 0.5),
    pressure: noise(0.005, 0.5),
    requests: 200,
    httpErrors: noise(0.0008, 0.5),
    httpTime: noise(0.03 * slow),
    queries: 300,
    queryErrors: noise(0.0005, 0.5),
    connections: noise(0.15 + 0.15 * load),
    waitingQueries: 0,
    redisReady: 1,
    redisTime: noise(0.001 * slow),
    redisErrors: noise(0.0005, 0.5),
    reconnects: 0,
    pendingCommands: Math.round(noise(20)),
    inFlight: Math.round(noise(20 * load)),
    queryTime: noise(0.004 * slow),
    unconnected: 0,
    postgresUp: 1,
    serverConnections: noise(0.15 + 0.15 * load),
    redisUp: 1,
    redisMemory: noise(0.5, 0.1),
    // What the nightly backup needs of a disk, it gives back.
    diskLeft: 0.18 - (isBackup ? (0.075 * (minute - 120)) / 30 : 0),
    hostMemory: noise(0.4, 0.1),
    unnotified: 0,
    refusals: 0,
    restarts: 0,
    dropped: 0,
    certificateDays: 200,
    rejectedRecords: 0,
    overflowed: 0,
    series: noise(4000, 0.02),
    collectAge: noise(4, 0.3),
    renderTime: noise(2),
    ...(isIdle ? IDLE : {}),
  }
}
