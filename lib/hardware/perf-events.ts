// What the processor and the kernel let be counted: the list of events, and what this machine says to each.
import { type NativePerfEvent, type NativePerfMachine, native } from '../native.js'

/** Why an event is not counted here. */
export type PerfReason =
  /** The PMU that would count it is not there: most virtual machines have none. */
  | 'no_pmu'
  /** The PMU does not list it. */
  | 'not_listed'
  /** It opens, but never counts, as behind a hypervisor that only pretends to have it. */
  | 'not_counting'
  /** The kernel's settings forbid it: `kernel.perf_event_paranoid`, or a security module. */
  | 'permission'
  /** The system call is filtered, as containers do it. */
  | 'seccomp'
  /** The kernel was built without perf events. */
  | 'kernel'
  /** This model of processor has no such event, or nanotally does not know it. */
  | 'processor'
  /** It is no Linux. */
  | 'system'
  /** It could only be sampled, not counted. */
  | 'sampling'
  /** No file descriptor was left. */
  | 'descriptors'

interface PerfEventBase {
  /** Everywhere the same, such as `l1d_load_misses`. */
  name: string
  /** The events of a group are counted at the same moments, so that ratios between them hold. */
  group: string
  /** What counts it: `uncore` events are of a whole socket, never of a thread. */
  kind: 'hardware' | 'software' | 'uncore'
  /** `seconds`, `bytes`, or empty for a count. */
  unit: string
  help: string
}

export interface AvailablePerfEvent extends PerfEventBase {
  available: true
  /** How the kernel is asked for it, as `perf stat -e` takes it. */
  encoding: string
  /** The manual's section that says so. */
  source: string
  /** Whether a thread may read it without a system call. */
  userReads: boolean
}

export interface UnavailablePerfEvent extends PerfEventBase {
  available: false
  reason: PerfReason
  /** What is the matter. */
  message: string
  /** What to change; empty where nothing can be. */
  hint: string
}

export type PerfEvent = AvailablePerfEvent | UnavailablePerfEvent

/** How a kernel and a processor let themselves be counted. */
export interface PerfMachine {
  /** `intel`, `amd`, `arm`; empty where it is not known. */
  vendor: string
  /** As the vendor writes it: `06_8FH`, `19h-21h`, `0x41-0xd0c`. */
  model: string
  modelName: string
  /** The names below /sys/bus/event_source/devices. */
  pmus: readonly string[]
  /** `kernel.perf_event_paranoid`; absent where the kernel has no perf events. */
  paranoid?: number
  /** `kernel.perf_user_access`; absent where a kernel needs no such switch. */
  userAccess?: number
  /** Whether this runs in a container, as far as that can be told. */
  container: boolean
  /** Whether all that runs on a CPU may be counted, which uncore events need. */
  cpuCounting: boolean
}

let machine: NativePerfMachine | undefined

// Found once in a process by the addon; here once in a thread.
function nativeMachine(): NativePerfMachine {
  machine ??= native.perfMachine()
  return machine
}

function eventOf(event: NativePerfEvent): PerfEvent {
  const { name, group, kind, unit, help, encoding, source, userReads, message, hint } = event
  const base = { name, group, kind, unit, help }
  if (event.available) return { ...base, available: true, encoding, source, userReads }
  return { ...base, available: false, reason: event.reason as PerfReason, message, hint }
}

/**
 * All that nanotally can count, in the order of their groups, and what this machine says to each. What is not counted here
 * has its reason: nothing throws, and nothing is 0 for lack of a counter.
 *
 * The first call in a process opens each event once, on the calling thread, which takes some milliseconds.
 *
 * @example
 * for (const event of perfEvents()) {
 *   console.log(event.name, event.available ? event.encoding : `${event.reason}: ${event.message}`)
 * }
 */
export function perfEvents(): readonly PerfEvent[] {
  return nativeMachine().events.map(eventOf)
}

/**
 * The processor and the kernel's settings, found as by `perfEvents`.
 *
 * @example
 * const { modelName, pmus, paranoid } = perfMachine()
 * console.log(modelName, pmus, paranoid ?? 'no perf events')
 */
export function perfMachine(): PerfMachine {
  const { features, widestVectorBits, events, ...rest } = nativeMachine()
  return rest
}

export interface CpuFeatures {
  /** In the names of /proc/cpuinfo, ascending: `avx2`, `avx512f`, `asimd` (NEON), `sve`. Those about vectors alone. */
  features: readonly string[]
  /** The widest vector register that programs may use. 0: not known. */
  widestVectorBits: number
}

/**
 * What instructions on vectors the processor has, and the operating system lets programs use.
 *
 * @example
 * const { features, widestVectorBits } = cpuFeatures()
 * console.log(features.includes('avx512f'), widestVectorBits)
 */
export function cpuFeatures(): CpuFeatures {
  const { features, widestVectorBits } = nativeMachine()
  return { features, widestVectorBits }
}
