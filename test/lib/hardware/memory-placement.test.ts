// Where the memory of cells lies, as the kernel of this machine says; or why it does not.
import { counter, Registry, registry } from 'nanotally'
import { memoryPlacement } from 'nanotally/hardware'
import { expect, test } from 'vitest'
import { read } from '../../support/registry.js'

test('all of it is told, on a node or not touched yet', async () => {
  counter({ name: 'placed_total', help: 'h' }).inc()
  const placement = memoryPlacement()
  if (!placement.available) {
    expect(['seccomp', 'kernel', 'system']).toContain(placement.reason)
    expect(placement.message).not.toBe('')
    return
  }
  const placed = placement.nodes.reduce((sum, { bytes }) => sum + bytes, 0)
  expect(placed).toBeGreaterThan(0)
  expect(placed + placement.unplacedBytes).toBe(await read(registry, 'nanotally_arena_bytes'))
  for (const { node } of placement.nodes) expect(node).toBeGreaterThanOrEqual(0)
})

test('a registry that is closed gives its memory back', () => {
  const total = () => {
    const placement = memoryPlacement()
    return placement.available ? placement.nodes.reduce((s, { bytes }) => s + bytes, placement.unplacedBytes) : 0
  }
  const before = total()
  const mine = new Registry()
  counter({ name: 'mine_total', help: 'h', registry: mine }).inc()
  if (memoryPlacement().available) expect(total()).toBe(before + 65536)
  mine.close()
  expect(total()).toBe(before)
})
