// The sum of float64 numbers rounded once, by integer arithmetic.

/** Every finite double of magnitude above 2^-200 is a multiple of 2^-252. */
const SCALE = 2 ** 252

/**
 * The exact sum of `values`, rounded to the nearest float64.
 *
 * @throws RangeError for a value that is not a multiple of 2^-252 or above 2^770 in magnitude
 */
export function exactSum(values: readonly number[]): number {
  let sum = 0n
  for (const value of values) {
    const scaled = value * SCALE
    if (!Number.isInteger(scaled)) throw new RangeError(`${value} is out of range`)
    sum += BigInt(scaled)
  }
  return Number(sum) / SCALE
}
