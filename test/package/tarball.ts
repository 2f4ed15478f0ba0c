// The packed package: scripts/test-package.sh makes it and says where it is.
import { execFileSync } from 'node:child_process'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The package managers, test runners and bundlers that the package is tried with, from test/package/tools. */
export const TOOLS = fileURLToPath(new URL('tools', import.meta.url))

/** The folder of its files, unpacked beside it. */
export function unpacked(): string {
  return join(dirname(tarball()), 'package')
}

/** The tarball's path. */
export function tarball(): string {
  const path = process.env.NANOTALLY_TARBALL
  if (!path) throw new Error('NANOTALLY_TARBALL names no tarball: run scripts/test-package.sh')
  return resolve(path)
}

/** The paths of the files in it, from the package's folder, sorted. */
export function packedFiles(): string[] {
  return execFileSync('tar', ['-tzf', tarball()], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
    .sort()
}

/** The text of one file in it. */
export function packedFile(path: string): string {
  return execFileSync('tar', ['-xzOf', tarball(), `package/${path}`], { encoding: 'utf8' })
}
