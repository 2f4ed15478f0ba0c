// The tables.
#include "os/perf_encodings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <initializer_list>
#include <optional>

#include "os/kernel_text.h"
#include "os/perf_kernel.h"

namespace nanotally {
namespace {

// id | operation << 8 | result << 16, as perf_event_open(2) has it.
constexpr unsigned kL1d = 0, kL1i = 1, kLastLevel = 2, kDtlb = 3, kNode = 6;
constexpr unsigned kPrefetch = 2u << 8;
constexpr unsigned kMiss = 1u << 16;

// Arm's implementer and parts, in MIDR_EL1.
constexpr unsigned kArmLimited = 0x41;
constexpr unsigned kNeoverseN1 = 0xd0c, kNeoverseV1 = 0xd40, kNeoverseN2 = 0xd49,
                   kNeoverseV2 = 0xd4f;

constexpr auto kGenericEvents = std::to_array<GenericEvent>({
    {"cycles", kPerfHardware, 0},
    {"instructions", kPerfHardware, 1},
    {"branches", kPerfHardware, 4},
    {"branch-misses", kPerfHardware, 5},
    {"stalled-cycles-frontend", kPerfHardware, 7},
    {"stalled-cycles-backend", kPerfHardware, 8},
    {"L1-dcache-loads", kPerfCache, kL1d},
    {"L1-dcache-load-misses", kPerfCache, kL1d | kMiss},
    {"L1-dcache-prefetches", kPerfCache, kL1d | kPrefetch},
    {"L1-icache-loads", kPerfCache, kL1i},
    {"L1-icache-load-misses", kPerfCache, kL1i | kMiss},
    {"LLC-loads", kPerfCache, kLastLevel},
    {"LLC-load-misses", kPerfCache, kLastLevel | kMiss},
    {"dTLB-loads", kPerfCache, kDtlb},
    {"dTLB-load-misses", kPerfCache, kDtlb | kMiss},
    {"node-loads", kPerfCache, kNode},
    {"node-load-misses", kPerfCache, kNode | kMiss},
    {"task-clock", kPerfSoftware, 1},
    {"page-faults", kPerfSoftware, 2},
    {"context-switches", kPerfSoftware, 3},
    {"cpu-migrations", kPerfSoftware, 4},
    {"minor-faults", kPerfSoftware, 5},
    {"major-faults", kPerfSoftware, 6},
    {"alignment-faults", kPerfSoftware, 7},
    {"emulation-faults", kPerfSoftware, 8},
});

// Everywhere.
constexpr auto kCommon = std::to_array<PerfEncoding>({
    {"task_clock_seconds", kSoftwarePmu, "task-clock"},
    {"context_switches", kSoftwarePmu, "context-switches"},
    {"cpu_migrations", kSoftwarePmu, "cpu-migrations"},
    {"page_faults", kSoftwarePmu, "page-faults"},
    {"minor_faults", kSoftwarePmu, "minor-faults"},
    {"major_faults", kSoftwarePmu, "major-faults"},
    {"alignment_faults", kSoftwarePmu, "alignment-faults"},
    {"emulation_faults", kSoftwarePmu, "emulation-faults"},
    {"load_latency_cycles", kNoPmu, "sampling",
     "Single loads are timed by sampling alone (PEBS on Intel, IBS on AMD, SPE on Arm), and "
     "nanotally only counts."},
    {"l1d_pending_cycles", kNoPmu, "sampling",
     "This processor counts no cycles of pending misses, and their latency is had by sampling "
     "alone (IBS on AMD, SPE on Arm)."},
});

// What an architecture's processors never have, PMU or not.
constexpr std::string_view kOnArmAlone = "Arm's processors alone count it.";
constexpr std::string_view kByWidthOnX86 =
    "x86 counts what is done on vectors by their width: fp_128, fp_256, fp_512.";
constexpr auto kNeverOnX86 = std::to_array<PerfEncoding>({
    {"simd_instructions", kNoPmu, "processor", kByWidthOnX86},
    {"sve_instructions", kNoPmu, "processor", kOnArmAlone},
    {"vfp_instructions", kNoPmu, "processor", kOnArmAlone},
});
constexpr std::string_view kByKindOnArm =
    "Arm counts what is done on vectors by their kind: simd_instructions, sve_instructions.";
constexpr auto kNeverOnArm = std::to_array<PerfEncoding>({
    {"fp_scalar", kNoPmu, "processor", kByKindOnArm},
    {"fp_128", kNoPmu, "processor", kByKindOnArm},
    {"fp_256", kNoPmu, "processor", kByKindOnArm},
    {"fp_512", kNoPmu, "processor", kByKindOnArm},
});

// What the kernel maps by itself, on all but arm64: there its generic events may open and stand
// still, so the PMU's list decides.
constexpr auto kGeneric = std::to_array<PerfEncoding>({
    {"cycles", kGenericPmu, "cycles"},
    {"instructions", kGenericPmu, "instructions"},
    {"stalled_cycles_frontend", kGenericPmu, "stalled-cycles-frontend"},
    {"stalled_cycles_backend", kGenericPmu, "stalled-cycles-backend"},
    {"branches", kGenericPmu, "branches"},
    {"branch_misses", kGenericPmu, "branch-misses"},
    {"l1d_loads", kGenericPmu, "L1-dcache-loads"},
    {"l1d_load_misses", kGenericPmu, "L1-dcache-load-misses"},
    {"l1i_loads", kGenericPmu, "L1-icache-loads"},
    {"l1i_load_misses", kGenericPmu, "L1-icache-load-misses"},
    {"llc_loads", kGenericPmu, "LLC-loads"},
    {"llc_load_misses", kGenericPmu, "LLC-load-misses"},
    {"dtlb_loads", kGenericPmu, "dTLB-loads"},
    {"dtlb_load_misses", kGenericPmu, "dTLB-load-misses"},
    {"l1d_prefetches", kGenericPmu, "L1-dcache-prefetches"},
    {"node_loads", kGenericPmu, "node-loads"},
    {"node_load_misses", kGenericPmu, "node-load-misses"},
});

// Intel. FP_ARITH_INST_RETIRED counts an instruction once, a fused multiply-add twice; its umasks
// of a width (double, single) are added by or-ing them.
constexpr auto kFpArith = std::to_array<PerfEncoding>({
    {"fp_scalar", kCorePmu, "event=0xc7,umask=0x03", "FP_ARITH_INST_RETIRED.SCALAR_*"},
    {"fp_128", kCorePmu, "event=0xc7,umask=0x0c", "FP_ARITH_INST_RETIRED.128B_*"},
    {"fp_256", kCorePmu, "event=0xc7,umask=0x30", "FP_ARITH_INST_RETIRED.256B_*"},
});
constexpr auto kFpArith512 = std::to_array<PerfEncoding>({
    {"fp_512", kCorePmu, "event=0xc7,umask=0xc0", "FP_ARITH_INST_RETIRED.512B_*"},
});

// Of all big cores since Skylake. A stall of the back end is a cycle in which nothing was executed.
constexpr auto kIntelCore = std::to_array<PerfEncoding>({
    {"stalled_cycles_backend", kCorePmu, "event=0xa3,umask=0x04,cmask=4",
     "CYCLE_ACTIVITY.STALLS_TOTAL"},
    {"l1d_pending_cycles", kCorePmu, "event=0x48,umask=0x01", "L1D_PEND_MISS.PENDING"},
});
constexpr auto kIntelL2 = std::to_array<PerfEncoding>({
    {"l2_references", kCorePmu, "event=0x24,umask=0xff", "L2_RQSTS.REFERENCES"},
    {"l2_misses", kCorePmu, "event=0x24,umask=0x3f", "L2_RQSTS.MISS"},
});
// Skylake and Ice Lake.
constexpr auto kIntelLake = std::to_array<PerfEncoding>({
    {"l1i_loads", kCorePmu, "event=0x83,umask=0x03", "ICACHE_64B.IFTAG_HIT and .IFTAG_MISS"},
    {"l1i_load_misses", kCorePmu, "event=0x83,umask=0x02", "ICACHE_64B.IFTAG_MISS"},
    {"software_prefetches", kCorePmu, "event=0x32,umask=0x0f", "SW_PREFETCH_ACCESS.ANY"},
});
// cmask: the operations that a cycle can take, none of which came.
constexpr auto kSkylake = std::to_array<PerfEncoding>({
    {"stalled_cycles_frontend", kCorePmu, "event=0x9c,umask=0x01,cmask=4",
     "IDQ_UOPS_NOT_DELIVERED.CYCLES_0_UOPS_DELIV.CORE"},
    {"l2_prefetches", kCorePmu, "event=0x24,umask=0xf8", "L2_RQSTS.ALL_PF"},
});
constexpr auto kIceLake = std::to_array<PerfEncoding>({
    {"stalled_cycles_frontend", kCorePmu, "event=0x9c,umask=0x01,cmask=5",
     "IDQ_UOPS_NOT_DELIVERED.CYCLES_0_UOPS_DELIV.CORE"},
});
// Of Ice Lake's servers perfmon has demand requests alone.
constexpr auto kIceLakeServerL2 = std::to_array<PerfEncoding>({
    {"l2_references", kCorePmu, "event=0x24,umask=0xe7",
     "L2_RQSTS.ALL_DEMAND_DATA_RD, .ALL_RFO and .ALL_CODE_RD"},
    {"l2_misses", kCorePmu, "event=0x24,umask=0x27", "L2_RQSTS.ALL_DEMAND_MISS"},
});
// Sapphire, Emerald and Granite Rapids.
constexpr auto kRapids = std::to_array<PerfEncoding>({
    {"stalled_cycles_frontend", kCorePmu, "event=0x9c,umask=0x01,cmask=6",
     "IDQ_BUBBLES.CYCLES_0_UOPS_DELIV.CORE"},
    {"l1d_prefetches", kCorePmu, "event=0x51,umask=0x20", "L1D.HWPF_MISS"},
    {"l2_prefetches", kCorePmu, "event=0x24,umask=0xf0", "L2_RQSTS.ALL_HWPF"},
    {"software_prefetches", kCorePmu, "event=0x40,umask=0x0f", "SW_PREFETCH_ACCESS.ANY"},
});

// Alder and Raptor Lake. A thread moves between the two kinds of core, so what only one of them
// counts is not offered.
constexpr std::string_view kPerformanceCoresAlone =
    "Only the performance cores of this processor count it, and threads run on the others as well.";
constexpr auto kAlderLake = std::to_array<PerfEncoding>({
    {"l2_references", "cpu_core", "event=0x24,umask=0xff", "L2_REQUEST.ALL"},
    {"l2_references", "cpu_atom", "event=0x24,umask=0x00", "L2_REQUEST.ALL"},
    {"l2_misses", "cpu_core", "event=0x24,umask=0x3f", "L2_REQUEST.MISS"},
    {"l2_misses", "cpu_atom", "event=0x24,umask=0x01", "L2_REQUEST.MISS"},
    {"l1d_pending_cycles", kNoPmu, "processor", kPerformanceCoresAlone},
    {"l1d_prefetches", kNoPmu, "processor", kPerformanceCoresAlone},
    {"l2_prefetches", kNoPmu, "processor", kPerformanceCoresAlone},
    {"software_prefetches", kNoPmu, "processor", kPerformanceCoresAlone},
    {"stalled_cycles_frontend", kNoPmu, "processor", kPerformanceCoresAlone},
    {"stalled_cycles_backend", kNoPmu, "processor", kPerformanceCoresAlone},
    {"fp_scalar", kNoPmu, "processor", kPerformanceCoresAlone},
    {"fp_128", kNoPmu, "processor", kPerformanceCoresAlone},
    {"fp_256", kNoPmu, "processor", kPerformanceCoresAlone},
});

// Since Haswell, what the kernel calls node-loads is those that the own node's memory answered.
constexpr auto kIntelNode = std::to_array<PerfEncoding>({
    {"node_loads", kGenericPmu, "node-loads+node-load-misses"},
});

// Nehalem to Ivy Bridge.
bool IsBeforeHaswell(unsigned model) {
  constexpr auto kModels =
      std::to_array<unsigned>({0x1a, 0x1e, 0x1f, 0x25, 0x2a, 0x2c, 0x2d, 0x2e, 0x2f, 0x3a, 0x3e});
  return std::ranges::find(kModels, model) != kModels.end();
}

// Memory controllers list their events, and how many bytes one is.
constexpr auto kIntelMemory = std::to_array<PerfEncoding>({
    {"memory_read_bytes", "uncore_imc", "cas_count_read", "with its scale"},
    {"memory_read_bytes", "uncore_imc", "cas_count_read_sch0+cas_count_read_sch1",
     "with their scale"},
    {"memory_read_bytes", "uncore_imc_free_running", "data_read", "with its scale"},
    {"memory_read_bytes", "uncore_imc", "data_reads", "with its scale"},
    {"memory_write_bytes", "uncore_imc", "cas_count_write", "with its scale"},
    {"memory_write_bytes", "uncore_imc", "cas_count_write_sch0+cas_count_write_sch1",
     "with their scale"},
    {"memory_write_bytes", "uncore_imc_free_running", "data_write", "with its scale"},
    {"memory_write_bytes", "uncore_imc", "data_writes", "with its scale"},
});
// A data flit carries a ninth of a cache line.
constexpr auto kUpi = std::to_array<PerfEncoding>({
    {"link_bytes", "uncore_upi", "event=0x02,umask=0x0f", "UNC_UPI_TxL_FLITS.ALL_DATA", 64.0 / 9},
});

// AMD since Zen 2. The last cache belongs to a complex of cores.
constexpr std::string_view kSharedCache =
    "The last cache of this processor is counted for all cores that share it, by the PMU amd_l3, "
    "and not for a thread.";
constexpr auto kZen = std::to_array<PerfEncoding>({
    {"llc_loads", kNoPmu, "processor", kSharedCache},
    {"llc_load_misses", kNoPmu, "processor", kSharedCache},
    {"l2_references", kCorePmu, "event=0x64,umask=0xff", "PMCx064 L2CacheReqStat"},
    {"l2_misses", kCorePmu, "event=0x64,umask=0x09", "PMCx064 L2CacheReqStat, misses"},
    {"node_loads", kCorePmu, "event=0x43,umask=0x48", "PMCx043 LsDmndFillsFromSys, DRAM"},
    {"node_load_misses", kCorePmu, "event=0x43,umask=0x40", "PMCx043 LsDmndFillsFromSys, far DRAM"},
    {"software_prefetches", kCorePmu, "event=0x4b,umask=0x07", "PMCx04B LsPrefInstrDisp"},
    {"l2_prefetches", kCorePmu, "event=0x60,umask=0x02", "PMCx060 L2RequestG1, L2HwPf"},
});
// A fused multiply-add of 256 bits is 16 operations on numbers of 32 bits. Not those of Zen 4,
// which has one more kind of them.
constexpr auto kZenFlops = std::to_array<PerfEncoding>({
    {"flops", kCorePmu, "event=0x03,umask=0x0f", "PMCx003 FpRetSseAvxOps"},
});
// The links between sockets, which are numbered anew with each generation; a beat is 64 bytes.
constexpr std::string_view kZen4LinkBeats =
    "event=0xb5f,umask=0xf3e+event=0xb9f,umask=0xf3e+event=0xbdf,umask=0xf3e+"
    "event=0xc1f,umask=0xf3e+event=0xc5f,umask=0xf3e+event=0xc9f,umask=0xf3e+"
    "event=0xcdf,umask=0xf3e+event=0xd1f,umask=0xf3e";
constexpr std::string_view kZen5LinkBeats =
    "event=0xd5f,umask=0xf3e+event=0xd9f,umask=0xf3e+event=0xddf,umask=0xf3e+"
    "event=0xe1f,umask=0xf3e+event=0xe5f,umask=0xf3e+event=0xe9f,umask=0xf3e";
// Zen 4 and 5.
constexpr auto kZenByWidth = std::to_array<PerfEncoding>({
    {"fp_scalar", kCorePmu, "event=0x08,umask=0x04", "PMCx008 FpOpsRetiredByWidth"},
    {"fp_128", kCorePmu, "event=0x08,umask=0x08", "PMCx008 FpOpsRetiredByWidth"},
    {"fp_256", kCorePmu, "event=0x08,umask=0x10", "PMCx008 FpOpsRetiredByWidth"},
    {"fp_512", kCorePmu, "event=0x08,umask=0x20", "PMCx008 FpOpsRetiredByWidth"},
    {"memory_read_bytes", "amd_umc", "event=0x0a,rdwrmask=0x1", "UMC PMCx0A, CAS of reads"},
    {"memory_write_bytes", "amd_umc", "event=0x0a,rdwrmask=0x2", "UMC PMCx0A, CAS of writes"},
});
// cmask: the operations that a cycle can dispatch, none of which was there.
constexpr auto kZen4 = std::to_array<PerfEncoding>({
    {"flops", kCorePmu, "event=0x03,umask=0x1f", "PMCx003 FpRetSseAvxOps"},
    {"link_bytes", "amd_df", kZen4LinkBeats, "DF, outbound data beats of links 0 to 7", 64},
    {"stalled_cycles_frontend", kCorePmu, "event=0x1a0,umask=0x01,cmask=6",
     "PMCx1A0 DeNoDispatchPerSlot.NoOpsFromFrontend"},
    {"stalled_cycles_backend", kCorePmu, "event=0x1a0,umask=0x1e,cmask=6",
     "PMCx1A0 DeNoDispatchPerSlot.BackendStalls"},
});
constexpr auto kZen5 = std::to_array<PerfEncoding>({
    {"link_bytes", "amd_df", kZen5LinkBeats, "DF, outbound data beats of links 0 to 5", 64},
    {"stalled_cycles_frontend", kCorePmu, "event=0x1a0,umask=0x01,cmask=8",
     "PMCx1A0 DeNoDispatchPerSlot.NoOpsFromFrontend"},
    {"stalled_cycles_backend", kCorePmu, "event=0x1a0,umask=0x1e,cmask=8",
     "PMCx1A0 DeNoDispatchPerSlot.BackendStalls"},
});

// Arm: what the architecture numbers, under the names that the kernel lists it by.
constexpr auto kArm = std::to_array<PerfEncoding>({
    {"cycles", kCorePmu, "cpu_cycles", "0x0011 CPU_CYCLES"},
    {"instructions", kCorePmu, "inst_retired", "0x0008 INST_RETIRED"},
    {"stalled_cycles_frontend", kCorePmu, "stall_frontend", "0x0023 STALL_FRONTEND"},
    {"stalled_cycles_backend", kCorePmu, "stall_backend", "0x0024 STALL_BACKEND"},
    {"branches", kCorePmu, "br_retired", "0x0021 BR_RETIRED"},
    {"branches", kCorePmu, "pc_write_retired", "0x000C PC_WRITE_RETIRED: taken ones alone"},
    {"branch_misses", kCorePmu, "br_mis_pred_retired", "0x0022 BR_MIS_PRED_RETIRED"},
    {"branch_misses", kCorePmu, "br_mis_pred", "0x0010 BR_MIS_PRED: also those never completed"},
    {"l1d_loads", kCorePmu, "l1d_cache", "0x0004 L1D_CACHE: loads and stores"},
    {"l1d_load_misses", kCorePmu, "l1d_cache_refill", "0x0003 L1D_CACHE_REFILL: loads and stores"},
    {"l1i_loads", kCorePmu, "l1i_cache", "0x0014 L1I_CACHE"},
    {"l1i_load_misses", kCorePmu, "l1i_cache_refill", "0x0001 L1I_CACHE_REFILL"},
    {"l2_references", kCorePmu, "l2d_cache", "0x0016 L2D_CACHE"},
    {"l2_misses", kCorePmu, "l2d_cache_refill", "0x0017 L2D_CACHE_REFILL"},
    {"llc_loads", kCorePmu, "ll_cache_rd", "0x0036 LL_CACHE_RD"},
    {"llc_load_misses", kCorePmu, "ll_cache_miss_rd", "0x0037 LL_CACHE_MISS_RD"},
    {"dtlb_loads", kCorePmu, "l1d_tlb", "0x0025 L1D_TLB: loads and stores"},
    {"dtlb_load_misses", kCorePmu, "l1d_tlb_refill", "0x0005 L1D_TLB_REFILL: loads and stores"},
    {"node_load_misses", kCorePmu, "remote_access_rd", "0x0038 REMOTE_ACCESS_RD"},
    {"node_load_misses", kCorePmu, "remote_access", "0x0031 REMOTE_ACCESS: loads and stores"},
});

// Numbers of 0x40 to 0xbf are for a model to have or not, and no kernel lists them: they are taken
// from the manuals of those that do.
constexpr auto kNeoverse = std::to_array<PerfEncoding>({
    {"l1d_loads", kCorePmu, "event=0x40", "0x0040 L1D_CACHE_RD"},
    {"l1d_load_misses", kCorePmu, "event=0x42", "0x0042 L1D_CACHE_REFILL_RD"},
    {"dtlb_loads", kCorePmu, "event=0x4e", "0x004E L1D_TLB_RD"},
    {"dtlb_load_misses", kCorePmu, "event=0x4c", "0x004C L1D_TLB_REFILL_RD"},
    {"simd_instructions", kCorePmu, "event=0x74", "0x0074 ASE_SPEC"},
    {"vfp_instructions", kCorePmu, "event=0x75", "0x0075 VFP_SPEC"},
});
constexpr auto kSve = std::to_array<PerfEncoding>({
    {"sve_instructions", kCorePmu, "event=0x8006", "0x8006 SVE_INST_SPEC"},
});
// Operations of scalable vectors are counted per 128 bits, which is the vector length of N2 and V2.
constexpr auto kSveFlops = std::to_array<PerfEncoding>({
    {"flops", kCorePmu, "event=0x80c0+event=0x80c1",
     "0x80C0 FP_SCALE_OPS_SPEC and 0x80C1 FP_FIXED_OPS_SPEC"},
});

using Tables = std::vector<EncodingTable>;

Tables Titled(std::string_view title, std::initializer_list<std::span<const PerfEncoding>> rows) {
  Tables tables;
  for (const auto& some : rows) tables.push_back({title, some});
  return tables;
}

Tables IntelTables(unsigned model) {
  switch (model) {
    case 0x4e:
    case 0x5e:
    case 0x8e:
    case 0x9e:
    case 0xa5:
    case 0xa6:
      return Titled("Intel perfmon SKL", {kSkylake, kIntelLake, kIntelCore, kIntelL2, kFpArith});
    case 0x55:
      return Titled("Intel perfmon SKX",
                    {kSkylake, kIntelLake, kIntelCore, kIntelL2, kFpArith, kFpArith512, kUpi});
    case 0x7d:
    case 0x7e:
      return Titled("Intel perfmon ICL",
                    {kIceLake, kIntelLake, kIntelCore, kIntelL2, kFpArith, kFpArith512});
    case 0x6a:
    case 0x6c:
      return Titled("Intel perfmon ICX", {kIceLake, kIntelLake, kIntelCore, kIceLakeServerL2,
                                          kFpArith, kFpArith512, kUpi});
    case 0x8f:
      return Titled("Intel perfmon SPR",
                    {kRapids, kIntelCore, kIntelL2, kFpArith, kFpArith512, kUpi});
    case 0xcf:
      return Titled("Intel perfmon EMR",
                    {kRapids, kIntelCore, kIntelL2, kFpArith, kFpArith512, kUpi});
    case 0xad:
    case 0xae:
      return Titled("Intel perfmon GNR",
                    {kRapids, kIntelCore, kIntelL2, kFpArith, kFpArith512, kUpi});
    case 0x97:
    case 0x9a:
    case 0xb7:
    case 0xba:
    case 0xbf:
      return Titled("Intel perfmon ADL", {kAlderLake});
    default:
      return {};
  }
}

// As Linux tells Zens apart: bsp_init_amd() in arch/x86/kernel/cpu/amd.c.
Tables AmdTables(unsigned family, unsigned model) {
  if (family == 0x17 && model >= 0x30)
    return Titled("AMD PPR 17h, models 30h and on", {kZen, kZenFlops});
  if (family == 0x19 && (model < 0x10 || (model >= 0x20 && model < 0x60)))
    return Titled("AMD PPR 19h, models 00h-0Fh", {kZen, kZenFlops});
  if (family == 0x19) return Titled("AMD PPR 19h, models 10h-1Fh", {kZen, kZenByWidth, kZen4});
  // Between the models of Zen 5 are those of Zen 6.
  const unsigned range = model >> 4;
  if (family == 0x1a && (range < 3 || range == 4 || range == 6 || range == 7))
    return Titled("AMD PPR 1Ah", {kZen, kZenFlops, kZenByWidth, kZen5});
  return {};
}

Tables ArmTables(unsigned implementer, unsigned part) {
  if (implementer != kArmLimited) return {};
  switch (part) {
    case kNeoverseN1:
      return Titled("Arm Neoverse N1 TRM", {kNeoverse});
    case kNeoverseV1:
      return Titled("Arm Neoverse V1 TRM", {kNeoverse, kSve});
    case kNeoverseN2:
      return Titled("Arm Neoverse N2 TRM", {kNeoverse, kSve, kSveFlops});
    case kNeoverseV2:
      return Titled("Arm Neoverse V2 TRM", {kNeoverse, kSve, kSveFlops});
    default:
      return {};
  }
}

// The value behind "key : " in the first processor's lines.
std::optional<std::string_view> CpuinfoValue(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view value = TakeLine(text);
    std::string_view name = TakeUntil(value, ':');
    while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
    if (name != key) continue;
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return std::nullopt;
}

unsigned CpuinfoNumber(std::string_view text, std::string_view key) {
  std::string_view value = CpuinfoValue(text, key).value_or("");
  const bool is_hexadecimal = value.starts_with("0x");
  if (is_hexadecimal) value.remove_prefix(2);
  unsigned number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number, is_hexadecimal ? 16 : 10);
  return number;
}

std::string Format(const char* format, unsigned first, unsigned second) {
  char text[32];
  std::snprintf(text, sizeof text, format, first, second);
  return text;
}

std::string_view ArmName(unsigned implementer, unsigned part) {
  if (implementer != kArmLimited) return {};
  switch (part) {
    case kNeoverseN1:
      return "Arm Neoverse N1";
    case kNeoverseV1:
      return "Arm Neoverse V1";
    case kNeoverseN2:
      return "Arm Neoverse N2";
    case kNeoverseV2:
      return "Arm Neoverse V2";
    default:
      return {};
  }
}

}  // namespace

Processor ReadProcessor(const std::string& root) {
  Processor processor;
  const std::string text = ReadKernelFile(root + "/proc/cpuinfo").value_or("");
  const std::string_view vendor = CpuinfoValue(text, "vendor_id").value_or("");
  if (vendor == "GenuineIntel" || vendor == "AuthenticAMD") {
    processor.vendor = vendor == "GenuineIntel" ? "intel" : "amd";
    processor.family = CpuinfoNumber(text, "cpu family");
    processor.model = CpuinfoNumber(text, "model");
    processor.model_code = Format(vendor == "GenuineIntel" ? "%02X_%02XH" : "%02Xh-%02Xh",
                                  processor.family, processor.model);
    processor.model_name = CpuinfoValue(text, "model name").value_or("");
  } else if (CpuinfoValue(text, "CPU implementer")) {
    processor.vendor = "arm";
    processor.family = CpuinfoNumber(text, "CPU implementer");
    processor.model = CpuinfoNumber(text, "CPU part");
    processor.model_code = Format("0x%02x-0x%03x", processor.family, processor.model);
    processor.model_name = ArmName(processor.family, processor.model);
  } else {
    processor.model_name = CpuinfoValue(text, "model name").value_or("");
  }
  return processor;
}

std::vector<EncodingTable> EncodingsOf(const Processor& processor) {
  constexpr std::string_view kLinux = "Linux, perf_event_open(2)";
  Tables tables;
  if (processor.vendor == "intel") {
    if (processor.family == 6) tables = IntelTables(processor.model);
    if (processor.family != 6 || !IsBeforeHaswell(processor.model))
      tables.push_back({kLinux, kIntelNode});
    tables.push_back({"the PMU's own list", kIntelMemory});
  } else if (processor.vendor == "amd") {
    tables = AmdTables(processor.family, processor.model);
  } else if (processor.vendor == "arm") {
    tables = ArmTables(processor.family, processor.model);
    tables.push_back({"Arm ARM", kArm});
  }
  tables.push_back({kLinux, kCommon});
  if (processor.vendor == "arm")
    tables.push_back({kLinux, kNeverOnArm});
  else
    tables.push_back({kLinux, kGeneric});
  if (processor.vendor == "intel" || processor.vendor == "amd")
    tables.push_back({kLinux, kNeverOnX86});
  return tables;
}

const GenericEvent* FindGenericEvent(std::string_view name) {
  const auto found = std::ranges::find(kGenericEvents, name, &GenericEvent::name);
  return found == kGenericEvents.end() ? nullptr : &*found;
}

}  // namespace nanotally
