// Many scrapers in one process. Three of four keep their connection, the others make a new one for each request; some requests
// of each are for /livez.
import { Agent, get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { childTask, report } from '../harness/child.mjs'

const LIVENESS_EVERY = 20
const MOST_TOLD = 10

const { url, scrapers, pauseMs } = childTask()
const livez = url.replace('/metrics', '/livez')
const seen = {
  scrapes: 0,
  connections: 0,
  liveness: 0,
  failures: [],
  backwards: [],
  latencies: [],
  stalledSeconds: 0,
}
let stopped = false

function ask(address, agent) {
  return new Promise((resolve, reject) => {
    const request = get(address, { agent }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString('latin1') }))
    })
    request.on('error', reject)
    request.on('socket', () => {
      if (!request.reusedSocket) seen.connections++
    })
  })
}

function note(list, what) {
  if (list.length < MOST_TOLD) list.push(what)
}

/** Compares a scrape with the last one of the same scraper: all that is cumulative. */
function compare(text, last) {
  let samples = 0
  for (const [, sample, digits] of text.matchAll(/^(storm_\S+) (\S+)$/gm)) {
    const value = Number(digits)
    const before = last.get(sample) ?? 0
    if (!(value >= before)) note(seen.backwards, `${sample} was ${before} and is ${value}`)
    last.set(sample, value)
    samples++
  }
  if (samples < last.size || samples === 0) note(seen.failures, `a scrape with ${samples} samples after ${last.size}`)
  const stall = /^nodejs_eventloop_stall_seconds{thread="main"} (\S+)$/m.exec(text)
  seen.stalledSeconds = Math.max(seen.stalledSeconds, Number(stall?.[1] ?? 0))
}

async function scrapeOften(index) {
  const agent = index % 4 === 0 ? false : new Agent({ keepAlive: true, maxSockets: 1 })
  const last = new Map()
  // Not all in one moment, where there is a pause at all.
  await delay((pauseMs * index) / scrapers)
  for (let n = index; !stopped; n++) {
    try {
      if (n % LIVENESS_EVERY === 0) {
        const { status, text } = await ask(livez, agent)
        if (status !== 200 || JSON.parse(text).checks[0]?.name !== 'event_loops')
          note(seen.failures, `${status} ${text}`)
        seen.liveness++
      } else {
        const start = performance.now()
        const { status, text } = await ask(url, agent)
        seen.latencies.push(performance.now() - start)
        seen.scrapes++
        if (status === 200) compare(text, last)
        else note(seen.failures, `${status} ${text}`)
      }
    } catch (error) {
      note(seen.failures, String(error))
    }
    if (pauseMs > 0 && !stopped) await delay(pauseMs)
  }
  if (agent) agent.destroy()
}

process.once('message', () => {
  const all = Array.from({ length: scrapers }, (_, index) => scrapeOften(index))
  process.once('message', async () => {
    stopped = true
    await Promise.all(all)
    await report(seen)
  })
})
await report({ ready: true })
