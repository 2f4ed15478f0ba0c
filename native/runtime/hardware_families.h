// The names of HardwareMetrics' families, and what its ratios divide.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "core/metric.h"

namespace nanotally {

struct HardwareFamily {
  std::string_view name;
  MetricType type;
  std::string_view unit;
  std::string_view help;
};

inline constexpr HardwareFamily kHardwareEvents = {
    "perf_events_total", MetricType::kCounter, "",
    "Events of all threads of the process, in the event's unit; an estimate where "
    "perf_multiplexing_ratio is below 1."};
inline constexpr HardwareFamily kHardwareMultiplexing = {
    "perf_multiplexing_ratio", MetricType::kGauge, "ratio",
    "The part of the time for which an event was counted; below 1 its count is an estimate."};
inline constexpr HardwareFamily kHardwareAvailable = {
    "perf_event_available", MetricType::kGauge, "",
    "1 for an event that is counted; 0, with the reason, for one that was asked for and is not."};
inline constexpr HardwareFamily kHardwareCpuEvents = {
    "perf_cpu_events_total", MetricType::kCounter, "",
    "Events of all processes of the machine, in the event's unit, by CPU."};
inline constexpr HardwareFamily kHardwareMemoryBytes = {
    "perf_memory_bytes_total", MetricType::kCounter, "bytes",
    "Bytes that the memory controllers of a NUMA node moved, for all processes."};
inline constexpr HardwareFamily kHardwareLinkBytes = {
    "perf_socket_link_bytes_total", MetricType::kCounter, "bytes",
    "Bytes over the links between the sockets, for all processes, by the node that counted them."};

inline constexpr HardwareFamily kHardwareInstructionsPerCycle = {
    "perf_instructions_per_cycle", MetricType::kGauge, "",
    "Instructions that were completed per cycle, since counting began."};
inline constexpr HardwareFamily kHardwareCacheHits = {
    "perf_cache_hit_ratio", MetricType::kGauge, "ratio",
    "The part of the accesses that a cache, or the TLB of data, served, since counting began."};
inline constexpr HardwareFamily kHardwareBranchAccuracy = {
    "perf_branch_accuracy_ratio", MetricType::kGauge, "ratio",
    "The part of the branches that was predicted rightly, since counting began."};
inline constexpr HardwareFamily kHardwareStalls = {
    "perf_stall_ratio", MetricType::kGauge, "ratio",
    "The part of the cycles in which an end of the pipeline stood, since counting began."};
inline constexpr HardwareFamily kHardwareSimd = {
    "perf_simd_ratio", MetricType::kGauge, "ratio",
    "The part that worked on vectors, of instructions or of floating-point operations, since "
    "counting began."};

// Ascending.
inline constexpr std::array kHardwareFamilies = {
    &kHardwareBranchAccuracy, &kHardwareCacheHits,    &kHardwareCpuEvents,
    &kHardwareAvailable,      &kHardwareEvents,       &kHardwareInstructionsPerCycle,
    &kHardwareMemoryBytes,    &kHardwareMultiplexing, &kHardwareSimd,
    &kHardwareLinkBytes,      &kHardwareStalls,
};
inline constexpr auto kHardwareNames = [] {
  std::array<std::string_view, kHardwareFamilies.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kHardwareFamilies[i]->name;
  return names;
}();
static_assert(std::ranges::is_sorted(kHardwareNames));

// The counts of `of` by those of `to`, summed. An event that the machine does not offer is taken
// for one that it does not have, if another of its side is there: processors without vectors of 512
// bits count none of them.
struct HardwareRatio {
  const HardwareFamily* family;
  std::string_view label;  // empty: none
  std::string_view label_value;
  std::array<std::string_view, 4> of;  // those that are needed, then empty ones
  std::array<std::string_view, 4> to;
  bool of_the_rest;  // 1 - of / to
};

inline constexpr auto kHardwareRatios = std::to_array<HardwareRatio>({
    {&kHardwareInstructionsPerCycle, "", "", {"instructions"}, {"cycles"}, false},
    {&kHardwareCacheHits, "cache", "l1d", {"l1d_load_misses"}, {"l1d_loads"}, true},
    {&kHardwareCacheHits, "cache", "l1i", {"l1i_load_misses"}, {"l1i_loads"}, true},
    {&kHardwareCacheHits, "cache", "l2", {"l2_misses"}, {"l2_references"}, true},
    {&kHardwareCacheHits, "cache", "llc", {"llc_load_misses"}, {"llc_loads"}, true},
    {&kHardwareCacheHits, "cache", "dtlb", {"dtlb_load_misses"}, {"dtlb_loads"}, true},
    {&kHardwareBranchAccuracy, "", "", {"branch_misses"}, {"branches"}, true},
    {&kHardwareStalls, "end", "front", {"stalled_cycles_frontend"}, {"cycles"}, false},
    {&kHardwareStalls, "end", "back", {"stalled_cycles_backend"}, {"cycles"}, false},
    {&kHardwareSimd,
     "of",
     "instructions",
     {"simd_instructions", "sve_instructions"},
     {"instructions"},
     false},
    {&kHardwareSimd,
     "of",
     "floating_point",
     {"fp_128", "fp_256", "fp_512"},
     {"fp_scalar", "fp_128", "fp_256", "fp_512"},
     false},
});

// Uncore events, and the samples that they are.
struct HardwareMove {
  std::string_view event;
  const HardwareFamily* family;
  std::string_view direction;
};
inline constexpr auto kHardwareMoves = std::to_array<HardwareMove>({
    {"memory_read_bytes", &kHardwareMemoryBytes, "read"},
    {"memory_write_bytes", &kHardwareMemoryBytes, "write"},
    {"link_bytes", &kHardwareLinkBytes, "sent"},
});

// Fourteen for each thread where all are offered, and what the sockets count.
inline constexpr auto kDefaultHardwareEvents = std::to_array<std::string_view>({
    "cycles",
    "instructions",
    "stalled_cycles_frontend",
    "stalled_cycles_backend",
    "branches",
    "branch_misses",
    "l1d_loads",
    "l1d_load_misses",
    "llc_loads",
    "llc_load_misses",
    "memory_read_bytes",
    "memory_write_bytes",
    "link_bytes",
    "task_clock_seconds",
    "context_switches",
    "cpu_migrations",
    "page_faults",
});

}  // namespace nanotally
