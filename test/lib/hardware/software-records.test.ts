// simd, cache, branch and numa records: what they count, their ratios, and what is dropped.
import { execFileSync } from 'node:child_process'
import { counter, Registry, registry } from 'nanotally'
import { branch, cache, type HardwareRecords, hardwareRecords, numa, simd } from 'nanotally/hardware'
import { expect, test, vi } from 'vitest'
import { read, refusal, rejections, samplesOf, scrape } from '../../support/registry.js'

/** The families that have samples. */
const names = async (r: Registry) =>
  [...(await scrape(r))]
    .filter(([name, f]) => name.startsWith('hardware_') && f.samples.length > 0)
    .map(([name]) => name)

/** Records as a caller without types would. */
function untyped(records: HardwareRecords): Record<keyof HardwareRecords, { record(sample?: unknown): void }> {
  return records as never
}

test('the default ones record into the default registry, which has their families from the first record on', async () => {
  expect(await names(registry)).toEqual([])
  simd.record({ instructions: 96, cycles: 40, width: 256 })
  expect((await names(registry)).toSorted()).toEqual([
    'hardware_simd_cycles_total',
    'hardware_simd_instructions_per_cycle',
    'hardware_simd_instructions_total',
  ])
  cache.record({ level: 'L1d', hits: 63, misses: 1 })
  branch.record({ branches: 128, mispredictions: 3 })
  numa.record({ local: 1024, remote: 16 })
  expect(await read(registry, 'hardware_cache_hits_total', { level: 'L1d' })).toBe(63)
  expect(await read(registry, 'hardware_cache_misses_total', { level: 'L1d' })).toBe(1)
  expect(await read(registry, 'hardware_branches_total', { outcome: 'predicted' })).toBe(125)
  expect(await read(registry, 'hardware_branches_total', { outcome: 'mispredicted' })).toBe(3)
  expect(await read(registry, 'hardware_numa_accesses_total', { locality: 'remote' })).toBe(16)
  expect((await names(registry)).length).toBe(10)
})

test('each width and level is a series, and its ratio is of its own', async () => {
  const r = new Registry()
  const records = hardwareRecords({ registry: r })
  for (const width of [64, 128, 256, 512, 1024, 2048] as const) {
    for (let i = 0; i < 3; i++) records.simd.record({ instructions: width, cycles: 16, width })
  }
  const instructions = await samplesOf(r, 'hardware_simd_instructions_total')
  expect(Object.values(instructions)).toEqual(expect.arrayContaining([192, 384, 768, 1536, 3072, 6144]))
  expect(await read(r, 'hardware_simd_instructions_per_cycle', { width: '512' })).toBe(32)
  for (const level of ['L1', 'L1d', 'L1i', 'L2', 'L3', 'LLC', 'dTLB', 'iTLB'] as const) {
    records.cache.record({ level, hits: 3, misses: 1 })
  }
  expect(Object.values(await samplesOf(r, 'hardware_cache_hit_ratio'))).toEqual(Array(8).fill(0.75))
})

test('a ratio is absent while there is nothing to divide by', async () => {
  const r = new Registry()
  const records = hardwareRecords({ registry: r })
  records.simd.record({ instructions: 0, cycles: 0, width: 128 })
  records.cache.record({ level: 'L2', hits: 0, misses: 0 })
  records.branch.record({ branches: 0, mispredictions: 0 })
  records.numa.record({ local: 0, remote: 0 })
  expect((await names(r)).filter((name) => !name.endsWith('_total'))).toEqual([])
  records.branch.record({ branches: 8, mispredictions: 2 })
  records.numa.record({ local: 0, remote: 4 })
  expect(await read(r, 'hardware_branch_accuracy_ratio')).toBe(0.75)
  expect(await read(r, 'hardware_numa_local_ratio')).toBe(0)
})

test('components are apart from each other and from what has none', async () => {
  const r = new Registry()
  for (const [component, hits] of [
    ['hnsw_traversal', 9],
    ['access_pattern', 1],
    [undefined, 5],
  ] as const) {
    const { cache, branch } = hardwareRecords({ registry: r, component })
    cache.record({ level: 'L2', hits, misses: 10 - hits })
    branch.record({ branches: 10, mispredictions: hits })
  }
  expect(await samplesOf(r, 'hardware_cache_hit_ratio')).toEqual({
    '{"level":"L2","component":"hnsw_traversal"}': 0.9,
    '{"level":"L2","component":"access_pattern"}': 0.1,
    '{"level":"L2"}': 0.5,
  })
  expect(await samplesOf(r, 'hardware_branch_accuracy_ratio')).toEqual({
    '{"component":"hnsw_traversal"}': 0.1,
    '{"component":"access_pattern"}': 0.9,
    '{}': 0.5,
  })
  // The same component again records into the same series.
  hardwareRecords({ registry: r, component: 'access_pattern' }).cache.record({ level: 'L2', hits: 1, misses: 0 })
  expect(await read(r, 'hardware_cache_hits_total', { level: 'L2', component: 'access_pattern' })).toBe(2)
})

test('what cannot be recorded is dropped whole and counted, and nothing throws', async () => {
  const r = new Registry()
  const { simd, cache, branch, numa } = untyped(hardwareRecords({ registry: r }))
  const textless = Object.create(null)
  simd.record({ instructions: 0, cycles: 0, width: 256 })
  const widths = [
    0,
    32,
    100,
    4096,
    -256,
    Number.NaN,
    Infinity,
    '256',
    undefined,
    null,
    {},
    256.5,
    256n,
    Symbol('w'),
    textless,
  ]
  for (const width of widths) simd.record({ instructions: 1, cycles: 1, width })
  for (const level of ['l1d', 'L9', 1, undefined, null, {}, '__proto__', Symbol('l'), textless])
    cache.record({ level, hits: 1, misses: 1 })
  for (const kind of [simd, cache, branch, numa])
    for (const sample of [undefined, null, 5, 'x', {}]) kind.record(sample)
  for (const kind of [branch, numa]) for (const sample of [0, false]) kind.record(sample)
  simd.record({ instructions: 1, cycles: -1, width: 256 })
  simd.record({ instructions: Infinity, cycles: 1, width: 256 })
  simd.record({ instructions: 1, width: 256 })
  cache.record({ level: 'L2', hits: '1', misses: 1 })
  branch.record({ branches: 1, mispredictions: 2 })
  branch.record({ branches: 1 })
  branch.record({ branches: '2', mispredictions: 1 })
  branch.record({ branches: 2n, mispredictions: 1 })
  branch.record({ branches: Symbol('b'), mispredictions: textless })
  numa.record({ local: 1, remote: Number.NaN })
  numa.record({ local: 1n, remote: 1 })
  expect(await rejections(r, 'hardware_simd_instructions_total')).toEqual({ labels: 15 + 5, infinite: 1 })
  expect(await rejections(r, 'hardware_simd_cycles_total')).toEqual({ negative: 1, not_a_number: 1 })
  expect(await rejections(r, 'hardware_cache_hits_total')).toEqual({ labels: 9 + 5, not_a_number: 1 })
  expect(await rejections(r, 'hardware_branches_total')).toEqual({ labels: 2, not_a_number: 5 + 4, negative: 1 })
  expect(await rejections(r, 'hardware_numa_accesses_total')).toEqual({ labels: 2, not_a_number: 5 + 2 })
  for (const name of ['hardware_simd_instructions_total', 'hardware_cache_hits_total', 'hardware_branches_total']) {
    for (const value of Object.values(await samplesOf(r, name))) expect(value).toBe(0)
  }
  simd.record({ instructions: 2, cycles: 1, width: 256 })
  expect(await read(r, 'hardware_simd_instructions_total', { width: '256' })).toBe(2)
})

test('after a removal, on a closed registry and beside another metric of the name nothing throws either', async () => {
  const r = new Registry()
  const records = hardwareRecords({ registry: r })
  records.numa.record({ local: 1, remote: 1 })
  expect(r.remove('hardware_numa_accesses_total')).toBe(true)
  records.numa.record({ local: 1, remote: 1 })
  expect(await names(r)).toEqual([])
  counter({ name: 'hardware_branches_total', help: 'Of the program itself.', registry: r })
  records.branch.record({ branches: 1, mispredictions: 0 })
  records.branch.record({ branches: 1, mispredictions: 0 })
  expect((await rejections(r)).definition).toBe(2)
  expect(await read(r, 'hardware_branches_total')).toBe(0)
  r.close()
  for (let i = 0; i < 2; i++) {
    records.numa.record({ local: 1, remote: 1 })
    records.simd.record({ instructions: 1, cycles: 1, width: 64 })
  }
})

test('families that cannot be defined are tried again ever more rarely, and each record is counted once', async () => {
  const r = new Registry()
  const { cache } = untyped(hardwareRecords({ registry: r }))
  counter({ name: 'hardware_cache_hits_total', help: 'Of the program itself.', registry: r })
  const tries = vi.spyOn(r, '_register')
  for (let i = 0; i < 500; i++) cache.record({ level: 'L2', hits: 1, misses: 1 })
  for (let i = 0; i < 500; i++) cache.record({ level: 'none', hits: 1, misses: 1 })
  expect(tries.mock.calls.length).toBeGreaterThan(5)
  expect(tries.mock.calls.length).toBeLessThan(15)
  expect(await rejections(r)).toEqual({ definition: 1000 })
  r.remove('hardware_cache_hits_total')
  for (let i = 0; i < 2000; i++) cache.record({ level: 'L2', hits: 1, misses: 1 })
  const recorded = (await read(r, 'hardware_cache_hits_total', { level: 'L2' })) as number
  expect(recorded).toBeGreaterThan(500)
  expect(recorded + ((await rejections(r)).definition as number)).toBe(3000)
})

test('options are checked', () => {
  for (const [options, code] of [
    [null, 'ERR_NANOTALLY_INVALID_TYPE'],
    [{ component: 5 }, 'ERR_NANOTALLY_INVALID_TYPE'],
    [{ registry: {} }, 'ERR_NANOTALLY_INVALID_TYPE'],
    [{ component: '' }, 'ERR_NANOTALLY_INVALID_VALUE'],
    [{ component: 'x'.repeat(101) }, 'ERR_NANOTALLY_INVALID_VALUE'],
  ] as const) {
    expect(refusal(() => hardwareRecords(options as never)).code).toBe(code)
  }
})

test('NANOTALLY_DISABLED=1: nothing is exposed', () => {
  const script = `
    import { registry } from 'nanotally'
    import { branch, simd } from 'nanotally/hardware'
    simd.record({ instructions: 1, cycles: 1, width: 256 })
    branch.record({ branches: 1, mispredictions: 1 })
    branch.record()
    console.log((await registry.metrics()).includes('hardware_'))`
  const env = { ...process.env, NANOTALLY_DISABLED: '1' }
  expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { env }).toString()).toBe('false\n')
})
