// Bundles dashboards/src and loads it, for what is generated of it: the JSON, and the figures of docs/panels.md.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The dashboards of dashboards/src. @returns {Promise<import('./src/library/dashboard.ts').Dashboard[]>} */
export async function loadDashboards() {
  // Inside the package, so that what it requires is found.
  mkdirSync(join(ROOT, 'build'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, 'build', 'dashboards-'))
  try {
    const outfile = join(folder, 'dashboards.cjs')
    await build({
      absWorkingDir: ROOT,
      entryPoints: ['dashboards/src/index.ts'],
      outfile,
      bundle: true,
      packages: 'external',
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      logLevel: 'warning',
    })
    return createRequire(import.meta.url)(outfile).dashboards
  } finally {
    rmSync(folder, { recursive: true })
  }
}
