// Health checks for the time of a test.
import { type HealthCheckOptions, type HealthCheckResult, health } from 'nanotally'
import { onTestFinished } from 'vitest'
import { until } from './until.js'

type Check = Parameters<typeof health.register>[1]

/** Often, and unhealthy at once. */
export const SOON = { intervalMs: 10, failAfter: 1 }
let names = 0

/** Registers a check for the time of the test; what it returns reads its result. */
export function register(check: Check, options: HealthCheckOptions = SOON): () => HealthCheckResult {
  const name = `check_${names++}`
  const registered = health.register(name, check, options)
  onTestFinished(() => registered.stop())
  return () => find(name) as HealthCheckResult
}

/** What is told of it now. */
export const find = (name: string) => health.report().checks.find((one) => one.name === name)

/** The result of its first run, and of a later one. */
export async function results(read: () => HealthCheckResult): Promise<HealthCheckResult[]> {
  const first = await until('a first run', () => read().message !== 'has not run yet' && read())
  const later = await until('another run', () => {
    const now = read()
    return (now.lastRun as number) > (first.lastRun as number) && now
  })
  return [first, later]
}
