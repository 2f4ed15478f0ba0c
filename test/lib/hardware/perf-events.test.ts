// The events as the kernel under the tests answers: each is offered, or says why not.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpuFeatures, perfEvents, perfMachine } from 'nanotally/hardware'
import { expect, test } from 'vitest'

const REASONS = [
  ...['no_pmu', 'not_listed', 'not_counting', 'permission', 'seccomp', 'kernel', 'processor', 'system'],
  ...['sampling', 'descriptors'],
]

test('each event is offered, or has its reason', () => {
  const events = perfEvents()
  expect(new Set(events.map(({ name }) => name)).size).toBe(events.length)
  for (const event of events) {
    expect(event.name).toMatch(/^[a-z][a-z0-9_]*$/)
    expect(event.help).toMatch(/^[A-Z].*\.$/)
    if (event.available) {
      expect(event.encoding, event.name).not.toBe('')
      expect(event.source, event.name).not.toBe('')
      expect(event).not.toHaveProperty('reason')
    } else {
      expect(REASONS, event.name).toContain(event.reason)
      expect(event.message, event.name).toMatch(/\.$/)
      expect(event).not.toHaveProperty('encoding')
    }
  }
  const names = events.map(({ name }) => name)
  for (const name of ['cycles', 'instructions', 'branch_misses', 'llc_load_misses', 'fp_256', 'sve_instructions'])
    expect(names).toContain(name)
})

test('groups have at most 4 events, which follow each other', () => {
  const seen = new Set<string>()
  let last = ''
  let members = 0
  for (const { group } of perfEvents()) {
    members = group === last ? members + 1 : 1
    expect(members).toBeLessThanOrEqual(4)
    if (group !== last) expect(seen).not.toContain(group)
    seen.add(group)
    last = group
  }
  expect(seen.size).toBeGreaterThan(10)
})

test('the machine is the one that the kernel tells of', () => {
  const machine = perfMachine()
  expect(machine).not.toHaveProperty('events')
  if (process.platform !== 'linux') {
    expect(machine.pmus).toEqual([])
    return
  }
  expect(machine.pmus).toEqual(readdirSync('/sys/bus/event_source/devices').sort())
  expect(machine.paranoid).toBe(Number(readFileSync('/proc/sys/kernel/perf_event_paranoid', 'utf8')))
  expect(typeof machine.container).toBe('boolean')
})

test('features of the processor', () => {
  const { features, widestVectorBits } = cpuFeatures()
  expect([...features].sort()).toEqual(features)
  expect(features).toContain(process.arch === 'arm64' ? 'asimd' : 'sse2')
  expect(widestVectorBits).toBeGreaterThanOrEqual(
    features.includes('avx512f') ? 512 : features.includes('avx') ? 256 : 128,
  )
})

test('import and require lead to one instance', () => {
  const required = createRequire(import.meta.url)('nanotally/hardware') as { perfEvents: unknown }
  expect(required.perfEvents).toBe(perfEvents)
})
