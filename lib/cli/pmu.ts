// `nanotally pmu`: what this machine lets be counted, what it refuses and why, and what to change.
import type {
  AvailablePerfEvent,
  CpuFeatures,
  PerfEvent,
  PerfMachine,
  UnavailablePerfEvent,
} from '../hardware/perf-events.js'
import { type Arguments, type Command, EXIT, type Io } from './command.js'
import { groupAbsences } from './pmu/absences.js'
import { stat } from './pmu/stat.js'
import { top } from './pmu/top.js'
import { columnsOf, type Style, say, styleOf } from './screen.js'
import { fold, plural, printable, table, toJson } from './text.js'

/** What lines are folded at where the terminal is wider, or is none: sentences are read, not scanned. */
const READABLE = 80
const INDENT = '  '

const KINDS: Readonly<Record<PerfEvent['kind'], string>> = {
  hardware: 'the processor',
  uncore: 'memory controllers and links',
  software: 'the kernel',
}

function machineLines(machine: PerfMachine, cpu: CpuFeatures, width: number): string[] {
  const { features, widestVectorBits } = cpu
  const { vendor, model, modelName, pmus, paranoid, userAccess, container, cpuCounting } = machine
  const name = [modelName, [vendor, model].filter(Boolean).join(' ')].filter(Boolean)
  const settings = [
    paranoid === undefined ? 'no perf events' : `perf_event_paranoid ${paranoid}`,
    ...(userAccess === undefined ? [] : [`perf_user_access ${userAccess}`]),
    `whole CPUs ${cpuCounting ? 'may' : 'may not'} be counted`,
    ...(container ? ['in a container'] : []),
  ]
  const rows: [string, string][] = [
    ['Processor', name.length === 0 ? 'not known' : name.join(', ')],
    ['Vectors', widestVectorBits === 0 ? 'not known' : `${widestVectorBits} bits: ${features.join(' ')}`],
    ['Kernel', settings.join(', ')],
    ['PMUs', pmus.length === 0 ? 'none' : pmus.join(' ')],
  ]
  const titles = Math.max(...rows.map(([title]) => title.length))
  return rows.flatMap(([title, text]) => {
    const [first = '', ...rest] = fold(printable(text), width, ' '.repeat(titles + INDENT.length))
    return [title.padEnd(titles + INDENT.length) + first.trimStart(), ...rest]
  })
}

function offeredLines(events: readonly AvailablePerfEvent[], style: Style, width: number): string[] {
  return Object.entries(KINDS).flatMap(([kind, by]) => {
    const some = events.filter((event) => event.kind === kind)
    if (some.length === 0) return []
    const rows = some.map(({ name, encoding, userReads }) => {
      return [name, printable(encoding) + (userReads ? ' (no system call)' : '')]
    })
    return [
      '',
      style.bold(`${plural(some.length, 'event')} counted by ${by}`),
      ...table([{ title: '' }, { title: '', flexible: true }], rows, width - INDENT.length).map(
        (line) => INDENT + line,
      ),
    ]
  })
}

/** The reason that most events share comes first. */
function refusedLines(refused: readonly UnavailablePerfEvent[], style: Style, width: number): string[] {
  const groups = groupAbsences(refused).sort((a, b) => b.events.length - a.events.length)
  return groups.flatMap(({ events, reason, message, hint }) => [
    '',
    style.bold(`${plural(events.length, 'event')} not counted: ${reason}`),
    ...fold(printable(message), width, INDENT),
    ...(hint === '' ? [] : fold(`To change it: ${printable(hint)}`, width, INDENT)),
    ...fold(events.join(' '), width, INDENT).map(style.dim),
  ])
}

/** What `nanotally pmu` prints. */
export function machineReport(
  machine: PerfMachine,
  cpu: CpuFeatures,
  events: readonly PerfEvent[],
  style: Style,
  width: number,
): string[] {
  const offered = events.filter((event) => event.available)
  const refused = events.filter((event) => !event.available)
  return [
    ...machineLines(machine, cpu, width),
    ...offeredLines(offered, style, width),
    ...refusedLines(refused, style, width),
    '',
    `${offered.length} of ${events.length} events are counted here.`,
  ]
}

async function run(args: Arguments, io: Io): Promise<number> {
  // Other commands need no addon.
  const { cpuFeatures, perfEvents, perfMachine } = await import('../hardware/perf-events.js')
  const machine = perfMachine()
  const cpu = cpuFeatures()
  const events = perfEvents()
  if (args.flag('json')) {
    say(io, toJson({ machine, cpu, events }))
    return EXIT.ok
  }
  const width = Math.min(columnsOf(io), READABLE)
  say(io, machineReport(machine, cpu, events, styleOf(args, io), width).join('\n'))
  return EXIT.ok
}

export const pmu: Command = {
  summary: 'what the processor and the kernel let be counted here',
  usage: '[options]',
  about: `Each event is opened once. What is not counted has its reason, and what would change that; events
with the same reason are told together. "no system call" is beside what a thread can read of itself
by an instruction of the processor.`,
  options: {
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    { command: 'pmu', does: 'what is offered, what is refused and why' },
    { command: 'pmu --json', does: 'the same for programs, with the manuals that each event is from' },
  ],
  positionals: { min: 0, max: 0 },
  commands: { stat, top },
  run,
}
