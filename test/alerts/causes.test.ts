// What nanotally's receiver makes of the alerts of alerts/: which of those of a component comes first.
import { CAUSES } from 'nanotally/integrations/alertmanager'
import { expect, test } from 'vitest'
import { causeRank } from '../../dist/integrations/internal/alerts/causes.js'
import { alertOf } from '../lib/integrations/alertmanager/alerts.js'
import { alertmanagerConfig } from '../support/deploy.js'
import { alerts } from './rules.js'

const names = [...new Set(alerts.map(({ alert }) => alert))]
const kindOf = (name: string) => CAUSES[causeRank(alertOf({ name }), CAUSES)]?.kind ?? 'none'
const rankOf = (name: string) => causeRank(alertOf({ name }), CAUSES)

test('every alert is of a kind', () => {
  expect(names.length).toBeGreaterThan(70)
  expect(names.filter((name) => kindOf(name) === 'none')).toEqual([])
})

test('what inhibits another of its component is no later kind', () => {
  const componentsOf = (name: string) =>
    alerts.filter(({ alert }) => alert === name).map(({ labels }) => labels.component)
  const namedBy = (matchers: readonly string[]) =>
    names.filter((name) =>
      matchers.some((matcher) => new RegExp(`^alertname=~?"(.*\\|)?${name}(\\|.*)?"$`).test(matcher)),
    )
  const pairs = alertmanagerConfig().inhibit_rules.flatMap(({ source_matchers, target_matchers }) =>
    namedBy(source_matchers).flatMap((source) => namedBy(target_matchers).map((target) => [source, target] as const)),
  )
  const together = pairs.filter(([source, target]) =>
    componentsOf(source).some((component) => componentsOf(target).includes(component)),
  )
  expect(together.length).toBeGreaterThan(20)
  expect(together.filter(([source, target]) => rankOf(source) > rankOf(target))).toEqual([])
})

test.each([
  ['MemoryPressureHigh', 'resource'],
  ['memory_operation_duration_seconds', 'latency'],
  ['NUMANodeImbalance', 'load'],
  ['CPUDown', 'outage'],
  ['HighQueueMemory', 'queue'],
  ['Cpu', 'resource'],
  ['CpuErrorsOfQueue', 'errors'],
  ['Memories', 'none'],
])('%s is %s', (name, kind) => expect(kindOf(name)).toBe(kind))
