// Numbers as people read them: three digits, and the unit's own steps.

const UNITS = ['seconds', 'bytes', 'ratio', 'celsius', 'volts', 'amperes', 'joules', 'grams', 'meters', 'hertz']
const SYMBOLS: Readonly<Record<string, string>> = {
  celsius: '°C',
  volts: 'V',
  amperes: 'A',
  joules: 'J',
  grams: 'g',
  meters: 'm',
  hertz: 'Hz',
}

/** What stands for a number that is not known. */
export const ABSENT = '–'

/** The unit of a metric: what it says, else what its name ends with. A point in time has the unit `timestamp`. */
export function unitOf(name: string, unit: string): string {
  const base = name.replace(/_total$/, '')
  if (/_(timestamp|start_time)_seconds$/.test(base)) return 'timestamp'
  return unit !== '' ? unit : (UNITS.find((each) => base.endsWith(`_${each}`)) ?? '')
}

const TIMES = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
] as const

const SIZES = [
  [2 ** 40, 'TiB'],
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
  [1, 'B'],
] as const

const COUNTS = [
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e4, 'k'], // 9999 is read as easily as 10.0 k
] as const

/** A value in its unit; NaN and infinities by their names. */
export function formatValue(value: number, unit: string): string {
  if (!Number.isFinite(value)) return formatUnreal(value)
  if (unit === 'seconds') return formatScaled(value, TIMES)
  if (unit === 'bytes') return formatScaled(value, SIZES)
  if (unit === 'timestamp') return new Date(value * 1000).toLocaleString()
  if (unit === 'ratio') return `${formatDigits(value * 100)} %`
  const symbol = SYMBOLS[unit]
  return symbol === undefined ? formatCount(value) : `${formatCount(value)} ${symbol}`
}

/** A change per second. */
export function formatRate(value: number, unit: string): string {
  return `${formatValue(value, unit === 'timestamp' || unit === 'ratio' ? '' : unit)}/s`
}

export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return formatUnreal(value)
  const step = COUNTS.find(([least]) => Math.abs(value) >= least)
  if (step === undefined) return formatDigits(value)
  return `${formatDigits(value / (step[1] === 'k' ? 1000 : step[0]))} ${step[1]}`
}

function formatScaled(value: number, steps: readonly (readonly [number, string])[]): string {
  if (value === 0) return `0 ${(steps.find(([size]) => size === 1) as [number, string])[1]}`
  const [size, symbol] = (steps.find(([least]) => Math.abs(value) >= least) ?? steps.at(-1)) as [number, string]
  return `${formatDigits(value / size)} ${symbol}`
}

/** Three significant digits, or all before the point. */
function formatDigits(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && size < 1e-4) return value.toExponential(1)
  if (Number.isInteger(value) && size < 1e5) return String(value)
  if (size >= 100) return value.toFixed(0)
  return value.toPrecision(3)
}

function formatUnreal(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

/** `1.50 ms` as `1.5 ms`, for an axis. */
export function trimZeros(text: string): string {
  return text.replace(/(\.\d*?)0+(?!\d)/, '$1').replace(/\.(?!\d)/, '')
}

/** `14:03:09`, of Unix seconds. */
export function formatTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}
