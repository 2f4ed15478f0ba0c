// The version of this package, as its package.json has it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export function packageVersion(): string {
  return JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')).version
}
