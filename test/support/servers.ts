// What the database servers of the tests have in common: scripts/tools.sh says where they are, and none runs as root.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { toolPath } from './server.js'

const NOBODY = 65534

export interface InstalledServer {
  /** The folder that stands for `/`. */
  root: string
  /** What to run before a command of it, so that it finds its libraries and is not root. */
  before: string[]
  /** Whom its folder has to belong to. */
  owner: number | undefined
}

/**
 * A server of Debian's, fetched when it is missing. Root's servers run as nobody.
 *
 * @throws Error with the script's instruction when it cannot be had
 */
export function installedServer(tool: 'postgresql' | 'redis-server'): InstalledServer {
  const root = toolPath(tool)
  const isRoot = process.getuid?.() === 0
  const asNobody = isRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []
  return {
    root,
    before: [...asNobody, 'env', ...(root === '/' ? [] : [`LD_LIBRARY_PATH=${libraries(root)}`])],
    owner: isRoot ? NOBODY : undefined,
  }
}

function libraries(root: string): string {
  return ['usr/lib', 'lib']
    .flatMap((folder) => entries(join(root, folder)).map((entry) => join(root, folder, entry)))
    .filter((path) => path.endsWith('-linux-gnu'))
    .join(':')
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
