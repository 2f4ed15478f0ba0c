// Runs the real Prometheus for a test, on a free loopback port, and asks it what it has scraped.
import { Server, toolPath } from './server.js'

export interface PrometheusOptions {
  /** Which one of those that scripts/tools.sh knows. Default `prometheus`. */
  tool?: 'prometheus' | 'prometheus-3'
  /** What to scrape, as `host:port`. */
  targets: readonly string[]
  /** Default `/metrics`. */
  metricsPath?: string
  /** Time between two scrapes of a target, and the longest one may take. Default 1000. */
  scrapeIntervalMs?: number
  /** More command-line flags, such as `--enable-feature=native-histograms`. */
  flags?: readonly string[]
  /** More of the scrape configuration, such as `scrape_protocols`. */
  scrapeConfig?: Readonly<Record<string, unknown>>
  /** More of the configuration file, by its top-level keys (`rule_files`, `alerting`, ...). */
  config?: Readonly<Record<string, unknown>>
  /** More files beside the configuration file, such as rules, by their names. */
  files?: Readonly<Record<string, string>>
  /** What its environment has besides this process's, such as what external labels name. */
  env?: Readonly<Record<string, string>>
}

/** One element of an instant vector. */
export interface QueryResult {
  labels: Record<string, string>
  value: number
  /** The moment it was evaluated for, in seconds since the epoch. */
  timestampSeconds: number
}

/** A series with all samples of a stretch of time, as they were ingested. */
export interface RangeResult {
  labels: Record<string, string>
  samples: { value: number; timestampSeconds: number }[]
}

/** One exemplar, with the series that it was found at. */
export interface StoredExemplar {
  seriesLabels: Record<string, string>
  labels: Record<string, string>
  value: number
  timestampSeconds: number
}

/** One scrape target, as Prometheus sees it. */
export interface Target {
  url: string
  health: 'up' | 'down' | 'unknown'
  /** Why the last scrape failed; empty when it did not. */
  lastError: string
}

// Prometheus moves a scrape's timestamp by up to 2 ms to even out their distances.
const TIMESTAMP_SLACK_MS = 5

/** A running Prometheus. Stop it in the test, with `await using` or in an `afterAll`; it never outlives the process. */
export class Prometheus {
  /** Its address, such as `http://127.0.0.1:40123`. */
  readonly url: string
  readonly #server: Server
  readonly #targets: number
  /** Of the scrape that was last waited for, in seconds since the epoch. */
  #scraped: number | undefined

  /** @internal */
  constructor(server: Server, url: string, targets: number) {
    this.#server = server
    this.url = url
    this.#targets = targets
  }

  /** The id of its process. */
  get pid(): number {
    return this.#server.pid
  }

  /** Its temporary folder: configuration, data. */
  get folder(): string {
    return this.#server.folder
  }

  /** What it has logged. */
  get log(): string {
    return this.#server.log
  }

  /**
   * Evaluates an expression that yields an instant vector or a scalar: as of the scrape that `untilScraped` has last waited
   * for, so that a later one that comes too late takes nothing away, and else as of now.
   *
   * @throws Error with Prometheus' message when it rejects the expression
   */
  async query(expression: string): Promise<QueryResult[]> {
    const { resultType, result } = await this.#evaluate(expression)
    if (resultType === 'scalar') return [{ labels: {}, ...point(result) }]
    if (resultType !== 'vector') throw new Error(`${expression} is a ${resultType}, not an instant vector`)
    return result.map(({ metric, value }) => ({ labels: metric, ...point(value) }))
  }

  /**
   * Evaluates an expression that yields a range vector, such as `x_total[5m]`, as of the same time. Native histograms are left
   * out.
   *
   * @throws Error with Prometheus' message when it rejects the expression
   */
  async range(expression: string): Promise<RangeResult[]> {
    const { resultType, result } = await this.#evaluate(expression)
    if (resultType !== 'matrix') throw new Error(`${expression} is a ${resultType}, not a range vector`)
    return result.map(({ metric, values = [] }) => ({ labels: metric, samples: values.map(point) }))
  }

  /**
   * The exemplars of the last hour that are stored for the series of a selector; `--enable-feature=exemplar-storage` stores
   * them.
   */
  async exemplars(selector: string): Promise<StoredExemplar[]> {
    const now = Date.now() / 1_000
    const range = { start: String(now - 3_600), end: String(now + 60) }
    const found = (await this.#api('query_exemplars', { query: selector, ...range })) as ExemplarQuery
    return found.flatMap(({ seriesLabels, exemplars }) =>
      exemplars.map(({ labels, value, timestamp }) => ({ seriesLabels, labels, ...point([timestamp, value]) })),
    )
  }

  /** The targets that Prometheus scrapes and how that goes. */
  async targets(): Promise<Target[]> {
    const { activeTargets } = (await this.#api('targets', { state: 'active' })) as ActiveTargets
    return activeTargets.map(({ scrapeUrl, health, lastError }) => ({ url: scrapeUrl, health, lastError }))
  }

  /**
   * Resolves when every target has been scraped, whole and stored, by a scrape that began after this call: what was
   * recorded before it can then be queried.
   */
  async untilScraped(): Promise<void> {
    const since = (Date.now() + TIMESTAMP_SLACK_MS) / 1_000
    this.#scraped = undefined
    // `up` is stored together with the samples of its scrape; the targets' page speaks of scrapes not yet stored.
    this.#scraped = await this.#server.until('a scrape of all targets', async () => {
      const times = (await this.query('timestamp(up) and up == 1')).map(({ value }) => value)
      return times.length >= this.#targets && times.every((time) => time > since) && Math.max(...times)
    })
  }

  /** Stops Prometheus and removes its data. May be called again. */
  stop(): Promise<void> {
    return this.#server.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #evaluate(query: string): Promise<InstantQuery> {
    const time = this.#scraped === undefined ? {} : { time: `${this.#scraped}` }
    return (await this.#api('query', { query, ...time })) as InstantQuery
  }

  async #api(endpoint: 'query' | 'query_exemplars' | 'targets', parameters: Record<string, string>): Promise<unknown> {
    const url = `${this.url}/api/v1/${endpoint}?${new URLSearchParams(parameters)}`
    const response = await fetch(url, { signal: AbortSignal.timeout(30_000) })
    const { data, error, errorType } = (await response.json()) as { data: unknown; error?: string; errorType?: string }
    if (error !== undefined) throw new Error(`Prometheus: ${errorType}: ${error}`)
    return data
  }
}

/**
 * Starts Prometheus and resolves when it is ready to be queried.
 *
 * @throws Error with an instruction when Prometheus cannot be had, or with its log when it does not start
 */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { tool = 'prometheus', targets, metricsPath = '/metrics', scrapeIntervalMs = 1_000 } = options
  const { flags = [], scrapeConfig = {}, config = {}, files = {}, env = {} } = options
  const interval = `${scrapeIntervalMs}ms`
  const configuration = {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    scrape_configs: [{ job_name: 'test', metrics_path: metricsPath, static_configs: [{ targets }], ...scrapeConfig }],
    ...config,
  }
  const server = await Server.start({
    command: toolPath(tool),
    args: [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      // Port 0: the kernel picks a free one, and no other process can take it in between.
      '--web.listen-address=127.0.0.1:0',
      ...flags,
    ],
    // JSON is YAML.
    files: { ...files, 'prometheus.yml': JSON.stringify(configuration, undefined, 2) },
    env,
  })
  try {
    const address = await server.until('an address', () => /"Listening on".*? address=(\S+)/.exec(server.log)?.[1])
    const url = `http://${address}`
    await server.until('readiness', async () => (await fetch(`${url}/-/ready`)).ok)
    return new Prometheus(server, url, targets.length)
  } catch (error) {
    await server.stop()
    throw error
  }
}

type Point = [timestampSeconds: number, value: string]
type InstantQuery =
  | { resultType: 'vector'; result: { metric: Record<string, string>; value: Point }[] }
  | { resultType: 'scalar'; result: Point }
  | { resultType: 'matrix'; result: { metric: Record<string, string>; values?: Point[] }[] }
  | { resultType: 'string'; result: unknown }
type ExemplarQuery = {
  seriesLabels: Record<string, string>
  exemplars: { labels: Record<string, string>; value: string; timestamp: number }[]
}[]
interface ActiveTargets {
  activeTargets: { scrapeUrl: string; health: Target['health']; lastError: string }[]
}

function point([timestampSeconds, text]: Point): { value: number; timestampSeconds: number } {
  const value = /^[+-]Inf$/.test(text) ? Number(`${text}inity`) : Number(text)
  return { value, timestampSeconds }
}
