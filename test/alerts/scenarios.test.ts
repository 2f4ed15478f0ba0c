// All rules together over labelled scenarios of a simulated instance: a day of calm, in which nothing may fire, and the incidents
// of the planning documents, each of which has to raise what its label says and nothing else.
import { expect, test } from 'vitest'
import { byInstance } from '../../alerts/src/build.mjs'
import { readPromql } from '../support/promql.js'
import { type ExpectedAnswer, type RuleTest, seconds, seriesText, testRules } from '../support/rule-tests.js'
import { temporaryFolder } from '../support/temporary.js'
import { SCRAPE, simulate, simulated } from './plant.js'
import { alerts, rulePaths } from './rules.js'
import { type Incident, incidents } from './scenarios.js'

const SEED = 20_251
/** For machines that are busy with much else: promtool computes for some seconds. */
const DEADLINE = 240_000
const DAY_MINUTES = 24 * 60
const ONSET_MINUTES = 10
const FIRING = 'ALERTS{alertstate="firing"}'
const RAISED = `group by (instance, alertname, severity) (last_over_time(${FIRING}[25h]))`

const hour = 60 * 60
const severitiesOf = (name: string) => alerts.filter(({ alert }) => alert === name).map(({ labels }) => labels.severity)

/** `Alert severity` of each that an incident has to raise. */
function raisedBy({ raises }: Incident): string[] {
  return raises.map((text) => (text.includes(' ') ? text : `${text} ${severitiesOf(text)[0]}`))
}

/** Incidents at the same time, each in an instance of its own, beside one that is well. */
function incidentsTest(some: readonly Incident[], minutes = 28): RuleTest {
  const onset = ONSET_MINUTES * 60
  const last = onset + minutes * 60
  const expected = some.flatMap((incident) =>
    raisedBy(incident).map((text) => {
      const [alertname = '', severity = ''] = text.split(' ')
      return { labels: seriesText('', { instance: incident.label, alertname, severity }), value: 1 }
    }),
  )
  const course = { minutes: last / 60, onsetMinutes: ONSET_MINUTES }
  return {
    interval: seconds(SCRAPE),
    input_series: [
      ...simulate({ ...course, instance: 'well', startSeconds: 0, seed: SEED }),
      // Each at another time of the day.
      ...some.flatMap(({ label, change }, i) =>
        simulate({ ...course, instance: label, startSeconds: ((9 + i) % 24) * hour, seed: SEED + i, change }),
      ),
    ],
    promql_expr_test: [
      { expr: RAISED, eval_time: seconds(onset - 60), exp_samples: [] },
      { expr: RAISED, eval_time: seconds(last), exp_samples: expected },
    ],
  }
}

const run = (tests: RuleTest[], evaluation: number, paths = rulePaths) =>
  testRules({ rule_files: [...paths], evaluation_interval: seconds(evaluation), tests })
/** Of incidents; Prometheus' own default. */
const MINUTE = 60
/** Of the day, which has many; of critical rules every scrape. */
const TWO_MINUTES = 120

/** The path of a file with the critical rules alone, and the names of the series that they ask about. */
function criticalRules(): { path: string; names: Set<string> } {
  const critical = alerts.filter(({ labels }) => labels.severity === 'critical')
  const rules = critical.map(({ alert, expr, forSeconds, labels }) => ({
    alert,
    expr,
    for: seconds(forSeconds),
    labels,
  }))
  const names = new Set(critical.flatMap(({ expr }) => readPromql(expr).selectors.map(({ name }) => name)))
  // JSON is YAML.
  const folder = temporaryFolder({ 'critical.yml': JSON.stringify({ groups: [{ name: 'critical', rules }] }) })
  return { path: `${folder}/critical.yml`, names }
}

test('everything that rules ask about is simulated, and every alert is of some incident', () => {
  const asked = alerts.flatMap(({ expr }) => readPromql(expr).selectors.map(({ name }) => name))
  const isPrometheus = (name: string) => ['up', 'ALERTS'].includes(name) || name.includes(':')
  expect([...new Set(asked)].filter((name) => !isPrometheus(name) && !simulated.has(name))).toEqual([])
  const raised = new Set(incidents.flatMap(raisedBy))
  const all = alerts.map(({ alert, labels }) => `${alert} ${labels.severity}`)
  expect([...raised].sort()).toEqual([...new Set(all)].sort())
  for (const document of ['000', '001', '002', '003', '004']) {
    expect(incidents.map((incident) => incident.document)).toContain(document)
  }
})

test(
  `24 hours of calm raise nothing (seed ${SEED})`,
  async () => {
    const minutes = DAY_MINUTES
    const group = (query: string, at: number, is: boolean): ExpectedAnswer => ({
      expr: `group(${query})`,
      eval_time: seconds(at),
      exp_samples: is ? [{ labels: '{}', value: 1 }] : [],
    })
    const queries = alerts.flatMap(({ family }) => (family === undefined ? [] : [byInstance(family.query)]))
    const pending = (alertname: string) =>
      `count_over_time(${seriesText('ALERTS', { alertname, alertstate: 'pending' })}[25h])`
    const calm: RuleTest = {
      interval: seconds(SCRAPE),
      input_series: simulate({ instance: 'calm', startSeconds: 0, minutes, seed: SEED }),
      promql_expr_test: [
        { expr: RAISED, eval_time: seconds(minutes * 60), exp_samples: [] },
        // It was no easy day: what is short and goes by was seen, and not told.
        ...['CriticalQueueDepth', 'EventLoopStalled', 'ScrapeFailing', 'DiskFullPredicted'].map((alert) =>
          group(pending(alert), minutes * 60, true),
        ),
        // And there was something to look at, at noon and at night.
        ...[...new Set(queries)].flatMap((query) => [group(query, 4 * hour, true), group(query, 12 * hour, true)]),
      ],
    }
    expect(new Set(queries).size).toBeGreaterThan(50)
    expect(await run([calm], TWO_MINUTES)).toEqual([])

    // At every scrape, so that no condition goes by between two evaluations.
    const { path, names } = criticalRules()
    const ofCritical: RuleTest = {
      interval: seconds(SCRAPE),
      input_series: calm.input_series.filter(({ series }) => names.has(series.replace(/\{.*/, ''))),
      promql_expr_test: [
        { expr: RAISED, eval_time: seconds(minutes * 60), exp_samples: [] },
        group(pending('CriticalQueueDepth'), minutes * 60, true),
      ],
    }
    expect(await run([ofCritical], SCRAPE, [path])).toEqual([])
  },
  DEADLINE,
)

test(
  `each of ${incidents.length} incidents raises what it has to, and nothing else`,
  async () => {
    const short = incidents.filter(({ isLong }) => !isLong)
    const long = incidents.filter(({ isLong }) => isLong)
    // promtool is slow with very many series at once.
    const sixes = Array.from({ length: Math.ceil(short.length / 6) }, (_, i) => short.slice(6 * i, 6 * i + 6))
    const tests = [...sixes.map((some) => incidentsTest(some)), incidentsTest(long, 80)]
    expect(await run(tests, MINUTE)).toEqual([])
  },
  DEADLINE,
)

test('a missed alert and a false one are told', async () => {
  const [incident] = incidents as [Incident]
  const missed = { ...incident, change: () => ({}) }
  const unlabelled = { ...incident, raises: incident.raises.slice(1) }
  expect((await run([incidentsTest([missed])], MINUTE)).join('\n')).toMatch(/got: nil/)
  expect((await run([incidentsTest([unlabelled])], MINUTE)).join('\n')).toContain(incident.raises[0])
})
