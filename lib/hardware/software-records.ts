// What programs know of their own kernels and record themselves: SIMD instructions, cache hits, branches, NUMA accesses.
// Counters of a registry, defined with the first record; for programs that read no PMU, or whose kernels count better.
import { invalidType, invalidValue, textOfThrown } from '../errors.js'
import { type BoundCounter, type Counter, counter } from '../instruments/counter.js'
import { checkRegistry } from '../instruments/definition.js'
import { derivedGauge } from '../instruments/derived-gauge.js'
import type { Registry } from '../registry.js'

/** Bits of the vector registers that a kernel uses; 64 for scalar code. */
export type SimdWidth = 64 | 128 | 256 | 512 | 1024 | 2048
/** A cache, in perf's words; `L1` where data and instructions are not told apart, `LLC` is the last level whatever its number. */
export type CacheLevel = 'L1' | 'L1d' | 'L1i' | 'L2' | 'L3' | 'LLC' | 'dTLB' | 'iTLB'

/** Numbers are finite and not negative. */
export interface SimdRecord {
  instructions: number
  cycles: number
  width: SimdWidth
}
/** Numbers are finite and not negative. */
export interface CacheRecord {
  level: CacheLevel
  hits: number
  misses: number
}
/** Numbers are finite and not negative; there are no more mispredictions than branches. */
export interface BranchRecord {
  branches: number
  mispredictions: number
}
/** Accesses to memory of the NUMA node that the thread ran on, and of others. Finite and not negative. */
export interface NumaRecord {
  local: number
  remote: number
}

/** Options of `hardwareRecords()`. */
export interface HardwareRecordsOptions {
  /** Default: the process-wide default registry. */
  registry?: Registry | undefined
  /** Which part of the program records, such as `hnsw_traversal`: 1 to 100 characters. Default: no such label. */
  component?: string | undefined
}

/** Where a program records what it knows of its kernels. Each `record` never throws: what cannot be recorded is dropped and counted. */
export interface HardwareRecords {
  readonly simd: { record(sample: SimdRecord): void }
  readonly cache: { record(sample: CacheRecord): void }
  readonly branch: { record(sample: BranchRecord): void }
  readonly numa: { record(sample: NumaRecord): void }
}

const LEVELS: ReadonlySet<unknown> = new Set<CacheLevel>(['L1', 'L1d', 'L1i', 'L2', 'L3', 'LLC', 'dTLB', 'iTLB'])
const MIN_WIDTH = 64
const MAX_WIDTH = 2048
/** After so many dropped records, at the most, it is tried again to define the families. */
const MAX_PAUSE = 1 << 16

/** Two counters that are recorded into together. */
interface Pair {
  first: BoundCounter
  second: BoundCounter
}
interface SimdPair extends Pair {
  width: number
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity
}

/** Adds to both, or to neither: then whichever cannot be added is counted as dropped. */
function add(pair: Pair, first: number, second: number): void {
  if (isAmount(first) && isAmount(second)) {
    pair.first.inc(first)
    pair.second.inc(second)
  } else refuse(pair, first, second)
}

function refuse(pair: Pair, first: unknown, second: unknown): void {
  const [counter, amount] = isAmount(first) ? [pair.second, second] : [pair.first, first]
  counter.inc(typeof amount === 'number' ? amount : Number.NaN)
}

/** Some objects have no text. */
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

/** A counter with the labels of its own and `component`. */
type RecordCounter = Counter<string[], string[]>

/** What the four have in common, none of it hot: their families, made when they are first needed. */
abstract class Records<Families extends object> {
  readonly #registry: Registry
  readonly #component: string | undefined
  #families: Families | undefined
  /** Records that are dropped before the families are tried again: twice as many each time, as a try takes some 10 us. */
  #pause = 1
  #dropped = 0

  constructor(registry: Registry, component: string | undefined) {
    this.#registry = registry
    this.#component = component
  }

  /** Defines the families. */
  protected abstract define(): Families

  protected counter(name: string, help: string, labels: string[]): RecordCounter {
    return counter({ name, help, labels, optionalLabels: ['component'], registry: this.#registry })
  }

  protected ratio(
    name: string,
    help: string,
    labels: string[],
    of: RecordCounter,
    to: RecordCounter[],
    where = {},
  ): void {
    const registry = this.#registry
    const ratio = { of: [{ metric: of, where }], to }
    const unit = name.endsWith('_ratio') ? 'ratio' : undefined
    derivedGauge({ name, help, unit, labels: [...labels, 'component'], registry, ratio })
  }

  /** The series of a counter; `labels` are those of its own. */
  protected bind(of: RecordCounter, labels: Record<string, string | number>): BoundCounter {
    return of.labels(this.#component === undefined ? labels : { ...labels, component: this.#component })
  }

  /** What `bind` makes of the families; undefined where there are none, which is counted. */
  protected open<T>(bind: (families: Families) => T): T | undefined {
    let why: unknown = 'refused before'
    if (this.#dropped === 0) {
      try {
        this.#families ??= this.define()
        return bind(this.#families)
      } catch (error) {
        why = error
        this.#dropped = this.#pause
        this.#pause = Math.min(this.#pause * 2, MAX_PAUSE)
      }
    } else this.#dropped--
    this.#registry._reject(undefined, 'definition', `hardware records: ${textOfThrown(why)}`)
    return undefined
  }

  /** A sample that belongs to no series, for what it has in the place of `expected`. */
  protected refuse(name: string, expected: string, received: unknown): void {
    // First, so that the dropped recording has a metric to be counted for. Without one it is counted there.
    if (this.open(() => true) === undefined) return
    this.#registry._reject(this.#registry._find(name), 'labels', `no ${expected}: ${textOf(received)}`)
  }
}

const SIMD_INSTRUCTIONS = 'hardware_simd_instructions_total'

class SimdRecords extends Records<{ instructions: RecordCounter; cycles: RecordCounter }> {
  /** By the width's logarithm; 16 of them, so that no index is outside. @internal */
  readonly _pairs: (SimdPair | undefined)[] = new Array(16).fill(undefined)

  record(sample: SimdRecord): void {
    const width = sample?.width
    // What is no number may have no logarithm, and would throw.
    const pair = typeof width === 'number' ? this._pairs[Math.clz32(width) & 15] : undefined
    if (pair !== undefined && pair.width === width) add(pair, sample.instructions, sample.cycles)
    else this.#recordFirst(sample)
  }

  #recordFirst(sample: SimdRecord | undefined): void {
    const width = sample?.width
    if (!(typeof width === 'number' && width >= MIN_WIDTH && width <= MAX_WIDTH && Math.log2(width) % 1 === 0)) {
      this.refuse(SIMD_INSTRUCTIONS, 'width of 64, 128, 256, 512, 1024 or 2048 bits', width)
      return
    }
    const pair = this.open(({ instructions, cycles }) => ({
      width,
      first: this.bind(instructions, { width }),
      second: this.bind(cycles, { width }),
    }))
    if (pair === undefined) return
    this._pairs[Math.clz32(width) & 15] = pair
    add(pair, (sample as SimdRecord).instructions, (sample as SimdRecord).cycles)
  }

  protected override define() {
    const labels = ['width']
    const instructions = this.counter(SIMD_INSTRUCTIONS, 'SIMD instructions that kernels recorded, by bits.', labels)
    const cycles = this.counter('hardware_simd_cycles_total', 'Cycles that those took.', labels)
    const help = 'SIMD instructions per cycle.'
    this.ratio('hardware_simd_instructions_per_cycle', help, labels, instructions, [cycles])
    return { instructions, cycles }
  }
}

const CACHE_HITS = 'hardware_cache_hits_total'

class CacheRecords extends Records<{ hits: RecordCounter; misses: RecordCounter }> {
  /** @internal */
  readonly _pairs = new Map<unknown, Pair>()

  record(sample: CacheRecord): void {
    const pair = this._pairs.get(sample?.level)
    if (pair !== undefined) add(pair, sample.hits, sample.misses)
    else this.#recordFirst(sample)
  }

  #recordFirst(sample: CacheRecord | undefined): void {
    const level = sample?.level
    if (level === undefined || !LEVELS.has(level)) {
      this.refuse(CACHE_HITS, `level of ${[...LEVELS].join(', ')}`, level)
      return
    }
    const pair = this.open(({ hits, misses }) => ({
      first: this.bind(hits, { level }),
      second: this.bind(misses, { level }),
    }))
    if (pair === undefined) return
    this._pairs.set(level, pair)
    add(pair, (sample as CacheRecord).hits, (sample as CacheRecord).misses)
  }

  protected override define() {
    const labels = ['level']
    const hits = this.counter(CACHE_HITS, 'Cache hits that kernels recorded.', labels)
    const misses = this.counter('hardware_cache_misses_total', 'Cache misses that kernels recorded.', labels)
    this.ratio('hardware_cache_hit_ratio', 'Hits per access to the cache.', labels, hits, [hits, misses])
    return { hits, misses }
  }
}

/** The two values of the only label of a family, and their pair of counters. */
abstract class PairedRecords extends Records<{ pair: Pair }> {
  /** @internal */
  _pair: Pair | undefined
  protected abstract readonly name: string

  /** Undefined where there is nothing to record, or nowhere to: that is counted. */
  protected pairFor(sample: unknown): Pair | undefined {
    if (sample === undefined || sample === null) {
      this.refuse(this.name, 'sample', sample)
      return undefined
    }
    return this._pair ?? this.#openPair()
  }

  #openPair(): Pair | undefined {
    this._pair = this.open(({ pair }) => pair)
    return this._pair
  }

  protected pair(of: RecordCounter, label: string, first: string, second: string): { pair: Pair } {
    return { pair: { first: this.bind(of, { [label]: first }), second: this.bind(of, { [label]: second }) } }
  }
}

class BranchRecords extends PairedRecords {
  protected override readonly name = 'hardware_branches_total'

  record(sample: BranchRecord): void {
    const pair = this.pairFor(sample)
    if (pair === undefined) return
    const { branches, mispredictions } = sample
    // More mispredictions than branches are refused as what they leave: a negative number. Others subtract, or throw.
    const areNumbers = typeof branches === 'number' && typeof mispredictions === 'number'
    add(pair, areNumbers ? branches - mispredictions : Number.NaN, mispredictions)
  }

  protected override define() {
    const help = 'Branches that kernels recorded, by whether they went where they were predicted to.'
    const branches = this.counter(this.name, help, ['outcome'])
    const where = { outcome: 'predicted' }
    this.ratio(
      'hardware_branch_accuracy_ratio',
      'Branches predicted rightly per branch.',
      [],
      branches,
      [branches],
      where,
    )
    return this.pair(branches, 'outcome', 'predicted', 'mispredicted')
  }
}

class NumaRecords extends PairedRecords {
  protected override readonly name = 'hardware_numa_accesses_total'

  record(sample: NumaRecord): void {
    const pair = this.pairFor(sample)
    if (pair !== undefined) add(pair, sample.local, sample.remote)
  }

  protected override define() {
    const help = 'Memory accesses that kernels recorded, by whether the memory was of the NUMA node that they ran on.'
    const accesses = this.counter(this.name, help, ['locality'])
    const where = { locality: 'local' }
    this.ratio('hardware_numa_local_ratio', 'Local accesses per memory access.', [], accesses, [accesses], where)
    return this.pair(accesses, 'locality', 'local', 'remote')
  }
}

/**
 * Records for a registry, or for a component of the program: its series have the label `component`. Keep what it returns.
 * Components are names in the program's text, not data: past 2000 series of a family they share one (`maxSeries`).
 *
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`
 *
 * @example
 * const traversal = hardwareRecords({ component: 'hnsw_traversal' })
 * traversal.cache.record({ level: 'L2', hits: 950, misses: 50 })
 * traversal.branch.record({ branches: 400, mispredictions: 12 })
 */
export function hardwareRecords(options: HardwareRecordsOptions = {}): HardwareRecords {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  const registry = checkRegistry(options.registry)
  const { component } = options
  if (component !== undefined && typeof component !== 'string') throw invalidType('component', 'a string', component)
  if (component !== undefined && (component === '' || component.length > 100)) {
    throw invalidValue('component', '1 to 100 characters', component)
  }
  return {
    simd: new SimdRecords(registry, component),
    cache: new CacheRecords(registry, component),
    branch: new BranchRecords(registry, component),
    numa: new NumaRecords(registry, component),
  }
}

const records = hardwareRecords()

/**
 * SIMD instructions and the cycles that they took, into the default registry.
 *
 * @example simd.record({ instructions: 96, cycles: 40, width: 256 })
 */
export const simd: HardwareRecords['simd'] = records.simd
/**
 * Hits and misses of a cache, into the default registry.
 *
 * @example cache.record({ level: 'L1d', hits: 63, misses: 1 })
 */
export const cache: HardwareRecords['cache'] = records.cache
/**
 * Branches, and how many of them were mispredicted, into the default registry.
 *
 * @example branch.record({ branches: 128, mispredictions: 3 })
 */
export const branch: HardwareRecords['branch'] = records.branch
/**
 * Accesses to local and to remote memory, into the default registry.
 *
 * @example numa.record({ local: 1024, remote: 16 })
 */
export const numa: HardwareRecords['numa'] = records.numa
