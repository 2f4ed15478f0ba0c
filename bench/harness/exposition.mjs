// Reads text exposition back, so that every contender proves at its end that it recorded what was asked.

/**
 * Sums the values of all lines of one sample name, and counts them.
 * @param {string} text Text format 0.0.4.
 * @param {string} name The sample name, such as `requests_total` or `latency_seconds_count`.
 * @throws {Error} When there is no such line.
 */
export function sumOf(text, name) {
  let sum = 0
  let lines = 0
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf('\n', start)
    if (end < 0) end = text.length
    const after = text.charCodeAt(start + name.length)
    // Either '{' or ' ' ends the name.
    if ((after === 123 || after === 32) && text.startsWith(name, start)) {
      sum += Number(text.slice(text.lastIndexOf(' ', end - 1) + 1, end))
      lines++
    }
    start = end + 1
  }
  if (lines === 0) throw new Error(`expected lines of ${name} in the exposition, found none`)
  return { sum, lines }
}

/**
 * Fails unless the lines of `name` add up to `expected`.
 * @param {string} text
 * @param {string} name
 * @param {number} expected Above zero: a bench that recorded nothing must fail, whatever it expected.
 * @param {number} [tolerance] Relative; default 0, for counts. Sums of fractions depend on the order of the adds.
 */
export function expectSum(text, name, expected, tolerance = 0) {
  if (!(expected > 0)) throw new Error(`expected something to have been recorded in ${name}, but ${expected} was`)
  const { sum } = sumOf(text, name)
  if (!(Math.abs(sum - expected) <= tolerance * expected)) {
    throw new Error(`expected ${name} to add up to ${expected}, found ${sum}`)
  }
}
