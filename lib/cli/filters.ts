// --name, --label and --type: which series a command is about.
import type { Family } from '../exposition/family.js'
import type { Series } from '../exposition/series.js'
import { type Arguments, CliError, EXIT, type OptionTable, usageError } from './command.js'
import { printable } from './text.js'

export const FILTER_HELP = `A PATTERN is a name in which * stands for any characters and ? for one, or a regular expression
between slashes: --name 'http_*', --name '/^http_.*_total$/'.`

export const FILTER_OPTIONS = {
  name: { type: 'string', short: 'n', multiple: true, value: 'PATTERN', help: 'families by name; any of several' },
  label: { type: 'string', short: 'l', multiple: true, value: 'NAME=PATTERN', help: 'series by label; all of several' },
  type: { type: 'string', short: 't', multiple: true, value: 'TYPE', help: 'families by type; any of several' },
} satisfies OptionTable

const TYPES = ['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown']

export interface Filters {
  family(family: Family): boolean
  series(series: Pick<Series, 'labels'>): boolean
}

/** @throws CliError for a pattern or type that is none */
export function filtersOf(args: Arguments): Filters {
  const names = args.texts('name').map(patternOf)
  const types = args.texts('type')
  const unknown = types.find((type) => !TYPES.includes(type))
  if (unknown !== undefined)
    throw usageError(`--type: expected one of ${TYPES.join(', ')}, received ${printable(unknown)}`)
  const labels = args.texts('label').map((text) => {
    const [, name, pattern] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (name === undefined || pattern === undefined) {
      throw usageError(`--label: expected NAME=PATTERN, received ${printable(text)}`)
    }
    return { name, pattern: patternOf(pattern) }
  })
  return {
    family: ({ name, type }) =>
      (names.length === 0 || names.some((pattern) => pattern.test(name))) &&
      (types.length === 0 || types.includes(type)),
    // A label that is absent is empty, as in PromQL.
    series: (series) =>
      labels.every(({ name, pattern }) =>
        pattern.test(Object.hasOwn(series.labels, name) ? (series.labels[name] ?? '') : ''),
      ),
  }
}

/** @throws CliError for a regular expression that is none */
export function patternOf(text: string): RegExp {
  const expression = /^\/(.*)\/$/s.exec(text)?.[1]
  if (expression === undefined) {
    const escaped = text.replace(/[.+^${}()|[\]\\/]/g, '\\$&')
    return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su')
  }
  try {
    return new RegExp(expression, 'u')
  } catch (error) {
    throw new CliError(EXIT.usage, printable((error as Error).message), { cause: error })
  }
}
