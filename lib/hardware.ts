// The public API of nanotally/hardware.

export {
  collectHardwareMetrics,
  type HardwareMetrics,
  type HardwareMetricsOptions,
} from './hardware/collect-hardware-metrics.js'
export { type MemoryPlacement, memoryPlacement } from './hardware/memory-placement.js'
export { type PerfRegion, type PerfRegionOptions, perf } from './hardware/perf.js'
export {
  type AvailablePerfEvent,
  type CpuFeatures,
  cpuFeatures,
  type PerfEvent,
  type PerfMachine,
  type PerfReason,
  perfEvents,
  perfMachine,
  type UnavailablePerfEvent,
} from './hardware/perf-events.js'
export {
  type BranchRecord,
  branch,
  type CacheLevel,
  type CacheRecord,
  cache,
  type HardwareRecords,
  type HardwareRecordsOptions,
  hardwareRecords,
  type NumaRecord,
  numa,
  type SimdRecord,
  type SimdWidth,
  simd,
} from './hardware/software-records.js'
export {
  type Topology,
  type TopologyCache,
  type TopologyCpu,
  type TopologyNode,
  topology,
} from './hardware/topology.js'
