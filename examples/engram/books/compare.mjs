// Compares the engine's own tally with what a scrape says, both ways: each sample that was counted must be there and equal, and
// each counter and histogram count of the engine must be tallied.

/** The engine's metrics. Others (the process's, nanotally's own) are not its business to count. */
const PREFIX = 'engram_'

/**
 * @typedef {import('../view/exposition.mjs').Scrape} Scrape
 * @typedef {import('./tally.mjs').TallyRow} TallyRow
 *
 * @typedef {object} ComparedRow
 * @property {string} name
 * @property {Record<string, string>} labels
 * @property {string} type counter, gauge or histogram
 * @property {number | undefined} tally undefined: the engine did not count this
 * @property {number | undefined} registry undefined: it is not in the scrape
 * @property {boolean} equal
 */

/** One text per label set, whatever the order of the labels. @param {string} name @param {Record<string, string>} labels */
const keyOf = (name, labels) => JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])

/**
 * @param {TallyRow[]} tally
 * @param {Scrape} scrape
 * @returns {ComparedRow[]} the tally's rows in its order, then what only the scrape has
 */
export function compare(tally, scrape) {
  /** @type {Map<string, number>} */
  const scraped = new Map()
  for (const name of scrape.names()) {
    for (const { labels, value } of scrape.select(name)) scraped.set(keyOf(name, labels), value)
  }
  /** @type {ComparedRow[]} */
  const rows = tally.map(({ name, labels, type, value }) => {
    const registry = scraped.get(keyOf(name, labels))
    // A series that nothing was recorded into may be absent; a gauge is set to what it has.
    const isAbsent = registry === undefined && value === 0 && type !== 'gauge'
    return { name, labels, type, tally: value, registry, equal: registry === value || isAbsent }
  })
  const tallied = new Set(tally.map(({ name, labels }) => keyOf(name, labels)))
  for (const [metric, type] of scrape.types) {
    if (!metric.startsWith(PREFIX) || (type !== 'counter' && type !== 'histogram')) continue
    const name = type === 'counter' ? metric : `${metric}_count`
    for (const { labels, value } of scrape.select(name)) {
      if (tallied.has(keyOf(name, labels))) continue
      rows.push({ name, labels, type, tally: undefined, registry: value, equal: false })
    }
  }
  return rows
}
