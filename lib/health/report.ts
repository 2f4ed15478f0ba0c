// What all health checks come to: for the routes of an exporter, and for programs.
import type { HealthCheckResult, HealthStatus } from '../native.js'

/** The health of the process. */
export interface HealthReport {
  /**
   * `unhealthy` where a critical check is, `degraded` where another one is, or any is degraded; else `healthy`. Checks that
   * are unavailable count for nothing.
   */
  status: Exclude<HealthStatus, 'unavailable'>
  /** Seconds since the Unix epoch. */
  time: number
  checks: HealthCheckResult[]
}

/** The report of such results. */
export function reportOf(checks: HealthCheckResult[]): HealthReport {
  const isUnhealthy = checks.some(({ status, critical }) => critical && status === 'unhealthy')
  const isDegraded = checks.some(({ status }) => status === 'degraded' || status === 'unhealthy')
  const status = isUnhealthy ? 'unhealthy' : isDegraded ? 'degraded' : 'healthy'
  return { status, time: Date.now() / 1000, checks }
}
