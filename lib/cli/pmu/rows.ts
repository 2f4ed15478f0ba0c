// The table of `nanotally pmu top`: for each region or thread what it did in the last interval, and on what it stalled. Pure.
import type { Style } from '../screen.js'
import { cutMiddle, printable, shortNumber } from '../text.js'
import { type Cells, fittedTable, type Names } from '../top/columns.js'
import type { LiveTable } from '../top/table.js'
import { type Estimates, ratioNamed } from './ratios.js'

/** A region or a thread, over the last interval. */
export interface CountRow {
  name: string
  /** Of a thread: its number. */
  id?: number
  /** Of a region, a second. */
  runs?: number
  /** Seconds spent, a second; more than 1 where several threads did. */
  time?: number
  /** Events, a second. */
  rates: Estimates
}

/** The least part of the cycles that is worth a word. */
const WORTH_TELLING = 0.1

/**
 * What a miss keeps waiting for, and for about how many cycles, whatever goes on meanwhile: round figures for processors of
 * 3 to 4 GHz, good enough to name the worst of them, and told in the help.
 */
const WAITS = [
  { event: 'llc_load_misses', cycles: 250, text: 'memory' },
  { event: 'l1d_load_misses', cycles: 12, text: 'caches' },
  { event: 'dtlb_load_misses', cycles: 30, text: 'TLB' },
  { event: 'branch_misses', cycles: 16, text: 'branches' },
]

/** Where most of the cycles stall, and the misses that cost most; empty where neither is worth a word, or is known. */
export function stallText(rates: Estimates): string {
  const front = ratioNamed('frontend_stall_ratio', rates) ?? 0
  const back = ratioNamed('backend_stall_ratio', rates) ?? 0
  const end = Math.max(front, back) < WORTH_TELLING ? '' : front > back ? 'front' : 'back'
  const cycles = rates.get('cycles') ?? 0
  let worst = ''
  let most = WORTH_TELLING * cycles
  for (const wait of WAITS) {
    const waited = (rates.get(wait.event) ?? 0) * wait.cycles
    if (cycles > 0 && waited >= most) {
      most = waited
      worst = wait.text
    }
  }
  return [end, worst].filter((text) => text !== '').join(': ')
}

function stalls({ rates }: CountRow): number {
  return (ratioNamed('frontend_stall_ratio', rates) ?? 0) + (ratioNamed('backend_stall_ratio', rates) ?? 0)
}

const COMPARE: Readonly<Record<string, (a: CountRow, b: CountRow) => number>> = {
  time: (a, b) => (b.time ?? -1) - (a.time ?? -1),
  ipc: (a, b) => ipc(a) - ipc(b),
  stalls: (a, b) => stalls(b) - stalls(a),
}
const ipc = ({ rates }: CountRow) => ratioNamed('instructions_per_cycle', rates) ?? Infinity

function percent(ratio: number | undefined): string {
  if (ratio === undefined) return ''
  const percents = ratio * 100
  return `${percents.toFixed(percents < 9.95 ? 1 : 0)}%`
}

const number = (value: number | undefined) => (value === undefined ? '' : shortNumber(value))

/** Those that no row has anything for are left out. */
const COLUMNS: readonly { title: string; align?: 'left'; text(row: CountRow): string }[] = [
  { title: 'TID', text: ({ id }) => (id === undefined ? '' : String(id)) },
  { title: 'RUNS/s', text: ({ runs }) => number(runs) },
  { title: 'TIME', text: ({ time }) => percent(time) },
  { title: 'IPC', text: ({ rates }) => ratioNamed('instructions_per_cycle', rates)?.toFixed(2) ?? '' },
  { title: 'FRONT', text: ({ rates }) => percent(ratioNamed('frontend_stall_ratio', rates)) },
  { title: 'BACK', text: ({ rates }) => percent(ratioNamed('backend_stall_ratio', rates)) },
  { title: 'L1D', text: ({ rates }) => percent(ratioNamed('l1d_miss_ratio', rates)) },
  { title: 'LLC', text: ({ rates }) => percent(ratioNamed('llc_miss_ratio', rates)) },
  { title: 'DTLB', text: ({ rates }) => percent(ratioNamed('dtlb_miss_ratio', rates)) },
  { title: 'BRANCH', text: ({ rates }) => percent(ratioNamed('branch_miss_ratio', rates)) },
  { title: 'STALLS ON', align: 'left', text: ({ rates }) => stallText(rates) },
  { title: 'SWITCH/s', text: ({ rates }) => number(rates.get('context_switches')) },
  { title: 'MIGR/s', text: ({ rates }) => number(rates.get('cpu_migrations')) },
  { title: 'FAULT/s', text: ({ rates }) => number(rates.get('page_faults')) },
]
/** What goes first where there is no room. */
const DISPENSABLE = ['MIGR/s', 'FAULT/s', 'SWITCH/s', 'DTLB', 'L1D', 'TID', 'BRANCH', 'LLC']
const WANTED_NAME_COLUMNS = 16

export function countTable(title: 'REGION' | 'THREAD'): LiveTable<CountRow> {
  const textOf = ({ name, id }: CountRow) => (id === undefined ? printable(name) : `${printable(name)} ${id}`)
  return {
    sorts: ['time', 'ipc', 'stalls', 'name'],
    textOf,
    compare: (sort, a, b) => COMPARE[sort]?.(a, b) || 0,
    lines(rows: readonly CountRow[], style: Style, width: number): string[] {
      const names: Names = {
        title,
        texts: rows.map(({ name }) => printable(name)),
        shorten: (row, left) => cutMiddle(printable(rows[row]?.name ?? ''), left),
        wanted: WANTED_NAME_COLUMNS,
      }
      const columns = COLUMNS.map(({ text, ...column }): Cells => ({ ...column, texts: rows.map(text) }))
      const told = columns.filter(({ texts }) => texts.some((text) => text !== ''))
      return fittedTable(names, told, DISPENSABLE, style, width)
    },
    help: [
      'All are of the last interval.',
      'TIME           of regions by the clock, of threads on a CPU;',
      '               of several threads together it may pass 100%',
      'IPC            instructions a cycle; sort by it: least first',
      'FRONT, BACK    cycles in which the front end had nothing to',
      '               give, in which the back end could not go on',
      'L1D, LLC, DTLB misses, of loads; BRANCH: of branches',
      'STALLS ON      the end with more stalled cycles, and the',
      '               misses that cost most, at 250 cycles for',
      '               memory, 12 for caches, 30 for the TLB, 16 for',
      '               branches; nothing below 10% of the cycles',
    ],
  }
}
