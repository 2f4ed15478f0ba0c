// Figures of the catalogs as people read them, in docs/metrics.md and on the dashboards.

const number = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 15 })

/** Very small and very large ones as powers. @param {number} value */
export function figure(value) {
  const size = Math.abs(value)
  return size !== 0 && (size < 1e-6 || size >= 1e15) ? value.toExponential() : number.format(value)
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds >= 60 && seconds % 60 === 0) return `${seconds / 60} min`
  return `${seconds} s`
}

/**
 * @param {string} name - `warning` or `critical`
 * @param {{ above?: number, below?: number, forSeconds?: number }} threshold
 */
export function threshold(name, { above, below, forSeconds = 0 }) {
  const bounds = [
    ...(above === undefined ? [] : [`above ${figure(above)}`]),
    ...(below === undefined ? [] : [`below ${figure(below)}`]),
  ]
  return `${name} ${bounds.join(' or ')}${forSeconds === 0 ? '' : ` for ${duration(forSeconds)}`}`
}

/**
 * What is normal, and when to look: `expected 0 to 5; warning above 10 for 5 min (seconds)`.
 *
 * @param {{ expected: readonly [number, number], warning?: object, critical?: object, queryUnit?: string, unit?: string }} family
 */
export function figuresOf({ expected, warning, critical, queryUnit, unit }) {
  const figures = [
    `expected ${figure(expected[0])} to ${figure(expected[1])}`,
    ...(warning === undefined ? [] : [threshold('warning', warning)]),
    ...(critical === undefined ? [] : [threshold('critical', critical)]),
  ]
  const measure = queryUnit ?? unit
  return `${figures.join('; ')}${measure === undefined ? '' : ` (${measure})`}`
}
