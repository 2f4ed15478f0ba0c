// The processor time of programs that run side by side, as shares of one core.
import { Agent, get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { startChild } from '../harness/child.mjs'

/** Until V8 has compiled what runs, and collected what that took: in short runs for half of their time. */
const LONGEST_SETTLING_SECONDS = 15
const PACE_MS = 10
const program = fileURLToPath(new URL('program.mjs', import.meta.url))

/**
 * @param {Map<string, { task: { on: boolean }, scrapeMs?: number }>} contenders
 * @param {{ node?: string, seconds: number, requestsPerSecond: number }} options
 */
export async function measureShares(contenders, { node, seconds, requestsPerSecond }) {
  const programs = new Map()
  const stops = []
  try {
    for (const [name, { task, scrapeMs }] of contenders) {
      const child = startChild(program, task, { node, execArgv: ['--expose-gc'] })
      programs.set(name, { child, answered: 0, scrapes: 0 })
      const one = programs.get(name)
      const { metrics, port } = await child.receive()
      const requests = (requestsPerSecond * PACE_MS) / 1000
      if (requests > 0) stops.push(repeat(`http://127.0.0.1:${port}/`, PACE_MS, requests, () => one.answered++))
      // The first scrape is before the measurement, and so are the things that are made once.
      if (scrapeMs !== undefined) stops.push(repeat(metrics, scrapeMs, 1, () => one.scrapes++))
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(seconds / 2, LONGEST_SETTLING_SECONDS) * 1000))
    // V8 collects in a program that idles at a time of its own choosing, which would fall into one row and not another.
    await askAll(programs, 'settle')
    const before = await askAll(programs, 'usage')
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const after = await askAll(programs, 'usage')
    return new Map(
      [...programs].map(([name, { answered, scrapes }]) => {
        const used = after.get(name).used - before.get(name).used
        const elapsed = after.get(name).at - before.get(name).at
        return [name, { measures: { share: (100 * used) / elapsed }, detail: { answered, scrapes } }]
      }),
    )
  } finally {
    for (const stop of stops) stop()
    for (const { child } of programs.values()) await child.stop()
  }
}

/** What each answers, by name. */
async function askAll(programs, message) {
  const answers = new Map()
  for (const [name, { child }] of programs) answers.set(name, await child.ask(message))
  return answers
}

/** Requests so many every so often, over kept connections, until it is stopped. What fails ends the run. */
function repeat(url, periodMs, count, answered) {
  const agent = new Agent({ keepAlive: true, maxSockets: count })
  let isStopped = false
  const failed = (error) => {
    // What is under way at the end is cut off with its connection.
    if (!isStopped) throw error
  }
  const ask = () => {
    for (let i = 0; i < count; i++) {
      get(url, { agent }, (response) => response.resume().on('end', answered)).on('error', failed)
    }
  }
  ask()
  const interval = setInterval(ask, periodMs)
  return () => {
    isStopped = true
    clearInterval(interval)
    agent.destroy()
  }
}
