// A storm of scrapes: clients in processes of their own, all at once, over a program whose threads record and whose main
// thread is blocked for 1 s in every 2.
import { fileURLToPath } from 'node:url'
import { startChild } from '../harness/child.mjs'
import { quantile } from '../harness/statistics.mjs'

const PROCESSES = 2
const program = fileURLToPath(new URL('storm-program.mjs', import.meta.url))
const clients = fileURLToPath(new URL('storm-clients.mjs', import.meta.url))

/**
 * @param {{ scrapers: number, seconds: number, pauseMs: number, node?: string }} options `pauseMs`: between two scrapes of a
 *   scraper
 * @returns {Promise<{ scrapes: number, connections: number, failures: string[], backwards: string[], slips: string[],
 *   latencies: number[], stalledSeconds: number, liveness: number, blocks: number, recorded: number, series: number }>}
 *   `failures`: scrapes that were not answered as they ought to be. `backwards`: samples that were less than the same scraper
 *   had seen. `slips`: series whose totals at the end are not what was recorded. `stalledSeconds`: the longest stall of the
 *   main thread that a scrape told.
 */
export async function storm({ scrapers, seconds, pauseMs, node }) {
  const child = startChild(program, {}, { node })
  const started = []
  try {
    const { url } = await child.receive()
    for (let i = 0; i < PROCESSES; i++) {
      started.push(startChild(clients, { url, scrapers: scrapers / PROCESSES, pauseMs }, { node }))
    }
    for (const one of started) await one.receive()
    for (const one of started) one.send('start')
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const seen = await Promise.all(started.map((one) => one.ask('stop')))
    const { recorded, blocks } = await child.ask('stop')
    const text = await (await fetch(url)).text()
    const sum = (key) => seen.reduce((total, one) => total + one[key], 0)
    return {
      scrapes: sum('scrapes'),
      connections: sum('connections'),
      liveness: sum('liveness'),
      failures: seen.flatMap(({ failures }) => failures),
      backwards: seen.flatMap(({ backwards }) => backwards),
      latencies: seen.flatMap(({ latencies }) => latencies),
      stalledSeconds: Math.max(...seen.map(({ stalledSeconds }) => stalledSeconds)),
      slips: slipsOf(text, recorded),
      recorded: Object.values(recorded).reduce((total, value) => total + value, 0),
      series: Object.keys(recorded).length,
      blocks,
    }
  } finally {
    for (const one of started) await one.stop()
    await child.stop()
  }
}

/** @param {Record<string, number>} recorded by the sample that tells it */
function slipsOf(text, recorded) {
  const told = new Map([...text.matchAll(/^(storm_\S+) (\S+)$/gm)].map(([, sample, value]) => [sample, Number(value)]))
  return Object.entries(recorded).flatMap(([sample, value]) =>
    told.get(sample) === value ? [] : [`${sample} is ${told.get(sample)}, recorded were ${value}`],
  )
}

/** One contender of one round of the bench. A storm that was not weathered has no latencies. */
export async function measureStorm(options) {
  const { latencies, failures, backwards, slips, scrapes } = await storm(options)
  const wrong = [...failures, ...backwards, ...slips]
  if (wrong.length > 0) throw new Error(`${wrong.length} were wrong, such as: ${wrong[0]}`)
  return {
    measures: {
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      worst: quantile(latencies, 1),
      perSecond: scrapes / options.seconds,
    },
  }
}
