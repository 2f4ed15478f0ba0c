// Runs the demo for a test, and compares what Prometheus scraped from it with what it counted by other code.
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { Child } from './children.js'
import type { Prometheus } from './prometheus.js'

const DEMO = fileURLToPath(new URL('../../examples/engram/main.mjs', import.meta.url))

/** One line of the demo's tally, which it keeps in a SharedArrayBuffer and never reads from nanotally. */
export interface Tallied {
  name: string
  type: string
  labels: Record<string, string>
  value: number
}

/** What the demo tells when its load has stopped. */
export interface Stopped {
  event: string
  equal: boolean
  tally: Tallied[]
  /** What engram_recall_synsets observed: each value, ascending, and how often. */
  reached: [value: number, count: number][]
}

export interface DemoOptions {
  seconds: number
  workers: number
  /** Jobs per second. Default 0: full load. */
  rate?: number
  /** Default `calm`. */
  scenario?: string
  /** How far it stands back: see {@link Child}. */
  niceness?: number
}

/** Runs the demo; it holds after `seconds`. The caller ends it; it is killed when a minute more has passed. */
export function runDemo({ seconds, workers, rate = 0, scenario = 'calm', ...options }: DemoOptions): Child {
  const values = { port: 0, seconds, workers, rate, scenario }
  const args = Object.entries(values).flatMap(([flag, value]) => [`--${flag}`, `${value}`])
  return new Child(DEMO, {
    args: ['--json', '--hold', ...args],
    timeoutMs: 1000 * (seconds + 60),
    ...options,
  })
}

/** Starts the demo at full load; it holds after `seconds`, and does not outlive the test. */
export function startDemo(options: { seconds: number; workers: number }): Child {
  const demo = runDemo(options)
  onTestFinished(() => demo.kill('SIGKILL')) // where the test did not get as far as ending it well
  return demo
}

const keyOf = (name: string, labels: Record<string, string>) =>
  JSON.stringify([
    name,
    ...Object.entries(labels)
      .filter(([label]) => label !== 'job' && label !== 'instance')
      .sort(),
  ])

/**
 * The tallied samples that Prometheus does not hold with the same value, each with what it holds.
 *
 * @param expressionOf - the query that leads to the samples of a tallied name. Default: the name
 */
export async function differences(
  prometheus: Prometheus,
  tally: readonly Tallied[],
  expressionOf: (name: string) => string = (name) => name,
): Promise<string[]> {
  const found: string[] = []
  for (const name of new Set(tally.map((line) => line.name))) {
    const results = await prometheus.query(expressionOf(name))
    const values = new Map(results.map(({ labels: { __name__, ...labels }, value }) => [keyOf(name, labels), value]))
    for (const line of tally.filter((candidate) => candidate.name === name)) {
      const key = keyOf(name, line.labels)
      // A series that nothing was recorded into may be absent.
      const scraped = values.get(key) ?? (line.value === 0 ? 0 : undefined)
      if (scraped !== line.value) found.push(`${key}: tallied ${line.value}, scraped ${scraped}`)
      values.delete(key)
    }
    // A series that nobody tallied would be one that nobody recorded.
    for (const [key, value] of values) found.push(`${key}: not tallied, scraped ${value}`)
  }
  return found
}
