// topology() against what /sys tells, and `nanotally numa`.
import { topology } from 'nanotally/hardware'
import { runCli } from './children.mjs'
import { assert, branch, test } from './harness.mjs'
import * as system from './system.mjs'

const machine = topology()
const nodes = system.nodes()
const cpus = system.cpus()

branch(`topology from ${machine.source}`)
branch(`${nodes.length} nodes`)
if (nodes.some((node) => node.cpus.length === 0)) branch('a node without CPUs')
if (nodes.some((node) => node.memoryBytes === 0)) branch('a node without memory')
if (cpus.some((cpu) => !cpu.online)) branch('offline CPUs')
if (cpus.some((cpu) => cpu.siblings.length > 1)) branch('hardware threads')
if (new Set(cpus.filter(({ package: at }) => at === 0).map((cpu) => cpu.die)).size > 1)
  branch('several dies in a package')
if (new Set(cpus.filter((cpu) => cpu.online).map((cpu) => cpu.package)).size > 1) branch('several packages')
if (system.caches().length > 0) branch('caches')

await test('the nodes are those of the kernel, with their CPUs, memory and distances', () => {
  assert.ok(nodes.length > 0)
  assert.deepEqual(
    machine.nodes.map(({ number, cpus, distances }) => ({ number, cpus, distances })),
    nodes.map(({ number, cpus, distances }) => ({ number, cpus, distances })),
  )
  for (const [i, { number, memoryBytes, freeBytes }] of machine.nodes.entries()) {
    assert.equal(memoryBytes, nodes[i].memoryBytes, `memory of node ${number}`)
    assert.ok(freeBytes <= memoryBytes, `${freeBytes} free bytes of node ${number}`)
  }
})

await test('the CPUs are those of the kernel, where they lie and who shares their core', () => {
  assert.deepEqual(
    machine.cpus.map(({ number, online }) => ({ number, online })),
    cpus.map(({ number, online }) => ({ number, online })),
  )
  for (const [i, cpu] of machine.cpus.entries()) {
    const { online, siblings, package: at, die, core } = cpus[i]
    const node = nodes.find((node) => node.cpus.includes(cpu.number))?.number
    const expected = online ? { package: at, die, core, node } : {}
    for (const name of ['package', 'die', 'core', 'node']) {
      assert.equal(cpu[name], expected[name], `${name} of CPU ${cpu.number}`)
    }
    if (online) assert.deepEqual(cpu.siblings, siblings, `siblings of CPU ${cpu.number}`)
  }
})

await test('the caches are those of the kernel, each once', () => {
  assert.deepEqual(machine.caches.map(system.cacheName).sort(), system.caches())
})

await test('what this process may use is what its status tells', () => {
  const may = system.allowed('Cpus')
  const mayUse = machine.cpus.filter((cpu) => cpu.online && cpu.allowed).map((cpu) => cpu.number)
  assert.deepEqual(
    mayUse,
    may.filter((cpu) => cpus.some(({ number, online }) => online && number === cpu)),
  )
  const memory = system.allowed('Mems')
  assert.deepEqual(
    machine.nodes.filter((node) => node.allowed).map((node) => node.number),
    memory,
  )
})

await test('nanotally numa --json tells the same', () => {
  const told = JSON.parse(runCli(['numa', '--json']))
  assert.equal(told.source, machine.source)
  const withoutFree = (nodes) => nodes.map(({ freeBytes, ...node }) => node)
  assert.deepEqual(withoutFree(told.nodes), withoutFree(machine.nodes))
  assert.deepEqual(told.cpus, machine.cpus)
  assert.deepEqual(told.caches, machine.caches)
})

await test('nanotally numa draws each node', () => {
  const drawing = runCli(['numa'])
  for (const { number } of nodes) assert.match(drawing, new RegExp(`node ${number}\\b`, 'i'))
})
