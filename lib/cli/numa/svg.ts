// The machine as an SVG file that stands alone: a card for each node, then caches, distances and limits.
import type { TopologyCpu } from '../../hardware/topology.js'
import { plural } from '../text.js'
import {
  bytesText,
  type CoreGroup,
  cacheName,
  type DrawnNode,
  limitLines,
  listText,
  type Machine,
  type Part,
} from './machine.js'
import { type Placement, unplacedText } from './placement.js'

// Pixels.
const WIDTH = 960
const MARGIN = 24
const GAP = 12
const PAD = 10
const LINE = 20
/** Of a character of the fixed-width fonts, at 12 px: theirs are 0.6 of the height. */
const CHARACTER = 7.25
const THREAD_HEIGHT = 20
const CORE_GAP = 4

const STYLE = `
    svg { color-scheme: light dark }
    text { font: 12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1f2328 }
    .page { fill: #ffffff }
    .card { fill: #f6f8fa; stroke: #d1d9e0 }
    .group { fill: none; stroke: #afb8c1 }
    .core { fill: #b6d7ff }
    .efficiency { fill: #b4e6bd }
    .disallowed { fill: none; stroke: #8c959f; stroke-dasharray: 3 2 }
    .track { fill: #d8dee4 }
    .used { fill: #4f8ff7 }
    .far { fill: #d97706 }
    .head { font-weight: bold }
    .title { font-size: 16px; font-weight: bold }
    .quiet { fill: #59636e }
    .middle { text-anchor: middle }
    .right { text-anchor: end }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .page { fill: #0d1117 }
      .card { fill: #161b22; stroke: #30363d }
      .group { stroke: #6e7681 }
      .core { fill: #1f4b85 }
      .efficiency { fill: #1d5c33 }
      .disallowed { stroke: #8b949e }
      .track { fill: #30363d }
      .used { fill: #3b82f6 }
      .far { fill: #b45309 }
      .quiet { fill: #9da7b3 }
    }`

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '')
const round = (value: number) => Math.round(value * 10) / 10

/** What is drawn, in rows from the top on. */
class Canvas {
  readonly elements: string[] = []
  width = WIDTH
  y = MARGIN

  rect(x: number, y: number, width: number, height: number, kind: string, radius = 4, more = ''): void {
    const place = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`
    this.elements.push(`<rect class="${kind}" ${place} rx="${radius}"${more}/>`)
  }

  text(x: number, baseline: number, text: string, kind = ''): void {
    const of = kind === '' ? '' : ` class="${kind}"`
    this.elements.push(`<text${of} x="${round(x)}" y="${round(baseline)}">${escaped(text)}</text>`)
  }

  /** A line of text below what is there; as many lines as it needs. */
  line(text: string, kind = '', indent = 0): void {
    const room = Math.floor((this.width - 2 * MARGIN - indent) / CHARACTER)
    for (const part of broken(text, room)) {
      this.text(MARGIN + indent, this.y + 14, part, kind)
      this.y += LINE
    }
  }
}

/** At blanks and commas. */
function broken(text: string, room: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=[ ,])/)) {
    if (line !== '' && (line + word).trimEnd().length > room) {
      lines.push(line.trimEnd())
      line = ''
    }
    line += word
  }
  return [...lines, line.trimEnd()]
}

const groupLabel = ({ cache }: CoreGroup) =>
  cache === undefined
    ? ''
    : [cacheName(cache), ...(cache.bytes === undefined ? [] : [bytesText(cache.bytes)])].join(' ')

const ofNode = ({ parts }: DrawnNode) => parts.flatMap((part) => part.groups.flatMap((group) => group.cores))

/** The sizes that all of a machine's cards share. */
interface Sizes {
  threadWidth: number
  /** Inside a card. */
  inner: number
}

interface GroupBox {
  group: CoreGroup
  coreWidth: number
  perRow: number
  width: number
  height: number
}

function measure(group: CoreGroup, { threadWidth, inner }: Sizes): GroupBox {
  const threads = Math.max(...group.cores.map((core) => core.cpus.length))
  const coreWidth = threads * threadWidth
  const fit = Math.max(1, Math.floor((inner - 2 * PAD + CORE_GAP) / (coreWidth + CORE_GAP)))
  const perRow = Math.min(fit, group.cores.length)
  const rows = Math.ceil(group.cores.length / perRow)
  const label = groupLabel(group)
  return {
    group,
    coreWidth,
    perRow,
    width: Math.max(perRow * (coreWidth + CORE_GAP) - CORE_GAP, label.length * CHARACTER) + 2 * PAD,
    height: rows * (THREAD_HEIGHT + CORE_GAP) - CORE_GAP + 2 * PAD + (label === '' ? 0 : LINE - 4),
  }
}

interface Placed extends GroupBox {
  x: number
  y: number
}

/** The groups of a part side by side, in as many rows as they need. */
function flow(part: Part, sizes: Sizes, top: number): { boxes: Placed[]; bottom: number } {
  const boxes: Placed[] = []
  let x = 0
  let y = top
  let rowHeight = 0
  for (const group of part.groups) {
    const box = measure(group, sizes)
    if (x > 0 && x + box.width > sizes.inner) {
      x = 0
      y += rowHeight + CORE_GAP * 2
      rowHeight = 0
    }
    boxes.push({ ...box, x, y })
    x += box.width + CORE_GAP * 2
    rowHeight = Math.max(rowHeight, box.height)
  }
  return { boxes, bottom: y + rowHeight }
}

interface Card {
  drawn: DrawnNode
  texts: { y: number; text: string; kind: string }[]
  bar?: { y: number; used: number }
  boxes: Placed[]
  height: number
}

/** What a card holds, from its own left and top edge. */
function layOut(drawn: DrawnNode, sizes: Sizes, placement: Placement | undefined): Card {
  const { node, title, parts } = drawn
  const { memoryBytes, freeBytes } = node
  const card: Card = { drawn, texts: [], boxes: [], height: 0 }
  let y = PAD
  const say = (text: string, kind: string) => {
    for (const part of broken(text, Math.floor(sizes.inner / CHARACTER))) {
      card.texts.push({ y: y + 14, text: part, kind })
      y += LINE
    }
  }
  say(node.allowed ? title : `${title}, not for our memory`, 'head')
  const arena =
    placement && placement.byNode.size > 0 ? [`arena ${bytesText(placement.byNode.get(node.number) ?? 0)}`] : []
  const free = memoryBytes && freeBytes !== undefined ? [`${bytesText(freeBytes)} free`] : []
  const memory =
    memoryBytes === undefined ? 'memory not told' : memoryBytes === 0 ? 'no memory' : `memory ${bytesText(memoryBytes)}`
  say([memory, ...free, ...arena].join(', '), 'quiet')
  if (memoryBytes && freeBytes !== undefined) {
    card.bar = { y, used: Math.min(1, Math.max(0, 1 - freeBytes / memoryBytes)) }
    y += 8
  }
  y += GAP - 4
  for (const part of parts) {
    if (part.title !== '') say(part.title, 'quiet')
    const { boxes, bottom } = flow(part, sizes, y)
    card.boxes.push(...boxes)
    y = bottom + GAP - 4
  }
  if (node.cpus.length === 0) say('no CPUs', 'quiet')
  card.height = y + PAD - 8
  return card
}

const kindOf = ({ allowed, kind }: TopologyCpu) =>
  allowed ? (kind === 'efficiency' ? 'efficiency' : 'core') : 'disallowed'

function paintCard(canvas: Canvas, card: Card, left: number, top: number, height: number, sizes: Sizes): void {
  canvas.rect(left, top, sizes.inner + 2 * PAD, height, 'card', 8)
  const x = left + PAD
  for (const { y, text, kind } of card.texts) canvas.text(x, top + y, text, kind)
  if (card.bar) {
    canvas.rect(x, top + card.bar.y, sizes.inner, 6, 'track', 3)
    if (card.bar.used > 0) canvas.rect(x, top + card.bar.y, sizes.inner * card.bar.used, 6, 'used', 3)
  }
  for (const box of card.boxes) {
    const label = groupLabel(box.group)
    canvas.rect(x + box.x, top + box.y, box.width, box.height, 'group', 6)
    if (label !== '') canvas.text(x + box.x + PAD, top + box.y + 17, label, 'quiet')
    const first = top + box.y + PAD + (label === '' ? 0 : LINE - 4)
    for (const [i, core] of box.group.cores.entries()) {
      const coreX = x + box.x + PAD + (i % box.perRow) * (box.coreWidth + CORE_GAP)
      const coreY = first + Math.floor(i / box.perRow) * (THREAD_HEIGHT + CORE_GAP)
      for (const [j, cpu] of core.cpus.entries()) {
        // A hair between the threads of a core.
        const threadX = coreX + j * sizes.threadWidth
        canvas.rect(threadX + 0.5, coreY, sizes.threadWidth - 1, THREAD_HEIGHT, kindOf(cpu), 3)
        const quiet = cpu.allowed ? '' : ' quiet'
        canvas.text(threadX + sizes.threadWidth / 2, coreY + 14, `${cpu.number}`, `middle${quiet}`)
      }
    }
  }
}

function paintNodes(canvas: Canvas, machine: Machine, placement: Placement | undefined): void {
  const columns = machine.nodes.length === 1 ? 1 : 2
  const room = (canvas.width - 2 * MARGIN - (columns - 1) * GAP) / columns
  const digits = `${machine.topology.cpus.at(-1)?.number ?? 0}`.length
  const sizes = { threadWidth: digits * CHARACTER + 10, inner: room - 2 * PAD }
  for (let i = 0; i < machine.nodes.length; i += columns) {
    const cards = machine.nodes.slice(i, i + columns).map((drawn) => layOut(drawn, sizes, placement))
    const height = Math.max(...cards.map((card) => card.height))
    for (const [j, card] of cards.entries()) paintCard(canvas, card, MARGIN + j * (room + GAP), canvas.y, height, sizes)
    canvas.y += height + GAP
  }
}

/** What the colours and dashes mean, where there is more than one. */
function paintLegend(canvas: Canvas, { nodes, disallowed, offline, homeless }: Machine): void {
  const cpus = nodes.flatMap(ofNode).flatMap((core) => core.cpus)
  const isHybrid = cpus.some((cpu) => cpu.kind !== undefined)
  const entries = [
    ...(isHybrid ? [['core', 'performance core'] as const, ['efficiency', 'efficiency core'] as const] : []),
    ...(disallowed.length > 0 ? [['disallowed', 'a CPU that this process may not use'] as const] : []),
  ]
  let x = MARGIN
  for (const [kind, text] of entries) {
    canvas.rect(x, canvas.y + 3, 14, 14, kind, 3)
    canvas.text(x + 20, canvas.y + 14, text)
    x += 20 + text.length * CHARACTER + 24
  }
  if (entries.length > 0) canvas.y += LINE
  if (offline.length > 0) canvas.line(`offline: CPUs ${listText(offline)}`)
  if (homeless.length > 0) canvas.line(`of no known node: CPUs ${listText(homeless)}`)
}

function paintCaches(canvas: Canvas, { caches }: Machine): void {
  canvas.line('Caches', 'head')
  if (caches.length === 0) canvas.line('not told, as in many virtual machines', '', 12)
  for (const { bytes, lineBytes, ways, count, coresOfEach, ...cache } of caches) {
    const baseline = canvas.y + 14
    const put = (x: number, text: string, kind = '') => canvas.text(MARGIN + x, baseline, text, kind)
    put(12, cacheName(cache))
    put(60, cache.type)
    put(250, bytes === undefined ? '?' : bytesText(bytes), 'right')
    put(270, `× ${count}, each of ${plural(coresOfEach, 'core')}`)
    const details = [
      ...(lineBytes === undefined ? [] : [`lines of ${lineBytes} B`]),
      ...(ways === undefined ? [] : [plural(ways, 'way')]),
    ]
    put(500, details.join(', '), 'quiet')
    canvas.y += LINE
  }
  canvas.y += GAP
}

const LABEL_WIDTH = 80
const CELL = 36

function paintDistances(canvas: Canvas, { topology: { nodes } }: Machine): void {
  if (nodes.length < 2 || nodes.some((node) => node.distances.length === 0)) return
  canvas.line('Distances (10 is local memory)', 'head')
  const left = MARGIN + LABEL_WIDTH
  const farthest = Math.max(...nodes.map((node) => Math.max(...node.distances)))
  for (const [i, { number }] of nodes.entries())
    canvas.text(left + (i + 0.5) * CELL, canvas.y + 14, `${number}`, 'middle quiet')
  canvas.y += LINE
  for (const { number, distances } of nodes) {
    canvas.text(MARGIN + 12, canvas.y + 15, `node ${number}`, 'quiet')
    for (const [i, distance] of distances.entries()) {
      const share = farthest > 10 ? Math.max(0, distance - 10) / (farthest - 10) : 0
      const x = left + i * CELL
      canvas.rect(x, canvas.y, CELL - 2, 22, 'track', 3)
      canvas.rect(x, canvas.y, CELL - 2, 22, 'far', 3, ` fill-opacity="${round(share * 0.6)}"`)
      canvas.text(x + CELL / 2 - 1, canvas.y + 15, `${distance}`, 'middle')
    }
    canvas.y += 24
  }
  canvas.y += GAP
}

function paintPlacement(canvas: Canvas, placement: Placement | undefined): void {
  if (placement === undefined) return
  const { target, byNode, unplacedBytes } = placement
  const total = [...byNode.values()].reduce((sum, bytes) => sum + bytes, unplacedBytes)
  canvas.y += GAP
  canvas.line('Where our memory lies', 'head')
  canvas.line(`${bytesText(total)} of ${target}`, '', 12)
  for (const [node, bytes] of byNode) canvas.line(`node ${node}: ${bytesText(bytes)}`, '', 12)
  const rest = unplacedText(placement)
  if (rest !== '') canvas.line(rest, '', 12)
}

/** A whole file. */
export function drawSvg(machine: Machine, placement: Placement | undefined): string {
  const { topology } = machine
  const canvas = new Canvas()
  if (topology.nodes.length > 1) {
    canvas.width = Math.max(WIDTH, 2 * MARGIN + LABEL_WIDTH + topology.nodes.length * CELL)
  }
  canvas.text(MARGIN, canvas.y + 16, machine.summary, 'title')
  canvas.y += 36
  paintNodes(canvas, machine, placement)
  paintLegend(canvas, machine)
  canvas.y += GAP
  paintCaches(canvas, machine)
  paintDistances(canvas, machine)
  canvas.line('This process may use', 'head')
  for (const line of limitLines(machine)) canvas.line(line.trimStart(), '', line.startsWith(' ') ? 24 : 12)
  paintPlacement(canvas, placement)
  const height = Math.ceil(canvas.y + MARGIN)
  const nodes = machine.nodes.map(({ node, title }) => `${title}: CPUs ${listText(node.cpus) || 'none'}`)
  const size = `width="${canvas.width}" height="${height}" viewBox="0 0 ${canvas.width} ${height}"`
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="machine machine-nodes">
  <title id="machine">${escaped(machine.summary)}</title>
  <desc id="machine-nodes">${escaped(nodes.join('; '))}</desc>
  <style>${STYLE}
  </style>
  <rect class="page" width="100%" height="100%"/>
  ${canvas.elements.join('\n  ')}
</svg>
`
}
