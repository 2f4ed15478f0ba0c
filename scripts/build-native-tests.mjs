// Configures and builds the native tests: node scripts/build-native-tests.mjs none|thread|address GTEST_DIR
// It drives cmake-js through its CMake class. The command line (`cmake-js build`) would first download Node's headers,
// which these tests do not include, and so could not build without a network.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const { CMake } = createRequire(import.meta.url)('cmake-js')
const [sanitizer, gtestDir] = process.argv.slice(2)
const root = fileURLToPath(new URL('..', import.meta.url))

const cmake = new CMake({
  directory: root,
  out: join(root, 'build', `native-${sanitizer}`),
  config: 'RelWithDebInfo',
  isNodeApi: true,
  noLog: true,
  parallel: 2,
  cMakeOptions: { NANOTALLY_SANITIZER: sanitizer, NANOTALLY_GTEST_DIR: gtestDir },
})
// Configuring again costs half a second and finds test files and options that are new since the last time.
try {
  await cmake.configure()
  await cmake.build()
} catch (error) {
  // CMake has printed what is wrong; the stack of the process that ran it says nothing more.
  console.error(`build-native-tests: ${error.message}`)
  process.exitCode = 1
}
