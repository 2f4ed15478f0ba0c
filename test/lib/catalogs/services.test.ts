// The catalogs http, http-semantic, business, postgres, redis and alerting: each function records what it says, and their names are in order.
import { Registry } from 'nanotally'
import { alertingMetrics } from 'nanotally/catalogs/alerting'
import { business, businessMetrics } from 'nanotally/catalogs/business'
import { http, httpMetrics } from 'nanotally/catalogs/http'
import { httpSemantic, httpSemanticMetrics } from 'nanotally/catalogs/http-semantic'
import { postgres, postgresMetrics } from 'nanotally/catalogs/postgres'
import { redis, redisMetrics } from 'nanotally/catalogs/redis'
import { expect, test } from 'vitest'
import { lintMetric } from '../../../dist/lint.js'
import { rejections } from '../../support/registry.js'

/** Calls the functions, and expects these lines and no rejected recording. */
async function expectLines(registry: Registry, lines: readonly string[]): Promise<void> {
  const text = await registry.metrics()
  expect(text.split('\n')).toEqual(expect.arrayContaining([...lines]))
  expect(await rejections(registry)).toEqual({})
}

test('http', async () => {
  const registry = new Registry()
  const metrics = httpMetrics({ registry })
  const labels = { method: 'GET', route: '/a/:b', statusClass: '2xx' } as const
  metrics.updateInFlight('GET', 1)
  metrics.recordRequest({ ...labels, durationSeconds: 0.5, requestBytes: 10, responseBytes: 20 })
  metrics.recordRequest({ ...labels, durationSeconds: 0.25 })
  metrics.updateInFlight('GET', -1)
  const shown = 'method="GET",route="/a/:b",status_class="2xx"'
  await expectLines(registry, [
    `http_requests_total{${shown}} 2`,
    `http_request_duration_seconds_sum{${shown}} 0.75`,
    `http_request_duration_seconds_count{${shown}} 2`,
    'http_requests_in_flight{method="GET"} 0',
    `http_request_size_bytes_sum{${shown}} 10`,
    `http_request_size_bytes_count{${shown}} 1`,
    `http_response_size_bytes_sum{${shown}} 20`,
  ])
})

test('http under OpenTelemetry’s names', async () => {
  const registry = new Registry()
  const metrics = httpSemanticMetrics({ registry })
  metrics.updateActiveRequests('GET', 'https', 3)
  metrics.recordRequest({ method: 'GET', scheme: 'https', durationSeconds: 0.5, requestBytes: 1, responseBytes: 2 })
  const failed = { method: 'GET', scheme: 'http', route: '/a', statusCode: 500, errorType: '500' } as const
  metrics.recordRequest({ ...failed, durationSeconds: 0.25 })
  const shown = 'http_request_method="GET",url_scheme="https"'
  await expectLines(registry, [
    `http_server_active_requests{${shown}} 3`,
    `http_server_request_duration_seconds_sum{${shown}} 0.5`,
    `http_server_request_body_size_bytes_sum{${shown}} 1`,
    `http_server_response_body_size_bytes_sum{${shown}} 2`,
    'http_server_request_duration_seconds_bucket{http_request_method="GET",url_scheme="http",http_route="/a",http_response_status_code="500",error_type="500",le="0.25"} 1',
  ])
})

test('business', async () => {
  const registry = new Registry()
  const metrics = businessMetrics({ registry })
  metrics.recordUserAction('share', 'failure')
  metrics.updateActiveUsers(7)
  metrics.recordOnboardingStarted('web')
  metrics.recordOnboardingStep('web', 'profile')
  metrics.recordOnboardingCompleted('web', 60)
  metrics.recordOnboardingAbandoned('web', 'import')
  metrics.recordCollaborationEvent('edit')
  metrics.recordCollaborationConflict('merged')
  metrics.updateCollaborationSessions(2)
  metrics.recordCollaborationSessionEnded(120)
  metrics.recordKnowledgeItems('entity', 5)
  metrics.recordKnowledgeItems('entity')
  metrics.recordKnowledgeExtraction('note', 2)
  metrics.recordKnowledgeExtractionFailure('note', 'too_long')
  metrics.recordMemoryOperation('search', 'success', 0.5)
  await expectLines(registry, [
    'user_actions_total{action="share",outcome="failure"} 1',
    'user_active_users 7',
    'onboarding_started_total{flow="web"} 1',
    'onboarding_steps_total{flow="web",step="profile"} 1',
    'onboarding_completed_total{flow="web"} 1',
    'onboarding_duration_seconds_sum{flow="web"} 60',
    'onboarding_abandoned_total{flow="web",step="import"} 1',
    'collaboration_events_total{event="edit"} 1',
    'collaboration_conflicts_total{resolution="merged"} 1',
    'collaboration_sessions_active 2',
    'collaboration_session_duration_seconds_sum 120',
    'knowledge_extracted_items_total{kind="entity"} 6',
    'knowledge_extraction_duration_seconds_sum{source="note"} 2',
    'knowledge_extraction_failures_total{source="note",reason="too_long"} 1',
    'memory_operations_total{operation="search",outcome="success"} 1',
    'memory_operation_duration_seconds_sum{operation="search"} 0.5',
  ])
})

test('postgres', async () => {
  const registry = new Registry()
  const metrics = postgresMetrics({ registry })
  metrics.recordQuery('main', 'SELECT', 0.5)
  metrics.recordQueryError('main', 'SELECT', '23505')
  metrics.recordQueryError('main', 'SELECT', undefined)
  metrics.updatePoolConnections('main', 'idle', 3)
  metrics.updatePoolMaxConnections('main', 10)
  metrics.updatePoolWaiting('main', 4)
  metrics.recordPoolAcquire('main', 0.25)
  metrics.recordPoolAcquireFailure('main', 'timeout')
  metrics.recordPoolConnectionOpened('main')
  metrics.recordPoolConnectionClosed('main')
  await expectLines(registry, [
    'postgres_query_duration_seconds_sum{pool="main",operation="SELECT"} 0.5',
    'postgres_query_errors_total{pool="main",operation="SELECT",sqlstate_class="23"} 1',
    'postgres_query_errors_total{pool="main",operation="SELECT",sqlstate_class="none"} 1',
    'postgres_pool_connections{pool="main",state="idle"} 3',
    'postgres_pool_max_connections{pool="main"} 10',
    'postgres_pool_waiting_requests{pool="main"} 4',
    'postgres_pool_acquire_duration_seconds_sum{pool="main"} 0.25',
    'postgres_pool_acquire_failures_total{pool="main",reason="timeout"} 1',
    'postgres_pool_connections_opened_total{pool="main"} 1',
    'postgres_pool_connections_closed_total{pool="main"} 1',
  ])
})

test('redis', async () => {
  const registry = new Registry()
  const metrics = redisMetrics({ registry })
  metrics.recordCommand('cache', 'string', 0.5)
  metrics.recordBlockingCommand('cache', 'list', 5)
  metrics.recordCommandError('cache', 'string', 'WRONGTYPE')
  metrics.updateConnections('cache', 'ready', 1)
  metrics.recordReconnect('cache')
  metrics.updateOfflineQueue('cache', 2)
  metrics.updatePendingCommands('cache', 3)
  metrics.recordBatch('cache', 'multi', 4)
  await expectLines(registry, [
    'redis_command_duration_seconds_sum{client="cache",command_class="string"} 0.5',
    'redis_blocking_command_duration_seconds_sum{client="cache",command_class="list"} 5',
    'redis_command_errors_total{client="cache",command_class="string",kind="WRONGTYPE"} 1',
    'redis_connections{client="cache",state="ready"} 1',
    'redis_reconnects_total{client="cache"} 1',
    'redis_offline_queue_commands{client="cache"} 2',
    'redis_pending_commands{client="cache"} 3',
    'redis_batch_commands_sum{client="cache",kind="multi"} 4',
  ])
})

test.each([http, httpSemantic, business, postgres, redis])(
  '$name: names, queries and figures are in order',
  (catalog) => {
    const families = Object.values(catalog.families)
    expect(families.length).toBeGreaterThanOrEqual(4)
    for (const { name, type, help, unit, labels = [], optionalLabels = [], ...family } of families) {
      const all = [...labels, ...optionalLabels]
      expect([name, lintMetric({ name, type, help, unit, labels: all })]).toEqual([name, []])
      expect(family.documents).toEqual(['004'])
      // A query is about its family, or one that it is compared with.
      expect(family.query).toContain(name)
      const [from, to] = family.expected
      expect(from).toBeLessThanOrEqual(to)
      expect(Object.keys(family.values ?? {}).filter((label) => !all.includes(label))).toEqual([])
    }
  },
)

test('alerting', async () => {
  const registry = new Registry()
  const metrics = alertingMetrics({ registry })
  metrics.recordReceived('alertmanager', 'firing', 'critical')
  metrics.recordReceived('watch', 'resolved', 'page-me')
  metrics.recordRefused('alertmanager', 'malformed')
  metrics.recordDeduplicated('alertmanager')
  metrics.recordEscalation('warning', 2)
  metrics.recordNotification('pager', 'failed')
  metrics.recordNotification('pager', 'delivered')
  metrics.recordRetry('pager')
  metrics.recordDelivery('pager', 0.5)
  await expectLines(registry, [
    'alerting_alerts_received_total{source="alertmanager",status="firing",severity="critical"} 1',
    'alerting_alerts_received_total{source="watch",status="resolved",severity="other"} 1',
    'alerting_refusals_total{source="alertmanager",reason="malformed"} 1',
    'alerting_alerts_deduplicated_total{source="alertmanager"} 1',
    'alerting_escalations_total{severity="warning",level="2"} 1',
    'alerting_notifications_total{dispatcher="pager",outcome="failed"} 1',
    'alerting_notifications_total{dispatcher="pager",outcome="delivered"} 1',
    'alerting_notification_retries_total{dispatcher="pager"} 1',
    'alerting_delivery_duration_seconds_sum{dispatcher="pager"} 0.5',
  ])
})
