// The list of events, by group.
#include "os/perf_events.h"

#include <algorithm>
#include <array>

namespace nanotally {
namespace {

constexpr PerfKind kHardware = PerfKind::kHardware;
constexpr PerfKind kSoftware = PerfKind::kSoftware;
constexpr PerfKind kUncore = PerfKind::kUncore;
constexpr double kNanosecond = 1e-9;
constexpr double kLineBytes = 64;

constexpr auto kEvents = std::to_array<PerfEvent>({
    {"cycles", "core", kHardware, "", 1, "Cycles that the processor spent in the program."},
    {"instructions", "core", kHardware, "", 1, "Instructions that were completed (retired)."},
    {"stalled_cycles_frontend", "core", kHardware, "", 1,
     "Cycles in which no operation came from the front end: instructions were being fetched or "
     "decoded."},
    {"stalled_cycles_backend", "core", kHardware, "", 1,
     "Cycles in which nothing could go on: operands or execution units were waited for."},

    {"branches", "branch", kHardware, "", 1, "Branches that were completed."},
    {"branch_misses", "branch", kHardware, "", 1, "Branches that were predicted wrongly."},

    {"l1d_loads", "l1d", kHardware, "", 1, "Loads that looked into the first data cache."},
    {"l1d_load_misses", "l1d", kHardware, "", 1,
     "Loads or lines that the first data cache missed."},
    {"l1d_pending_cycles", "l1d", kHardware, "", 1,
     "Misses of the first data cache under way, summed over cycles: over the misses, their mean "
     "latency in cycles."},

    {"l1i_loads", "l1i", kHardware, "", 1, "Fetches from the first instruction cache."},
    {"l1i_load_misses", "l1i", kHardware, "", 1, "Fetches that the instruction cache missed."},

    {"l2_references", "l2", kHardware, "", 1, "Requests to the second cache."},
    {"l2_misses", "l2", kHardware, "", 1, "Requests that the second cache missed."},

    {"llc_loads", "llc", kHardware, "", 1, "Loads that looked into the last cache."},
    {"llc_load_misses", "llc", kHardware, "", 1, "Loads that the last cache missed."},

    {"dtlb_loads", "dtlb", kHardware, "", 1, "Loads that looked into the TLB of data."},
    {"dtlb_load_misses", "dtlb", kHardware, "", 1, "Loads that the TLB of data missed."},

    {"l1d_prefetches", "prefetch", kHardware, "", 1,
     "Prefetches into the first data cache by the hardware."},
    {"l2_prefetches", "prefetch", kHardware, "", 1,
     "Requests of the hardware's prefetchers to the second cache."},
    {"software_prefetches", "prefetch", kHardware, "", 1, "Prefetch instructions."},

    {"fp_scalar", "fp", kHardware, "", 1, "Floating-point operations on single numbers."},
    {"fp_128", "fp", kHardware, "", 1, "Floating-point operations on vectors of 128 bits."},
    {"fp_256", "fp", kHardware, "", 1, "Floating-point operations on vectors of 256 bits."},
    {"fp_512", "fp", kHardware, "", 1, "Floating-point operations on vectors of 512 bits."},

    {"simd_instructions", "simd", kHardware, "", 1, "Instructions on vectors of a fixed width."},
    {"sve_instructions", "simd", kHardware, "", 1, "Instructions on SVE's scalable vectors."},
    {"vfp_instructions", "simd", kHardware, "", 1, "Scalar floating-point instructions."},
    {"flops", "simd", kHardware, "", 1,
     "Single additions, multiplications and divisions of numbers, whatever the vectors' width."},

    {"node_loads", "node", kHardware, "", 1, "Loads that memory answered, of whatever node."},
    {"node_load_misses", "node", kHardware, "", 1, "Loads that memory of another node answered."},

    {"load_latency_cycles", "latency", kHardware, "", 1,
     "How long single loads waited for their data."},

    {"memory_read_bytes", "memory", kUncore, "bytes", kLineBytes,
     "What a socket's memory controllers read."},
    {"memory_write_bytes", "memory", kUncore, "bytes", kLineBytes,
     "What a socket's memory controllers wrote."},
    {"link_bytes", "links", kUncore, "bytes", 1, "What a socket sent to other sockets."},

    // Alone: from Linux 6.2 on, whatever joins this clock's group is not scheduled with it before
    // the next switch, which a CPU's own context does not have.
    {"task_clock_seconds", "clock", kSoftware, "seconds", kNanosecond,
     "Processor time that was spent."},
    {"context_switches", "scheduling", kSoftware, "", 1,
     "Times that a CPU went on to another thread."},
    {"cpu_migrations", "scheduling", kSoftware, "", 1,
     "Times that a thread went on on another CPU."},

    {"page_faults", "faults", kSoftware, "", 1, "Accesses to pages that were not mapped."},
    {"minor_faults", "faults", kSoftware, "", 1, "Page faults that needed nothing from a disk."},
    {"major_faults", "faults", kSoftware, "", 1, "Page faults that waited for a disk."},

    {"alignment_faults", "traps", kSoftware, "", 1,
     "Accesses that the kernel had to do for being misaligned: never on x86-64."},
    {"emulation_faults", "traps", kSoftware, "", 1,
     "Instructions that the kernel had to do: some architectures alone have any."},
});

}  // namespace

std::span<const PerfEvent> PerfEvents() { return kEvents; }

std::optional<PerfEventId> FindPerfEvent(std::string_view name) {
  const auto found = std::ranges::find(kEvents, name, &PerfEvent::name);
  if (found == kEvents.end()) return std::nullopt;
  return static_cast<PerfEventId>(found - kEvents.begin());
}

}  // namespace nanotally
