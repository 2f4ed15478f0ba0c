// Configures and builds what CMakeLists.txt has:
//   node scripts/build-native.mjs none|thread|address GTEST_DIR [--arch arm64] [--target NAME]...   the native tests
//   node scripts/build-native.mjs bench BENCHMARK_DIR                                            the native benches
// into build/native-SANITIZER, build/native-ARCH for another machine, or build/native-bench. It builds all, or the targets named.
// It drives cmake-js through its CMake class. The command line (`cmake-js build`) would first download Node's headers,
// which none of this includes, and so could not build without a network.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { CMake } = createRequire(import.meta.url)('cmake-js')
const root = fileURLToPath(new URL('..', import.meta.url))

/** What builds for another machine than this one. */
const TOOLCHAINS = { arm64: join(root, 'native', 'test', 'aarch64-linux-gnu.cmake') }

const {
  values: { arch, target: targets },
  positionals: [what, library],
} = parseArgs({
  allowPositionals: true,
  options: { arch: { type: 'string' }, target: { type: 'string', multiple: true } },
})
if (arch && !TOOLCHAINS[arch]) throw new Error(`--arch is one of ${Object.keys(TOOLCHAINS).join(', ')}`)
if (arch && what !== 'none') throw new Error(`for ${arch} there are the tests without a sanitizer: none`)

const cmake = new CMake({
  directory: root,
  out: join(root, 'build', `native-${arch ?? what}`),
  config: 'RelWithDebInfo',
  isNodeApi: true,
  noLog: true,
  parallel: 2,
  cMakeOptions: {
    ...(what === 'bench'
      ? { NANOTALLY_BENCHMARK_DIR: library }
      : { NANOTALLY_SANITIZER: what, NANOTALLY_GTEST_DIR: library }),
    ...(arch && { CMAKE_TOOLCHAIN_FILE: TOOLCHAINS[arch] }),
  },
})
// Configuring again costs half a second and finds files and options that are new since the last time.
try {
  await cmake.configure()
  // All at once: built one after another, each would keep one core busy.
  if (targets) cmake.extraCMakeArgs = ['--target', ...targets]
  await cmake.build()
} catch (error) {
  // CMake has printed what is wrong; the stack of the process that ran it says nothing more.
  console.error(`build-native: ${error.message}`)
  process.exitCode = 1
}
