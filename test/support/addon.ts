// Which addon is under test: the one that NANOTALLY_ADDON names, such as the one that ships (scripts/portable.sh), or else
// the local build.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const LOCAL = fileURLToPath(new URL('../../native/build/Release/nanotally.node', import.meta.url))

/** Its file. */
export const ADDON = process.env.NANOTALLY_ADDON ? resolve(process.env.NANOTALLY_ADDON) : LOCAL
