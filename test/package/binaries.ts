// What a shared library asks of the system that loads it, read by readelf, which reads those of any architecture.
import { execFileSync } from 'node:child_process'

export interface Binary {
  /** Libraries that the loader has to find. */
  needed: string[]
  /** Symbols that it binds to, such as `pthread_create@GLIBC_2.2.5`; those without a version have ''. A weak one may be missing. */
  undefined: { name: string; version: string; weak: boolean }[]
  /** Symbols that others may bind to. */
  exported: string[]
  /** Such as `NODELETE`. */
  flags: string[]
}

export function readBinary(path: string): Binary {
  const elf = (...options: string[]) =>
    execFileSync('readelf', ['--wide', ...options, path], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
  const dynamic = elf('--dynamic')
  const symbols = [...elf('--dyn-syms').matchAll(/^ *\d+: +[0-9a-f]+ +\d+ (\w+) +(\w+) +\w+ +(\w+) (\S+)/gm)].map(
    ([, type, binding, section, symbol]) => {
      const [name = '', version = ''] = (symbol as string).split(/@+/)
      return { type, binding, section, name, version, weak: binding === 'WEAK' }
    },
  )
  if (symbols.length === 0) throw new Error(`${path} has no dynamic symbols`)
  return {
    needed: [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name as string),
    undefined: symbols.filter(({ section, name }) => section === 'UND' && name !== ''),
    exported: symbols
      .filter(({ type, binding, section }) => section !== 'UND' && binding !== 'LOCAL' && type !== 'SECTION')
      .map(({ name }) => name),
    flags: [...dynamic.matchAll(/\(FLAGS(?:_1)?\).*?: *(.*)/g)].flatMap(([, flags]) => (flags as string).split(' ')),
  }
}

/** Whether a version such as `GLIBC_2.36` is newer than a release such as 2.28. Versions of other kinds are. */
export function isNewer(version: string, release: string): boolean {
  const [, major, minor] = /^GLIBC_(\d+)\.(\d+)(\.\d+)*$/.exec(version) ?? []
  if (major === undefined) return true
  const [oldMajor, oldMinor] = release.split('.').map(Number) as [number, number]
  return Number(major) > oldMajor || (Number(major) === oldMajor && Number(minor) > oldMinor)
}
