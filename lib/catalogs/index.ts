// All catalogs as data. Each one's recording functions are in its own module, `nanotally/catalogs/NAME`.
import { alerting } from './alerting.js'
import { allocation } from './allocation.js'
import { business } from './business.js'
import { cognitive } from './cognitive.js'
import { exporter } from './exporter.js'
import { graph } from './graph.js'
import { hardware } from './hardware.js'
import { http } from './http.js'
import { httpSemantic } from './http-semantic.js'
import { memory } from './memory.js'
import { numa } from './numa.js'
import { postgres } from './postgres.js'
import { redis } from './redis.js'
import { reliability } from './reliability.js'
import { runtime } from './runtime.js'
import type { Catalog } from './shared/catalog.js'
import { spreading } from './spreading.js'
import { streaming } from './streaming.js'

export type {
  Catalog,
  CatalogFamilies,
  CatalogFamily,
  CatalogOptions,
  Derivation,
  FamilyOperand,
  Instruments,
  Threshold,
} from './shared/catalog.js'
export { defineFamilies } from './shared/catalog.js'

/** Every catalog, in the order of docs/metrics.md. */
export const catalogs: readonly Catalog[] = [
  allocation,
  streaming,
  spreading,
  cognitive,
  graph,
  memory,
  hardware,
  numa,
  reliability,
  exporter,
  http,
  httpSemantic,
  postgres,
  redis,
  business,
  runtime,
  alerting,
]
