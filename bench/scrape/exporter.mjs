// Scrapes another process over loopback, with its main thread idle and with everything in it blocked.
import { Agent, get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { startChild } from '../harness/child.mjs'
import { median } from '../harness/statistics.mjs'

const BLOCK_MS = 3000
const script = fileURLToPath(new URL('exporter-child.mjs', import.meta.url))

/**
 * One contender of one round: a fresh process, idle scrapes, then scrapes one after the other while it is blocked.
 * @param {string} library
 * @param {{ series: number, idleScrapes: number, node?: string }} options
 */
export async function scrapeOne(library, { series, idleScrapes, node }) {
  const child = startChild(script, { library, series, blockMs: BLOCK_MS }, { node })
  // One connection that is kept, as Prometheus does.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const { url } = await child.receive()
    const idle = []
    for (let index = 0; index < idleScrapes; index++) idle.push(await scrape(url, agent, series))

    child.send('block')
    const start = BigInt((await child.receive()).blocked)
    const until = start + BigInt(BLOCK_MS) * 1_000_000n
    const blocked = []
    let answered = 0
    // At least one scrape is waited for, however long it takes; its time is the figure of who cannot answer.
    do {
      blocked.push(await scrape(url, agent, series))
      if (process.hrtime.bigint() < until) answered++
    } while (process.hrtime.bigint() < until)
    return {
      measures: {
        // The first scrapes warm the server up.
        idle: median(idle.slice(Math.floor(idleScrapes / 2))),
        blocked: median(blocked),
        blockedWorst: Math.max(...blocked),
        answered,
      },
    }
  } finally {
    agent.destroy()
    await child.stop()
  }
}

/** @returns {Promise<number>} Milliseconds until the whole body was there. */
async function scrape(url, agent, series) {
  const start = performance.now()
  const { status, body } = await new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }))
    }).on('error', reject)
  })
  const milliseconds = performance.now() - start
  if (status !== 200) throw new Error(`expected status 200 from ${url}, received ${status}`)
  const lines = body.toString('latin1').split('\nbench_requests_total{').length - 1
  if (lines !== series) throw new Error(`expected ${series} series in the scrape, found ${lines}`)
  return milliseconds
}
