// Waits for a condition that another process brings about, by asking again and again: never by sleeping for long enough.
import { setTimeout as delay } from 'node:timers/promises'
import { TIME_FACTOR } from './time-factor.mjs'

/**
 * How long tests wait for what should come soon. Generous: it is only ever reached by a failure. The sanitizers, whose report
 * of a process that was cut short takes long to write, have more (test/sanitizers/environment.mjs).
 */
export const DEADLINE_MS = Number(process.env.NANOTALLY_TEST_DEADLINE_MS ?? 60_000) * TIME_FACTOR

/**
 * Resolves with the first result of `probe` that is neither undefined nor false.
 *
 * @param what - what is waited for, for the error message
 * @param probe - what it throws ends the wait at once
 * @param deadlineMs - how long to go on asking
 * @param intervalMs - how long to wait between an answer and the next question: longer for what is known to take long
 * @throws Error when the deadline passes
 */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = DEADLINE_MS,
  intervalMs = 20,
): Promise<T> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const result = await probe()
    if (result !== undefined && result !== false) return result
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`)
    await delay(intervalMs)
  }
}
