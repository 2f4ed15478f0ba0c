// What receivers of one registry record: counters as things happen, gauges at each scrape.
import {
  type AlertingMetrics,
  alerting,
  alertingMetrics,
  SEVERITY_CLASSES,
  severityClass,
} from '../../../catalogs/alerting.js'
import type { CatalogFamily } from '../../../catalogs/shared/catalog.js'
import type { Registry } from '../../../index.js'
import { Live } from '../live.js'
import type { Moment } from './clock.js'
import { ageOf, type OpenGroup } from './groups.js'

/** What gauges are read from. */
export interface MeasuredReceiver {
  readonly openGroups: Iterable<OpenGroup>
  readonly deliveries: Iterable<{ readonly name: string; readonly size: number }>
  moment(): Moment
}

export interface ReceiverMetrics {
  readonly metrics: AlertingMetrics
  readonly live: Live<MeasuredReceiver>
}

const recorders = new WeakMap<Registry, ReceiverMetrics>()

/** Those of a registry, made once. @throws as `counter()` */
export function receiverMetrics(registry: Registry): ReceiverMetrics {
  let ofRegistry = recorders.get(registry)
  if (ofRegistry === undefined) {
    ofRegistry = { metrics: alertingMetrics({ registry }), live: makeLive(registry) }
    recorders.set(registry, ofRegistry)
  }
  return ofRegistry
}

function makeLive(registry: Registry): Live<MeasuredReceiver> {
  const live = new Live<MeasuredReceiver>()
  const { firing, oldestAge, groups, pending } = alerting.families as Record<string, CatalogFamily>
  live.collect(registry, firing as CatalogFamily, ({ openGroups }, add) => {
    for (const severity of SEVERITY_CLASSES) add(0, severity)
    for (const { firing } of openGroups) for (const { alert } of firing) add(1, severityClass(alert.severity))
  })
  live.collect(
    registry,
    oldestAge as CatalogFamily,
    (receiver, add) => {
      const moment = receiver.moment()
      for (const { firing } of receiver.openGroups) {
        for (const one of firing) add(Math.max(ageOf(one, moment), 0) / 1000, severityClass(one.alert.severity))
      }
    },
    Math.max,
  )
  live.collect(registry, groups as CatalogFamily, ({ openGroups }, add) => {
    for (const severity of SEVERITY_CLASSES) add(0, severity)
    for (const group of openGroups) if (group.isFiring) add(1, severityClass(group.severity))
  })
  live.collect(registry, pending as CatalogFamily, ({ deliveries }, add) => {
    for (const { name, size } of deliveries) add(size, name)
  })
  return live
}
