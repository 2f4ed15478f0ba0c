// Which content coding an answer gets: the Accept-Encoding header (RFC 9110, section 12.5.3), of which gzip is honoured.

/** Bodies below this many bytes are not worth it: they fit into one packet, and gzip adds 20 bytes and a call. */
const SMALLEST_COMPRESSED_BYTES = 1024

/** Without blanks around it: where they are left to an expression, many of them take it a time that grows with their square. */
const WEIGHT = /^\d?(?:\.\d*)?$/

/** The weight that a parameter such as `q=0.5` tells; NaN where it is none. */
function weightOf(parameter: string): number {
  const [name = '', value = '', ...rest] = parameter.split('=').map((part) => part.trim())
  return name.toLowerCase() === 'q' && rest.length === 0 && WEIGHT.test(value) ? Number.parseFloat(value) : Number.NaN
}

/** The weights that the header gives to codings, by lower-case name; malformed members are passed over. */
function weightsOf(header: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const member of header.split(',')) {
    const [coding = '', ...parameters] = member.split(';')
    const name = coding.trim().toLowerCase()
    if (name === '') continue
    const weight = parameters[0] === undefined ? 1 : weightOf(parameters[0])
    if (weight >= 0 && weight <= 1) weights.set(name === 'x-gzip' ? 'gzip' : name, weight)
  }
  return weights
}

/**
 * Whether a body of that size is compressed. Where the header rules out both gzip and no coding at all, it is not: an answer
 * that the scraper may still read is better than none.
 *
 * @param header the `Accept-Encoding` header; undefined where there is none
 */
export function isCompressed(header: string | undefined, bytes: number): boolean {
  if (header === undefined) return false
  const weights = weightsOf(header)
  const others = weights.get('*')
  const gzip = weights.get('gzip') ?? others ?? 0
  if (gzip === 0) return false
  // Not to code is acceptable unless it is ruled out, by name or with everything else.
  const identity = weights.get('identity') ?? (others === 0 ? 0 : undefined)
  if (identity === 0) return true
  return bytes >= SMALLEST_COMPRESSED_BYTES && (identity === undefined || gzip >= identity)
}
