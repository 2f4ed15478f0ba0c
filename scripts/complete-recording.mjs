// Gives recordings of kernels before Linux 2.6.26 the files that newer ones have, of what the old files say: lists beside
// masks, and which CPUs and nodes there are: node scripts/complete-recording.mjs ROOT...
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LIST_OF = {
  cpumap: 'cpulist',
  shared_cpu_map: 'shared_cpu_list',
  thread_siblings: 'thread_siblings_list',
}

/** "00000000,0000000f": words of 32 bits, the highest first. */
function listOf(mask) {
  const bits = BigInt(`0x${mask.trim().replaceAll(',', '')}`)
  return [...bits.toString(2)].reverse().flatMap((bit, number) => (bit === '1' ? [number] : []))
}

function addLists(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) addLists(path)
    const list = join(folder, LIST_OF[entry.name] ?? '.')
    if (entry.isFile() && !existsSync(list)) writeFileSync(list, `${listOf(readFileSync(path, 'utf8')).join()}\n`)
  }
}

function numbered(folder, prefix) {
  const pattern = new RegExp(`^${prefix}(\\d+)$`)
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number)
}

function addList(file, numbers) {
  if (numbers.length > 0 && !existsSync(file)) writeFileSync(file, `${numbers.sort((a, b) => a - b).join()}\n`)
}

for (const root of process.argv.slice(2)) {
  const system = join(root, 'sys/devices/system')
  if (!existsSync(system)) continue
  addLists(system)
  const cpus = numbered(join(system, 'cpu'), 'cpu')
  const isOnline = (cpu) => {
    const file = join(system, `cpu/cpu${cpu}/online`)
    return !existsSync(file) || readFileSync(file, 'utf8').trim() === '1'
  }
  addList(join(system, 'cpu/present'), cpus)
  addList(join(system, 'cpu/online'), cpus.filter(isOnline))
  addList(join(system, 'node/online'), numbered(join(system, 'node'), 'node'))
}
