// Gauges that are read from living objects, such as pools, at each scrape: of those that are instrumented then.

import type { CatalogFamily } from '../../catalogs/shared/catalog.js'
import { type Gauge, gauge, type Registry } from '../../index.js'

type Sums = Map<string, { labels: readonly string[]; value: number }>

/** Where a reader leaves what it read; what it leaves for the same labels adds up. */
export type Add = (value: number, ...labels: string[]) => void

/** The objects of one registry, and the gauges that are read from them. */
export class Live<T> {
  readonly #objects = new Set<T>()

  /**
   * Defines a gauge as its catalog does, and has it set at each scrape. Labels of an object that is gone end with it.
   *
   * @throws as `gauge()`
   */
  collect(registry: Registry, family: CatalogFamily, read: (object: T, add: Add) => void): void {
    const { name, help, unit, labels = [], aggregate, onExit } = family
    let shown: Sums = new Map()
    const collect = (target: Gauge) => {
      const sums: Sums = new Map()
      for (const object of this.#objects) {
        read(object, (value, ...own) => {
          const key = JSON.stringify(own)
          sums.set(key, { labels: own, value: (sums.get(key)?.value ?? 0) + value })
        })
      }
      for (const [key, { labels: gone }] of shown) if (!sums.has(key)) target.remove(...gone)
      for (const { labels: own, value } of sums.values()) target.labels(...own).set(value)
      shown = sums
    }
    gauge({ name, help, unit, labels, aggregate, onExit, registry, collect: collect as (target: Gauge) => void })
  }

  add(object: T): void {
    this.#objects.add(object)
  }

  delete(object: T): void {
    this.#objects.delete(object)
  }
}
