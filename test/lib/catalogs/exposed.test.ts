// What the catalogs tell of families that others expose, held against a scrape with all of them at work: each family there is
// a row with the same type, help, unit and labels; each row is there, or is absent for a reason that this machine bears out.
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { collectRuntimeMetrics, counter, gauge, health, Registry, startExporter } from 'nanotally'
import { exporter } from 'nanotally/catalogs/exporter'
import { hardware } from 'nanotally/catalogs/hardware'
import { numa } from 'nanotally/catalogs/numa'
import { runtime, runtimeMetrics } from 'nanotally/catalogs/runtime'
import {
  collectHardwareMetrics,
  hardwareRecords,
  memoryPlacement,
  perf,
  perfEvents,
  perfMachine,
  topology,
} from 'nanotally/hardware'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Family } from '../../../dist/exposition/family.js'
import { parseExposition } from '../../../dist/exposition/parse.js'
import { Authority } from '../../support/certificates.js'
import { parseTextFormat, type Family as TextFamily } from '../../support/text-format.js'
import { until } from '../../support/until.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const OURS = /^(nodejs|process|thread|nanotally|perf|hardware|numa)_/
/** Label sets past maxSeries, of any metric. */
const OVERFLOW = 'otel_metric_overflow'

const rows = [exporter, hardware, numa, runtime].flatMap(({ families }) => Object.values(families))
const exposed = rows.filter(({ exposedBy }) => exposedBy !== undefined)
const rowOf = new Map(rows.map((row) => [row.name, row]))

/** The events of a ratio: it is there where all of them are counted. */
const RATIO_EVENTS: Record<string, string[]> = {
  instructions_per_cycle: ['instructions', 'cycles'],
  frontend_stall_ratio: ['stalled_cycles_frontend', 'cycles'],
  backend_stall_ratio: ['stalled_cycles_backend', 'cycles'],
  stall_ratio: ['stalled_cycles_backend', 'cycles'],
  branch_accuracy_ratio: ['branches', 'branch_misses'],
  l1d_hit_ratio: ['l1d_loads', 'l1d_load_misses'],
  cache_hit_ratio: ['l1d_loads', 'l1d_load_misses'],
  l2_hit_ratio: ['l2_references', 'l2_misses'],
  llc_hit_ratio: ['llc_loads', 'llc_load_misses'],
  dtlb_hit_ratio: ['dtlb_loads', 'dtlb_load_misses'],
  simd_ratio: ['fp_scalar', 'fp_128'],
  multiplexing_ratio: ['instructions'],
  memory_bytes_total: ['memory_read_bytes'],
  socket_link_bytes_total: ['link_bytes'],
}
const counted = new Set(perfEvents().flatMap(({ name, available }) => (available ? [name] : [])))
const isCounted = (events: readonly string[] = []) => events.length > 0 && events.every((event) => counted.has(event))

/** What the files of that name say, in the process's control groups and their ancestors, as far as they are seen from here. */
function cgroupFiles(...names: string[]): string[] {
  const texts: string[] = []
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
    const [, controllers = '', path = '/'] = line.split(':')
    const mounts = controllers === '' ? ['', 'unified'] : [controllers]
    for (const mount of mounts) {
      for (let folder = path; ; folder = join(folder, '..')) {
        for (const name of names) {
          const file = join('/sys/fs/cgroup', mount, folder, name)
          if (existsSync(file)) texts.push(readFileSync(file, 'utf8').trim())
        }
        if (folder === '/') break
      }
    }
  }
  return texts
}
/** v1 writes "no limit" as the largest number of pages. */
const isLimited = (texts: readonly string[]) => texts.some((text) => /^\d/.test(text) && Number(text) < 2 ** 60)

/** Where a family's help depends on the machine: this text in place of that of the row. */
const HELP_OF_MACHINES = new Map(
  ["Share of the region's floating-point operations that were on vectors."].map((help) => [help, help]),
)

interface Absence {
  names: RegExp
  why: string
  /** Whether it is so on this machine: only then may the family be absent. */
  holds: (name: string) => boolean
}
const ABSENCES: Absence[] = [
  {
    names: /^perf_(region_)?\w*(ratio|per_cycle)$|^perf_(memory|socket_link)_bytes_total$/,
    why: 'the machine does not count all events that it needs',
    holds: (name) => !isCounted(RATIO_EVENTS[name.replace(/^perf_(region_)?/, '')]),
  },
  {
    names: /^perf_cpu_events_total$/,
    why: 'whole CPUs may not be counted',
    holds: () => !perfMachine().cpuCounting,
  },
  {
    names: /^nanotally_arena_node_bytes$|^numa_(thread_samples_total|local_ratio)$/,
    why: 'the kernel does not tell where memory lies',
    holds: () => !memoryPlacement().available,
  },
  {
    names: /^numa_imbalance_ratio$/,
    why: 'there is one NUMA node',
    holds: () => topology().nodes.length < 2,
  },
  {
    names: /^numa_node_/,
    why: 'the kernel tells of no NUMA nodes',
    holds: () => !existsSync('/sys/devices/system/node/node0'),
  },
  {
    names: /^process_cgroup_cpu_limit_cores$/,
    why: 'there is no CPU quota',
    holds: () => topology().cpuQuota === undefined,
  },
  {
    names: /^process_cgroup_memory_(headroom|limit)_bytes$/,
    why: 'there is no memory limit',
    holds: () => !isLimited(cgroupFiles('memory.max', 'memory.limit_in_bytes')),
  },
  {
    names: /^process_cgroup_memory_high_bytes$/,
    why: 'there is no memory.high',
    holds: () => !isLimited(cgroupFiles('memory.high')),
  },
  {
    names: /^process_cgroup_pids_limit$/,
    why: 'there is no limit of processes',
    holds: () => !isLimited(cgroupFiles('pids.max')),
  },
  {
    names: /^process_cgroup_pids$/,
    why: 'the process is in a root group, which has no such file',
    holds: () => cgroupFiles('pids.current').length === 0,
  },
  {
    names: /^process_cgroup_memory_(usage|working_set|peak|swap)_bytes$|^process_cgroup_memory_events_total$/,
    why: 'the process is in a root group, or the kernel is too old for the file',
    holds: (name) =>
      (name.includes('peak')
        ? cgroupFiles('memory.peak', 'memory.max_usage_in_bytes')
        : cgroupFiles('memory.current', 'memory.usage_in_bytes')
      ).length === 0,
  },
  {
    names: /^process_cgroup_cpu_(periods|throttled_periods|throttled_seconds)_total$/,
    why: 'no quota is dealt out',
    holds: () => cgroupFiles('cpu.stat').every((text) => !text.includes('nr_periods')),
  },
  {
    names: /^process_cgroup_cpu_seconds_total$/,
    why: 'no group counts CPU time',
    holds: () => cgroupFiles('cpu.stat', 'cpuacct.usage').length === 0,
  },
  {
    names: /^process_pressure_/,
    why: 'the kernel tells no pressure',
    holds: () => !existsSync('/proc/pressure/memory'),
  },
  {
    names: /^process_(disk|io)_/,
    why: '/proc/self/io may not be read',
    holds: () => !existsSync('/proc/self/io'),
  },
  {
    names: /^process_allocator_/,
    why: 'the allocator is not glibc’s',
    holds: () => !('glibcVersionRuntime' in (process.report.getReport() as { header: object }).header),
  },
  {
    names: /^thread_run_queue_wait_seconds_total$/,
    why: 'the kernel keeps no schedstat',
    holds: () => !existsSync('/proc/self/schedstat'),
  },
  {
    names: /^nanotally_exporter_restarts_total$/,
    why: 'the thread of the exporter did not end',
    holds: () => true,
  },
]

const families = new Map<string, Family>()
const textTypes = new Map<string, TextFamily['type']>()

const ends: (() => void | Promise<void>)[] = []

/** Work that counts as something with whatever is counted. */
function work(): number {
  const numbers = Float64Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 20_011)
  return numbers.sort().reduce((sum, value) => sum + value, 0)
}

async function scrapeAll(url: string): Promise<void> {
  const headers = { accept: 'application/openmetrics-text; version=1.0.0' }
  const open = await fetch(url, { headers })
  const { families: parsed, problems } = parseExposition(Buffer.from(await open.arrayBuffer()))
  expect(problems).toEqual([])
  for (const family of parsed) if (family.samples.length > 0) families.set(family.name, family)
  // Second: what has just come is there, too.
  const text = await fetch(url)
  for (const [name, { type }] of parseTextFormat(await text.text())) textTypes.set(name, type)
}

/** Lost in every way: past maxSeries, refused, idle. */
function loseSome(registry: Registry): void {
  const few = counter({ name: 'few_total', help: 'h', labels: ['l'], maxSeries: 1, registry })
  for (let l = 0; l < 3; l++) few.inc({ l })
  few.inc({ l: 0 }, -1)
  counter({ name: 'idle_total', help: 'h', labels: ['l'], idleTimeoutMs: 100, registry }).inc({ l: 'x' })
}

beforeAll(async () => {
  const registry = new Registry('exposed')
  const collected = collectRuntimeMetrics({ registry })
  runtimeMetrics({ registry })
  const events = perfEvents().map(({ name }) => name)
  const hardwareMetrics = collectHardwareMetrics({ registry, events, perCpu: perfMachine().cpuCounting })
  perf.region('default', { registry }).measure(work)
  for (const [name, needed] of Object.entries(RATIO_EVENTS)) {
    const isOfThread = perfEvents().every((event) => event.kind !== 'uncore' || !needed.includes(event.name))
    if (isOfThread && isCounted(needed)) perf.region(name, { registry, events: needed }).measure(work)
  }
  const records = hardwareRecords({ registry, component: 'hnsw_traversal' })
  records.simd.record({ instructions: 96, cycles: 40, width: 256 })
  records.cache.record({ level: 'L1d', hits: 63, misses: 1 })
  records.branch.record({ branches: 128, mispredictions: 3 })
  records.numa.record({ local: 1024, remote: 16 })
  loseSome(registry)
  gauge({ name: 'collected', help: 'h', registry, collect: (g) => g.set(1) })
  const check = health.register('always', () => true, { intervalMs: 10 })

  const folder = mkdtempSync(join(tmpdir(), 'nanotally-exposed-'))
  const tls = new Authority(folder).issue('server', 1)
  const plain = await startExporter({ registry, port: 0 })
  const secure = await startExporter({ registry, port: 0, tls })
  const narrow = await startExporter({ registry, port: 0, maxConnections: 1 })
  ends.push(
    () => rmSync(folder, { recursive: true }),
    () => check.stop(),
    ...[plain, secure, narrow].map((one) => () => one.close()),
  )
  const kept = connect(narrow.port as number, '127.0.0.1')
  await once(kept, 'connect')
  await once(connect(narrow.port as number, '127.0.0.1').resume(), 'close')
  kept.destroy()

  const late = exposed.filter(({ name }) => absenceOf(name) === undefined).map(({ name }) => name)
  await until('what takes its time', async () => {
    Array.from({ length: 100_000 }, () => ({}))
    await scrapeAll(plain.url)
    return late.every((name) => families.has(name))
  }).finally(() => {
    const missing = late.filter((name) => !families.has(name))
    if (missing.length > 0) console.error(`never seen: ${missing.join(', ')}`)
  })
  hardwareMetrics.stop()
  collected.stop()
})

afterAll(async () => {
  for (const end of ends) await end()
})

/** Why the family may be absent here; undefined where it may not. */
function absenceOf(name: string): string | undefined {
  return ABSENCES.find(({ names, holds }) => names.test(name) && holds(name))?.why
}

describe('what is rendered', () => {
  test('is in a catalog, as the same type with the same help, unit and labels', () => {
    let checked = 0
    const wrong: unknown[] = []
    for (const family of families.values()) {
      if (!OURS.test(family.name)) continue
      const row = rowOf.get(family.name)
      const { type, help, unit = '', labels = [], optionalLabels = [], values = {} } = row ?? {}
      const told = { type: textTypes.get(family.name), help: family.help, unit: family.unit }
      const said = { type, help: HELP_OF_MACHINES.get(family.help ?? '') ?? help, unit }
      if (JSON.stringify(told) !== JSON.stringify(said)) wrong.push([family.name, { told, said }])
      for (const sample of family.samples) {
        const names = Object.keys(sample.labels).filter((label) => label !== 'le' && label !== OVERFLOW)
        const missing = labels.filter((label) => !(label in sample.labels))
        const unknown = names.filter((label) => !labels.includes(label) && !optionalLabels.includes(label))
        const strange = names.filter((label) => values[label]?.includes(sample.labels[label] ?? '') === false)
        if (missing.length + unknown.length + strange.length > 0)
          wrong.push([family.name, { missing, unknown, strange }])
      }
      checked++
    }
    expect(wrong).toEqual([])
    // On a machine without a PMU, with one node, without limits; with more there are more.
    expect(checked).toBeGreaterThanOrEqual(105)
  })

  test('is in one catalog only', () => {
    expect(rowOf.size).toBe(rows.length)
  })
})

describe('what a catalog says that others expose', () => {
  test('is rendered, or absent for a reason that holds here', () => {
    const absent: string[] = []
    let seen = 0
    for (const { name } of exposed) {
      if (families.has(name)) seen++
      else absent.push(`${name}: ${absenceOf(name) ?? 'no reason'}`)
    }
    expect(absent.filter((line) => line.endsWith('no reason'))).toEqual([])
    expect(seen + absent.length).toBe(exposed.length)
    expect(exposed.length).toBeGreaterThanOrEqual(140)
    expect(seen).toBeGreaterThanOrEqual(103)
    console.log(`${seen} of ${exposed.length} seen; absent here:\n  ${absent.join('\n  ')}`)
  })

  test('has a name that nanotally has in its own sources, and a help that it has there', () => {
    const sources = ['native/binding', 'native/core', 'native/record', 'native/runtime', 'lib/exporter', 'lib/hardware']
    const text = [...sources, 'lib/runtime', 'lib/instruments']
      .flatMap((folder) => readdirSync(join(ROOT, folder)).map((file) => join(ROOT, folder, file)))
      .filter((file) => /\.(h|cc|ts)$/.test(file))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n')
      // C++ joins literals that stand beside each other; it and JavaScript escape quotes.
      .replaceAll(/"\s*\n\s*"/g, '')
      .replaceAll('\\"', '"')
    const missing = exposed.filter(({ name, help }) => {
      const isNamed = new RegExp(`["'\`]${name}["'\`]`).test(text)
      return !isNamed || (!text.includes(help) && !families.has(name))
    })
    expect(missing.map(({ name }) => name)).toEqual([])
  })

  test('each reason for absence is of some row', () => {
    const unused = ABSENCES.filter(({ names }) => !exposed.some(({ name }) => names.test(name)))
    expect(unused.map(({ why }) => why)).toEqual([])
  })
})
