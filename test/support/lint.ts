// Lints what a registry exposes, as the linter of names sees it.
import { isAllowed, type LintRule, lintMetric } from '../../dist/lint.js'
import type { Family } from './text-format.js'

export interface NameFinding {
  name: string
  rule: LintRule
}

/** The rules that the families of an exposition break, allow-listed ones included. */
export function findings(families: ReadonlyMap<string, Family>): NameFinding[] {
  return [...families.values()].flatMap(({ name, type, help, samples }) => {
    const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)))
    if (type === 'histogram') labels.delete('le')
    if (type === 'summary') labels.delete('quantile')
    return lintMetric({ name, type, help, labels: [...labels] }).map(({ rule }) => ({ name, rule }))
  })
}

export function notAllowed({ name, rule }: NameFinding): boolean {
  return !isAllowed(name, rule)
}

/** What promtool says about a metric, by a part of its message (client_golang, promlint/validations). */
const RULES: readonly (readonly [RegExp, LintRule])[] = [
  [/no help text/, 'no-help'],
  [/^counter metrics should have "_total" suffix/, 'counter-suffix'],
  [/^non-counter metrics should not have "_total" suffix/, 'total-suffix'],
  [/should not have "_(bucket|count|sum)" suffix/, 'reserved-suffix'],
  [/should not have "(le|quantile)" label/, 'reserved-label'],
  [/should not include type/, 'type-in-name'],
  [/should not contain ':'/, 'colon'],
  [/'camelCase'/, 'camel-case'],
  [/abbreviated units/, 'abbreviated-unit'],
  [/^use base unit/, 'base-unit'],
]

/**
 * The lines of `promtool check metrics` as findings of our linter.
 *
 * @throws Error for a line that is none of them
 */
export function promtoolFindings(lines: readonly string[]): NameFinding[] {
  const all = lines.map((line) => {
    const [, name = '', message = ''] = /^(\S+) (.*)$/.exec(line) ?? []
    const rule = RULES.find(([pattern]) => pattern.test(message))?.[1]
    if (rule === undefined) throw new Error(`promtool says: ${line}`)
    return { name, rule }
  })
  return [...new Map(all.map((finding) => [JSON.stringify(finding), finding])).values()]
}
