// `nanotally lint URL|FILE`: what is wrong with an exposition, by the rules of `promtool check metrics` and a few more.
import { CHECK_RULES, type CheckRule, checkFamily } from '../exposition/check.js'
import { type Exposition, type Family, PROBLEM_RULES, type Problem } from '../exposition/family.js'
import { Findings, MAX_FINDINGS_OF_A_RULE } from '../exposition/findings.js'
import { parseExposition } from '../exposition/parse.js'
import { partLabel } from '../exposition/series.js'
import { isAllowed, LINT_RULES, type LintedMetric, type LintRule, lintMetric } from '../lint.js'
import { type Arguments, type Command, EXIT, type Io, usageError } from './command.js'
import { formatOf, formatOption, readTarget } from './read.js'
import { say, styleOf } from './screen.js'
import { isTarget, readFileOrStdin } from './source.js'
import { parseTarget, requestSettings, TARGET_HELP, TARGET_OPTIONS } from './target.js'
import { plural, printable, toJson } from './text.js'

const RULES: readonly string[] = [...PROBLEM_RULES, ...CHECK_RULES, ...LINT_RULES]

export interface ExpositionFinding {
  /** 0: the exposition as a whole. */
  line: number
  /** The family; empty where a line could not be read. */
  name: string
  rule: Problem['rule'] | CheckRule | LintRule
  message: string
}

/**
 * What is wrong with an exposition, the first findings of each rule in the order of its lines.
 *
 * @param strict - also what lint-allow-list.json allows
 */
export function lintExposition({ families, problems }: Exposition, strict: boolean): ExpositionFinding[] {
  const findings = new Findings<ExpositionFinding>()
  for (const { line, rule, message, name = '' } of problems) findings.add({ line, name, rule, message })
  for (const family of families) {
    const { name, line } = family
    for (const { rule, message } of lintMetric(asMetric(family))) {
      if (strict || !isAllowed(name, rule)) findings.add({ line, name, rule, message })
    }
    for (const finding of checkFamily(family)) findings.add({ name, ...finding })
  }
  return findings.kept.sort((a, b) => a.line - b.line)
}

function asMetric(family: Family): LintedMetric {
  const part = partLabel(family)
  const labels = new Set(family.samples.flatMap((sample) => Object.keys(sample.labels)))
  if (part !== undefined) labels.delete(part)
  const { name, help, unit } = family
  const type = isTextStateSet(family) ? 'stateset' : family.type
  return { name, type: type === 'gaugehistogram' ? 'histogram' : type, help, unit, labels: [...labels] }
}

/** Text 0.0.4 has no state sets: it tells them as gauges of 0 and 1 whose states are in a label of the metric's name. */
function isTextStateSet({ name, type, samples }: Family): boolean {
  const isState = samples.every(({ labels, value }) => Object.hasOwn(labels, name) && (value === 0 || value === 1))
  return type === 'gauge' && samples.length > 0 && isState
}

/** An exposition and how messages name where it is from. */
async function readSource(source: string, args: Arguments, io: Io): Promise<Exposition & { name: string }> {
  const format = formatOf(args, 'text')
  if (isTarget(source)) {
    const target = parseTarget(source)
    const read = await readTarget(target, requestSettings(args, target.url), format, MAX_FINDINGS_OF_A_RULE)
    return { ...read, name: target.name }
  }
  const name = source === '-' ? 'stdin' : printable(source)
  const bytes = await readFileOrStdin(source, name, args, io)
  const told = args.text('format') === undefined ? undefined : format
  return { ...parseExposition(bytes, { format: told, maxSyntaxProblems: MAX_FINDINGS_OF_A_RULE }), name }
}

async function run(args: Arguments, io: Io): Promise<number> {
  const ignored = args.texts('ignore')
  const unknown = ignored.find((rule) => !RULES.includes(rule))
  if (unknown !== undefined) throw usageError(`--ignore: no rule ${unknown}; the rules are ${RULES.join(', ')}`)
  const source = args.positionals[0] ?? ''
  const { name, ...exposition } = await readSource(source, args, io)
  const findings = lintExposition(exposition, args.flag('strict')).filter(({ rule }) => !ignored.includes(rule))
  const families = exposition.families.length
  const cut = RULES.filter((rule) => findings.filter((found) => found.rule === rule).length === MAX_FINDINGS_OF_A_RULE)
  const isEmpty = families === 0 && findings.length === 0
  if (args.flag('json')) {
    say(io, toJson({ source: name, families, findings, cut }))
  } else if (!isEmpty) {
    const { bold, dim } = styleOf(args, io)
    for (const finding of findings) {
      const where = `${name}:${finding.line}:`
      const what = finding.name === '' ? '' : `${bold(printable(finding.name))}: `
      say(io, `${where} ${what}${printable(finding.message)} ${dim(`[${finding.rule}]`)}`)
    }
    const checked = plural(families, 'family', 'families')
    const found = `${plural(findings.length, 'finding')} in ${checked}`
    const onlyFirst = `: of ${cut.join(', ')} only the first ${MAX_FINDINGS_OF_A_RULE} are told`
    say(io, findings.length === 0 ? `${name}: nothing wrong in ${checked}` : found + (cut.length > 0 ? onlyFirst : ''))
  }
  if (isEmpty) io.stderr.write(`nanotally: ${name}: no metrics\n`)
  return findings.length === 0 && !isEmpty ? EXIT.ok : EXIT.found
}

export const lint: Command = {
  summary: 'check names, types and values of an exposition',
  usage: '[options] URL|FILE|-',
  about: `Tells what promtool check metrics would, and what makes Prometheus refuse or doubt an exposition:
lines that cannot be read, series that are there twice, histograms that contradict themselves.
- is stdin. A file is OpenMetrics where it ends in # EOF. A word that may be a HOST or a file is a
file: give the HOST its port, or http://. Of each rule the first ${MAX_FINDINGS_OF_A_RULE} findings are told; after as
many lines that cannot be read, reading ends. What holds no metrics at all is no success.

${TARGET_HELP}`,
  options: {
    json: { type: 'boolean', help: 'print JSON' },
    ignore: { type: 'string', multiple: true, value: 'RULE', help: 'leave a rule out; may be repeated' },
    strict: { type: 'boolean', help: "also names that nanotally's catalogs and prom-client are known for" },
    ...formatOption('text'),
    ...TARGET_OPTIONS,
  },
  examples: [
    { command: 'lint localhost:9464', does: 'a running program' },
    { command: 'lint metrics.txt --ignore no-help', does: 'a file' },
    { command: 'lint -', does: 'what is piped into it' },
  ],
  positionals: { min: 1, max: 1 },
  run,
}
