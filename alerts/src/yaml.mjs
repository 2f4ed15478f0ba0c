// Writes rule files for people to read: expressions as they would be typed, and above each rule what it does otherwise than
// the document that asks for it.
import { duration } from './build.mjs'

const WIDTH = 110

/** @param {string} text @param {string} indent @returns {string[]} comment lines */
function comment(text, indent) {
  const lines = ['']
  for (const word of text.split(/\s+/)) {
    const last = lines[lines.length - 1]
    if (last !== '' && indent.length + 2 + last.length + 1 + word.length > WIDTH) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.map((line) => `${indent}# ${line}`)
}

/** @param {string} text @returns {string} as a scalar: quoted, as templates have braces and colons */
function quoted(text) {
  return `'${text.replaceAll("'", "''")}'`
}

/** @param {Record<string, string>} map @param {string} indent @param {(text: string) => string} write */
function entries(map, indent, write) {
  return Object.entries(map).map(([key, value]) => `${indent}${key}: ${write(value)}`)
}

/** @param {import('./build.mjs').Rule} rule */
function ruleLines({ alert, record, expr, forSeconds = 0, labels, annotations, source }) {
  const lines = 'differs' in source && source.differs ? comment(source.differs, '      ') : []
  lines.push(alert === undefined ? `      - record: ${record}` : `      - alert: ${alert}`)
  lines.push('        expr: |-', ...expr.split('\n').map((line) => `          ${line}`))
  if (alert === undefined || labels === undefined || annotations === undefined) return lines
  return [
    ...lines,
    `        for: ${duration(forSeconds)}`,
    '        labels:',
    ...entries(labels, '          ', (text) => text),
    '        annotations:',
    ...entries(annotations, '          ', quoted),
  ]
}

/** @param {import('./build.mjs').RuleFile} file @returns {string} */
export function ruleFileYaml({ about, groups }) {
  const lines = [
    ...comment(about, ''),
    '# Written by scripts/alert-rules.mjs from alerts/src and the catalogs: change them, not this file.',
    'groups:',
  ]
  for (const { name, intervalSeconds, rules } of groups) {
    lines.push(`  - name: ${name}`, `    interval: ${duration(intervalSeconds)}`, '    rules:')
    lines.push(
      ...rules
        .map((rule) => ruleLines(rule).join('\n'))
        .join('\n\n')
        .split('\n'),
      '',
    )
  }
  return `${lines.join('\n').trimEnd()}\n`
}
