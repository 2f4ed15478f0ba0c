// What the kernel tells of the machine, read by the suites themselves: nothing of nanotally is in here.
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export const read = (path) => readFileSync(path, 'utf8').trim()
export const readIfThere = (path) => (existsSync(path) ? read(path) : undefined)

/** The numbers of a list such as `0-2,4`. */
export function numbers(list) {
  return list
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first, last = first] = part.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })
}

const CPUS = '/sys/devices/system/cpu'
const NODES = '/sys/devices/system/node'

/** The nodes that are online, in order; none where the kernel has no notion of them. */
export function nodes() {
  const online = readIfThere(`${NODES}/online`)
  if (online === undefined) return []
  const offline = numbers(read(`${CPUS}/offline`))
  return numbers(online).map((number) => {
    const folder = `${NODES}/node${number}`
    return {
      number,
      cpus: numbers(read(`${folder}/cpulist`)).filter((cpu) => !offline.includes(cpu)),
      memoryBytes: Number(/MemTotal:\s+(\d+) kB/.exec(read(`${folder}/meminfo`))[1]) * 1024,
      distances: read(`${folder}/distance`).split(/\s+/).map(Number),
    }
  })
}

/** The CPUs that are present, in order; where one of them lies is told only of those that are online. */
export function cpus() {
  const online = numbers(read(`${CPUS}/online`))
  return numbers(read(`${CPUS}/present`)).map((number) => {
    const number_ = (name) => {
      const text = readIfThere(`${CPUS}/cpu${number}/topology/${name}`)
      // The kernel tells -1 where it knows nothing.
      return text === undefined || Number(text) < 0 ? undefined : Number(text)
    }
    return {
      number,
      online: online.includes(number),
      package: number_('physical_package_id'),
      die: number_('die_id'),
      core: number_('core_id'),
      siblings: numbers(readIfThere(`${CPUS}/cpu${number}/topology/thread_siblings_list`) ?? ''),
    }
  })
}

/** Each cache once, as `L2 unified 0-1`, with its size where the kernel knows it; sorted. */
export function caches() {
  const found = new Set()
  for (const { number, online } of cpus()) {
    const folder = `${CPUS}/cpu${number}/cache`
    if (!online || !existsSync(folder)) continue
    for (const index of readdirSync(folder).filter((name) => name.startsWith('index'))) {
      const size = readIfThere(`${folder}/${index}/size`)
      found.add(
        cacheName({
          level: Number(read(`${folder}/${index}/level`)),
          type: read(`${folder}/${index}/type`).toLowerCase(),
          bytes: size && Number(/^\d+/.exec(size)[0]) * 1024,
          cpus: numbers(read(`${folder}/${index}/shared_cpu_list`)),
        }),
      )
    }
  }
  return [...found].sort()
}

export const cacheName = ({ level, type, bytes, cpus }) => `L${level} ${type} ${bytes ?? '?'} of ${cpus.join()}`

/** What this process may use, by the kernel's word: a list of numbers from /proc/self/status. */
export const allowed = (what) =>
  numbers(new RegExp(`^${what}_allowed_list:\\s*(\\S*)`, 'm').exec(read('/proc/self/status'))[1])
