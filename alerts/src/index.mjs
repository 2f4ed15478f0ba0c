// All sources of rules, in the order of docs/alerts.md.
import { allocation } from './allocation.mjs'
import { cognitive } from './cognitive.mjs'
import { concurrency } from './concurrency.mjs'
import { hardware } from './hardware.mjs'
import { memory } from './memory.mjs'
import { nanotally } from './nanotally.mjs'
import { numa } from './numa.mjs'
import { recording } from './recording.mjs'
import { reliability } from './reliability.mjs'
import { runtime } from './runtime.mjs'
import { servers } from './servers.mjs'
import { services } from './services.mjs'
import { spreading } from './spreading.mjs'
import { streaming } from './streaming.mjs'

/** @type {readonly import('./build.mjs').FileSource[]} */
export const sources = [
  ...[allocation, streaming, spreading, cognitive, hardware, numa, memory, reliability, concurrency],
  ...[runtime, services, servers, nanotally, recording],
]
