// All catalogs as data. Each one's recording functions are in its own module, `nanotally/catalogs/NAME`.
import type { Catalog } from './catalog.js'
import { cognitive } from './cognitive.js'
import { graph } from './graph.js'
import { memory } from './memory.js'
import { streaming } from './streaming.js'

export type {
  Catalog,
  CatalogFamilies,
  CatalogFamily,
  CatalogOptions,
  Derivation,
  FamilyOperand,
  Threshold,
} from './catalog.js'

/** Every catalog, in the order of docs/metrics.md. */
export const catalogs: readonly Catalog[] = [streaming, cognitive, graph, memory]
