// Prints the lists that binding.gyp asks for: node gyp-lists.js sources|prebuilt-sources|prebuilt-wraps|include-dirs
// Paths are relative to binding.gyp's folder, where gyp runs this.
const { existsSync, readFileSync } = require('node:fs')
const { join } = require('node:path')
const sources = require('./sources.json')

const LISTS = {
  sources() {
    const { core, render, os, os_linux, os_fallback, record, runtime, binding } = sources
    const platform = process.platform === 'linux' ? os_linux : os_fallback
    return [...core, ...render, ...os, ...platform, ...record, ...runtime, ...binding]
  },
  'prebuilt-sources': () => sources.os_prebuilt_linux,
  /** The linker's options for what old_glibc_linux.cc stands in for. */
  'prebuilt-wraps'() {
    const text = readFileSync(join(__dirname, 'os', 'old_glibc_linux.cc'), 'utf8')
    return [...new Set(text.match(/(?<=\b__wrap_)\w+/g))].map((name) => `-Wl,--wrap=${name}`)
  },
  /** node-addon-api: the copy that scripts/prepack.sh put into the package, or in a checkout the development dependency. */
  'include-dirs'() {
    return [existsSync('node-addon-api') ? 'node-addon-api' : require('node-addon-api').include_dir]
  },
}

const [name] = process.argv.slice(2)
if (!LISTS[name]) throw new Error(`no list '${name}': ${Object.keys(LISTS).join(', ')}`)
console.log(LISTS[name]().join(' '))
