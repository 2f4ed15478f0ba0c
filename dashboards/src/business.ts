// What users do, planning document 004.
import { dashboard } from './library/dashboard.js'
import { bar, graph, heat, stat } from './library/panels.js'
import { quantiles } from './library/queries.js'

export const business = dashboard({
  name: 'business',
  title: 'Business',
  about: 'What users do: actions, onboarding, collaboration, knowledge extraction, operations on memories.',
  refresh: '1m',
  sections: [
    {
      title: 'Users',
      panels: [
        stat('Active users', ['user_active_users']),
        stat('Failed actions', [{ of: 'user_actions_total', legend: 'of all actions', orZero: true }]),
        stat('Sessions of collaboration', ['collaboration_sessions_active']),
        stat('Onboarding completed', [
          { of: 'onboarding_completed_total', legend: 'of those who began', isOfAll: true },
        ]),
        graph('Actions', [
          {
            of: 'user_actions_total',
            query: 'sum by (action, outcome) (rate(user_actions_total[5m]))',
            measure: 'per second',
          },
        ]),
        bar('Onboarding, step by step', ['onboarding_steps_total']),
        graph('Onboarding', [
          { of: 'onboarding_started_total', legend: 'begun: {{flow}}' },
          {
            of: 'onboarding_completed_total',
            query: 'sum by (flow) (increase(onboarding_completed_total[1h]))',
            measure: 'per hour',
            legend: 'completed: {{flow}}',
          },
          {
            of: 'onboarding_abandoned_total',
            query: 'sum by (flow) (increase(onboarding_abandoned_total[1h]))',
            measure: 'per hour',
            legend: 'abandoned: {{flow}}',
          },
        ]),
        graph('Given up, of those who began', [
          { of: 'onboarding_abandoned_total', legend: 'abandoned', orZero: true, isOfAll: true },
        ]),
        heat('Time of onboarding', 'onboarding_duration_seconds'),
      ],
    },
    {
      title: 'Collaboration',
      panels: [
        graph('Events', ['collaboration_events_total']),
        graph('Conflicts', [
          { of: 'collaboration_conflicts_total', legend: 'of all events', orZero: true },
          {
            of: 'collaboration_conflicts_total',
            query: 'sum by (resolution) (rate(collaboration_conflicts_total[5m]))',
            measure: 'per second',
          },
        ]),
        heat('Length of sessions', 'collaboration_session_duration_seconds'),
      ],
    },
    {
      title: 'Knowledge and memories',
      panels: [
        graph('Extracted items', ['knowledge_extracted_items_total']),
        graph('Failed extractions', [
          { of: 'knowledge_extraction_failures_total', legend: 'of all documents', orZero: true },
        ]),
        heat('Time of an extraction', 'knowledge_extraction_duration_seconds'),
        graph('Operations on memories', [
          {
            of: 'memory_operations_total',
            query: 'sum by (operation, outcome) (rate(memory_operations_total[5m]))',
            measure: 'per second',
          },
        ]),
        graph('Failed operations', [{ of: 'memory_operations_total', legend: 'of all operations', orZero: true }]),
        graph('Time of an operation, P99', quantiles('memory_operation_duration_seconds', [0.99], ['operation'])),
        heat('Time of an operation', 'memory_operation_duration_seconds'),
      ],
    },
  ],
})
