// A program that feeds what the engine of examples/engram does not: every catalog of services, allocations, kernels and nodes,
// its runtime and its hardware. It records a round every 100 ms through the catalogs' own functions, and tells its URL.
import { collectRuntimeMetrics, counter, health, startExporter } from 'nanotally'
import { allocationMetrics } from 'nanotally/catalogs/allocation'
import { businessMetrics } from 'nanotally/catalogs/business'
import { exporterMetrics } from 'nanotally/catalogs/exporter'
import { graphMetrics } from 'nanotally/catalogs/graph'
import { hardwareMetrics, STALL_CAUSES } from 'nanotally/catalogs/hardware'
import { http as httpCatalog, httpMetrics } from 'nanotally/catalogs/http'
import { httpSemanticMetrics } from 'nanotally/catalogs/http-semantic'
import { memoryMetrics } from 'nanotally/catalogs/memory'
import { numaMetrics } from 'nanotally/catalogs/numa'
import { postgresMetrics } from 'nanotally/catalogs/postgres'
import { redisMetrics } from 'nanotally/catalogs/redis'
import { reliabilityMetrics } from 'nanotally/catalogs/reliability'
import { runtimeMetrics } from 'nanotally/catalogs/runtime'
import { branch, cache, collectHardwareMetrics, numa, perf, simd } from 'nanotally/hardware'
import { startAlertReceiver, watchThresholds } from 'nanotally/integrations/alertmanager'

collectRuntimeMetrics()
collectHardwareMetrics({ perCpu: true })
runtimeMetrics()
health.register('store', () => true, { intervalMs: 1000 })

const allocation = allocationMetrics()
allocation.columns.set(512)
const business = businessMetrics()
const exported = exporterMetrics()
const graph = graphMetrics()
const hardware = hardwareMetrics()
const http = httpMetrics()
const semantic = httpSemanticMetrics()
const memory = memoryMetrics()
const nodes = numaMetrics()
const postgres = postgresMetrics()
postgres.poolMaxConnections.set({ pool: 'main' }, 10)
const redis = redisMetrics()
const reliability = reliabilityMetrics()
const region = perf.region('fixture')
const pool = memory.pool('vector_arena', { numaNode: 0 })
pool.setCapacity(2 ** 20)
const violations = memory.zeroAllocation('batch_processing')

// What is lost: a series too many, a value that is none, and one that is idle.
const few = counter({ name: 'fixture_few_total', help: 'h', labels: ['l'], maxSeries: 1 })
const idle = counter({ name: 'fixture_idle_total', help: 'h', labels: ['l'], idleTimeoutMs: 1000 })
idle.inc({ l: 'once' })

const baseline = [10, 10.1, 9.9, 10, 10.05, 9.95]
let round = 0

function record() {
  round++
  const seconds = 0.001 * (1 + (round % 7))
  allocation.recordAllocation(seconds, round % 5 !== 0)
  allocation.recordConvergence(seconds)
  allocation.activeColumns.set(300 + (round % 20))
  allocation.memoryUsage.set(2 ** 26)

  const outcome = round % 5 === 0 ? 'failure' : 'success'
  business.recordUserAction('share', outcome)
  business.activeUsers.set(7)
  business.recordOnboardingStarted('web')
  business.recordOnboardingStep('web', 'profile')
  if (round % 3 === 0) business.recordOnboardingAbandoned('web', 'profile')
  else business.recordOnboardingCompleted('web', 60 + round)
  business.recordCollaborationEvent('edit')
  business.recordCollaborationConflict('merged')
  business.collaborationSessions.set(2)
  business.recordCollaborationSessionEnded(300)
  business.recordKnowledgeItems('entity', 3)
  business.recordKnowledgeExtraction('document', 1.5)
  if (round % 5 === 0) business.recordKnowledgeExtractionFailure('document', 'timeout')
  business.recordMemoryOperation('search', outcome, seconds)

  exported.recordExport({ format: 'prometheus', bytes: 20_000, seconds })
  graph.batchBackpressure.inc({ strategy: 'wait' })

  const simdKernel = { operation: 'cosine_similarity', instructionType: 'fma' }
  hardware.recordSimdOperation({ ...simdKernel, instructionSet: 'avx512', vectorWidth: 16 }, 96, 120)
  hardware.recordCachePerformance('l1', 'sequential', 990, 10)
  hardware.recordBranches('traversal', 100, 4)
  hardware.recordPipelineStalls(STALL_CAUSES[0], 40)
  simd.record({ instructions: 96, cycles: 40, width: 256 })
  cache.record({ level: 'L1d', hits: 63, misses: 1 })
  branch.record({ branches: 128, mispredictions: 3 })
  numa.record({ local: 1024, remote: 16 })
  region.measure(() => baseline.reduce((a, b) => a + b))

  const request = {
    method: 'GET',
    route: '/users/:id',
    durationSeconds: seconds,
    requestBytes: 100,
    responseBytes: 2000,
  }
  http.updateInFlight('GET', round % 2 === 0 ? 1 : -1)
  http.recordRequest({ ...request, statusClass: round % 5 === 0 ? '5xx' : '2xx' })
  const answered = round % 5 === 0 ? { statusCode: 503, errorType: '503' } : { statusCode: 200 }
  semantic.recordRequest({ ...request, ...answered, scheme: 'http' })
  semantic.activeRequests.set({ http_request_method: 'GET', url_scheme: 'http' }, 1)

  pool.allocated(4096, 0x7f00_0000_1000)
  pool.freed(4096)
  pool.recordFreeBlocks([4096, 2 ** 19])
  violations.inc(round % 50 === 0 ? 1 : 0)
  memory.recordContention('queue', 'push')
  memory.recordPressureAdaptation('pool_shrink')
  memory.recordAtomicOperations('fetch_add', 1000, 20_000, 0)

  nodes.recordAccesses(0, 1, 1024, 16)
  nodes.updateMemoryAllocation(0, 'vectors', 2 ** 20)
  nodes.recordNodeBalance('memory_allocation', [3_000_000, 2_400_000])
  nodes.recordThreadMigration('load_balancing')

  postgres.recordQuery('main', 'SELECT', seconds)
  if (round % 5 === 0) postgres.recordQueryError('main', 'INSERT', '23505')
  postgres.poolConnections.set({ pool: 'main', state: 'used' }, 4)
  postgres.poolConnections.set({ pool: 'main', state: 'idle' }, 2)
  postgres.poolWaiting.set({ pool: 'main' }, 0)
  postgres.recordPoolAcquire('main', seconds)
  if (round % 7 === 0) postgres.recordPoolAcquireFailure('main', 'timeout')
  postgres.recordPoolConnectionOpened('main')
  postgres.recordPoolConnectionClosed('main')

  redis.recordCommand('cache', 'string', seconds)
  redis.recordBlockingCommand('cache', 'list', 1)
  if (round % 5 === 0) redis.recordCommandError('cache', 'string', 'timeout')
  redis.connections.set({ client: 'cache', state: 'ready' }, 1)
  redis.recordReconnect('cache')
  redis.offlineQueue.set({ client: 'cache' }, 0)
  redis.pendingCommands.set({ client: 'cache' }, 1)
  redis.recordBatch('cache', 'pipeline', 12)

  reliability.recordHealthCheck('cache_coherence', round % 9 !== 0, seconds)
  reliability.recordErrorRecovery('index_broken', 12)
  reliability.recordDegradation('cache_miss_ratio', 0.8)
  reliability.recordPerformance('latency', baseline, baseline)

  few.inc({ l: `${round % 2}` })
  few.inc({ l: '0' }, Number.NaN)
}

// Alerts: a dispatcher that fails now and then, and an escalation as soon as something critical fires.
let dispatched = 0
const receiver = await startAlertReceiver({
  port: 0,
  escalation: [{ level: 1, severity: 'critical', afterMs: 0 }],
  dispatchers: [
    {
      name: 'chat',
      dispatch: async () => {
        if (dispatched++ % 4 === 0) throw new Error('now and then')
      },
    },
  ],
})
// One in five requests fails: past the thresholds of its catalog from the first window on.
await watchThresholds({ catalogs: [httpCatalog], receiver })

/** What Alertmanager would send: an alert that begins and ends, one that fires on, and something that is refused. */
async function notify() {
  const since = new Date()
  const alert = (name, status, startsAt) => ({
    fingerprint: name,
    status,
    labels: { alertname: name, severity: 'critical', component: 'fixture' },
    annotations: { summary: 'A fixture.' },
    startsAt,
    endsAt: status === 'firing' ? '0001-01-01T00:00:00Z' : new Date(),
  })
  const fires = alert('Steady', 'firing', new Date(began))
  for (const status of ['firing', 'resolved']) {
    await send({ version: '4', alerts: [fires, alert('Brief', status, since)] })
  }
  await send({ version: '4', alerts: 'none' })
}

const began = Date.now()

async function send(payload) {
  const headers = { 'content-type': 'application/json' }
  await fetch(receiver.url, { method: 'POST', headers, body: JSON.stringify(payload) })
}

record()
setInterval(record, 100)
await notify()
setInterval(notify, 1000)
const exporter = await startExporter({ port: 0 })
process.send?.(exporter.url)
