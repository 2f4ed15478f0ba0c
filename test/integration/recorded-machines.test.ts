// What is read of machines that others recorded, against what lstopo and lscpu say of the same files.

import { afterAll, expect, test } from 'vitest'
import { readTopology } from '../../dist/hardware/topology.js'
import { type Facts, factsRead, type Kind, recordings } from '../support/recordings.js'

type Differences = Partial<Record<Kind, string>>

const ALLOWED = 'lstopo shows what the cgroup of the recorded process allows; here everything is, with `allowed`'
const MERGED = 'lstopo was told to leave out what adds nothing'
const NO_NUMBER = 'physical_package_id is -1: no package; the tool makes one of each set of core_siblings'
const SIBLINGS = 'to the kernel the two cores of a Bulldozer module are siblings; lstopo takes them for two'
const KEEPS_NODES = 'lstopo leaves these nodes out: '
const KNL_CACHES = 'made up: lstopo believes the recorded firmware, which tells no ways, and takes memory for a cache'

const allowed = (...kinds: Kind[]): Differences => Object.fromEntries(kinds.map((kind) => [kind, ALLOWED]))

/** Where the tool says something else than sysfs does, or not the whole, and why. An entry that is no difference any more fails. */
const DIFFERENT: Readonly<Record<string, Differences>> = {
  'hwloc/128arm-2pa2n8cluster4co': {
    caches: 'the kernel tells 15 ways of L3, too few for its size: lstopo works them out anew',
  },
  'hwloc/16amd64-4n4c-cgroup-distance-merge': allowed(
    'cpus',
    'packages',
    'cores',
    'nodes',
    'memory',
    'caches',
    'distances',
  ),
  'hwloc/16amd64-8n2c-cpusets': allowed('cpus', 'packages', 'cores', 'nodes', 'memory', 'caches', 'distances'),
  'hwloc/16amd64-8n2c-cpusets.xml': allowed('cpus', 'packages', 'cores', 'nodes', 'memory', 'caches', 'distances'),
  'hwloc/16em64t-4s2c2t_merge': { caches: MERGED },
  'hwloc/16em64t-4s2c2t_ncaches': { caches: 'lstopo was told to leave them out' },
  'hwloc/16em64t-4s2ca2c-cpusetreorder': allowed('cpus', 'packages', 'cores', 'nodes', 'caches'),
  'hwloc/16em64t-4s2ca2c-cpusetreorder-merge': allowed('cpus', 'packages', 'cores', 'nodes', 'caches'),
  'hwloc/16ia64-8n2s': {
    packages: 'two packages of each node have the same number; lstopo tells them apart by core_siblings',
  },
  'hwloc/20s390-2g6s4c': { packages: NO_NUMBER },
  'hwloc/256ppc-8n8s4t': { packages: NO_NUMBER },
  'hwloc/2s390-2c': { packages: NO_NUMBER, cores: 'without a topology each CPU is a core here, and none to lstopo' },
  'hwloc/32amd64-4s2n4c-cgroup2': allowed('cpus', 'packages', 'cores', 'nodes', 'memory', 'caches', 'distances'),
  'hwloc/32amd64-4s2n4c-cgroup2.xml': allowed('cpus', 'packages', 'cores', 'nodes', 'memory', 'caches', 'distances'),
  'hwloc/40intel64-4n10c+pci-conflicts': {
    packages: 'what the environment says of PCI contradicts them, so lstopo drops one',
    caches: 'as the packages',
  },
  'hwloc/4em64t-2c2t-ignore-reorder': {
    packages: MERGED,
    cores: MERGED,
    caches: MERGED,
    cpus: 'not in the form that is read here',
    nodes: 'as the CPUs',
    memory: 'as the CPUs',
  },
  'hwloc/4fake-4gr1nu1pu': allowed('cpus', 'packages', 'cores', 'nodes', 'memory'),
  'hwloc/4ia64-4s': { packages: NO_NUMBER },
  'hwloc/64amd64-4p2n4ca2co': { cores: SIBLINGS },
  'hwloc/64amd64-4p2n4ca2co.topoextnuma': { cores: SIBLINGS },
  'hwloc/64amd64-4s2n4ca2co': {
    cores: SIBLINGS,
    caches: 'each core names itself alone for the instruction cache of a module',
  },
  'hwloc/64fake-4n2s2ca2c2t': { caches: 'made up: the sharers of a cache name each other one-sidedly' },
  'hwloc/64intel64-fakeKNL-A2A-cache': { caches: KNL_CACHES },
  'hwloc/64intel64-fakeKNL-SNC4-hybrid': { caches: KNL_CACHES, distances: 'lstopo replaces those of this processor' },
  'hwloc/64intel64-fakeKNL-SNC4-hybrid-msc': {
    caches: KNL_CACHES,
    distances: 'lstopo replaces those of this processor',
  },
  'hwloc/8em64t-2s2ca2c-buggynuma': {
    nodes: `${KEEPS_NODES}each claims all CPUs`,
    memory: 'as the nodes',
    distances: 'as the nodes',
  },
  'hwloc/8em64t-2s4c-heterogeneous': { caches: 'made up: a cache whose index follows a gap, which no kernel leaves' },
  'hwloc/8ia64-2s2c2t': { caches: 'each thread names itself alone for the instruction cache of a core' },
  'hwloc/fakememinitiators-1np2c+1npp+gi': {
    nodes: `${KEEPS_NODES}they have no memory`,
    memory: 'as the nodes',
    distances: 'as the nodes',
  },
  'hwloc/nvidiagpunumanodes': {
    nodes: `${KEEPS_NODES}they are memory of GPUs`,
    memory: 'as the nodes',
    distances: 'as the nodes',
  },
  'lscpu/ppc-qemu': { packages: NO_NUMBER },
  'lscpu/ppc64-POWER7': { packages: NO_NUMBER },
  'lscpu/ppc64-POWER7-64cpu': { packages: NO_NUMBER },
  'lscpu/s390-kvm': { packages: NO_NUMBER },
  'lscpu/s390-lpar': { packages: NO_NUMBER },
  'lscpu/s390-lpar-drawer': {
    nodes: 'cpulist of this kernel names CPUs that are not online, and lscpu prints it as it is',
  },
  'lscpu/s390-zvm': { packages: NO_NUMBER },
  'lscpu/sparc64': {
    packages: NO_NUMBER,
    caches: 'told in files of its own kind, l1_dcache_size and others, which are not read',
  },
}

let machines = 0
let facts = 0
const seen = new Set<string>()

function kindsOf(root: string, { cpus, nodes }: ReturnType<typeof readTopology>): string[] {
  const packages = new Set(cpus.flatMap((cpu) => cpu.package ?? []))
  const nodesOf = (number: number) => new Set(cpus.filter((cpu) => cpu.package === number).map((cpu) => cpu.node)).size
  const is = {
    [`${packages.size} packages`]: true,
    'more than 64 CPUs': cpus.length > 64,
    'many nodes in a package': [...packages].some((number) => nodesOf(number) > 1),
    'offline CPUs': cpus.some((cpu) => !cpu.online),
    'nodes of memory alone': nodes.some((node) => node.cpus.length === 0 && (node.memoryBytes ?? 0) > 0),
    'nodes of CPUs alone': nodes.some((node) => node.cpus.length > 0 && node.memoryBytes === 0),
    SMT: cpus.some((cpu) => cpu.siblings.length > 1),
    'an arm64 server': /128arm/.test(root),
    'a hybrid': /hybrid-lakefield/.test(root),
    'an EPYC': /epyc/.test(root),
  }
  return Object.keys(is).filter((kind) => is[kind])
}

const all = recordings()

test.each(all)('$name', ({ name, root, expected: told }) => {
  const machine = readTopology(root)
  expect(machine.source).toBe('sysfs')
  const read: Facts = factsRead(machine, told)
  // A node without CPUs lies somewhere in lstopo's tree, by how near it is; the kernel says only that it has none.
  const isEmpty = (line: string) =>
    machine.nodes.some((node) => node.cpus.length === 0 && line.startsWith(`${node.number}: `))
  const nodes = told.nodes?.map((line) => (isEmpty(line) ? line.replace(/ .*/, ' ') : line)).sort()
  const expected = nodes === undefined ? told : { ...told, nodes }
  const differences: Differences = DIFFERENT[name] ?? {}
  for (const kind of Object.keys(expected) as Kind[]) {
    if (differences[kind] !== undefined) {
      expect(read[kind], `${kind}: no difference any more`).not.toEqual(expected[kind])
    } else {
      expect(read[kind], kind).toEqual(expected[kind])
      facts += expected[kind]?.length ?? 0
    }
  }
  for (const kind of kindsOf(root, machine)) seen.add(kind)
  machines += 1
})

test('machines of all kinds are among them', () => {
  expect([...seen]).toEqual(
    expect.arrayContaining([
      ...['1 packages', '2 packages', '4 packages', 'more than 64 CPUs', 'many nodes in a package', 'SMT'],
      ...['offline CPUs', 'nodes of memory alone', 'nodes of CPUs alone', 'an arm64 server', 'a hybrid', 'an EPYC'],
    ]),
  )
  expect(new Set(all.map(({ root }) => root)).size).toBeGreaterThan(50)
  expect(Object.keys(DIFFERENT).filter((name) => !all.some((one) => one.name === name))).toEqual([])
})

afterAll(() => {
  console.log(`${machines} outputs of ${new Set(all.map(({ root }) => root)).size} machines, ${facts} facts that agree`)
})
