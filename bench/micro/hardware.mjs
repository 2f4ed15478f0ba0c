// Records of kernels that know their counts: simd, cache, branch and NUMA, beside the adds that they come to.
import { createRequire } from 'node:module'
import { expectSum } from '../harness/exposition.mjs'
import { OURS, PEERS } from '../harness/libraries.mjs'
import { floorsOfTwoAdds as floors, RAW_ADD } from './subjects.mjs'

const require = createRequire(import.meta.url)
const [PROM_CLIENT] = PEERS
/** The project's budget in nanoseconds; ratios are to what a raw add takes, 2 ns on the machines that they were written on. */
const budget = (ns) => [{ of: OURS, against: RAW_ADD, atMost: ns / 2, source: `issue 7: ${ns} ns` }]

async function ours(make, name, perRecord) {
  const { registry } = await import('nanotally')
  const hardware = await import('nanotally/hardware')
  return {
    batch: make(hardware),
    verify: async (recorded) => expectSum(await registry.metrics(), name, recorded * perRecord),
  }
}

/** The same two counters with a label, resolved on each call as a record() must. */
function promClient(first, second, labels, amounts) {
  const { Counter, register } = require(PROM_CLIENT)
  const labelNames = Object.keys(labels)
  const one = new Counter({ name: first, help: 'Made by a bench.', labelNames })
  const two = new Counter({ name: second, help: 'Made by a bench.', labelNames })
  return {
    batch(count) {
      for (let i = 0; i < count; i++) {
        one.inc(labels, amounts[0])
        two.inc(labels, amounts[1])
      }
    },
    verify: async (recorded) => expectSum(await register.metrics(), first, recorded * amounts[0]),
  }
}

export const cases = [
  {
    name: 'simd.record({ instructions, cycles, width })',
    budgets: budget(20),
    contenders: {
      ...floors(96, 40),
      [OURS]: () =>
        ours(
          ({ simd }) =>
            (count) => {
              for (let i = 0; i < count; i++) simd.record({ instructions: 96, cycles: 40, width: 256 })
            },
          'hardware_simd_instructions_total',
          96,
        ),
      [`${OURS}, three widths`]: () =>
        ours(
          ({ simd }) => {
            const widths = [128, 256, 512, 256]
            return (count) => {
              for (let i = 0; i < count; i++) simd.record({ instructions: 96, cycles: 40, width: widths[i & 3] })
            }
          },
          'hardware_simd_instructions_total',
          96,
        ),
      [PROM_CLIENT]: () => promClient('simd_instructions_total', 'simd_cycles_total', { width: 256 }, [96, 40]),
    },
  },
  {
    name: 'cache.record({ level, hits, misses })',
    budgets: budget(15),
    contenders: {
      ...floors(63, 1),
      [OURS]: () =>
        ours(
          ({ cache }) =>
            (count) => {
              for (let i = 0; i < count; i++) cache.record({ level: 'L1d', hits: 63, misses: 1 })
            },
          'hardware_cache_hits_total',
          63,
        ),
      [`${OURS}, four levels`]: () =>
        ours(
          ({ cache }) => {
            const levels = ['L1d', 'L2', 'L3', 'dTLB']
            return (count) => {
              for (let i = 0; i < count; i++) cache.record({ level: levels[i & 3], hits: 63, misses: 1 })
            }
          },
          'hardware_cache_hits_total',
          63,
        ),
      [PROM_CLIENT]: () => promClient('cache_hits_total', 'cache_misses_total', { level: 'L1d' }, [63, 1]),
    },
  },
  {
    name: 'branch.record({ branches, mispredictions })',
    budgets: budget(10),
    contenders: {
      ...floors(125, 3),
      [OURS]: () =>
        ours(
          ({ branch }) =>
            (count) => {
              for (let i = 0; i < count; i++) branch.record({ branches: 128, mispredictions: 3 })
            },
          'hardware_branches_total',
          128,
        ),
      [PROM_CLIENT]: () => promClient('branches_total', 'branch_mispredictions_total', {}, [128, 3]),
    },
  },
  {
    name: 'numa.record({ local, remote })',
    budgets: budget(30),
    contenders: {
      ...floors(1024, 16),
      [OURS]: () =>
        ours(
          ({ numa }) =>
            (count) => {
              for (let i = 0; i < count; i++) numa.record({ local: 1024, remote: 16 })
            },
          'hardware_numa_accesses_total',
          1040,
        ),
      [PROM_CLIENT]: () => promClient('numa_local_total', 'numa_remote_total', {}, [1024, 16]),
    },
  },
]
