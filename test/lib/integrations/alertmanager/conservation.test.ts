// Whatever comes in whatever order, by chance: no alert is lost and none is told twice, by the rules in words.
import fc from 'fast-check'
import { Registry } from 'nanotally'
import { type Alert, alertReceiver } from 'nanotally/integrations/alertmanager'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { read } from '../../../support/registry.js'
import { alertOf, MINUTE, settled, TestClock } from './alerts.js'

describe('whatever comes in whatever order', () => {
  const LATE = 45_000
  const anyAlert = fc
    .record({
      name: fc.constantFrom('QueueFull', 'HeapLow', 'Odd'),
      component: fc.constantFrom('a', 'b'),
      status: fc.constantFrom('firing' as const, 'resolved' as const),
      start: fc.integer({ min: -3, max: 3 }).map((step) => step * 4 * MINUTE),
      lasts: fc.constantFrom(1000, 4 * MINUTE, 6 * MINUTE),
    })
    .map(({ lasts, ...like }) => alertOf({ ...like, end: like.start + lasts }))
  const step = fc.oneof(
    fc.record({ accept: fc.array(anyAlert, { maxLength: 4 }) }),
    // What was handed in so many before, once more.
    fc.record({ repeat: fc.nat({ max: 2 }) }),
    fc.record({ move: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.constantFrom(LATE - 1, LATE, 60 * MINUTE)) }),
  )

  /**
   * What a person would be told, by the rules in words. Of what fires: its end, but not an older one; and both its end and its beginning
   * where it began much later. Of what has ended: what began after that; after 45 seconds that it fires on, after an hour that it has
   * ended.
   */
  class Oracle {
    readonly #firesSince = new Map<string, number>()
    readonly #ended = new Map<string, { at: number; heardAt: number }>()
    readonly #toldAt = new Map<string, number>()
    readonly told: string[] = []
    /** Ends that nobody handed in. */
    expired = 0
    /** Alerts that fired on after their end. */
    revived = 0

    take(alert: Alert, elapsed: number): void {
      const { fingerprint } = alert
      const [start, end] = [alert.startsAt.getTime(), alert.endsAt?.getTime()]
      const since = this.#firesSince.get(fingerprint)
      const { at: endedAt, heardAt } = this.#ended.get(fingerprint) ?? { at: -Infinity, heardAt: -Infinity }
      const age = elapsed - heardAt
      if (end === undefined) {
        if (since === undefined ? start <= endedAt && age < LATE : start - since <= 5 * MINUTE) return
        if (since !== undefined) {
          this.expired++
          this.#tell(`${fingerprint} resolved ${since} ${start}`, elapsed)
        }
        if (since === undefined && start <= endedAt) this.revived++
        this.#firesSince.set(fingerprint, start)
      } else {
        if (since === undefined ? start <= endedAt && age < 60 * MINUTE : start < since && end <= since) return
        this.#firesSince.delete(fingerprint)
        this.#ended.set(fingerprint, { at: Math.max(start, since ?? start, end), heardAt: elapsed })
      }
      this.#tell(identity(alert), elapsed)
    }

    /** Nothing twice, but for what was taken for ended meanwhile. */
    #tell(what: string, elapsed: number): void {
      expect(elapsed - (this.#toldAt.get(what) ?? -Infinity)).toBeGreaterThanOrEqual(LATE)
      this.#toldAt.set(what, elapsed)
      this.told.push(what)
    }
  }
  const identity = ({ fingerprint, status, startsAt, endsAt }: Alert) =>
    `${fingerprint} ${status} ${startsAt.getTime()} ${endsAt?.getTime()}`

  test('received = delivered + pending, nothing twice, in order, to dispatchers that fail as they like', async () => {
    let delivered = 0
    let retried = 0
    let expired = 0
    let revived = 0
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 20, size: 'max' }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
        async (steps, outcomes) => {
          const registry = new Registry()
          const clock = new TestClock()
          // After all ends: what is said of the future is another matter.
          await clock.move(20 * MINUTE)
          const told: Alert[] = []
          let calls = 0
          const receiver = alertReceiver({
            registry,
            clock,
            escalation: [],
            dispatchTimeoutMs: 60 * MINUTE,
            dispatchers: [
              {
                name: 'shaky',
                dispatch: async ({ alerts }) => {
                  await settled()
                  if (!outcomes[calls++ % outcomes.length]) throw new Error('no')
                  told.push(...alerts)
                },
              },
            ],
          })
          const oracle = new Oracle()
          let received = 0
          const handedIn: Alert[][] = []
          for (const one of steps) {
            if ('move' in one) {
              // By steps, so that calls settle meanwhile.
              for (let rest = one.move; rest > 0; rest -= MINUTE) await clock.move(Math.min(rest, MINUTE))
            } else {
              const alerts = 'accept' in one ? one.accept : (handedIn.at(-1 - one.repeat) ?? [])
              handedIn.push(alerts)
              expect(receiver.accept(alerts)).toBeUndefined()
              received += alerts.length
              for (const alert of alerts) oracle.take(alert, clock.elapsed())
            }
          }
          const undelivered = await receiver.close(0)
          const pending = undelivered.flatMap(({ notification }) => notification.alerts)
          const all = [...told, ...pending].map(identity)
          const repeated = await read(registry, 'alerting_alerts_deduplicated_total', { source: 'alertmanager' })
          expect(await read(registry, 'alerting_alerts_expired_total')).toBe(oracle.expired)
          expect(all.length).toBe(received - (repeated ?? 0) + oracle.expired)
          expect([...all].sort()).toEqual([...oracle.told].sort())
          // Of one alert, what came first is told first.
          for (const fingerprint of new Set(oracle.told.map((one) => one.split(' ')[0]))) {
            const own = (texts: string[]) => texts.filter((one) => one.startsWith(`${fingerprint} `))
            expect(own(all)).toEqual(own(oracle.told))
          }
          delivered += told.length
          expired += oracle.expired
          revived += oracle.revived
          retried += calls - told.length
          registry.close()
        },
      ),
      { numRuns: 300 },
    )
    expect([delivered > 300, retried > 100, expired > 10, revived > 10]).toEqual([true, true, true, true])
  })
})
