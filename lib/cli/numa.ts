// `nanotally numa [URL]`: the machine drawn: nodes, CPUs, caches, distances, limits, and where a program's memory lies.
import { statSync } from 'node:fs'
import { type Arguments, CliError, type Command, EXIT, type Io, usageError } from './command.js'
import { arrange } from './numa/machine.js'
import { ARENA_FAMILY, type Placement, placementOf } from './numa/placement.js'
import { drawSvg } from './numa/svg.js'
import { drawMachine } from './numa/text.js'
import { OutputFile } from './output-file.js'
import { formatOf, formatOption, readTarget } from './read.js'
import { columnsOf, say, styleOf } from './screen.js'
import { fileError, parseTarget, requestSettings, TARGET_HELP, TARGET_OPTIONS } from './target.js'
import { printable, toJson } from './text.js'

function rootOf(args: Arguments): string {
  const root = args.text('root')
  if (root === undefined) return ''
  if (root === '') throw usageError("--root: expected a folder's name, received nothing")
  try {
    if (!statSync(root).isDirectory()) throw usageError(`--root: ${printable(root)} is no folder`)
  } catch (error) {
    throw error instanceof CliError ? error : fileError(root, error)
  }
  return root.replace(/\/+$/, '') || '/.'
}

async function readPlacement(word: string, args: Arguments): Promise<Placement> {
  const target = parseTarget(word)
  const { families } = await readTarget(target, requestSettings(args, target.url), formatOf(args, 'openmetrics'))
  const placement = placementOf(target.name, families)
  if (placement !== undefined) return placement
  throw new CliError(EXIT.notMetrics, `${target.name}: it has no ${ARENA_FAMILY}: is it nanotally's exporter?`)
}

async function run(args: Arguments, io: Io): Promise<number> {
  const word = args.positionals[0]
  const root = rootOf(args)
  // Other commands need no addon.
  const { readTopology } = await import('../hardware/topology.js')
  const topology = readTopology(root)
  if (root !== '' && topology.source === 'flat') {
    throw new CliError(EXIT.unreachable, `${printable(root)}: it holds no sys/devices/system/cpu/present`)
  }
  const placement = word === undefined ? undefined : await readPlacement(word, args)
  const machine = arrange(topology)
  const svg = OutputFile.of(args, 'svg')
  svg?.write(drawSvg(machine, placement))
  if (args.flag('json')) {
    const arena = placement && { ...placement, byNode: Object.fromEntries(placement.byNode) }
    say(io, toJson(arena === undefined ? topology : { ...topology, arena }))
  } else if (svg === undefined) {
    say(io, drawMachine(machine, placement, columnsOf(io), styleOf(args, io)).join('\n'))
  }
  return EXIT.ok
}

export const numa: Command = {
  summary: 'draw this machine: nodes, CPUs, caches, and where our memory lies',
  usage: '[options] [URL]',
  about: `Draws what the kernel tells of the machine, and what of it this process may use by its affinity
and its control group. A core is a pair of brackets around its CPUs: [0 64]. URL is a running
program that serves nanotally's metrics: of it is told on which nodes the memory of its metrics
lies. With --root, another machine's files are drawn, from a folder that holds a copy of
sys/devices/system/cpu, sys/devices/system/node, proc/meminfo and proc/self/status.

${TARGET_HELP}`,
  options: {
    json: { type: 'boolean', help: 'print JSON: what topology() of nanotally/hardware returns' },
    svg: { type: 'string', value: 'FILE', help: 'draw into a file, light or dark as who looks at it prefers' },
    root: { type: 'string', value: 'DIR', help: 'where sys and proc are (default: /)' },
    ...formatOption('openmetrics'),
    ...TARGET_OPTIONS,
  },
  examples: [
    { command: 'numa', does: 'this machine' },
    { command: 'numa localhost:9464', does: "and where a program's memory lies" },
    { command: 'numa --json', does: 'for programs' },
  ],
  positionals: { min: 0, max: 1 },
  run,
}
