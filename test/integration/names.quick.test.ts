// Our linter of names against Prometheus' own: promtool finds nothing that ours does not, in what we expose and in names
// that break every rule.
import { type Counter, counter, Registry } from 'nanotally'
import { expect, test } from 'vitest'
import { families } from '../support/catalogs.js'
import { findings, notAllowed, promtoolFindings } from '../support/lint.js'
import { checkMetrics } from '../support/promtool.js'
import { parseTextFormat } from '../support/text-format.js'

/** A family of one sample for each name. */
function exposition(metrics: readonly { name: string; type: string; help?: string; labels?: string }[]): string {
  return metrics
    .map(({ name, type, help = 'Help.', labels = '' }) => {
      const head = `${help === '' ? '' : `# HELP ${name} ${help}\n`}# TYPE ${name} ${type}\n`
      if (type !== 'histogram') return `${head}${name}${labels && `{${labels}}`} 1\n`
      return `${head}${name}_bucket{le="+Inf"} 1\n${name}_sum 1\n${name}_count 1\n`
    })
    .join('')
}

const sorted = (list: readonly { name: string; rule: string }[]) =>
  list.map(({ name, rule }) => `${name} ${rule}`).sort()

test('what nanotally and the demo expose passes promtool but for the allow-list', async () => {
  process.removeAllListeners('warning')
  const { watchMemory } = await import('../../examples/engram/engine/metrics.mjs')
  watchMemory()
  const { registry } = await import('nanotally')
  const own = new Registry()
  for (const [metric, times] of [
    [counter({ name: 'a_total', help: 'Own.', labels: ['l'], maxSeries: 1, registry: own }), 3],
    [counter({ name: 'b_total', help: 'Demo.', labels: ['l'], maxSeries: 1, registry }), 3],
  ] as [Counter<['l'], []>, number][]) {
    for (let l = 0; l < times; l++) metric.inc({ l })
    metric.inc({ l: 0 }, -1)
  }
  for (const text of [await own.metrics(), await registry.metrics()]) {
    expect(text).toContain('nanotally_rejected_total')
    expect(promtoolFindings(await checkMetrics(text)).filter(notAllowed)).toEqual([])
  }
})

test('of the names that catalogs give promtool dislikes those that are allowed', async () => {
  // Names alone: what is planned or exposed by something else is among them, and their labels are those of the catalogs' tests.
  const text = exposition(families.map(({ name, type }) => ({ name, type })))
  const theirs = promtoolFindings(await checkMetrics(text))
  expect(theirs.filter(notAllowed)).toEqual([])
  expect(theirs.length).toBeGreaterThanOrEqual(15)
  // Ours knows percentages besides.
  const ours = findings(parseTextFormat(text)).filter(({ name }) => !name.endsWith('_percent'))
  expect(sorted(ours)).toEqual(sorted(theirs))
})

test('both find the same in names that break their common rules', async () => {
  const units =
    'amperes seconds minutes weeks milliseconds microdays kilobytes gibibits fahrenheit kelvin kelvins miles'
  const abbreviations = 's ms us ns sec b kb mb gb tb pb m h d'
  const text = exposition([
    ...units.split(' ').map((unit) => ({ name: `u_${unit}`, type: 'gauge' })),
    ...abbreviations.split(' ').map((unit) => ({ name: `a_${unit}_b2`, type: 'gauge' })),
    ...abbreviations.split(' ').map((unit) => ({ name: `${unit}_first`, type: 'gauge' })),
    ...['counter', 'gauge', 'histogram', 'summary'].flatMap((type) => [
      { name: `t_${type}`, type: 'gauge' },
      { name: `t_${type}_x`, type: 'untyped' },
      { name: `${type}_t`, type: 'gauge' },
    ]),
    ...['_total', '_bucket', '_count', '_sum', ''].flatMap((suffix) =>
      ['counter', 'gauge', 'untyped', 'histogram'].map((type) => ({ name: `${type}${suffix.length}${suffix}`, type })),
    ),
    { name: 'no_help', type: 'gauge', help: '' },
    { name: 'rule:name', type: 'gauge' },
    { name: 'camelCase', type: 'gauge' },
    { name: 'camel_label', type: 'gauge', labels: 'tenantId="1"' },
    { name: 'le_label', type: 'gauge', labels: 'le="1"' },
    { name: 'quantile_label', type: 'counter', labels: 'quantile="1"' },
    { name: 'untyped_label', type: 'untyped', labels: 'le="1"' },
  ])
  const theirs = promtoolFindings(await checkMetrics(text))
  expect(sorted(findings(parseTextFormat(text)))).toEqual(sorted(theirs))
  expect(new Set(theirs.map(({ rule }) => rule)).size).toBe(10)
  expect(theirs.length).toBeGreaterThan(40)
})
