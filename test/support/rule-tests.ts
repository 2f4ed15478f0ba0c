// Runs rules over series in promtool, Prometheus' own unit tester. Group intervals mean nothing there: every rule is evaluated
// at each `evaluation_interval`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runPromtool } from './promtool.js'

/** One series in promtool's notation: `values` as `0+15x20` or `1 _ 3`. */
export interface InputSeries {
  series: string
  values: string
}

/** A query at a time after the start, and all samples of its answer. */
export interface ExpectedAnswer {
  expr: string
  eval_time: string
  exp_samples: { labels: string; value: number }[]
}

/** A test of promtool's: series from time 0 on, and what queries have to give. Alerts are seen in `ALERTS`. */
export interface RuleTest {
  interval: string
  input_series: InputSeries[]
  promql_expr_test: ExpectedAnswer[]
}

export interface RuleTests {
  /** Paths. */
  rule_files: string[]
  /** Default: as often as the series have values. */
  evaluation_interval: string
  tests: RuleTest[]
}

/**
 * Runs `promtool test rules`.
 *
 * @returns what failed, a line each; empty when all is as expected
 * @throws RangeError when nothing is expected of anything, which promtool would accept
 */
export async function testRules({ tests, ...file }: RuleTests): Promise<string[]> {
  if (tests.length === 0 || tests.some(({ promql_expr_test: asked }) => asked.length === 0)) {
    throw new RangeError('a test of rules without a query')
  }
  const folder = mkdtempSync(join(tmpdir(), 'nanotally-rules-'))
  try {
    const path = join(folder, 'rules.test.yml')
    // JSON is YAML.
    writeFileSync(path, JSON.stringify({ ...file, tests }))
    const lines = await runPromtool(['test', 'rules', path])
    return lines.filter((line) => !/^Unit Testing: |^ {2}SUCCESS$/.test(line))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** `15s` and the like. */
export function seconds(time: number): string {
  return `${time}s`
}

/** A series as PromQL writes it. */
export function seriesText(name: string, labels: Readonly<Record<string, string>>): string {
  const inner = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return `${name}{${inner.join(', ')}}`
}
