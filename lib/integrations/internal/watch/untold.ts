// Alerts of a watch that their receiver had no room for: they are handed in again and again. Of one that came and went meanwhile,
// and came again, the older tidings give way, so that there are two for each at most. Of alerts that came and went without a word
// the oldest give way where too many wait; the others are bounded by what fires, here and as the receiver knows it.
import type { RefusalReason } from '../../../catalogs/alerting.js'
import type { Alert } from '../alerts/alert.js'

const MOST_OF_ONE = 2
/** Alerts that wait, at most, where some of them came and went without a word. */
const MOST_WAITING = 10_000

export class Untold {
  readonly #waiting = new Map<string, Alert[]>()
  /** Those that the receiver takes to be firing, by fingerprint: it has to hear of their end. */
  readonly #heard = new Set<string>()
  readonly #accept: (alerts: readonly Alert[]) => RefusalReason | undefined
  readonly #lost: (amount: number, reason: RefusalReason) => void
  /** Of the last refusal. */
  #reason: RefusalReason = 'backlog'

  /**
   * @param accept - takes all, or none and says why. `closed`: it never will again
   * @param lost - called for those that will never be told
   */
  constructor(
    accept: (alerts: readonly Alert[]) => RefusalReason | undefined,
    lost: (amount: number, reason: RefusalReason) => void,
  ) {
    this.#accept = accept
    this.#lost = lost
  }

  get size(): number {
    return [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0)
  }

  /** Hands these in, behind those that wait. True when none waits any more. */
  tell(alerts: readonly Alert[]): boolean {
    for (const alert of alerts) this.#add(alert)
    this.#forgetUnheard()
    while (this.#waiting.size > 0) {
      // The first of each, together, as they may belong together; then the second ones.
      const next = [...this.#waiting.values()].map(([first]) => first as Alert)
      if (this.#hand(next)) continue
      // What has ended first: that makes room.
      const ended = next.filter(({ status }) => status === 'resolved')
      const begun = next.filter(({ status }) => status === 'firing')
      if (!this.#handSome(ended) && !this.#handSome(begun)) break
    }
    return this.#waiting.size === 0
  }

  /** Keeps nothing any more, and says how many alerts will never be told. */
  giveUp(): number {
    const { size } = this
    this.#waiting.clear()
    this.#heard.clear()
    if (size > 0) this.#lost(size, this.#reason)
    return size
  }

  #add(alert: Alert): void {
    const ofOne = this.#waiting.get(alert.fingerprint) ?? []
    ofOne.push(alert)
    if (ofOne.length > MOST_OF_ONE) {
      ofOne.shift()
      this.#lost(1, this.#reason)
    }
    this.#waiting.set(alert.fingerprint, ofOne)
  }

  #forgetUnheard(): void {
    if (this.#waiting.size <= MOST_WAITING) return
    for (const [fingerprint, ofOne] of this.#waiting) {
      if (this.#heard.has(fingerprint) || ofOne.at(-1)?.status === 'firing') continue
      this.#waiting.delete(fingerprint)
      this.#lost(ofOne.length, this.#reason)
      if (this.#waiting.size <= MOST_WAITING) return
    }
  }

  #hand(alerts: readonly Alert[]): boolean {
    const refusal = this.#accept(alerts)
    if (refusal === undefined) {
      for (const alert of alerts) this.#accepted(alert)
      return true
    }
    this.#reason = refusal
    if (refusal === 'closed') this.giveUp()
    return false
  }

  /** As many as there is room for, or half of that. False where there is room for none. */
  #handSome(alerts: readonly Alert[]): boolean {
    for (let some = alerts.length; some > 0 && this.#waiting.size > 0; some = Math.floor(some / 2)) {
      if (this.#hand(alerts.slice(0, some))) return true
    }
    return false
  }

  #accepted({ fingerprint, status }: Alert): void {
    if (status === 'firing') this.#heard.add(fingerprint)
    else this.#heard.delete(fingerprint)
    const rest = this.#waiting.get(fingerprint)?.slice(1) ?? []
    if (rest.length > 0) this.#waiting.set(fingerprint, rest)
    else this.#waiting.delete(fingerprint)
  }
}
