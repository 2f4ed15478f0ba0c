// Turns the samples of a case into rows, verdicts and text. Pure functions; the runner prints what they return.
import { describe, judge } from './budgets.mjs'
import { samplesOf } from './rounds.mjs'
import { compare, estimateRatio, ROUNDS_FOR_A_CONCLUSION, summarize } from './statistics.mjs'

/** Processors that others may keep busy before a table says so: with two of them, a tenth of the machine. */
const BUSY = 0.2

/**
 * What a case's samples say: rows per measure, budgets judged.
 * @param {Awaited<ReturnType<import('./rounds.mjs').runRounds>>} outcome
 */
export function assess({ case: case_, results, failures, neighbours }) {
  const measures = case_.measures.map((measure) => {
    const samples = samplesOf(results, measure.key)
    const reference = samples.get(case_.reference)
    const rows = [...samples].map(([contender, values]) => {
      const comparable = reference && measure.ratio !== false && reference.every((value) => value > 0)
      const ratio = comparable && contender !== case_.reference ? estimateRatio(values, reference) : undefined
      return { contender, ...summarize(values), ratio, samples: values }
    })
    const budgets = (measure.budgets ?? []).map((budget) => judge(budget, samples, neighbours > BUSY))
    return { key: measure.key, title: measure.title, unit: measure.unit, rows, budgets }
  })
  return {
    name: case_.name,
    note: case_.note,
    reference: case_.reference,
    measures,
    neighbours,
    failures: failures.map(({ contender, error }) => ({ contender, message: error.message })),
  }
}

/**
 * The assessment as lines of text.
 * @param {ReturnType<typeof assess>} assessed
 */
export function format(assessed) {
  const lines = [`## ${assessed.name}`]
  if (assessed.note) lines.push(`   ${assessed.note}`)
  for (const measure of assessed.measures) {
    if (measure.rows.length === 0) continue
    const header = [measure.title, `median ${measure.unit}`, 'quartiles', 'n', `against ${assessed.reference}`]
    lines.push(...table([header, ...measure.rows.map((row) => cells(row, assessed.reference))]))
    for (const judged of measure.budgets) lines.push(`   budget: ${formatBudget(judged, measure.unit)}`)
  }
  if (assessed.neighbours > BUSY) {
    lines.push(
      `   other processes kept ${formatNumber(assessed.neighbours)} processors busy meanwhile: measure again on an idle machine`,
    )
  }
  for (const { contender, message } of assessed.failures) lines.push(`   FAILED: ${contender}: ${message}`)
  return lines
}

/**
 * The last lines of a run: how many budgets were judged, and every one that could be and was not met.
 * @param {{ suite: string, assessed: ReturnType<typeof assess> }[]} all
 */
export function summarizeBudgets(all) {
  const counts = { met: 0, MISSED: 0, 'not resolved': 0, 'not run': 0 }
  const open = []
  for (const { suite, assessed } of all) {
    for (const measure of assessed.measures) {
      for (const judged of measure.budgets) {
        counts[judged.verdict]++
        // A run of few rounds resolves nothing, and a line for each budget would not say more than the count does.
        const concludes = judged.estimate !== undefined && judged.estimate.rounds >= ROUNDS_FOR_A_CONCLUSION
        if (judged.verdict === 'met' || !concludes) continue
        open.push(`${suite}: ${assessed.name}: ${measure.title}: ${formatBudget(judged, measure.unit)}`)
      }
    }
  }
  const failures = all.flatMap(({ assessed }) => assessed.failures).length
  const text = Object.entries(counts)
    .map(([verdict, count]) => `${count} ${verdict}`)
    .join(', ')
  return { counts, failures, lines: [`budgets: ${text}`, ...open.map((line) => `  ${line}`)] }
}

/**
 * The exit code of a run: a contender that failed always fails it, a missed budget only where that was asked for, since a
 * busy machine misses budgets too.
 * @param {ReturnType<typeof summarizeBudgets>} summary
 * @param {boolean} strict
 */
export function exitCode({ failures, counts }, strict) {
  return failures > 0 || (strict && counts.MISSED > 0) ? 1 : 0
}

/** A number as people read it: about four significant digits, no exponent below a billion. */
export function formatNumber(value) {
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en-US')
  if (size >= 100) return value.toFixed(1)
  if (size >= 10) return value.toFixed(2)
  return value.toFixed(3)
}

function cells(row, reference) {
  const spread = row.count === 1 ? '' : `${formatNumber(row.q1)} .. ${formatNumber(row.q3)}`
  return [row.contender, formatNumber(row.median), spread, `${row.count}`, formatRatio(row, reference)]
}

function formatRatio(row, reference) {
  if (row.contender === reference) return '1'
  if (!row.ratio) return ''
  const words = compare(row.ratio)
  const said = words === 'more' || words === 'less' ? '' : `  ${words}`
  return `${formatNumber(row.ratio.value)} x${interval(row.ratio)}${said}`
}

function formatBudget({ budget, verdict, estimate }, unit) {
  const measured = estimate ? `: ${formatNumber(estimate.value)}${interval(estimate)}` : ''
  return `${describe(budget, unit)} (${budget.source})${measured}  ${verdict}`
}

/** One round has no interval. */
function interval({ low, high, rounds }) {
  return rounds === 1 ? '' : ` [${formatNumber(low)} .. ${formatNumber(high)}]`
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) => {
    const texts = row.map((text, column) =>
      column === 0 || column === row.length - 1 ? text.padEnd(widths[column]) : text.padStart(widths[column]),
    )
    return `   ${texts.join('  ')}`.trimEnd()
  })
}
