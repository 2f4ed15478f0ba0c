// Groups of related alerts: those of one component that began within one span of time, the cause before its symptoms. What is
// known of each alert is kept here, too. Nothing in here reads a clock.
import { randomUUID } from 'node:crypto'
import { type Alert, severityRank } from './alert.js'
import { type CauseKind, causeRank } from './causes.js'
import type { Moment } from './clock.js'
import { endOf, endUnheard, isKnown, type Known, type KnownEnd } from './known.js'

/** A group as it was when a notification was made. */
export interface AlertGroup {
  /** No other group's, nor one of another receiver, or of this one before the program was started again. */
  readonly id: string
  readonly component: string
  readonly status: 'firing' | 'resolved'
  /** The gravest of those that fire; of all, once none does. */
  readonly severity: string
  /** When the first of its alerts began. */
  readonly startedAt: Date
  /** As each was last told of, the cause first, then by time; those that have been resolved are among them. */
  readonly alerts: readonly Alert[]
  /** The first of `alerts` that fires, else the first. */
  readonly cause: Alert
  /** To which level it was escalated; 0: it was not. */
  readonly level: number
}

/** What has become of some alerts: one for each group that they changed, and again where one alert changed twice. */
export interface GroupChange {
  readonly group: OpenGroup
  /** The alerts that were new, and those that have ended without a word, the cause first. */
  readonly alerts: readonly Alert[]
}

export interface GroupSettings {
  readonly causes: readonly CauseKind[]
  /** How far the starts of a group's alerts may lie apart, and those of one alert as several know it, in milliseconds. */
  readonly windowMs: number
  /** Alerts that fire, at most. */
  readonly maxAlerts: number
  /** When an alert of Alertmanager's that is not repeated is taken for gone, in milliseconds. */
  readonly expireMs: number
}

/** As many alerts that have ended are known, at most. */
const MOST_REMEMBERED = 20_000

/** An alert in its group. Whether and since when it fires is not read from the alert, which others hold, too. */
interface Member extends Known {
  readonly alert: Alert
  readonly rank: number
  /** When it was told of in this state, by the clock that nobody sets. */
  readonly acceptedAt: number
  /** When it was last told of, by that clock. */
  heardAt: number
}

interface Firing extends Member {
  readonly firesSince: number
}

function isFiring(member: Member): member is Firing {
  return member.firesSince !== undefined
}

/**
 * For how long it has fired, in milliseconds. The watch's are told as they begin, and its clock may be set; what Alertmanager tells
 * may have begun long before.
 */
export function ageOf({ alert, firesSince, acceptedAt }: Firing, { now, elapsed }: Moment): number {
  return alert.source === 'watch' ? elapsed - acceptedAt : now - firesSince
}

/** A group that may change yet. */
export class OpenGroup {
  readonly id: string
  readonly component: string
  /** The start of the alert that made the group, in milliseconds: others are near to it, so that groups do not creep. */
  readonly anchor: number
  level = 0
  /** By fingerprint. */
  readonly members = new Map<string, Member>()

  constructor(id: string, component: string, anchor: number) {
    this.id = id
    this.component = component
    this.anchor = anchor
  }

  /** When the first of its alerts began, in milliseconds. */
  get startedAt(): number {
    let first = this.anchor
    for (const { alert } of this.members.values()) first = Math.min(first, alert.startsAt.getTime())
    return first
  }

  /** For how long the first of those fires that are as grave as that, in milliseconds; -Infinity where none is. */
  firingFor(rank: number, moment: Moment): number {
    let longest = -Infinity
    for (const member of this.members.values()) {
      if (!isFiring(member) || severityRank(member.alert.severity) > rank) continue
      longest = Math.max(longest, ageOf(member, moment))
    }
    return longest
  }

  get isFiring(): boolean {
    for (const member of this.members.values()) if (isFiring(member)) return true
    return false
  }

  /** Those that fire, the cause first. */
  get firing(): Firing[] {
    return inOrder([...this.members.values()].filter(isFiring))
  }

  /** The gravest of those that fire; of all, where none does. */
  get severity(): string {
    const all = [...this.members.values()]
    const counting = this.isFiring ? all.filter(isFiring) : all
    return counting.reduce((gravest, { alert: { severity } }) => {
      return severityRank(severity) < severityRank(gravest) ? severity : gravest
    }, counting[0]?.alert.severity ?? 'none')
  }

  show(): AlertGroup {
    const members = inOrder([...this.members.values()])
    const cause = members.find(isFiring) ?? (members[0] as Member)
    return {
      id: this.id,
      component: this.component,
      status: this.isFiring ? 'firing' : 'resolved',
      severity: this.severity,
      startedAt: new Date(this.startedAt),
      alerts: members.map(({ alert }) => alert),
      cause: cause.alert,
      level: this.level,
    }
  }
}

/** The cause first, then by time. */
function inOrder<T extends Member>(members: T[]): T[] {
  return members.sort((a, b) => a.rank - b.rank || a.alert.startsAt.getTime() - b.alert.startsAt.getTime())
}

/** Collects what has become of alerts, by their groups. */
class Changes {
  readonly #all: { group: OpenGroup; members: Member[] }[] = []
  readonly #ofGroup = new Map<OpenGroup, Member[]>()
  readonly #told = new Set<string>()

  add(group: OpenGroup, fingerprint: string, member: Member): void {
    // What becomes of one alert after the other is told one after the other, whatever groups it is of.
    if (this.#told.has(fingerprint)) {
      this.#ofGroup.clear()
      this.#told.clear()
    }
    this.#told.add(fingerprint)
    const members = this.#ofGroup.get(group)
    if (members !== undefined) members.push(member)
    else {
      const change = { group, members: [member] }
      this.#ofGroup.set(group, change.members)
      this.#all.push(change)
    }
  }

  show(): GroupChange[] {
    return this.#all.map(({ group, members }) => ({ group, alerts: inOrder(members).map(({ alert }) => alert) }))
  }
}

/** All open groups, and what is known of alerts that were resolved. */
export class AlertGroups {
  readonly #settings: GroupSettings
  readonly #open = new Set<OpenGroup>()
  readonly #ofComponent = new Map<string, Set<OpenGroup>>()
  /** By the alert's fingerprint: where it was last told of. */
  readonly #groupOf = new Map<string, OpenGroup>()
  /** By the fingerprints of alerts of groups that are over. */
  readonly #ended = new Map<string, KnownEnd>()
  /** Alerts that fire. */
  #firing = 0
  /** What is counted begins anew with each program, and dispatchers know notifications by their ids. */
  readonly #run = randomUUID().slice(0, 8)
  #made = 0

  constructor(settings: GroupSettings) {
    this.#settings = settings
  }

  /** Those of which some alert fires, and those that have just been resolved. */
  get open(): ReadonlySet<OpenGroup> {
    return this.#open
  }

  /** Whether these may be added. What makes no more of them fire always may; what is larger than the bound may while none does. */
  hasRoomFor(alerts: readonly Alert[]): boolean {
    const fires = new Map(alerts.map(({ fingerprint, status }) => [fingerprint, status === 'firing']))
    let more = 0
    for (const [fingerprint, isFiring] of fires) more += Number(isFiring) - Number(this.#isFiring(fingerprint))
    return more <= 0 || this.#firing === 0 || this.#firing + more <= this.#settings.maxAlerts
  }

  /** Whether it says nothing new. One that fires is known to fire on by it. */
  isKnown(alert: Alert, moment: Moment): boolean {
    const member = this.#memberOf(alert.fingerprint)
    const is = isKnown(alert, this.#known(alert.fingerprint), this.#settings.windowMs, moment)
    if (is && member !== undefined && alert.status === 'firing') member.heardAt = moment.elapsed
    return is
  }

  /** Takes alerts in that are not known; of those that come twice, once. */
  add(alerts: readonly Alert[], moment: Moment): GroupChange[] {
    const changes = new Changes()
    for (const alert of alerts) {
      if (this.isKnown(alert, moment)) continue
      const { fingerprint, status, startsAt } = alert
      const known = this.#known(fingerprint)
      const fires = status === 'firing'
      if (fires && known.firesSince !== undefined) {
        this.#expire(fingerprint, startsAt.getTime(), 'it began anew', moment, changes)
      }
      const member = {
        alert,
        rank: causeRank(alert, this.#settings.causes),
        acceptedAt: moment.elapsed,
        heardAt: moment.elapsed,
        firesSince: fires ? startsAt.getTime() : undefined,
        end: fires ? undefined : endOf(alert, known, moment),
      }
      this.#put(this.#groupFor(alert), fingerprint, member, changes)
    }
    return changes.show()
  }

  /** Ends the groups of which no alert fires. Alerts that were not repeated for too long fire no more, which is told. */
  prune(moment: Moment): GroupChange[] {
    const { elapsed } = moment
    const { expireMs } = this.#settings
    const changes = new Changes()
    const why = `it was not repeated for ${expireMs / 1000} s`
    for (const group of this.#open) {
      for (const [fingerprint, member] of [...group.members]) {
        if (!isFiring(member) || member.alert.source !== 'alertmanager') continue
        if (elapsed - member.heardAt > expireMs) this.#expire(fingerprint, moment.now, why, moment, changes)
      }
      if (!group.isFiring) this.#end(group)
    }
    for (const [fingerprint, { knownUntil }] of this.#ended) {
      if (elapsed < knownUntil && this.#ended.size <= MOST_REMEMBERED) break
      this.#ended.delete(fingerprint)
    }
    return changes.show()
  }

  /** Ends what fires where it fires, as Alertmanager did not: who was told of it has to hear that. */
  #expire(fingerprint: string, endsAt: number, why: string, moment: Moment, changes: Changes): void {
    const group = this.#groupOf.get(fingerprint) as OpenGroup
    const member = group.members.get(fingerprint) as Firing
    const { alert, firesSince } = member
    const annotations = { ...alert.annotations, expired: why }
    const gone = { ...alert, status: 'resolved', endsAt: new Date(endsAt), annotations } as const
    const end = endUnheard(firesSince, moment)
    this.#put(group, fingerprint, { ...member, alert: gone, firesSince: undefined, end }, changes)
  }

  #put(group: OpenGroup, fingerprint: string, member: Member, changes: Changes): void {
    this.#firing += Number(isFiring(member)) - Number(this.#isFiring(fingerprint))
    group.members.set(fingerprint, member)
    this.#groupOf.set(fingerprint, group)
    this.#ended.delete(fingerprint)
    changes.add(group, fingerprint, member)
  }

  #known(fingerprint: string): Known {
    return this.#memberOf(fingerprint) ?? { firesSince: undefined, end: this.#ended.get(fingerprint) }
  }

  #memberOf(fingerprint: string): Member | undefined {
    return this.#groupOf.get(fingerprint)?.members.get(fingerprint)
  }

  #isFiring(fingerprint: string): boolean {
    return this.#memberOf(fingerprint)?.firesSince !== undefined
  }

  /** Its members stay with it, as notifications may still tell of it. */
  #end(group: OpenGroup): void {
    for (const [fingerprint, { end }] of group.members) {
      // It may have fired anew, in another group.
      if (this.#groupOf.get(fingerprint) !== group || end === undefined) continue
      this.#groupOf.delete(fingerprint)
      this.#ended.set(fingerprint, end)
    }
    this.#open.delete(group)
    const siblings = this.#ofComponent.get(group.component)
    siblings?.delete(group)
    if (siblings?.size === 0) this.#ofComponent.delete(group.component)
  }

  #groupFor(alert: Alert): OpenGroup {
    const { component, fingerprint } = alert
    // What ends is told where it fired.
    if (this.#isFiring(fingerprint)) return this.#groupOf.get(fingerprint) as OpenGroup
    const start = alert.startsAt.getTime()
    const siblings = this.#ofComponent.get(component) ?? new Set()
    const near = [...siblings].filter(({ anchor }) => Math.abs(start - anchor) <= this.#settings.windowMs)
    const known = near.find(({ members }) => members.has(fingerprint)) ?? near[0]
    if (known !== undefined) return known
    const group = new OpenGroup(`${component}-${start}-${this.#run}-${++this.#made}`, component, start)
    this.#open.add(group)
    this.#ofComponent.set(component, siblings.add(group))
    return group
  }
}
