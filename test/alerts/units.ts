// promtool's tests of rules, from their cases. Those of a file are made together, each with a job of its own: promtool takes
// longer to begin a test than to run it.
import { type ExpectedAnswer, type InputSeries, type RuleTest, seconds, seriesText } from '../support/rule-tests.js'
import { cases, type Signal } from './cases.js'
import type { Alert } from './rules.js'

/** Seconds between two scrapes, and between two evaluations. */
export const STEP = 15
type Labels = Record<string, string>

function series(
  { name, labels = {}, value, first = value ?? 0, rate = 0, after = 0 }: Signal,
  target: Labels,
  steps: number,
): InputSeries {
  const change = `${rate < 0 ? '' : '+'}${rate * STEP}`
  const values = value === undefined ? `${first}${change}x${steps}` : `${first} ${value}x${steps}`
  const late = after === 0 ? '' : `_x${after / STEP} `
  return { series: seriesText(name, { ...target, ...labels }), values: `${late}${values}` }
}

/** Just past the limit, and just before it. */
function signalsOf({ alert, labels: { severity }, source: { level }, condition }: Alert): {
  ill: Signal[]
  well: Signal[]
} {
  const { at, series, ill, well } = cases[alert] ?? {}
  if (series !== undefined) return series
  const threshold = level ?? (severity as 'warning' | 'critical')
  const { op = '>', limit = 0 } = condition ?? {}
  const past = op === '>' ? 1.02 : 0.98
  const values = {
    ill: ill?.[threshold] ?? (limit === 0 ? 1 : limit * past),
    well: well?.[threshold] ?? (limit === 0 ? 0 : limit * (2 - past)),
  }
  return { ill: at?.(values.ill) ?? [], well: at?.(values.well) ?? [] }
}

/** The alert's own series in Prometheus, while it fires. */
function firing({ alert, labels: { severity } }: Alert, target: Labels): string {
  return seriesText('ALERTS', { alertname: alert, severity, alertstate: 'firing', ...target })
}

function firingSample({ alert, labels }: Alert, more: Labels) {
  return { labels: seriesText('ALERTS', { alertname: alert, alertstate: 'firing', ...labels, ...more }), value: 1 }
}

/** Targets of one job, of which the alert has to tell of the ill ones only. */
interface Unit {
  input_series: InputSeries[]
  promql_expr_test: ExpectedAnswer[]
}

/** What has to be seen around the moment at which it is due, among the alerts with some labels: those of the ill targets. */
function answers(rule: Alert, due: number, last: number, among: Labels, ill: Labels[]): ExpectedAnswer[] {
  const { labels = {} } = cases[rule.alert] ?? {}
  const exp_samples = ill.map((target) => firingSample(rule, { ...target, ...labels }))
  const expr = firing(rule, among)
  return [
    ...(due < STEP ? [] : [{ expr, eval_time: seconds(due - STEP), exp_samples: [] }]),
    { expr, eval_time: seconds(due), exp_samples },
    { expr, eval_time: seconds(last), exp_samples },
  ]
}

const never = (rule: Alert, target: Labels, last: number): ExpectedAnswer => ({
  expr: `count_over_time(${firing(rule, target)}[1d])`,
  eval_time: seconds(last),
  exp_samples: [],
})

const all = (signals: readonly Signal[], target: Labels, steps: number) =>
  signals.map((signal) => series(signal, target, steps))

/** An instance of each, by its number. */
const instances = (name: string, signals: readonly Signal[][]) =>
  signals.map((own, i) => ({ instance: i === 0 ? name : `${name} ${i}`, signals: own }))

function whenDue({ alert, forSeconds, labels: { severity } }: Alert) {
  const { trueAfter = 0 } = cases[alert] ?? {}
  const due = (typeof trueAfter === 'number' ? trueAfter : trueAfter[severity as 'warning']) + forSeconds
  const last = due + 4 * STEP
  return { due, last, steps: last / STEP }
}

/** A target past the limit and one before it, and those in other states. */
function atItsLimit(rule: Alert): Unit {
  const job = `${rule.alert} ${rule.labels.severity}`
  const { due, last, steps } = whenDue(rule)
  const { ill, well } = signalsOf(rule)
  const { others } = cases[rule.alert] ?? {}
  const sick = instances('ill', [ill, ...(others?.ill ?? [])])
  const healthy = instances('well', [well, ...(others?.well ?? [])])
  return {
    input_series: [...sick, ...healthy].flatMap(({ instance, signals }) => all(signals, { job, instance }, steps)),
    promql_expr_test: [
      ...answers(
        rule,
        due,
        last,
        { job },
        sick.map(({ instance }) => ({ job, instance })),
      ),
      ...healthy.map(({ instance }) => never(rule, { job, instance }, last)),
    ],
  }
}

/**
 * A counter that appears with its first count and never counts again: told of a target that was there before, not of one that
 * was first scraped with it, nor where it was there all the time.
 */
function born(rule: Alert): Unit {
  const job = `${rule.alert} born`
  const counted = cases[rule.alert]?.at?.(1)[0] as Signal
  // Longer than the longest window of such a rule.
  const before = 1200
  const due = before + rule.forSeconds
  const last = due + 2 * STEP
  const steps = last / STEP
  const target = (instance: string, up: string, values: string) => [
    { series: seriesText('up', { job, instance }), values: up },
    { ...series(counted, { job, instance }, 0), values },
  ]
  const [always, late] = [`1x${steps}`, `_x${before / STEP} 1x${steps}`]
  return {
    input_series: [
      ...target('ill', always, late),
      ...target('late', late, late),
      ...target('well', always, `7x${steps}`),
    ],
    promql_expr_test: [
      ...answers(rule, due, last, { job }, [{ job, instance: 'ill' }]),
      ...['late', 'well'].map((instance) => never(rule, { job, instance }, last)),
    ],
  }
}

/** Whether a signal is one of those that a selector such as `name{label="value"}` asks for. */
function isOf({ name, labels = {} }: Signal, selector: string): boolean {
  const [asked, matchers = ''] = selector.split('{')
  const wanted = [...matchers.matchAll(/(\w+)(!?=)"([^"]*)"/g)]
  return name === asked && wanted.every(([, label = '', op, value]) => (labels[label] === value) === (op === '='))
}

/** What is past the limit, of so few that it says nothing, and of just enough. */
function ofFew(rule: Alert, { of, count }: NonNullable<Alert['source']['least']>): Unit {
  const job = `${rule.alert} ${rule.labels.severity} few`
  const window = 300
  const last = window + rule.forSeconds + 4 * STEP
  const { ill } = signalsOf(rule)
  const counted = ill.filter((signal) => isOf(signal, of)).reduce((sum, { rate = 0 }) => sum + rate, 0)
  if (counted === 0) throw new Error(`the case of ${rule.alert} has nothing of ${of}`)
  const times = (share: number) =>
    ill.map((signal) =>
      signal.rate === undefined ? signal : { ...signal, rate: (signal.rate * share * count) / (window * counted) },
    )
  const { labels = {} } = cases[rule.alert] ?? {}
  const sample = firingSample(rule, { job, instance: 'enough', ...labels })
  return {
    input_series: ['few', 'enough'].flatMap((instance) =>
      all(times(instance === 'few' ? 0.95 : 1.05), { job, instance }, last / STEP),
    ),
    promql_expr_test: [
      { expr: firing(rule, { job, instance: 'enough' }), eval_time: seconds(last), exp_samples: [sample] },
      never(rule, { job, instance: 'few' }, last),
    ],
  }
}

/** Of a rule about all targets together: once ill ones, once well ones. */
function alone(rule: Alert): RuleTest[] {
  const { due, last, steps } = whenDue(rule)
  const { ill, well } = signalsOf(rule)
  const target = { job: 'engram', instance: 'only' }
  const interval = seconds(STEP)
  return [
    { interval, input_series: all(ill, target, steps), promql_expr_test: answers(rule, due, last, {}, [{}]) },
    { interval, input_series: all(well, target, steps), promql_expr_test: [never(rule, {}, last)] },
  ]
}

/** The tests of a file's rules. */
export function unitTests(rules: readonly Alert[]): RuleTest[] {
  const isAlone = (rule: Alert) => cases[rule.alert]?.isAlone === true
  const units = rules
    .filter((rule) => !isAlone(rule))
    .flatMap((rule) => {
      const { firstIncrease, least } = rule.source
      return [atItsLimit(rule), ...(firstIncrease ? [born(rule)] : []), ...(least ? [ofFew(rule, least)] : [])]
    })
  const together = {
    interval: seconds(STEP),
    input_series: units.flatMap(({ input_series }) => input_series),
    promql_expr_test: units.flatMap(({ promql_expr_test }) => promql_expr_test),
  }
  return [together, ...rules.filter(isAlone).flatMap(alone)]
}
