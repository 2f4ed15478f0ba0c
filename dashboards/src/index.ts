// All dashboards.
import { alertStatus } from './alert-status.js'
import { application } from './application.js'
import { business } from './business.js'
import { cognitive } from './cognitive.js'
import { databases } from './databases.js'
import { hardware } from './hardware.js'
import type { Dashboard } from './library/dashboard.js'
import { nanotally } from './nanotally.js'
import { nodeRuntime } from './node-runtime.js'
import { overview } from './overview.js'
import { spreading } from './spreading.js'
import { streaming } from './streaming.js'
import { system } from './system.js'

export const dashboards: readonly Dashboard[] = [
  overview,
  streaming,
  spreading,
  cognitive,
  hardware,
  system,
  application,
  databases,
  business,
  alertStatus,
  nodeRuntime,
  nanotally,
]
