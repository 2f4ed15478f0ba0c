// The machines of `scripts/tools.sh machine-recordings`, and what is said of them as facts that can be compared: a line each.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Topology } from 'nanotally/hardware'
import { toolPath } from './server.js'

export type Kind = 'cpus' | 'packages' | 'cores' | 'nodes' | 'memory' | 'caches' | 'distances'
/** Of the kinds that are told; the lines sorted. */
export type Facts = Partial<Record<Kind, string[]>>

export interface Recording {
  name: string
  /** What `nanotally numa --root` takes. */
  root: string
  /** By the tool that the recording came with. */
  expected: Facts
}

const text = (cpus: Iterable<number>) => [...cpus].sort((a, b) => a - b).join()
const sorted = (lines: Iterable<string>) => [...new Set(lines)].sort()

/** One thing as lstopo shows it. */
interface Thing {
  type: string
  number: number | undefined
  cpus: Set<number>
  attributes: Map<string, number>
}

function factsOf(things: readonly Thing[], distances: string[]): Facts {
  const of = (pattern: RegExp) => things.filter(({ type }) => pattern.test(type))
  const nodes = of(/^NUMANode/)
  return {
    cpus: sorted(of(/^PU$/).map(({ number }) => `${number}`)),
    packages: sorted(of(/^Package$/).map(({ number, cpus }) => `${number ?? '?'}: ${text(cpus)}`)),
    cores: sorted(of(/^Core$/).map(({ cpus }) => text(cpus))),
    nodes: sorted(nodes.map(({ number, cpus }) => `${number}: ${text(cpus)}`)),
    memory: sorted(nodes.map(({ number, attributes }) => `${number}: ${attributes.get('local') ?? 0} KiB`)),
    caches: sorted(
      of(/^L\d.?Cache$/).map(({ type, cpus, attributes }) =>
        cacheLine(type, attributes.get('size'), attributes.get('linesize'), attributes.get('ways'), cpus),
      ),
    ),
    distances: sorted(distances),
  }
}

function cacheLine(type: string, kib = 0, line = 0, ways = 0, cpus: Iterable<number> = []): string {
  // lstopo writes -1 for a cache that is fully associative, and sysfs 0; which of the two is not told by either.
  return `${type} ${kib} KiB, ${line} bytes a line, ${Math.max(ways, 0)} ways: ${text(cpus)}`
}

/** `lstopo -v -`: a tree by indentation. */
function lstopoText(output: string): Facts {
  const things: Thing[] = []
  /** The numbers that the kernel gives, by lstopo's own. */
  const nodes = new Map<number, number | undefined>()
  const above: { depth: number; thing: Thing }[] = []
  for (const line of output.split('\n')) {
    const [, indent, type, logical, inner = ''] =
      /^( *)(\w+)(?:\([^)]*\))?(?: L#(\d+))?(?: \((.*)\))?$/.exec(line) ?? []
    if (indent === undefined || type === undefined || (logical ?? inner) === '') continue
    const number = /^P#(\d+)/.exec(inner)?.[1]
    const attributes = [...inner.matchAll(/\b(local|size|linesize|ways)=(-?\d+)/g)].map(
      ([, key, value]) => [`${key}`, Number(value)] as const,
    )
    const cpus = new Set<number>()
    const thing: Thing = {
      type,
      number: number === undefined ? undefined : Number(number),
      cpus,
      attributes: new Map(attributes),
    }
    while ((above.at(-1)?.depth ?? -1) >= indent.length) above.pop()
    // A node's CPUs are those of what it lies in; a cache on the side of the memory lies between.
    if (type === 'NUMANode') thing.cpus = above.findLast((one) => one.thing.type !== 'MemCache')?.thing.cpus ?? cpus
    if (type === 'PU') for (const one of above) one.thing.cpus.add(Number(number))
    if (type === 'NUMANode') nodes.set(Number(logical), thing.number)
    things.push(thing)
    above.push({ depth: indent.length, thing })
  }
  const [, heads = '', body = ''] =
    /^Relative latency matrix \(name NUMALatency.*\n +index((?: +\d+)+)\n((?:(?: +\d+)+\n)+)/m.exec(output) ?? []
  const numbersIn = (row: string) => row.trim().split(/ +/).map(Number)
  const columns = numbersIn(heads)
  return factsOf(
    things,
    body.split('\n').flatMap((row) => {
      const [from = -1, ...values] = numbersIn(row)
      return values.map((value, i) => `${nodes.get(from)} to ${nodes.get(columns[i] ?? -1)}: ${value}`)
    }),
  )
}

/** "0x00000003,0x0000000f", without the words of zeros in front; an empty word is one of zeros. */
function maskCpus(mask: string): Set<number> {
  const words = mask.split(',').map((word) =>
    Number.parseInt(word || '0', 16)
      .toString(2)
      .padStart(32, '0'),
  )
  return new Set([...words.join('')].reverse().flatMap((bit, number) => (bit === '1' ? [number] : [])))
}

/** `lstopo --of xml`. */
function lstopoXml(output: string): Facts {
  const things = [...output.matchAll(/<object ([^>]*)>/g)].map(([, inner = '']): Thing => {
    const read = new Map([...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [`${key}`, `${value}`]))
    const number = (key: string, unit = 1) => Number(read.get(key) ?? 0) / unit
    const letter = ['', 'd', 'i'][number('cache_type')]
    const type = `${read.get('type')}`.replace(/^(L\d).?Cache$/, `$1${letter}Cache`)
    const attributes = new Map([
      ['local', number('local_memory', 1024)],
      ['size', number('cache_size', 1024)],
      ['linesize', number('cache_linesize')],
      ['ways', number('cache_associativity')],
    ])
    return { type, number: number('os_index'), cpus: maskCpus(read.get('cpuset') ?? ''), attributes }
  })
  const matrix = /<distances2 type="NUMANode"[^>]*name="NUMALatency"[\s\S]*?<\/distances2>/.exec(output)?.[0] ?? ''
  const numbers = (tag: string) =>
    [...matrix.matchAll(new RegExp(`<${tag}[^>]*>([^<]*)<`, 'g'))].flatMap(([, list = '']) => list.trim().split(' '))
  const nodes = numbers('indexes')
  const values = numbers('u64values')
  return factsOf(
    things,
    values.map((value, i) => `${nodes[Math.floor(i / nodes.length)]} to ${nodes[i % nodes.length]}: ${value}`),
  )
}

/** lscpu's summary, and its table that programs read: what has one number in a column is one thing. */
function lscpuText(output: string): Facts {
  const table = /^# (CPU,.*)\n((?:\d.*\n?)+)/m.exec(output)
  const columns = table?.[1]?.split(',') ?? []
  const rows = (table?.[2] ?? '')
    .trim()
    .split('\n')
    .map((row) => row.split(','))
  const groups = (column: string): string[] | undefined => {
    const at = columns.indexOf(column)
    const members = new Map<string, number[]>()
    for (const row of rows) {
      const key = row[at] ?? ''
      if (key !== '') members.set(key, [...(members.get(key) ?? []), Number(row[0])])
    }
    return members.size === 0 ? undefined : sorted([...members.values()].map(text))
  }
  const facts: Facts = {}
  if (table !== null) facts.cpus = sorted(rows.map(([cpu]) => `${cpu}`))
  const cores = groups('Core')
  if (cores !== undefined) facts.cores = cores
  const packages = groups('Socket')
  if (packages !== undefined) facts.packages = packages
  const nodes = [...output.matchAll(/^NUMA node(\d+) CPU\(s\): *(.*)$/gm)]
  if (nodes.length > 0) facts.nodes = sorted(nodes.map(([, number, list]) => `${number}: ${text(listCpus(`${list}`))}`))
  const caches = columns.filter((name) => /^L\d/.test(name))
  if (caches.length > 0) {
    facts.caches = sorted(caches.flatMap((name) => (groups(name) ?? []).map((cpus) => `${name}: ${cpus}`)))
  }
  return facts
}

function listCpus(list: string): number[] {
  if (list === '') return []
  return list.split(',').flatMap((run) => {
    const [first = Number.NaN, last = first] = run.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

/**
 * The same facts of what was read, in the form and of the kinds that `expected` has. What lstopo leaves out by its options or
 * because it says nothing is left out: instruction caches where it shows none, distances of a single node, CPUs that are
 * offline.
 */
export function factsRead({ cpus, nodes, caches }: Topology, expected: Facts): Facts {
  const byTool = expected.memory === undefined ? 'lscpu' : 'lstopo'
  const online = cpus.filter((cpu) => cpu.online)
  const packages = new Map<number, number[]>()
  for (const cpu of online) {
    if (cpu.package !== undefined) packages.set(cpu.package, [...(packages.get(cpu.package) ?? []), cpu.number])
  }
  const showsInstructions = expected.caches?.some((line) => /^L\di/.test(line)) ?? false
  const names = { data: 'd', instruction: 'i', unified: '' }
  const shown = caches.filter(({ type }) => showsInstructions || type !== 'instruction')
  return {
    cpus: sorted(online.map(({ number }) => `${number}`)),
    packages: sorted([...packages].map(([number, own]) => (byTool === 'lscpu' ? '' : `${number}: `) + text(own))),
    cores: sorted(online.map(({ siblings }) => text(siblings))),
    nodes: sorted(nodes.map(({ number, cpus: own }) => `${number}: ${text(own)}`)),
    memory: sorted(nodes.map(({ number, memoryBytes = 0 }) => `${number}: ${memoryBytes / 1024} KiB`)),
    caches: sorted(
      shown.map(({ level, type, bytes = 0, lineBytes, ways, cpus: own }) =>
        byTool === 'lscpu'
          ? `L${level}${names[type]}: ${text(own)}`
          : cacheLine(`L${level}${names[type]}Cache`, bytes / 1024, lineBytes, ways, own),
      ),
    ),
    distances:
      nodes.length === 1
        ? []
        : sorted(
            nodes.flatMap(({ number, distances }) =>
              distances.map((value, i) => `${number} to ${nodes[i]?.number}: ${value}`),
            ),
          ),
  }
}

/** All of them; the tool is ensured, which takes a network the first time. */
export function recordings(): Recording[] {
  const folder = toolPath('machine-recordings')
  return ['hwloc', 'lscpu'].flatMap((by) => {
    const names = readdirSync(join(folder, by)).filter((file) => file.endsWith('.output'))
    return names.map((file): Recording => {
      const path = join(folder, by, file.slice(0, -'.output'.length))
      const output = readFileSync(`${path}.output`, 'utf8')
      const root = existsSync(`${path}.source`)
        ? join(
            folder,
            by,
            readFileSync(`${path}.source`, 'utf8')
              .trim()
              .replace(/\.tar\..*/, ''),
          )
        : path
      const read = by === 'lscpu' ? lscpuText : output.startsWith('<?xml') ? lstopoXml : lstopoText
      return { name: `${by}/${file.slice(0, -'.output'.length)}`, root, expected: read(output) }
    })
  })
}
