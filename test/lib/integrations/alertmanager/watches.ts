// Watches for the tests of the integration alertmanager, and what they tell.
import { Registry } from 'nanotally'
import type { Catalog, CatalogFamily } from 'nanotally/catalogs'
import {
  type Alert,
  type AlertNotification,
  type WatchThresholdsOptions,
  watchThresholds,
} from 'nanotally/integrations/alertmanager'
import { onTestFinished } from 'vitest'
import { warningsOf } from '../../../support/warnings.js'

export function catalogOf(...families: Partial<CatalogFamily>[]): Catalog {
  const whole = families.map((family, i): [string, CatalogFamily] => [
    `f${i}`,
    { name: `f${i}`, type: 'gauge', help: 'A figure.', query: 'depth', expected: [0, 1], source: 'a test', ...family },
  ])
  return { name: 'mine', about: 'Of a test.', families: Object.fromEntries(whole) }
}

let made = 0
export function namedRegistry(): Registry {
  const registry = new Registry(`watch-${++made}`)
  onTestFinished(() => registry.close())
  return registry
}

/** A watch of such families every 20 ms, and what it tells. */
export async function openWatch(families: Partial<CatalogFamily>[], options: Partial<WatchThresholdsOptions> = {}) {
  const registry = options.registry ?? namedRegistry()
  const told: Alert[] = []
  const dispatchers = [{ name: 'test', dispatch: ({ alerts }: AlertNotification) => void told.push(...alerts) }]
  const watch = await watchThresholds({
    catalogs: [catalogOf(...families)],
    registry,
    ...(options.receiver === undefined ? { dispatchers } : {}),
    intervalMs: 20,
    ...options,
  })
  onTestFinished(async () => void (await watch.close()))
  return { registry, told, watch }
}

/** What watches warn of from now on. */
export const warnings = () => warningsOf('NANOTALLY_WATCH')

/** A receiver by hand, and what it took. */
export function receiverOf(refuse: () => 'backlog' | 'closed' | undefined) {
  const taken: Alert[] = []
  const accept = (alerts: readonly Alert[]) => {
    const refusal = refuse()
    if (refusal === undefined) taken.push(...alerts)
    return refusal
  }
  return { taken, receiver: { accept } }
}

export const statuses = (alerts: readonly { status: string }[]) => alerts.map(({ status }) => status)
