// The machines of native/test/machines (its README.md tells the format), unpacked for a test.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const MACHINES = fileURLToPath(new URL('../../native/test/machines', import.meta.url))

function numbersOf(list: string): number[] {
  return list.split(',').flatMap((run) => {
    const [first = Number.NaN, last = first] = run.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

// By rm, which takes a fraction of the time that node:fs does; a loaded machine is slow.
afterAll(() => {
  execFileSync('rm', ['-rf', ...unpacked.values()])
}, 300_000)

const unpacked = new Map<string, string>()

/**
 * The folder that the machine's files are below, as a root of `nanotally numa --root`. Some have thousands, so each is unpacked
 * once for a file of tests, and is there until it ends.
 */
export function unpackMachine(name: string): string {
  const known = unpacked.get(name)
  if (known !== undefined) return known
  const root = mkdtempSync(join(tmpdir(), 'nanotally-machine-'))
  unpacked.set(name, root)
  for (const line of readFileSync(join(MACHINES, `${name}.machine`), 'utf8').split('\n')) {
    const [, pattern, content] = /^(\/[^:]+):(?: (.*))?$/.exec(line) ?? []
    if (pattern === undefined) continue
    const list = /\{(.*)\}/.exec(pattern)?.[1]
    const paths =
      list === undefined ? [pattern] : numbersOf(list).map((number) => pattern.replace(/\{.*\}/, `${number}`))
    for (const path of paths) {
      const file = join(root, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, `${(content ?? '').replaceAll('\\n', '\n')}\n`)
    }
  }
  return root
}
