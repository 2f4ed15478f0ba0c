// Finds and loads the native addon; when nothing loads, says what was tried and what to do on this system.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { NanotallyError, NOT_WHOLE } from './errors.js'

/** The package's folder. */
const ROOT = join(__dirname, '..')
const SYSTEM = `${process.platform}-${process.arch}`
/** As scripts/prebuilds.sh makes them. */
const PREBUILT = ['linux-x64', 'linux-arm64']
/** The oldest glibc that those bind to is older still; this is what is promised. */
const OLDEST_GLIBC = '2.28'

interface Header {
  /** Absent where Node was built for another C library. */
  glibcVersionRuntime?: string
}

const BUILD = 'npm explore nanotally -- npm run build:native'

/**
 * Loads the addon that the environment variable NANOTALLY_ADDON names; without it, a local build, which somebody asked for,
 * or else the binary that came with the package.
 *
 * @throws NanotallyError `ERR_NANOTALLY_NATIVE_LOAD`: none of them loads. `cause` is the AggregateError of what each said.
 */
export function loadAddon(): unknown {
  const { NANOTALLY_ADDON: chosen } = process.env
  const candidates = chosen
    ? [resolve(chosen)]
    : [join(ROOT, 'native', 'build', 'Release', 'nanotally.node'), join(ROOT, 'prebuilds', SYSTEM, 'nanotally.node')]
  const errors: Error[] = []
  for (const path of candidates) {
    // A bundler leaves a `require` of an expression alone.
    try {
      return require(path)
    } catch (error) {
      errors.push(error as Error)
    }
  }
  const tried = candidates.map((path, i) => `\n  ${path}: ${existsSync(path) ? errors[i]?.message : 'no such file'}`)
  throw new NanotallyError(
    'ERR_NANOTALLY_NATIVE_LOAD',
    `nanotally could not load its native addon on ${SYSTEM} (${libc()}), Node ${process.version}. It tried:${tried.join('')}\n` +
      (chosen ? 'The environment variable NANOTALLY_ADDON names this file: unset it, or mend it.' : advice(candidates)),
    { cause: new AggregateError(errors) },
  )
}

function advice([local, prebuilt]: string[]): string {
  const build = `build it from the package's sources with "${BUILD}"`
  if (!['x64', 'arm64'].includes(process.arch))
    return `nanotally is for 64-bit systems: ${PREBUILT.join(', ')} and their like.`
  if (local !== undefined && existsSync(local)) {
    return `The first file was built on this machine or copied from another one. Delete it, or ${build}.`
  }
  if (!PREBUILT.includes(SYSTEM))
    return `There is no prebuilt binary for ${SYSTEM}: ${build}, which needs a C++20 compiler.`
  if (libc() === 'musl') {
    return `The prebuilt binaries are for glibc. On Alpine, "apk add build-base python3 linux-headers", then ${build}.`
  }
  if (prebuilt !== undefined && existsSync(prebuilt)) {
    return `The prebuilt binary needs glibc ${OLDEST_GLIBC} or newer. On an older system, ${build}.`
  }
  return NOT_WHOLE
}

/** Which C library Node runs on. */
function libc(): string {
  if (process.platform !== 'linux') return 'the system library'
  // Node's own way to tell: a report. Without the networks, which it would look up by name (@types/node 20 lacks the option).
  const report = process.report as unknown as { excludeNetwork: boolean; getReport(): { header: Header } }
  const { excludeNetwork } = report
  report.excludeNetwork = true
  const { header } = report.getReport()
  report.excludeNetwork = excludeNetwork
  return header.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : 'musl'
}
