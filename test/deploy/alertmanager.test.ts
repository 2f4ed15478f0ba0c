// deploy/alertmanager: what amtool says of it, whom each alert of alerts/*.yml reaches, and what its inhibitions rely on.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Alert, alerts } from '../alerts/rules.js'
import {
  type AlertmanagerConfig,
  alertmanagerConfig,
  DEPLOY,
  deployText,
  type Route,
  runChecker,
  type Verdict,
} from '../support/deploy.js'
import { readPromql } from '../support/promql.js'
import { temporaryFolder } from '../support/temporary.js'

const FILE = join(DEPLOY, 'alertmanager/alertmanager.yml')
const PERFORMANCE = ['allocation', 'cognitive', 'concurrency', 'hardware', 'memory', 'numa']

function checkChanged(tool: string, change: (config: AlertmanagerConfig) => void, template?: string): Verdict {
  const config = alertmanagerConfig()
  change(config)
  const folder = temporaryFolder({ 'alertmanager.yml': JSON.stringify(config) })
  cpSync(join(DEPLOY, 'alertmanager/templates'), join(folder, 'templates'), { recursive: true })
  if (template !== undefined)
    cpSync(join(temporaryFolder({ template }), 'template'), join(folder, 'templates/more.tmpl'))
  return runChecker(tool, ['check-config', join(folder, 'alertmanager.yml')])
}

/** The receivers that an alert with these labels reaches, as amtool has it. */
function receiversOf(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  return runChecker('amtool', ['config', 'routes', 'test', `--config.file=${FILE}`, ...pairs])
    .text.split('\n')
    .filter((line) => line !== '' && !line.startsWith('Warning: --config.file'))
    .join(',')
}

/** `alertname=~"A|B"` as the names, and other matchers as their values. */
function valuesOf(matchers: readonly string[], label: string): string[] {
  return matchers.flatMap((matcher) => {
    const [, name, values = ''] = /^(\w+)=~?"(.*)"$/.exec(matcher) ?? []
    return name === label ? values.split('|') : []
  })
}

describe.each(['amtool', 'newer-amtool'])('%s', (tool) => {
  test('takes it, with its template', () => {
    const { status, text } = runChecker(tool, ['check-config', FILE])
    const { inhibit_rules: rules, receivers } = alertmanagerConfig()
    expect(text).toContain(` - ${rules.length} inhibit rules\n - ${receivers.length} receivers\n - 1 templates`)
    expect(text).not.toContain('FAILED')
    expect(status).toBe(0)
  })

  test.each<[string, (config: AlertmanagerConfig) => void, RegExp]>([
    [
      'a receiver that there is not',
      ({ route }) => Object.assign(route, { receiver: 'nobody' }),
      /undefined receiver "nobody"/,
    ],
    ['a matcher that is none', ({ route }) => route.routes?.push({ matchers: ['severity="'] }), /matcher value/],
    [
      'a setting that there is not',
      ({ route }) => Object.assign(route, { group_waits: '1s' }),
      /group_waits not found/,
    ],
  ])('refuses %s', (_, change, message) => {
    const { status, text } = checkChanged(tool, change)
    expect(text).toMatch(message)
    expect(status).not.toBe(0)
  })

  test('refuses a template that cannot be read', () => {
    expect(checkChanged(tool, () => {}).status).toBe(0)
    expect(checkChanged(tool, () => {}, '{{ define "x" }}{{ .Alerts }').status).not.toBe(0)
  })
})

describe('routes', () => {
  const kinds = [...new Set(alerts.map(({ labels: { severity, component } }) => `${severity} ${component}`))].sort()

  test('every severity of every component that alerts have', () => {
    expect(kinds.length).toBeGreaterThan(20)
    const reached = kinds.map((kind) => {
      const [severity = '', component = ''] = kind.split(' ')
      return [kind, receiversOf({ severity, component })]
    })
    const expected = kinds.map((kind) => {
      const [severity = '', component = ''] = kind.split(' ')
      if (severity === 'critical') return [kind, 'pager']
      if (severity === 'info') return [kind, 'quiet']
      if (component === 'nanotally') return [kind, 'monitoring']
      return [kind, PERFORMANCE.includes(component) ? 'performance' : 'team']
    })
    expect(reached).toEqual(expected)
    expect(new Set(reached.map(([, receiver]) => receiver)).size).toBe(alertmanagerConfig().receivers.length)
  })

  test.each([
    [{}, 'team'],
    [{ severity: 'page' }, 'team'],
    [{ severity: 'critical' }, 'pager'],
    [{ severity: 'warning', component: 'a-new-one' }, 'team'],
  ])('what alerts here do not have: %j', (labels, receiver) => {
    expect(receiversOf(labels)).toBe(receiver)
  })

  test('components in matchers are those of alerts', () => {
    const all = (route: Route): Route[] => [route, ...(route.routes ?? []).flatMap(all)]
    const named = all(alertmanagerConfig().route).flatMap(({ matchers = [] }) => valuesOf(matchers, 'component'))
    expect([...new Set(named)].sort()).toEqual([...PERFORMANCE, 'nanotally'].sort())
    const components = new Set<string>(alerts.map(({ labels }) => labels.component))
    expect(named.filter((name) => !components.has(name))).toEqual([])
  })

  test('what fires is told again before nanotally’s receiver takes it for gone', () => {
    const hours = [...deployText('alertmanager/alertmanager.yml').matchAll(/repeat_interval: (\d+)h/g)].map(([, n]) =>
      Number(n),
    )
    expect(hours.length).toBeGreaterThan(3)
    for (const each of hours) expect(each).toBeLessThan(24)
  })
})

describe('inhibitions', () => {
  const { inhibit_rules: rules } = alertmanagerConfig()
  const byName = new Map<string, Alert[]>()
  for (const alert of alerts) byName.set(alert.alert, [...(byName.get(alert.alert) ?? []), alert])

  test('name alerts that there are', () => {
    const named = rules.flatMap(({ source_matchers, target_matchers }) =>
      valuesOf([...source_matchers, ...target_matchers], 'alertname'),
    )
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((name) => !byName.has(name))).toEqual([])
  })

  test('spare what is critical, but for the absence that an engine that is not scraped explains', () => {
    const spared = rules.flatMap(({ target_matchers: matchers }) => {
      if (valuesOf(matchers, 'severity').some((severity) => severity !== 'critical')) return []
      return valuesOf(matchers, 'alertname').flatMap((name) => byName.get(name) ?? [])
    })
    const critical = spared.filter(({ labels }) => labels.severity === 'critical').map(({ alert }) => alert)
    expect(critical).toEqual(['StreamingMetricsAbsent'])
  })

  test('compare all labels by which an instance has several alerts of a name with two severities', () => {
    const [graver] = rules
    expect(graver?.source_matchers).toEqual(['severity="critical"'])
    const pairs = [...byName.values()].filter((each) => new Set(each.map(({ labels }) => labels.severity)).size > 1)
    expect(pairs.length).toBeGreaterThan(10)
    const labels = pairs.flat().flatMap(labelsOf)
    expect([...new Set(['cluster', 'alertname', ...labels])].sort()).toEqual([...(graver?.equal ?? [])].sort())
  })

  /** By which labels an alert's series differ within a target and by it. */
  function labelsOf({ expr, family }: Alert): string[] {
    const { groupings, selectors } = readPromql(expr)
    const own = groupings.length > 0 ? groupings : [...(family?.labels ?? []), ...(family?.optionalLabels ?? [])]
    const fixed = selectors.flatMap(({ labels }) => labels)
    return ['job', 'instance', ...own.filter((label) => label !== 'le' && !fixed.includes(label))]
  }
})

test('all receivers bring alerts to nanotally’s, with a token from a file; one calls PagerDuty', () => {
  const { receivers } = alertmanagerConfig()
  const hook = {
    url: 'http://alert-receiver:9465/alerts',
    http_config: { authorization: { credentials_file: expect.stringMatching(/^\//) } },
  }
  for (const { webhook_configs } of receivers) expect(webhook_configs).toMatchObject([hook])
  expect(receivers.filter(({ pagerduty_configs }) => pagerduty_configs !== undefined).map(({ name }) => name)).toEqual([
    'pager',
  ])
})
