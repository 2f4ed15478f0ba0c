// What the figures were measured on and with; without it they mean nothing.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'

/**
 * @param {string} node The Node.js binary that runs the contenders.
 */
export function machineRecord(node) {
  const versions = JSON.parse(execFileSync(node, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' }))
  return {
    date: new Date().toISOString(),
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cpus: os.cpus().length,
    architecture: os.arch(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    governor: governor(),
    loadAverage: os.loadavg()[0],
    node: versions.node,
    v8: versions.v8,
    compiler: firstLine(process.env.CXX ?? 'c++', ['--version']),
    commit: commit(),
    packages: Object.fromEntries(
      ['nanotally', 'prom-client', '@platformatic/prom-client', 'tinybench'].map((name) => [name, version(name)]),
    ),
  }
}

/** The record as lines for people. */
export function describeMachine(record) {
  const packages = Object.entries(record.packages).map(([name, version_]) => `${name} ${version_}`)
  return [
    `${record.cpu}, ${record.cpus} CPUs, ${record.memoryGiB} GiB, governor ${record.governor}, ${record.kernel} ${record.architecture}`,
    `Node ${record.node}, V8 ${record.v8}, compiler ${record.compiler}`,
    packages.join(', '),
    `commit ${record.commit}, ${record.date}, load average ${record.loadAverage.toFixed(2)}`,
  ]
}

function commit() {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const head = firstLine('git', ['-C', root, 'rev-parse', 'HEAD'])
  if (!/^[0-9a-f]{40}$/.test(head)) return 'none'
  return firstLine('git', ['-C', root, 'status', '--porcelain']) === '' ? head : `${head} with changes`
}

function version(name) {
  const path = name === 'nanotally' ? '../../package.json' : `../../node_modules/${name}/package.json`
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version
}

function governor() {
  try {
    return readFileSync('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 'utf8').trim()
  } catch (error) {
    if (error.code === 'ENOENT') return 'not shown'
    throw error
  }
}

/** The first line that a command prints, or why there is none: a missing compiler does not end a bench. */
function firstLine(command, arguments_) {
  try {
    return execFileSync(command, arguments_, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0]
  } catch (error) {
    return error.code === 'ENOENT' ? 'not found' : `failed (status ${error.status})`
  }
}
