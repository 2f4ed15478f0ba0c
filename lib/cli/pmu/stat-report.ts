// What `nanotally pmu stat` tells, as text and as JSON. Pure.
import type { PerfEvent } from '../../hardware/perf-events.js'
import { printable, shortNumber, table, toJson } from '../text.js'
import { type Absence, absenceLines, absencesOf } from './absences.js'
import { type Counts, countedRatio, estimateOf } from './counting.js'
import { type Estimates, RATIOS, type Ratio, ratioOf } from './ratios.js'

export interface Outcome {
  command: readonly string[]
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** From its start to its end. */
  elapsedSeconds: number
  /** That were asked for. */
  events: readonly PerfEvent[]
  counts: Counts
  /** Of events that are available and could not be opened. */
  errors: ReadonlyMap<string, string>
}

interface Counted {
  event: PerfEvent
  /** In the event's unit. */
  value: number
  /** Below 1 the value is an estimate. */
  countedRatio: number
}

const CPU_TIME = 'task_clock_seconds'
const NANOSECOND = 1e-9

interface Told {
  counted: Counted[]
  estimates: Estimates
  cpuSeconds: number | undefined
  absences: Absence[]
}

function toldOf({ events, counts, errors }: Outcome): Told {
  const counted: Counted[] = []
  const never: string[] = []
  for (const event of events) {
    const count = counts.get(event.name)
    if (count === undefined) continue
    const value = estimateOf(count, event.kind)
    if (value === undefined) {
      never.push(event.name)
      continue
    }
    const scale = event.unit === 'seconds' ? NANOSECOND : 1
    counted.push({ event, value: value * scale, countedRatio: event.kind === 'software' ? 1 : countedRatio(count) })
  }
  const estimates = new Map(counted.map(({ event, value }) => [event.name, value]))
  return { counted, estimates, cpuSeconds: estimates.get(CPU_TIME), absences: absencesOf(events, errors, never) }
}

export function statText(outcome: Outcome): string {
  const { counted, estimates, cpuSeconds, absences } = toldOf(outcome)
  const seconds = cpuSeconds ?? outcome.elapsedSeconds
  const rows = counted.map(({ event, value, countedRatio }) => [
    countText(event, value, countedRatio),
    event.name,
    event.unit === 'seconds' || !(seconds > 0) ? '' : shortNumber(value / seconds),
    noteOf(event, value, outcome.elapsedSeconds, estimates),
    countedRatio < 1 ? `counted ${percent(countedRatio)} of the time` : '',
  ])
  const columns = [
    { title: 'COUNT', align: 'right' as const },
    { title: 'EVENT' },
    { title: cpuSeconds === undefined ? 'PER SECOND' : 'PER CPU SECOND', align: 'right' as const },
    { title: '' },
    { title: '' },
  ]
  const { elapsedSeconds, exitCode, signal } = outcome
  const end = signal === null ? (exitCode === 0 ? '' : `, exit code ${exitCode}`) : `, ended by ${signal}`
  return [
    '',
    `Counts of ${printable(outcome.command.join(' '))}`,
    ...(rows.length === 0 ? [] : ['', ...table(columns, rows)]),
    ...(absences.length === 0 ? [] : ['', ...absenceLines(absences)]),
    '',
    `${elapsedSeconds.toFixed(3)} s from start to end${end}`,
  ].join('\n')
}

function countText({ unit }: PerfEvent, value: number, counted: number): string {
  const text = unit === 'seconds' ? `${value.toFixed(6)} s` : Math.round(value).toLocaleString('en-US')
  return counted < 1 ? `~${text}` : text
}

function percent(ratio: number): string {
  return `${(ratio * 100).toPrecision(3)} %`
}

function noteOf({ name, unit }: PerfEvent, value: number, elapsed: number, estimates: Estimates): string {
  if (unit === 'seconds') return elapsed > 0 ? `${(value / elapsed).toPrecision(3)} CPUs` : ''
  const ratio = RATIOS.find(({ of }) => of === name)
  const told = ratio && ratioOf(ratio, estimates)
  return ratio === undefined || told === undefined ? '' : `${ratioText(ratio, told)} ${ratio.text}`
}

function ratioText({ isShare }: Ratio, value: number): string {
  return isShare ? percent(value) : value.toPrecision(3)
}

export function statJson(outcome: Outcome): string {
  const { counted, estimates, cpuSeconds, absences } = toldOf(outcome)
  const { command, exitCode, signal, elapsedSeconds } = outcome
  const ratios = RATIOS.flatMap((ratio) => {
    const value = ratioOf(ratio, estimates)
    return value === undefined ? [] : [[ratio.name, value] as const]
  })
  return toJson({
    ...{ command, exitCode, signal, elapsedSeconds },
    events: counted.map(({ event: { name, unit }, value, countedRatio }) => ({
      name,
      ...(unit !== '' && { unit }),
      value,
      estimate: countedRatio < 1,
      countedRatio,
      ...(cpuSeconds !== undefined && cpuSeconds > 0 && unit === '' && { perCpuSecond: value / cpuSeconds }),
    })),
    ratios: Object.fromEntries(ratios),
    absent: absences,
  })
}
