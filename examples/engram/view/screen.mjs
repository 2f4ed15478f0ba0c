// What the terminal shows: the loading bar, the live view, the final table. Each function turns facts into lines; Display
// puts lines on the terminal, in place and with one write a frame, so that nothing flickers.

import { LEVELS, MEMORY_SPACES, NORMAL, REASONS } from '../engine/terms.mjs'
import { CONTEXTS, HOP_BUCKETS, OUTCOMES, PRIORITIES, RELATIONS } from '../wordnet/vocabulary.mjs'
import { bucketsSince, quantile } from './exposition.mjs'
import { bar, clip, clock, duration, percent, sparkline, styles, tenths, whole } from './format.mjs'

/** The live view is laid out for a terminal of 80 x 24. */
const WIDTH = 80
/** Relations that it shows, in two columns. */
const TOP_RELATIONS = 4
/** Reasons for which observations were rejected that it has room for. */
const TOP_REASONS = 2

/**
 * @typedef {ReturnType<typeof styles>} Styles
 * @typedef {import('../engine/engine.mjs').Answer} Answer
 * @typedef {import('../books/compare.mjs').ComparedRow} ComparedRow
 * @typedef {import('./exposition.mjs').Scrape} Scrape
 *
 * @typedef {object} Moment
 * @property {import('./exposition.mjs').Scrape} scrape
 * @property {number} atMs monotonic
 *
 * @typedef {object} Facts what the live view knows besides two scrapes
 * @property {string} url
 * @property {number} workers
 * @property {number} seed
 * @property {string} scenario
 * @property {number} elapsed seconds
 * @property {number | undefined} seconds for which the load runs; undefined: until a signal
 * @property {Answer | undefined} answer
 */

/** @param {number} done @param {number} total bytes @param {string} file @param {number} width @returns {string} */
export function loadingLine(done, total, file, width) {
  const label = 'loading WordNet '
  const tail = ` ${percent(done, total).padStart(5)}  ${file.padEnd(10)}`
  return label + bar(done / total, Math.max(10, Math.min(width, WIDTH) - label.length - tail.length - 2)) + tail
}

/** Rates and quantiles between two moments. @param {Moment} now @param {Moment} before */
function interval(now, before) {
  const seconds = (now.atMs - before.atMs) / 1000
  return {
    /** @param {string} name @param {Record<string, string>} [wanted] @returns {number} per second */
    rate: (name, wanted) => (now.scrape.sum(name, wanted) - before.scrape.sum(name, wanted)) / seconds,
    /** @param {string} name @param {Record<string, string>} [wanted] */
    buckets: (name, wanted) => bucketsSince(now.scrape.buckets(name, wanted), before.scrape.buckets(name, wanted)),
  }
}

/** @param {string} label @param {number} rate @param {number} total @param {string} rest */
function throughputRow(label, rate, total, rest) {
  return `${label.padEnd(14)}${whole(rate).padStart(11)}${whole(total).padStart(15)}  ${rest}`.trimEnd()
}

/** @param {string} label @param {import('./exposition.mjs').Buckets} buckets @param {(value?: number) => string} show @param {string} [rest] */
function quantileRow(label, buckets, show, rest = '') {
  const cells = [0.5, 0.9, 0.99].map((q) => show(quantile(buckets, q)).padStart(11))
  return `${label.padEnd(18)}${cells.join('')}  ${rest}`.trimEnd()
}

/** Leaves the columns of a unit empty, so that digits stand below digits. @param {(value?: number) => string} show */
const unitless = (show) => (/** @type {number | undefined} */ value) => `${show(value)}   `

/** Observations per bucket, from cumulative ones. @param {import('./exposition.mjs').Buckets} buckets */
const perBucket = (buckets) => buckets.map(({ count }, i) => count - (i === 0 ? 0 : buckets[i - 1].count))

/**
 * The live view.
 * @param {Moment} now @param {Moment} before @param {Facts} facts @param {Styles} style
 * @returns {string[]} 23 lines
 */
export function liveView(now, before, facts, style) {
  const { rate, buckets } = interval(now, before)
  const { scrape } = now
  const recalls = scrape.sum('engram_recalls_total')
  const outcomes = OUTCOMES.map((outcome) => {
    const count = scrape.sum('engram_recalls_total', { outcome })
    return `${outcome} ${percent(count, recalls)}`
  })
  const stored = whole(scrape.sum('engram_stored_observations'))
  const evicted = scrape.sum('engram_evictions_total')
  /** @param {string} label @param {string} name */
  const throughput = (label, name, rest = '') => throughputRow(label, rate(name), scrape.sum(name), rest)
  const hops = buckets('engram_recall_hops')
  const spread = sparkline(perBucket(hops).slice(0, HOP_BUCKETS.length))
  const answered = `${whole(rate('engram_recalls_total')).padStart(8)}`
  const time = facts.seconds === undefined ? '' : ` of ${clock(facts.seconds)}`
  const title = `engram: ${facts.scenario}`
  const setting = `${facts.workers} workers  seed ${facts.seed}  ${clock(facts.elapsed)}${time}`

  return [
    `${style.bold(title)}${style.dim(setting.padStart(WIDTH - title.length))}`,
    `scrape it at ${style.cyan(facts.url)}`,
    '',
    style.dim(`${'throughput'.padEnd(14)}${'per second'.padStart(11)}${'total'.padStart(15)}`),
    throughput('observations', 'engram_streaming_observations_total', `${stored} stored, ${whole(evicted)} evicted`),
    throughput('rejected', 'engram_streaming_observations_rejected_total', reasonsText(scrape)),
    throughput('batches', 'engram_streaming_batches_processed_total', batchesText(scrape)),
    throughput('recalls', 'engram_recalls_total', outcomes.join('  ')),
    throughput('activations', 'engram_activations_total'),
    `${'queues'.padEnd(15)}${depthsText(scrape)}`,
    `${'back-pressure'.padEnd(15)}${levelsText(scrape, style)}`,
    `${'workers'.padEnd(15)}${workersText(scrape)}`,
    '',
    style.dim(
      `${'last second'.padEnd(15)}${['p50', 'p90', 'p99', 'per second'].map((head) => head.padStart(11)).join('')}`,
    ),
    `${quantileRow('recall', buckets('engram_streaming_recall_latency_seconds'), duration)}${answered}`,
    quantileRow('observation', buckets('engram_streaming_observation_latency_seconds'), duration),
    quantileRow('wait in queue', buckets('engram_streaming_queue_wait_time_seconds'), duration),
    quantileRow('hops', hops, unitless(tenths), `  0 ${spread} ${HOP_BUCKETS.at(-1)}`),
    quantileRow('synsets reached', buckets('engram_recall_synsets'), unitless(whole)),
    style.dim('activations per second, by relation'),
    ...relationRows(rate, style),
    answerLine(facts.answer),
  ]
}

/** The commonest reasons for which observations were rejected, with their shares. @param {Scrape} scrape */
function reasonsText(scrape) {
  const name = 'engram_streaming_observations_rejected_total'
  const all = scrape.sum(name)
  return REASONS.map((reason) => ({ reason, count: scrape.sum(name, { reason }) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, TOP_REASONS)
    .map(({ reason, count }) => `${reason} ${percent(count, all)}`)
    .join('  ')
}

/** @param {Scrape} scrape */
function batchesText(scrape) {
  const stolen = scrape.sum('engram_streaming_work_stolen_total')
  const failed = scrape.sum('engram_streaming_batch_failures_total')
  const share = percent(stolen, scrape.sum('engram_streaming_batches_processed_total'))
  return `${share} stolen, ${whole(failed)} failures`
}

/** @param {Scrape} scrape */
function depthsText(scrape) {
  const depths = PRIORITIES.map(
    (priority) => `${priority} ${whole(scrape.sum('engram_streaming_queue_depth', { priority }))}`,
  )
  const capacity = whole(scrape.sum('engram_streaming_queue_capacity'))
  return `${depths.join('  ')}  of ${capacity}`
}

/** @param {Scrape} scrape @param {Styles} style */
function levelsText(scrape, style) {
  return MEMORY_SPACES.map((memory_space) => {
    const level = scrape.sum('engram_streaming_backpressure_state', { memory_space })
    return `${memory_space} ${level === NORMAL ? LEVELS[level] : style.red(LEVELS[level])}`
  }).join('  ')
}

/** How busy they are: the least, the most, and a bar for each. @param {Scrape} scrape */
function workersText(scrape) {
  const busy = scrape.select('engram_streaming_worker_utilization').map(({ value }) => value)
  // The hidden last bar makes 100 % the height of them all.
  const bars = sparkline([...busy, 100]).slice(0, -1)
  return `${Math.min(...busy)} to ${Math.max(...busy)} % busy ${bars}`
}

/** @param {(name: string, wanted: Record<string, string>) => number} rate @param {Styles} style */
function relationRows(rate, style) {
  const top = RELATIONS.map((relation) => ({ relation, rate: rate('engram_activations_total', { relation }) }))
    .sort((a, b) => b.rate - a.rate)
    .slice(0, TOP_RELATIONS)
  /** @param {{ relation: string, rate: number }} of */
  const cell = ({ relation, rate: value }) =>
    `${relation.slice(0, 17).padEnd(17)}${whole(value).padStart(10)} ${style.cyan(bar(value / (top[0].rate || 1), 10))}`
  const rows = TOP_RELATIONS / 2
  return Array.from({ length: rows }, (_, i) => `${cell(top[i])}  ${cell(top[i + rows])}`)
}

/** @param {Answer | undefined} answer */
function answerLine(answer) {
  if (!answer) return ''
  const readable = (/** @type {string[]} */ words) => words.map((word) => word.replaceAll('_', ' ')).join(', ')
  const { cue, context, outcome, strongest, observations } = answer
  const found = outcome === 'hit' ? `remembered: ${readable(observations[0])}` : outcome
  const thought = strongest.length > 0 ? `, thought of ${readable(strongest.slice(0, 3))}` : ''
  return `${readable(cue)} (${CONTEXTS[context]}) -> ${found}${thought}`
}

/** One line for a terminal that is none. @param {Moment} now @param {Moment} before @param {Facts} facts */
export function plainLine(now, before, facts) {
  const { scrape } = now
  const { rate, buckets } = interval(now, before)
  const recalls = buckets('engram_streaming_recall_latency_seconds')
  const quantiles = [0.5, 0.9, 0.99].map((q) => `p${q * 100} ${duration(quantile(recalls, q)).trimEnd()}`)
  const queued = PRIORITIES.map((priority) => scrape.sum('engram_streaming_queue_depth', { priority })).join('/')
  const states = scrape.select('engram_streaming_backpressure_state').map(({ value }) => value)
  return [
    clock(facts.elapsed),
    `${whole(rate('engram_streaming_observations_total'))} observations/s`,
    `${whole(rate('engram_recalls_total'))} recalls/s`,
    quantiles.join(' '),
    `hops p50 ${tenths(quantile(buckets('engram_recall_hops'), 0.5))}`,
    `${whole(rate('engram_activations_total'))} activations/s`,
    `queued ${queued} (${LEVELS[Math.max(NORMAL, ...states)]})`,
    `${whole(scrape.sum('engram_streaming_observations_rejected_total'))} rejected`,
    batchesText(scrape),
  ].join('  ')
}

/** @param {Record<string, string>} labels */
const labelText = (labels) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')

/**
 * The engine's own tally beside the registry's samples. Gauges that all agree, and series
 * in which nothing was counted, take one line per metric, with their sum.
 * @param {ComparedRow[]} rows @param {Styles} style
 * @returns {string[]}
 */
export function comparisonTable(rows, style) {
  const verdict = (/** @type {ComparedRow} */ row) => {
    if (row.equal) return style.green('✓')
    if (row.tally === undefined) return style.red('not tallied')
    if (row.registry === undefined) return style.red('absent')
    const difference = row.registry - row.tally
    return style.red(difference > 0 ? `+${difference}` : String(difference))
  }
  /** Labels, each with the row that it is for; undefined: a heading. @type {[label: string, row: ComparedRow | undefined][]} */
  const lines = []
  for (const name of new Set(rows.map((row) => row.name))) {
    const group = rows.filter((row) => row.name === name)
    if (group.length === 1) {
      const label = labelText(group[0].labels)
      lines.push([label === '' ? name : `${name}{${label}}`, group[0]])
    } else if (group.every((row) => row.equal && (row.type === 'gauge' || row.tally === 0))) {
      const sum = group.reduce((total, row) => total + (row.tally ?? 0), 0)
      lines.push([`${name}, ${group.length} series`, { ...group[0], tally: sum, registry: sum }])
    } else {
      lines.push([name, undefined])
      for (const row of group) lines.push([`  ${labelText(row.labels)}`, row])
    }
  }
  const width = Math.max(...lines.map(([label]) => label.length))
  /** @param {string} label @param {string} tally @param {string} registry */
  const columns = (label, tally, registry) => label.padEnd(width) + tally.padStart(13) + registry.padStart(13)
  return [
    style.dim(columns('counted', 'engine', 'nanotally')),
    ...lines.map(([label, row]) => {
      return row === undefined ? label : `${columns(label, whole(row.tally), whole(row.registry))}  ${verdict(row)}`
    }),
  ]
}

/** @param {ComparedRow[]} rows @param {Styles} style @returns {string} */
export function verdictLine(rows, style) {
  const differing = rows.filter((row) => !row.equal).length
  if (differing > 0) return style.red(`${differing} of ${rows.length} samples differ`)
  return style.green(`${rows.length} samples compared, all equal`)
}

/** Puts lines on a stream: in place on a terminal, one after another elsewhere. */
export class Display {
  #stream
  #inPlace
  #drawn = 0

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.#stream = stream
    this.#inPlace = stream.isTTY === true && process.env.TERM !== 'dumb'
    this.style = styles(this.#inPlace && !process.env.NO_COLOR)
  }

  /** Whether {@link redraw} works. */
  get inPlace() {
    return this.#inPlace
  }

  get columns() {
    return this.#stream.columns ?? WIDTH
  }

  /** Writes lines that stay. @param {readonly string[]} lines */
  print(lines) {
    this.#stream.write(lines.map((line) => `${line}\n`).join(''))
  }

  /** Replaces what the last redraw drew. Lines that do not fit are cut: one that wraps would break the next redraw. @param {readonly string[]} lines */
  redraw(lines) {
    const rows = Math.max(1, (this.#stream.rows ?? 24) - 1)
    const fitting = lines.slice(0, rows).map((line) => clip(line, this.columns))
    // The carriage return: what is typed meanwhile, such as a Ctrl-C, is echoed at the cursor and moves it.
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A\r` : ''
    const text = fitting.map((line) => `${line}\u001b[K\n`).join('')
    this.#stream.write(`\u001b[?25l${up}${text}\u001b[J`)
    this.#drawn = fitting.length
  }

  /** Ends the redrawing: what is drawn stays, and the cursor comes back. */
  settle() {
    if (this.#inPlace) this.#stream.write('\u001b[?25h')
    this.#drawn = 0
  }

  /** Takes away what the last redraw drew. */
  wipe() {
    if (this.#drawn > 0) this.#stream.write(`\u001b[${this.#drawn}A\r\u001b[J`)
    this.settle()
  }
}
