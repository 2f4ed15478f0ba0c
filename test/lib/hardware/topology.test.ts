// topology(): of this machine against what Node tells of it, and of recorded ones.
import { availableParallelism, cpus as osCpus } from 'node:os'
import { topology } from 'nanotally/hardware'
import { describe, expect, test } from 'vitest'
import { readTopology } from '../../../dist/hardware/topology.js'
import { unpackMachine } from '../../support/machines.js'

describe('this machine', () => {
  const machine = topology()

  test('has the CPUs that Node finds', () => {
    const online = machine.cpus.filter((cpu) => cpu.online)
    if (machine.source !== 'flat') expect(online).toHaveLength(osCpus().length)
    expect(online.filter((cpu) => cpu.allowed).length).toBeGreaterThanOrEqual(
      Math.min(online.length, availableParallelism()),
    )
    expect(machine.nodes.flatMap((node) => node.cpus).sort((a, b) => a - b)).toEqual(online.map((cpu) => cpu.number))
    for (const { number, siblings } of machine.cpus) expect(siblings).toContain(number)
    for (const { distances } of machine.nodes) expect([0, machine.nodes.length]).toContain(distances.length)
  })

  test('is plain data, frozen all through, anew each time', () => {
    expect(topology()).not.toBe(machine)
    expect(Object.getPrototypeOf(machine)).toBe(Object.prototype)
    const parts: object[] = [machine]
    for (const part of parts) {
      expect(Object.isFrozen(part)).toBe(true)
      parts.push(...Object.values(part).filter((value) => typeof value === 'object'))
    }
    expect(parts.length).toBeGreaterThan(8)
  })
})

describe('recorded machines', () => {
  test('what is not told is no property', () => {
    const { nodes, cpus, caches, ...rest } = readTopology(unpackMachine('guest-arm64-2-sockets'))
    expect(rest).toEqual({ source: 'sysfs', affinity: [0, 1, 2, 3, 4, 5, 6, 7] })
    expect(cpus[5]).toEqual({
      ...{ number: 5, online: true, allowed: true, node: 1, package: 1, core: 1 },
      siblings: [5],
    })
    expect(caches[0]).toEqual({ level: 1, type: 'data', cpus: [0] })
    expect(nodes[1]).toEqual({
      ...{ number: 1, cpus: [4, 5, 6, 7], distances: [20, 10], allowed: true },
      ...{ memoryBytes: 513_408 * 1024, freeBytes: 493_560 * 1024 },
    })
  })

  test('limits, offline CPUs and nodes of memory alone', () => {
    const { nodes, cpus, affinity, cpuset, cpuQuota } = readTopology(unpackMachine('intel-2-sockets-persistent-memory'))
    expect([affinity?.length, cpuset?.length, cpuQuota]).toEqual([16, 32, 6.5])
    expect(cpus.filter((cpu) => cpu.allowed).map((cpu) => cpu.number)).toEqual(affinity)
    expect(cpus[79]).toEqual({ number: 79, online: false, allowed: false, siblings: [79] })
    expect(nodes.map((node) => [node.cpus.length, node.allowed])).toEqual([
      [40, true],
      [38, false],
      [0, false],
      [0, false],
    ])
  })

  test('kinds of cores, and the caches that each shares', () => {
    const { cpus, caches } = readTopology(unpackMachine('intel-hybrid-24-cpus'))
    expect(cpus.filter((cpu) => cpu.kind === 'efficiency').map((cpu) => cpu.number)).toEqual([
      16, 17, 18, 19, 20, 21, 22, 23,
    ])
    const secondLevel = caches.filter((cache) => cache.level === 2)
    expect(secondLevel.map((cache) => cache.cpus.length)).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 4, 4])
    expect(caches.at(-1)).toMatchObject({ level: 3, type: 'unified', bytes: 30 * 1024 * 1024, lineBytes: 64, ways: 12 })
  })
})
