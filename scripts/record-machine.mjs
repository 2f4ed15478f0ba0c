// Prints the files that native/os/topology.cc reads, of this machine or of a copy of another's, in the format of
// native/test/machines (its README.md tells it): node scripts/record-machine.mjs [ROOT]
import { readdirSync, readFileSync } from 'node:fs'

const root = process.argv[2] ?? ''
const CPU = '/sys/devices/system/cpu'
const NODE = '/sys/devices/system/node'
const OF_A_CPU = /^(topology\/(physical_package_id|die_id|core_id|core_cpus_list)|cpu_capacity)$/
const OF_A_CACHE = /^(level|type|size|coherency_line_size|ways_of_associativity|shared_cpu_list)$/

const read = (path) => {
  try {
    return readFileSync(root + path, 'utf8').trimEnd()
  } catch {
    return undefined
  }
}
const list = (folder) => {
  try {
    return readdirSync(root + folder)
  } catch {
    return []
  }
}
const lines = (text, pattern) =>
  text
    ?.split('\n')
    .filter((line) => pattern.test(line))
    .join('\n')
const numbered = (folder, prefix) =>
  list(folder)
    .flatMap((name) => new RegExp(`^${prefix}(\\d+)$`).exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)

/** Numbers by the path with {} in their place and by the content that they share. */
const groups = new Map()
function add(path, number, text) {
  if (text === undefined) return
  const key = JSON.stringify([path, text])
  const numbers = groups.get(key) ?? groups.set(key, []).get(key)
  if (number !== undefined) numbers.push(number)
}

for (const name of ['present', 'online']) add(`${CPU}/${name}`, undefined, read(`${CPU}/${name}`))
for (const pmu of ['cpu_core', 'cpu_atom', 'cpu_lowpower']) {
  add(`/sys/devices/${pmu}/cpus`, undefined, read(`/sys/devices/${pmu}/cpus`))
}
for (const cpu of numbered(CPU, 'cpu')) {
  const folder = `${CPU}/cpu${cpu}`
  const files = [...list(`${folder}/topology`).map((name) => `topology/${name}`), 'cpu_capacity']
  for (const file of files.filter((name) => OF_A_CPU.test(name))) {
    add(`${CPU}/cpu{}/${file}`, cpu, read(`${folder}/${file}`))
  }
  for (const index of numbered(`${folder}/cache`, 'index')) {
    const cache = `cache/index${index}`
    for (const file of list(`${folder}/${cache}`).filter((name) => OF_A_CACHE.test(name))) {
      add(`${CPU}/cpu{}/${cache}/${file}`, cpu, read(`${folder}/${cache}/${file}`))
    }
  }
}
add(`${NODE}/online`, undefined, read(`${NODE}/online`))
for (const node of numbered(NODE, 'node')) {
  for (const file of ['cpulist', 'distance']) add(`${NODE}/node{}/${file}`, node, read(`${NODE}/node${node}/${file}`))
  add(`${NODE}/node{}/meminfo`, node, lines(read(`${NODE}/node${node}/meminfo`), /Mem(Total|Free):/))
}
add('/proc/meminfo', undefined, lines(read('/proc/meminfo'), /^Mem(Total|Free):/))
add('/proc/self/status', undefined, lines(read('/proc/self/status'), /^(Cpus|Mems)_allowed_list:/))

const ranges = (numbers) => {
  const runs = []
  for (const number of numbers) {
    const last = runs.at(-1)
    if (last?.[1] === number - 1) last[1] = number
    else runs.push([number, number])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}
const rows = [...groups].map(([key, numbers]) => [...JSON.parse(key), numbers])
rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) // stable: the lowest numbers come first
for (const [path, text, numbers] of rows) {
  console.log(`${path.replace('{}', `{${ranges(numbers)}}`)}: ${text.replaceAll('\n', '\\n')}`.trimEnd())
}
