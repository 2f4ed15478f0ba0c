// Gauges that are read from living objects, such as pools, at each scrape: of those that are instrumented then.

import type { CatalogFamily } from '../../catalogs/shared/catalog.js'
import { type Gauge, gauge, type Registry } from '../../index.js'

type Sums = Map<string, { labels: readonly string[]; value: number }>

/** Where a reader leaves what it read; what it leaves for the same labels becomes one, by default by adding up. */
export type Add = (value: number, ...labels: string[]) => void

/** The objects of one registry, and the gauges that are read from them. */
export class Live<T> {
  readonly #objects = new Set<T>()

  /**
   * Defines a gauge as its catalog does, and has it set at each scrape. Labels of an object that is gone end with it.
   *
   * @throws as `gauge()`
   */
  collect(
    registry: Registry,
    family: CatalogFamily,
    read: (object: T, add: Add) => void,
    combine: (a: number, b: number) => number = (a, b) => a + b,
  ): void {
    const { name, help, unit, labels = [], aggregate, onExit } = family
    let shown: Sums = new Map()
    const collect = (target: Gauge) => {
      const sums: Sums = new Map()
      for (const object of this.#objects) {
        read(object, (value, ...own) => {
          const key = JSON.stringify(own)
          const before = sums.get(key)?.value
          sums.set(key, { labels: own, value: before === undefined ? value : combine(before, value) })
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
