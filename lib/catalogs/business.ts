// The catalog of what people do with a memory product: their actions, how they get started, how they work together, what is
// extracted from their documents, and what they do with memories. Planning document 004, "Custom Business Metrics".
// Labels name kinds, never people, documents or sessions.
import type { Catalog, CatalogFamilies, Instruments } from './shared/catalog.js'
import { type CatalogOptions, defineFamilies } from './shared/catalog.js'

export const OUTCOMES = ['success', 'failure'] as const
export type Outcome = (typeof OUTCOMES)[number]

export const MEMORY_OPERATIONS = ['create', 'read', 'update', 'delete', 'search', 'link'] as const
export type MemoryOperation = (typeof MEMORY_OPERATIONS)[number]

const FAMILIES = {
  userActions: {
    name: 'user_actions_total',
    type: 'counter',
    help: 'Actions of users.',
    labels: ['action', 'outcome'],
    values: { outcome: OUTCOMES },
    query: 'sum(rate(user_actions_total{outcome="failure"}[5m])) / sum(rate(user_actions_total[5m]))',
    queryUnit: 'of all actions',
    expected: [0, 0.02],
    warning: { above: 0.05, forSeconds: 600 },
    critical: { above: 0.25, forSeconds: 300 },
    source: 'whatever serves the action, once it is done',
    documents: ['004'],
  },
  activeUsers: {
    name: 'user_active_users',
    type: 'gauge',
    help: 'Users with a session that is in use.',
    aggregate: 'sum',
    onExit: 'drop',
    query: 'sum(user_active_users)',
    expected: [0, 10_000],
    source: 'whoever keeps sessions, each thread its own',
    documents: ['004'],
  },
  onboardingStarted: {
    name: 'onboarding_started_total',
    type: 'counter',
    help: 'Users who began their onboarding.',
    labels: ['flow'],
    query: 'sum by (flow) (increase(onboarding_started_total[1h]))',
    queryUnit: 'per hour',
    expected: [0, 10_000],
    source: 'the onboarding, when its first step is shown',
    documents: ['004'],
  },
  onboardingSteps: {
    name: 'onboarding_steps_total',
    type: 'counter',
    help: 'Steps of the onboarding that were completed.',
    labels: ['flow', 'step'],
    query:
      'sum by (flow, step) (increase(onboarding_steps_total[1d])) / on (flow) group_left sum by (flow) (increase(onboarding_started_total[1d]))',
    queryUnit: 'of those who began',
    expected: [0.3, 1],
    source: 'the onboarding, at the end of each step',
    documents: ['004'],
  },
  onboardingCompleted: {
    name: 'onboarding_completed_total',
    type: 'counter',
    help: 'Users who completed their onboarding.',
    labels: ['flow'],
    // That nobody completed it shows as no series.
    query:
      '(sum(increase(onboarding_completed_total[1d])) or 0 * sum(increase(onboarding_started_total[1d]))) / sum(increase(onboarding_started_total[1d]))',
    queryUnit: 'of those who began',
    expected: [0.5, 1],
    warning: { below: 0.3, forSeconds: 3600 },
    source: 'the onboarding, at the end of its last step',
    documents: ['004'],
  },
  onboardingAbandoned: {
    name: 'onboarding_abandoned_total',
    type: 'counter',
    help: 'Users who left their onboarding, by the step that they were at.',
    labels: ['flow', 'step'],
    query: 'sum(increase(onboarding_abandoned_total[1d])) / sum(increase(onboarding_started_total[1d]))',
    queryUnit: 'of those who began',
    expected: [0, 0.4],
    warning: { above: 0.6, forSeconds: 3600 },
    source: 'the onboarding, when it is closed, or nobody came back in time',
    documents: ['004'],
  },
  onboardingDuration: {
    name: 'onboarding_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from the first step of an onboarding to its completion.',
    labels: ['flow'],
    query: 'histogram_quantile(0.5, sum by (le) (rate(onboarding_duration_seconds_bucket[1d])))',
    expected: [30, 3600],
    source: 'the onboarding, at the end of its last step',
    documents: ['004'],
  },
  collaborationEvents: {
    name: 'collaboration_events_total',
    type: 'counter',
    help: 'Events between users who work on one thing, such as edits, comments and shares.',
    labels: ['event'],
    query: 'sum by (event) (rate(collaboration_events_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 1000],
    source: 'the collaboration service, for each event that it hands on',
    documents: ['004'],
  },
  collaborationConflicts: {
    name: 'collaboration_conflicts_total',
    type: 'counter',
    help: 'Edits that met another one.',
    labels: ['resolution'],
    query: 'sum(rate(collaboration_conflicts_total[5m])) / sum(rate(collaboration_events_total[5m]))',
    queryUnit: 'of all events',
    expected: [0, 0.01],
    warning: { above: 0.05, forSeconds: 600 },
    source: 'the collaboration service, when it has merged or refused an edit',
    documents: ['004'],
  },
  collaborationSessions: {
    name: 'collaboration_sessions_active',
    type: 'gauge',
    help: 'Sessions in which users work on one thing.',
    aggregate: 'sum',
    onExit: 'drop',
    query: 'sum(collaboration_sessions_active)',
    expected: [0, 1000],
    source: 'the collaboration service, each thread its own',
    documents: ['004'],
  },
  collaborationSessionDuration: {
    name: 'collaboration_session_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from the first user’s arrival in a session to the last one’s leave.',
    query: 'histogram_quantile(0.5, sum by (le) (rate(collaboration_session_duration_seconds_bucket[1h])))',
    expected: [60, 7200],
    source: 'the collaboration service, at the end of a session',
    documents: ['004'],
  },
  knowledgeItems: {
    name: 'knowledge_extracted_items_total',
    type: 'counter',
    help: 'What was extracted, such as entities, relations and facts.',
    labels: ['kind'],
    query: 'sum by (kind) (rate(knowledge_extracted_items_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 1000],
    source: 'the extraction, at the end of each document',
    documents: ['004'],
  },
  knowledgeExtractionDuration: {
    name: 'knowledge_extraction_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time to extract what a document says.',
    labels: ['source'],
    query: 'histogram_quantile(0.95, sum by (le) (rate(knowledge_extraction_duration_seconds_bucket[5m])))',
    expected: [0.01, 10],
    warning: { above: 30, forSeconds: 600 },
    source: 'the extraction, at the end of each document, failed ones too',
    documents: ['004'],
  },
  knowledgeExtractionFailures: {
    name: 'knowledge_extraction_failures_total',
    type: 'counter',
    help: 'Documents that nothing could be extracted from.',
    labels: ['source', 'reason'],
    query:
      'sum(rate(knowledge_extraction_failures_total[5m])) / sum(rate(knowledge_extraction_duration_seconds_count[5m]))',
    queryUnit: 'of all documents',
    expected: [0, 0.02],
    warning: { above: 0.05, forSeconds: 600 },
    critical: { above: 0.5, forSeconds: 300 },
    source: 'the extraction, when it gives up',
    documents: ['004'],
  },
  memoryOperations: {
    name: 'memory_operations_total',
    type: 'counter',
    help: 'Operations on memories.',
    labels: ['operation', 'outcome'],
    values: { operation: MEMORY_OPERATIONS, outcome: OUTCOMES },
    query: 'sum(rate(memory_operations_total{outcome="failure"}[5m])) / sum(rate(memory_operations_total[5m]))',
    queryUnit: 'of all operations',
    expected: [0, 0.001],
    warning: { above: 0.01, forSeconds: 300 },
    critical: { above: 0.1, forSeconds: 120 },
    source: 'the memory service, at the end of each operation',
    documents: ['004'],
  },
  memoryOperationDuration: {
    name: 'memory_operation_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time of an operation on memories.',
    labels: ['operation'],
    values: { operation: MEMORY_OPERATIONS },
    query: 'histogram_quantile(0.99, sum by (le, operation) (rate(memory_operation_duration_seconds_bucket[5m])))',
    expected: [0.0001, 0.25],
    warning: { above: 0.5, forSeconds: 300 },
    critical: { above: 2, forSeconds: 300 },
    source: 'the memory service, at the end of each operation',
    documents: ['004'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const business: Catalog = {
  name: 'business',
  about: 'What users do: actions, onboarding, collaboration, knowledge extraction, operations on memories.',
  families: FAMILIES,
}

/**
 * Business metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. Texts are short
 * and of a fixed set: kinds, never ids.
 */
export interface BusinessMetrics extends Instruments<typeof FAMILIES> {
  recordUserAction(action: string, outcome: Outcome): void
  /** Of the calling thread; those of all threads are added up. */
  updateActiveUsers(users: number): void
  recordOnboardingStarted(flow: string): void
  recordOnboardingStep(flow: string, step: string): void
  /** @param durationSeconds - since the first step */
  recordOnboardingCompleted(flow: string, durationSeconds: number): void
  /** @param step - the one that the user was at */
  recordOnboardingAbandoned(flow: string, step: string): void
  recordCollaborationEvent(event: string): void
  /** @param resolution - such as `merged` or `refused` */
  recordCollaborationConflict(resolution: string): void
  /** Of the calling thread; those of all threads are added up. */
  updateCollaborationSessions(sessions: number): void
  recordCollaborationSessionEnded(durationSeconds: number): void
  /** @param count - default 1 */
  recordKnowledgeItems(kind: string, count?: number): void
  /** @param source - a kind of document, such as `note` or `web_page` */
  recordKnowledgeExtraction(source: string, durationSeconds: number): void
  /**
   * Beside `recordKnowledgeExtraction`, which counts the attempt.
   *
   * @param reason - a short fixed text, such as an error's code
   */
  recordKnowledgeExtractionFailure(source: string, reason: string): void
  recordMemoryOperation(operation: MemoryOperation, outcome: Outcome, durationSeconds: number): void
}

/**
 * Defines the business families in a registry, or finds them there, and returns what records them. Each family is also there
 * itself, to be bound where a function that looks its labels up is too slow.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = businessMetrics()
 * metrics.recordUserAction('share', 'success')
 * metrics.recordMemoryOperation('search', 'success', 0.012)
 */
export function businessMetrics(options: CatalogOptions = {}): BusinessMetrics {
  const families = defineFamilies(FAMILIES, options)
  return {
    ...families,
    recordUserAction: (action, outcome) => families.userActions.inc({ action, outcome }),
    updateActiveUsers: (users) => families.activeUsers.set(users),
    recordOnboardingStarted: (flow) => families.onboardingStarted.inc({ flow }),
    recordOnboardingStep: (flow, step) => families.onboardingSteps.inc({ flow, step }),
    recordOnboardingCompleted(flow, durationSeconds) {
      families.onboardingCompleted.inc({ flow })
      families.onboardingDuration.observe({ flow }, durationSeconds)
    },
    recordOnboardingAbandoned: (flow, step) => families.onboardingAbandoned.inc({ flow, step }),
    recordCollaborationEvent: (event) => families.collaborationEvents.inc({ event }),
    recordCollaborationConflict: (resolution) => families.collaborationConflicts.inc({ resolution }),
    updateCollaborationSessions: (sessions) => families.collaborationSessions.set(sessions),
    recordCollaborationSessionEnded: (durationSeconds) =>
      families.collaborationSessionDuration.observe(durationSeconds),
    recordKnowledgeItems: (kind, count = 1) => families.knowledgeItems.inc({ kind }, count),
    recordKnowledgeExtraction: (source, durationSeconds) =>
      families.knowledgeExtractionDuration.observe({ source }, durationSeconds),
    recordKnowledgeExtractionFailure: (source, reason) => families.knowledgeExtractionFailures.inc({ source, reason }),
    recordMemoryOperation(operation, outcome, durationSeconds) {
      families.memoryOperations.inc({ operation, outcome })
      families.memoryOperationDuration.observe({ operation }, durationSeconds)
    },
  }
}
