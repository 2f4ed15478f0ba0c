// Checks that the C++ under native/, examples/ and test/ is formatted by .clang-format, or with --write makes it so.
// It runs the binary of the pinned npm package, never one from PATH: other versions format differently.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    root: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
  },
})

const root = resolve(options.root)
const files = ['native', 'examples', 'test']
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap(sources)
  .sort()
if (files.length === 0) {
  console.error('format-native: no .h or .cc file under native/, examples/ or test/')
  process.exit(1)
}

const clangFormat = createRequire(import.meta.url)('clang-format').getNativeBinary()
const mode = options.write ? ['-i'] : ['--dry-run', '-Werror', '--ferror-limit=3']
const { status, error } = spawnSync(clangFormat, ['--style=file', ...mode, ...files], { cwd: root, stdio: 'inherit' })
if (error) throw error

console.log(`format-native: ${files.length} files ${options.write ? 'formatted' : 'checked'}`)
if (status !== 0) {
  if (!options.write) console.error('format-native: run `npm run format` to fix the files named above')
  process.exit(1)
}

/** The C++ files below a folder. Links are not followed: an example's node_modules leads back to the top folder. */
function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return ['node_modules', 'build'].includes(entry.name) ? [] : sources(path)
    return entry.isFile() && /\.(h|cc)$/.test(entry.name) ? [path] : []
  })
}
