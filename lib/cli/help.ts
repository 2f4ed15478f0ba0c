// The texts of --help.
import { type Command, EXIT_CODES_HELP, type OptionTable } from './command.js'
import { table } from './text.js'

const PLAIN_COLUMNS = [{ title: '' }, { title: '' }]

const indented = (rows: string[][]) => table(PLAIN_COLUMNS, rows).map((line) => `  ${line}`)

/** What `nanotally --help` prints. */
export function globalHelp(commands: Readonly<Record<string, Command>>): string {
  const examples = Object.values(commands).flatMap((command) => command.examples.slice(0, 1))
  return [
    'Usage: nanotally COMMAND [options]',
    '',
    'Looks at whatever Prometheus can scrape, and at this machine.',
    '',
    'Commands:',
    ...indented(Object.entries(commands).map(([name, { summary }]) => [name, summary])),
    '',
    'Examples:',
    ...indented(examples.map(({ command, does }) => [`nanotally ${command}`, does])),
    '',
    'Options:',
    ...indented([
      ['-h, --help', 'this; behind a command, its own'],
      ['-V, --version', 'the version'],
    ]),
    '',
    EXIT_CODES_HELP,
  ].join('\n')
}

/** What `nanotally NAME --help` prints. */
export function helpOf(name: string, { summary, usage, about, options, examples, commands = {} }: Command): string {
  return [
    `Usage: nanotally ${name} ${usage}`,
    '',
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    ...(about === '' ? [] : ['', about]),
    ...commandLines(name, commands),
    '',
    'Examples:',
    ...indented(examples.map(({ command, does }) => [`nanotally ${command}`, does])),
    '',
    'Options:',
    ...indented([...optionRows(options), ['-h, --help', 'this']]),
    '',
    EXIT_CODES_HELP,
  ].join('\n')
}

function commandLines(name: string, commands: Readonly<Record<string, Command>>): string[] {
  const rows = Object.entries(commands).map(([inner, { summary }]) => [`${name} ${inner}`, summary])
  return rows.length === 0 ? [] : ['', 'Commands:', ...indented(rows)]
}

function optionRows(options: OptionTable): string[][] {
  return Object.entries(options).map(([name, { short, value, help }]) => {
    return [`${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`, help]
  })
}
