// `nanotally pmu stat -- COMMAND`: runs a command under the counters.
import type { Command } from '../command.js'
import { EVENTS_OPTION } from './options.js'

export const stat: Command = {
  summary: 'run a command under the counters, and tell what it did',
  usage: '[options] [--] COMMAND [ARGUMENTS...]',
  about: `Counts the command from its first instruction on, with all threads and processes that it starts. Its
input and output stay its own; what was counted is told on stderr. Exit code and signal are the
command's: 127 where there is no such command, 126 where it cannot be executed.

A count with a ~ is an estimate: the processor has fewer counters than there were events, and each
was counted for the part of the time that is told. What cannot be counted here is listed with the
reason.`,
  options: {
    ...EVENTS_OPTION,
    json: { type: 'boolean', help: 'tell it as JSON' },
    output: { type: 'string', short: 'o', value: 'FILE', help: 'tell it there instead of on stderr' },
  },
  examples: [
    { command: 'pmu stat -- node --version', does: 'the usual events' },
    { command: 'pmu stat -e task_clock_seconds,page_faults -- ls', does: 'some events' },
    { command: 'pmu stat --json -o counts.json -- ls', does: 'for programs' },
  ],
  positionals: { min: 0, max: Infinity },
  takesCommand: true,
  // Other commands need no addon.
  run: async (args, io) => (await import('./stat-run.js')).runStat(args, io),
}
