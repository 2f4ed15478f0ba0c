// Where the vertical axis of a heat map has its numbers.
import type { HeatMap } from './heat.js'

const MOST_NUMBERS = 10

/** Whether a position lies in the row of what is at zero. */
export function isZeroRow(map: HeatMap, place: number): boolean {
  return map.hasZeroRow && place < map.bottom + map.step
}

/** Where the axis has its numbers: at round ones of the unit, at most ten, else at its ends; and in the zero row. */
export function axisPlaces(map: HeatMap, unit: string): number[] {
  const zero = map.hasZeroRow ? [map.bottom + map.step / 2] : []
  const from = map.bottom + (map.hasZeroRow ? map.step : 0)
  const top = map.bottom + map.rows * map.step
  for (let sparser = 1; ; sparser++) {
    const places = roundPlaces(map.logarithmic, from, top, unit === 'bytes' ? 2 : 10, sparser)
    if (places.length <= MOST_NUMBERS) return [...zero, ...(places.length > 1 ? places : [from, top])]
  }
}

function roundPlaces(logarithmic: boolean, from: number, to: number, base: number, sparser: number): number[] {
  const within = (place: number) => place >= from && place <= to
  if (logarithmic) return roundNumbers(from, to, base, sparser).map(Math.log2).filter(within)
  const digits = base === 10 ? [1, 2, 5] : [1]
  const least = Math.floor(Math.log((to - from) / MOST_NUMBERS) / Math.log(base))
  const digit = digits[(sparser - 1) % digits.length] as number
  const step = digit * base ** (least + Math.floor((sparser - 1) / digits.length))
  const first = Math.ceil(from / step)
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => (first + i) * step)
}

/** Powers of the base, from one position to another, the sparser the higher `sparser`: 1, 2, 5, 10, then 1, 10, then 1, 100, ... */
function roundNumbers(from: number, to: number, base: number, sparser: number): number[] {
  const octaves = Math.log2(base)
  const exponents = Array.from(
    { length: Math.ceil((to - from) / octaves) + 2 },
    (_, i) => Math.floor(from / octaves) + i,
  )
  if (base === 10 && sparser === 1)
    return exponents.flatMap((exponent) => [1, 2, 5].map((digit) => digit * 10 ** exponent))
  const every = base === 10 ? sparser - 1 : sparser
  return exponents.filter((exponent) => exponent % every === 0).map((exponent) => base ** exponent)
}
