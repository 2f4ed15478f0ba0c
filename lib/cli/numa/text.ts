// The machine as lines of text: a box for each node, then caches, distances and limits.
import type { Style } from '../screen.js'
import { cut, pad, plural, table, widthOf } from '../text.js'
import {
  bytesText,
  type Core,
  type CoreGroup,
  cacheName,
  type DrawnNode,
  limitLines,
  listText,
  type Machine,
} from './machine.js'
import { type Placement, unplacedText } from './placement.js'

/** More columns than that do not make it clearer. */
const WIDEST = 100
/** What a box needs at the least. */
const NARROWEST = 24
const BAR_COLUMNS = 20
/** Cores of a node beyond which they are told as ranges. */
const MAX_DRAWN_CORES = 64

/**
 * @param columns - of the terminal; Infinity where there is none
 * @param placement - where a program's memory lies; undefined where none was asked
 */
export function drawMachine(
  machine: Machine,
  placement: Placement | undefined,
  columns: number,
  style: Style,
): string[] {
  const width = Math.max(NARROWEST, Math.min(columns === Infinity ? 80 : columns, WIDEST))
  const { topology, offline, homeless, disallowed } = machine
  const nodes = machine.nodes.flatMap((drawn) => nodeBox(drawn, placement, width, style))
  const notes = [
    ...(disallowed.length > 0 ? ['-N: a CPU that this process may not use'] : []),
    ...(homeless.length > 0 ? [`of no known node: CPUs ${listText(homeless)}`] : []),
    ...(offline.length > 0 ? [`offline: CPUs ${listText(offline)}`] : []),
    ...(topology.source === 'flat' ? ['this system tells neither nodes nor cores: shown is one flat node'] : []),
  ]
  return [
    ...wrap(style.bold(machine.summary), width),
    ...nodes,
    ...notes.flatMap((note) => wrap(note, width)),
    '',
    ...cacheLines(machine, width, style),
    ...distanceLines(machine, width, style),
    style.bold('This process may use'),
    ...limitLines(machine).flatMap((line) => wrap(`  ${line}`, width, '    ')),
    '',
    ...placementLines(machine, placement, width, style),
  ]
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: styles are made of them
const visibleWidth = (text: string) => widthOf(text.replace(/\x1b\[\d+m/g, ''))

/** Broken at blanks and commas; further lines are indented. */
function wrap(text: string, width: number, indent = '  '): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=[ ,])/)) {
    if (line.trim() !== '' && visibleWidth((line + word).trimEnd()) > width) {
      lines.push(line.trimEnd())
      line = indent
    }
    line += word
  }
  return [...lines, line.trimEnd()]
}

function nodeBox(drawn: DrawnNode, placement: Placement | undefined, width: number, style: Style): string[] {
  const { node, title, parts } = drawn
  const inner = width - 4
  const facts = node.allowed ? [] : ['not for our memory']
  const head = cut([title, ...facts].join(', '), inner - 2)
  const line = (text: string) => `│ ${text}${' '.repeat(Math.max(0, inner - visibleWidth(text)))} │`
  return [
    `╭─ ${style.bold(head)} ${'─'.repeat(width - widthOf(head) - 5)}╮`,
    ...memoryLines(drawn, placement, inner).map(line),
    ...parts.flatMap((part) => [
      ...(part.title === '' ? [] : [line(cut(part.title, inner))]),
      ...part.groups.flatMap((group) => groupLines(group, parts, inner, style)).map(line),
    ]),
    ...(node.cpus.length === 0 ? [line('no CPUs')] : []),
    `╰${'─'.repeat(width - 2)}╯`,
  ]
}

function memoryLines({ node }: DrawnNode, placement: Placement | undefined, inner: number): string[] {
  const { memoryBytes, freeBytes } = node
  const arena = placement?.byNode.get(node.number)
  const ours = placement === undefined || placement.byNode.size === 0 ? [] : [`arena: ${bytesText(arena ?? 0)}`]
  if (memoryBytes === undefined) return wrap(['memory: not told', ...ours].join(', '), inner)
  if (memoryBytes === 0) return wrap(['no memory', ...ours].join(', '), inner)
  const size = `memory ${bytesText(memoryBytes)}`
  if (freeBytes === undefined) return wrap([size, ...ours].join(', '), inner)
  const used = Math.max(0, 1 - freeBytes / memoryBytes)
  const filled = Math.min(BAR_COLUMNS, Math.ceil(used * BAR_COLUMNS))
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_COLUMNS - filled)
  return wrap([`${size} ${bar} ${bytesText(freeBytes)} free`, ...ours].join(', '), inner)
}

/** The cache, and right of it the cores that share it. */
function groupLines({ cache, cores }: CoreGroup, parts: DrawnNode['parts'], inner: number, style: Style): string[] {
  const name =
    cache === undefined ? '' : `${cacheName(cache)}${cache.bytes === undefined ? '' : ` ${bytesText(cache.bytes)}`}`
  const label = name === '' ? '' : `${name}  `
  const indent = ' '.repeat(label.length)
  const coresOfNode = parts.flatMap((part) => part.groups).reduce((sum, group) => sum + group.cores.length, 0)
  if (coresOfNode > MAX_DRAWN_CORES) {
    const cpus = cores.flatMap((core) => core.cpus.map((cpu) => cpu.number)).sort((a, b) => a - b)
    const marked = cores.some((core) => core.cpus.some((cpu) => !cpu.allowed)) ? ', not all of them allowed' : ''
    return wrap(`${label}${plural(cores.length, 'core')}: CPUs ${listText(cpus)}${marked}`, inner, indent)
  }
  const lines: string[] = []
  let line = label
  let taken = label.length
  for (const core of cores) {
    const { plain, styled } = coreText(core, style)
    if (taken + plain.length > inner && line.trim() !== '') {
      lines.push(line.trimEnd())
      line = indent
      taken = indent.length
    }
    line += `${styled} `
    taken += plain.length + 1
  }
  return [...lines, line.trimEnd()]
}

function coreText({ cpus }: Core, style: Style): { plain: string; styled: string } {
  const words = cpus.map(({ number, allowed }) => (allowed ? `${number}` : `-${number}`))
  const plain = `[${words.join(' ')}]`
  return { plain, styled: cpus.every((cpu) => !cpu.allowed) ? style.dim(plain) : plain }
}

function cacheLines({ caches }: Machine, width: number, style: Style): string[] {
  if (caches.length === 0) return [`${style.bold('Caches')}: not told, as in many virtual machines`, '']
  const columns = [
    { title: '' },
    { title: '' },
    ...['size', 'line', 'ways', 'number'].map((title) => ({ title, align: 'right' as const })),
    { title: 'each of' },
  ]
  const rows = caches.map(({ bytes, lineBytes, ways, count, coresOfEach, ...cache }) => [
    `  ${cacheName(cache)}`,
    cache.type,
    bytes === undefined ? '?' : bytesText(bytes),
    lineBytes === undefined ? '?' : `${lineBytes} B`,
    ways === undefined ? '?' : `${ways}`,
    `${count}`,
    plural(coresOfEach, 'core'),
  ])
  const [titles = '', ...lines] = table(columns, rows, width)
  return [style.bold('Caches') + titles.slice('Caches'.length), ...lines, '']
}

/** A matrix, in pieces where the terminal is too narrow for its rows. */
function distanceLines({ topology: { nodes } }: Machine, width: number, style: Style): string[] {
  if (nodes.length < 2 || nodes.some((node) => node.distances.length === 0)) return []
  // By node: a machine may have 1024 of them, and a million distances are too many arguments.
  const cell = `${Math.max(...nodes.map((node) => Math.max(node.number, ...node.distances)))}`.length
  const label = Math.max(...nodes.map((node) => `  node ${node.number}`.length))
  const perPiece = Math.max(1, Math.floor((width - label) / (cell + 2)))
  const lines = [`${style.bold('Distances')} (10 is local memory)`]
  for (let first = 0; first < nodes.length; first += perPiece) {
    const piece = nodes.slice(first, first + perPiece)
    lines.push(' '.repeat(label) + piece.map((node) => `  ${pad(`${node.number}`, cell, 'right')}`).join(''))
    for (const node of nodes) {
      const row = node.distances.slice(first, first + perPiece)
      lines.push(pad(`  node ${node.number}`, label) + row.map((one) => `  ${pad(`${one}`, cell, 'right')}`).join(''))
    }
  }
  return [...lines, '']
}

function placementLines(machine: Machine, placement: Placement | undefined, width: number, style: Style): string[] {
  const title = style.bold('Where our memory lies')
  if (placement === undefined) return wrap(`${title}: ask a running program, with nanotally numa URL`, width)
  const { target, byNode, unplacedBytes } = placement
  const known = [...byNode.values()].reduce((sum, bytes) => sum + bytes, 0)
  const total = known + unplacedBytes
  const lines = [
    cut(`${title}: ${bytesText(total)} of ${target}`, width + (title.length - widthOf('Where our memory lies'))),
  ]
  for (const [node, bytes] of byNode) {
    const share = total > 0 ? bytes / total : 0
    const bar = '█'.repeat(Math.round(share * BAR_COLUMNS))
    const isThere = machine.topology.nodes.some(({ number }) => number === node)
    lines.push(cut(`  node ${node}${isThere ? '' : ' (not of this machine)'}: ${bytesText(bytes)} ${bar}`, width))
  }
  const rest = unplacedText(placement)
  return rest === '' ? lines : [...lines, ...wrap(`  ${rest}`, width)]
}
