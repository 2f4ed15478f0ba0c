// Required by every thread of a process under test before anything else (by NODE_OPTIONS, see environment.mjs). It leaks the
// canary, and counts the calls of each of nanotally's native functions by all threads of the process. The counts go to
// calls.PID, beside the sanitizers' reports, when the process ends by itself; until then that file is empty.
const { writeFileSync } = require('node:fs')
const { basename, join } = require('node:path')
const threads = require('node:worker_threads')

const COUNTS = 'nanotally/test/sanitizers/counts'
/** How many native functions there can be: their counts lie in one array for all threads. */
const MOST = 128

/** The addon with functions that count their calls, by their places among its properties. */
function counting(addon, counts) {
  const names = Object.getOwnPropertyNames(addon)
  if (names.length > MOST) throw new RangeError(`the addon has ${names.length} properties, more than ${MOST}`)
  const counted = names.map((name, i) => {
    const value = addon[name]
    if (typeof value !== 'function') return [name, value]
    const call = function (...args) {
      Atomics.add(counts, i, 1)
      return Reflect.apply(value, this, args)
    }
    return [name, call]
  })
  return Object.fromEntries(counted)
}

const { dlopen } = process
process.dlopen = function (module, path, ...rest) {
  Reflect.apply(dlopen, this, [module, path, ...rest])
  // Only now: a worker has no environment data before its preloaded modules have run.
  if (basename(path) === 'nanotally.node') module.exports = counting(module.exports, threads.getEnvironmentData(COUNTS))
}

// The exporter keeps a program's NODE_OPTIONS, and so this file, away from its thread; its calls are to be counted, too.
const { NODE_OPTIONS } = process.env
threads.Worker = class extends threads.Worker {
  constructor(file, options = {}) {
    const own = options.env !== undefined && options.env !== threads.SHARE_ENV
    super(file, own ? { ...options, env: { ...options.env, NODE_OPTIONS } } : options)
  }
}

if (threads.isMainThread) {
  const counts = new Int32Array(new SharedArrayBuffer(MOST * Int32Array.BYTES_PER_ELEMENT))
  threads.setEnvironmentData(COUNTS, counts)
  const probe = require(process.env.NANOTALLY_PROBE)
  // The program is to find no addon but its own among the loaded modules.
  delete require.cache[process.env.NANOTALLY_PROBE]
  probe.canary()
  let file
  /** Where the sanitizers' reports go from now on, and the counts. */
  const reportTo = (folder) => {
    probe.setReportPath(join(folder, 'address'))
    file = join(folder, `calls.${process.pid}`)
    writeFileSync(file, '')
  }
  const writeCounts = () => writeFileSync(file, JSON.stringify([...counts]))
  reportTo(process.env.NANOTALLY_REPORTS)
  process.on('exit', writeCounts)
  // For a test's own process, which vitest kills.
  globalThis[Symbol.for(COUNTS)] = { reportTo, writeCounts, checkLeaks: probe.checkLeaks }
}
