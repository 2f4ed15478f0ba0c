// Reads Prometheus text exposition 0.0.4, as a scrape brings it, for the live view and the final comparison:
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details

/**
 * @typedef {object} Sample
 * @property {string} name
 * @property {Record<string, string>} labels
 * @property {number} value
 *
 * @typedef {{ le: number, count: number }[]} Buckets cumulative counts by ascending upper bound, the last one +Inf
 */

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?/gy
/** @type {Record<string, string>} */
const ESCAPES = { '\\\\': '\\', '\\"': '"', '\\n': '\n' }

/** @param {string} text @returns {number} */
function parseValue(text) {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  return Number(text)
}

/** @param {string} text what is between the braces @param {string} line @returns {Record<string, string>} */
function parseLabels(text, line) {
  /** @type {Record<string, string>} */
  const labels = {}
  let end = 0
  for (const [whole, name, value] of text.matchAll(LABEL)) {
    labels[name] = value.replace(/\\[\\"n]/g, (pair) => ESCAPES[pair])
    end += whole.length
  }
  if (end !== text.length) throw new SyntaxError(`not a line of text exposition: ${line}`)
  return labels
}

/** One scrape. */
export class Scrape {
  /** @type {Map<string, Sample[]>} */
  #samples = new Map()
  /** Metric types by name, as `# TYPE` lines tell them. @type {Map<string, string>} */
  types = new Map()

  /** @param {string} text @throws {SyntaxError} for a line that is not text exposition */
  constructor(text) {
    for (const line of text.split('\n')) {
      if (line === '') continue
      if (line.startsWith('#')) {
        const [, keyword, name, type] = line.split(' ')
        if (keyword === 'TYPE') this.types.set(name, type)
        continue
      }
      const match = SAMPLE.exec(line)
      if (!match) throw new SyntaxError(`not a line of text exposition: ${line}`)
      const sample = { name: match[1], labels: parseLabels(match[2] ?? '', line), value: parseValue(match[3]) }
      const known = this.#samples.get(sample.name)
      if (known) known.push(sample)
      else this.#samples.set(sample.name, [sample])
    }
  }

  /** The samples of a name whose labels include the wanted ones. @param {string} name @param {Record<string, string>} [wanted] */
  select(name, wanted = {}) {
    const pairs = Object.entries(wanted)
    return (this.#samples.get(name) ?? []).filter(({ labels }) => pairs.every(([key, value]) => labels[key] === value))
  }

  /** Their sum; 0 when there is none. @param {string} name @param {Record<string, string>} [wanted] */
  sum(name, wanted) {
    return this.select(name, wanted).reduce((sum, sample) => sum + sample.value, 0)
  }

  /** The names of all samples. */
  names() {
    return [...this.#samples.keys()]
  }

  /**
   * The buckets of one histogram series, or of several added up.
   * @param {string} name of the histogram
   * @param {Record<string, string>} [wanted]
   * @returns {Buckets}
   */
  buckets(name, wanted) {
    /** Series differ in the boundaries that they show, so each is kept apart until all boundaries are known. */
    const series = new Map()
    for (const { labels, value } of this.select(`${name}_bucket`, wanted)) {
      const { le, ...rest } = labels
      const key = JSON.stringify(rest)
      if (!series.has(key)) series.set(key, [])
      series.get(key).push({ le: parseValue(le), count: value })
    }
    const all = [...series.values()]
    const bounds = [...new Set(all.flat().map((bucket) => bucket.le))].sort((a, b) => a - b)
    return bounds.map((le) => ({ le, count: all.reduce((sum, buckets) => sum + countUpTo(buckets, le), 0) }))
  }
}

/**
 * Observations of at most `le`. Where the boundary is not shown nothing lies between it and the one below.
 * @param {Buckets} buckets @param {number} le
 */
function countUpTo(buckets, le) {
  let count = 0
  for (const bucket of buckets) {
    if (bucket.le > le) break
    count = bucket.count
  }
  return count
}

/**
 * What was observed between two scrapes.
 * @param {Buckets} now @param {Buckets} before
 * @returns {Buckets}
 */
export function bucketsSince(now, before) {
  return now.map(({ le, count }) => ({ le, count: count - countUpTo(before, le) }))
}

/**
 * A quantile by linear interpolation within its bucket, as PromQL's histogram_quantile does it; undefined without
 * observations. In the +Inf bucket it is the highest finite boundary.
 * @param {Buckets} buckets
 * @param {number} q in [0, 1]
 * @returns {number | undefined}
 */
export function quantile(buckets, q) {
  const total = buckets.at(-1)?.count ?? 0
  if (total === 0) return undefined
  const rank = q * total
  const at = buckets.findIndex((bucket) => bucket.count >= rank && bucket.count > 0)
  const { le, count } = buckets[at]
  const below = at === 0 ? { le: Math.min(0, le), count: 0 } : buckets[at - 1]
  if (le === Number.POSITIVE_INFINITY) return at === 0 ? undefined : below.le
  return below.le + ((le - below.le) * (rank - below.count)) / (count - below.count)
}
