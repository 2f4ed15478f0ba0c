// What is asked for, as numbers: by the vendors' manuals, written down a second time.
#include "os/perf_encodings.h"

#include <gtest/gtest.h>

#include <set>

#include "os/kernel_text.h"
#include "os/perf_kernel.h"
#include "os/perf_requests.h"
#include "test/support/perf_machines.h"

namespace nanotally {
namespace {

// A machine's requests, without a kernel.
class Requests {
 public:
  explicit Requests(const FileTree::Files& files)
      : tree_(files), pmus_(ReadPmus(tree_.Root())), processor_(ReadProcessor(tree_.Root())) {}

  [[nodiscard]] PerfRequest operator()(std::string_view name) const {
    return MakePerfRequest(pmus_, EncodingsOf(processor_), PerfEvents()[*FindPerfEvent(name)]);
  }
  // The one part's config.
  [[nodiscard]] std::uint64_t Config(std::string_view name) const {
    const PerfRequest request = (*this)(name);
    EXPECT_EQ(request.parts.size(), 1u) << name << ": " << request.reason;
    return request.parts.empty() ? 0 : request.parts[0].config;
  }
  [[nodiscard]] const Processor& processor() const { return processor_; }

 private:
  const FileTree tree_;
  const std::vector<Pmu> pmus_;
  const Processor processor_;
};

FileTree::Files WithModel(FileTree::Files files, const char* vendor, int family, int model) {
  files["proc/cpuinfo"] = Cpuinfo(vendor, family, model, "x");
  return files;
}

TEST(PerfEncodings, EachRowIsOfAnEvent) {
  std::set<std::string_view> found;
  for (const auto& [vendor, family, model] :
       std::initializer_list<std::tuple<const char*, int, int>>{{"intel", 6, 0x5e},
                                                                {"intel", 6, 0x55},
                                                                {"intel", 6, 0x7e},
                                                                {"intel", 6, 0x6a},
                                                                {"intel", 6, 0x8f},
                                                                {"intel", 6, 0xcf},
                                                                {"intel", 6, 0xad},
                                                                {"intel", 6, 0x97},
                                                                {"amd", 0x17, 0x31},
                                                                {"amd", 0x19, 0x01},
                                                                {"amd", 0x19, 0x11},
                                                                {"amd", 0x1a, 0x02},
                                                                {"arm", 0x41, 0xd0c},
                                                                {"arm", 0x41, 0xd40},
                                                                {"arm", 0x41, 0xd49},
                                                                {"arm", 0x41, 0xd4f}}) {
    Processor processor;
    processor.vendor = vendor;
    processor.family = static_cast<unsigned>(family);
    processor.model = static_cast<unsigned>(model);
    const auto tables = EncodingsOf(processor);
    EXPECT_GE(tables.size(), 3u) << vendor << model << " has a table of its own";
    for (const auto& [title, rows] : tables) {
      EXPECT_FALSE(title.empty());
      for (const PerfEncoding& row : rows) {
        EXPECT_TRUE(FindPerfEvent(row.event)) << row.event;
        EXPECT_FALSE(row.terms.empty()) << row.event;
        const bool is_generic = row.pmu == kGenericPmu || row.pmu == kSoftwarePmu;
        for (std::string_view rest = row.terms; is_generic && !rest.empty();)
          EXPECT_NE(FindGenericEvent(TakeUntil(rest, '+')), nullptr) << row.terms;
        found.insert(row.event);
      }
    }
  }
  EXPECT_EQ(found.size(), PerfEvents().size()) << "an event that no processor has";
}

TEST(PerfEncodings, EventsOfAGroupFollowEachOther) {
  std::set<std::string_view> groups;
  std::set<std::string_view> names;
  std::size_t members = 0;
  std::string_view last;
  for (const PerfEvent& event : PerfEvents()) {
    EXPECT_TRUE(names.insert(event.name).second) << event.name;
    EXPECT_TRUE(event.group == last || groups.insert(event.group).second) << event.group;
    members = event.group == last ? members + 1 : 1;
    EXPECT_LE(members, 4u) << event.group;
    last = event.group;
    EXPECT_TRUE(event.help.ends_with('.')) << event.name;
  }
  EXPECT_EQ(FindPerfEvent("no_such"), std::nullopt);
}

TEST(PerfEncodings, GenericOnes) {
  const Requests requests(WithModel(SkylakeServer(), "GenuineIntel", 6, 0x01));
  EXPECT_EQ(requests("cycles").parts.at(0).type, kPerfHardware);
  EXPECT_EQ(requests.Config("cycles"), 0u);
  EXPECT_EQ(requests.Config("branch_misses"), 5u);
  EXPECT_EQ(requests("l1d_loads").parts.at(0).type, kPerfCache);
  EXPECT_EQ(requests.Config("l1d_load_misses"), 0x10000u);
  EXPECT_EQ(requests.Config("llc_load_misses"), 0x10002u);
  EXPECT_EQ(requests.Config("dtlb_load_misses"), 0x10003u);
  EXPECT_EQ(requests.Config("node_load_misses"), 0x10006u);
  EXPECT_EQ(requests.Config("l1d_prefetches"), 0x200u);
  EXPECT_EQ(requests("task_clock_seconds").parts.at(0).type, kPerfSoftware);
  EXPECT_EQ(requests.Config("task_clock_seconds"), 1u);
  EXPECT_EQ(requests.Config("major_faults"), 6u);
  EXPECT_EQ(requests("fp_256").reason, "") << "a model that is not in the table";
  EXPECT_TRUE(requests("fp_256").parts.empty());
}

TEST(PerfEncodings, SkylakeServer) {
  const Requests requests(SkylakeServer());
  EXPECT_EQ(requests.processor().model_code, "06_55H");
  EXPECT_EQ(requests("fp_scalar").parts.at(0).type, kPerfRaw);
  EXPECT_EQ(requests.Config("fp_scalar"), 0x03c7u);
  EXPECT_EQ(requests.Config("fp_128"), 0x0cc7u);
  EXPECT_EQ(requests.Config("fp_256"), 0x30c7u);
  EXPECT_EQ(requests.Config("fp_512"), 0xc0c7u);
  EXPECT_EQ(requests.Config("stalled_cycles_frontend"), 0x0400019cu);
  EXPECT_EQ(requests.Config("stalled_cycles_backend"), 0x040004a3u);
  EXPECT_EQ(requests.Config("l1d_pending_cycles"), 0x0148u);
  EXPECT_EQ(requests.Config("l2_references"), 0xff24u);
  EXPECT_EQ(requests.Config("l2_misses"), 0x3f24u);
  EXPECT_EQ(requests.Config("l2_prefetches"), 0xf824u);
  EXPECT_EQ(requests.Config("l1i_load_misses"), 0x0283u);
  EXPECT_EQ(requests.Config("software_prefetches"), 0x0f32u);
  EXPECT_EQ(requests("fp_256").encoding, "cpu/event=0xc7,umask=0x30/");
  EXPECT_EQ(requests("fp_256").source, "Intel perfmon SKX, FP_ARITH_INST_RETIRED.256B_*");
  EXPECT_EQ(requests("load_latency_cycles").reason, "sampling");

  const PerfRequest read = requests("memory_read_bytes");
  ASSERT_EQ(read.parts.size(), 2u) << "both channels";
  EXPECT_EQ(read.parts[1].type, 21u);
  EXPECT_EQ(read.parts[1].config, 0x0304u);
  EXPECT_EQ(read.parts[1].factor, 1) << "a count is a line of 64 bytes, the event's own scale";
  EXPECT_EQ(read.parts[1].cpus, (std::vector<std::uint32_t>{0, 28}));
  EXPECT_EQ(read.encoding, "uncore_imc/cas_count_read/");
  EXPECT_EQ(requests("memory_write_bytes").parts.at(0).config, 0x0c04u);
  EXPECT_EQ(requests.Config("link_bytes"), 0x0f02u);
  EXPECT_DOUBLE_EQ(requests("link_bytes").parts.at(0).factor * 9, 64);
}

TEST(PerfEncodings, OtherIntelModels) {
  const Requests client(WithModel(SkylakeServer(), "GenuineIntel", 6, 0x9e));
  EXPECT_EQ(client.Config("fp_256"), 0x30c7u);
  EXPECT_TRUE(client("fp_512").parts.empty());
  const Requests ice_lake(WithModel(SkylakeServer(), "GenuineIntel", 6, 0x6a));
  EXPECT_EQ(ice_lake.Config("stalled_cycles_frontend"), 0x0500019cu);
  EXPECT_EQ(ice_lake.Config("l2_references"), 0xe724u);
  EXPECT_EQ(ice_lake.Config("l2_misses"), 0x2724u);
  for (const int model : {0x8f, 0xcf, 0xad}) {
    const Requests rapids(WithModel(SkylakeServer(), "GenuineIntel", 6, model));
    EXPECT_EQ(rapids.Config("stalled_cycles_frontend"), 0x0600019cu);
    EXPECT_EQ(rapids.Config("l1d_prefetches"), 0x2051u);
    EXPECT_EQ(rapids.Config("l2_prefetches"), 0xf024u);
    EXPECT_EQ(rapids.Config("software_prefetches"), 0x0f40u);
    EXPECT_EQ(rapids.Config("fp_512"), 0xc0c7u);
  }
}

// Since Haswell the kernel's node-loads are those of the own node; before, of all.
TEST(PerfEncodings, LoadsOfAllNodes) {
  const PerfRequest server = Requests(SkylakeServer())("node_loads");
  ASSERT_EQ(server.parts.size(), 2u);
  EXPECT_EQ(server.parts[0].config, 0x6u);
  EXPECT_EQ(server.parts[1].config, 0x10006u);
  EXPECT_EQ(server.parts[0].pmu, server.parts[1].pmu);
  EXPECT_EQ(server.encoding, "node-loads+node-load-misses");
  const Requests old(WithModel(SkylakeServer(), "GenuineIntel", 6, 0x3e));
  EXPECT_EQ(old.Config("node_loads"), 0x6u);
}

TEST(PerfEncodings, MemoryControllersWithTwoChannels) {
  FileTree::Files files = WithModel(SkylakeServer(), "GenuineIntel", 6, 0xad);
  for (const char* imc : {"uncore_imc_0", "uncore_imc_1"}) {
    for (const char* direction : {"read", "write"}) {
      const std::string event = kPmuFolder + imc + "/events/cas_count_" + direction;
      for (const char* suffix : {"", ".scale", ".unit"}) {
        for (const char* channel : {"_sch0", "_sch1"})
          files[event + channel + suffix] = files.at(event + suffix);
        files.erase(event + suffix);
      }
    }
  }
  const Requests requests(files);
  EXPECT_EQ(requests("memory_read_bytes").parts.size(), 4u);
  EXPECT_EQ(requests("memory_read_bytes").parts.at(0).factor, 1);
  EXPECT_EQ(requests("memory_write_bytes").parts.size(), 4u);
}

TEST(PerfEncodings, HybridOnesAreCountedOnBothKindsOfCore) {
  const Requests requests(AlderLake());
  const PerfRequest cycles = requests("cycles");
  ASSERT_EQ(cycles.parts.size(), 2u);
  EXPECT_EQ(cycles.parts[0].config, std::uint64_t{10} << 32) << "cpu_atom";
  EXPECT_EQ(cycles.parts[1].config, std::uint64_t{4} << 32);
  EXPECT_NE(cycles.parts[0].pmu, cycles.parts[1].pmu);
  const PerfRequest misses = requests("l2_misses");
  ASSERT_EQ(misses.parts.size(), 2u);
  EXPECT_EQ(misses.parts[0].type, 10u);
  EXPECT_EQ(misses.parts[0].config, 0x0124u);
  EXPECT_EQ(misses.parts[1].config, 0x3f24u);
  EXPECT_EQ(misses.encoding, "cpu_atom/event=0x24,umask=0x01/ + cpu_core/event=0x24,umask=0x3f/");
  EXPECT_EQ(requests("fp_256").reason, "processor");
  EXPECT_NE(requests("fp_256").message.find("performance cores"), std::string::npos);
}

TEST(PerfEncodings, Zens) {
  const Requests zen4(Zen4Server());
  EXPECT_EQ(zen4.processor().model_code, "19h-11h");
  EXPECT_EQ(zen4.Config("fp_scalar"), 0x0408u);
  EXPECT_EQ(zen4.Config("fp_128"), 0x0808u);
  EXPECT_EQ(zen4.Config("fp_256"), 0x1008u);
  EXPECT_EQ(zen4.Config("fp_512"), 0x2008u);
  EXPECT_EQ(zen4.Config("flops"), 0x1f03u);
  EXPECT_EQ(zen4.Config("l2_references"), 0xff64u);
  EXPECT_EQ(zen4.Config("l2_misses"), 0x0964u);
  EXPECT_EQ(zen4.Config("l2_prefetches"), 0x0260u);
  EXPECT_EQ(zen4.Config("node_loads"), 0x4843u);
  EXPECT_EQ(zen4.Config("node_load_misses"), 0x4043u);
  EXPECT_EQ(zen4.Config("software_prefetches"), 0x074bu);
  EXPECT_EQ(zen4.Config("stalled_cycles_frontend"), 0x1060001a0u);
  EXPECT_EQ(zen4.Config("stalled_cycles_backend"), 0x106001ea0u);
  EXPECT_EQ(zen4("llc_loads").reason, "processor");
  EXPECT_EQ(zen4("l1d_pending_cycles").reason, "sampling");
  EXPECT_EQ(zen4.Config("memory_read_bytes"), 0x010au);
  EXPECT_EQ(zen4.Config("memory_write_bytes"), 0x020au);
  const PerfRequest links = zen4("link_bytes");
  ASSERT_EQ(links.parts.size(), 8u);
  EXPECT_EQ(links.parts[0].config, 0x0b0f003e5fu) << "event 0xb5f, umask 0xf3e";
  EXPECT_EQ(links.parts[7].config, 0x0d0f003e1fu) << "event 0xd1f";
  EXPECT_EQ(links.parts[0].factor, 64);

  const Requests zen2(WithModel(Zen4Server(), "AuthenticAMD", 0x17, 0x31));
  EXPECT_EQ(zen2.Config("flops"), 0x0f03u);
  EXPECT_TRUE(zen2("fp_256").parts.empty());
  const Requests zen3(WithModel(Zen4Server(), "AuthenticAMD", 0x19, 0x21));
  EXPECT_EQ(zen3.Config("flops"), 0x0f03u);
  EXPECT_TRUE(zen3("fp_256").parts.empty());
  const Requests zen5(WithModel(Zen4Server(), "AuthenticAMD", 0x1a, 0x02));
  EXPECT_EQ(zen5.Config("stalled_cycles_frontend"), 0x1080001a0u);
  EXPECT_EQ(zen5.Config("fp_512"), 0x2008u);
  EXPECT_EQ(zen5.Config("flops"), 0x0f03u);
  EXPECT_EQ(zen5.Config("l2_prefetches"), 0x0260u);
  ASSERT_EQ(zen5("link_bytes").parts.size(), 6u);
  EXPECT_EQ(zen5("link_bytes").parts[0].config, 0x0d0f003e5fu) << "event 0xd5f, umask 0xf3e";
  EXPECT_EQ(zen5("link_bytes").parts[5].config, 0x0e0f003e9fu);
  const Requests zen6(WithModel(Zen4Server(), "AuthenticAMD", 0x1a, 0x50));
  EXPECT_TRUE(zen6("flops").parts.empty()) << "another generation of the same family";
  const Requests desktop_zen5(WithModel(Zen4Server(), "AuthenticAMD", 0x1a, 0x44));
  EXPECT_EQ(desktop_zen5.Config("flops"), 0x0f03u);
  const Requests zen1(WithModel(Zen4Server(), "AuthenticAMD", 0x17, 0x01));
  EXPECT_TRUE(zen1("flops").parts.empty());
}

TEST(PerfEncodings, ArmAsksForWhatIsListed) {
  const Requests requests(ArmServer(0xd4f, kNeoverseEvents));
  EXPECT_EQ(requests.processor().model_name, "Arm Neoverse V2");
  EXPECT_EQ(requests("cycles").parts.at(0).type, 8u);
  EXPECT_EQ(requests.Config("cycles"), 0x11u);
  EXPECT_EQ(requests("cycles").parts.at(0).user_config1, 3u)
      << "64 bits, read by the thread itself";
  EXPECT_EQ(requests("cycles").parts.at(0).short_user_config1, 2u);
  EXPECT_EQ(requests("cycles").encoding, "armv8_pmuv3_0/cpu_cycles/");
  EXPECT_EQ(requests.Config("instructions"), 0x08u);
  EXPECT_EQ(requests.Config("branches"), 0x21u);
  EXPECT_EQ(requests.Config("l1d_loads"), 0x40u);
  EXPECT_EQ(requests.Config("l1d_load_misses"), 0x42u);
  EXPECT_EQ(requests.Config("dtlb_load_misses"), 0x4cu);
  EXPECT_EQ(requests.Config("llc_load_misses"), 0x37u);
  EXPECT_EQ(requests.Config("simd_instructions"), 0x74u);
  EXPECT_EQ(requests.Config("vfp_instructions"), 0x75u);
  EXPECT_EQ(requests.Config("sve_instructions"), 0x8006u);
  EXPECT_EQ(requests("flops").parts.size(), 2u);
  EXPECT_EQ(requests("l2_misses").reason, "not_listed");
  EXPECT_TRUE(requests("l2_misses").parts.empty());

  const Requests unknown(ArmServer(
      0x051, {{"events/cpu_cycles", "event=0x0011"}, {"events/pc_write_retired", "event=0x000c"}}));
  EXPECT_EQ(unknown.Config("cycles"), 0x11u);
  EXPECT_EQ(unknown.Config("branches"), 0x0cu) << "the next best";
  EXPECT_EQ(unknown("instructions").reason, "not_listed") << "no generic event in its place";
  EXPECT_TRUE(unknown("simd_instructions").parts.empty());
}

TEST(PerfEncodings, Nothing) {
  const Requests requests({});
  EXPECT_EQ(requests.processor().vendor, "");
  EXPECT_EQ(requests.Config("cycles"), 0u) << "the kernel may still know it";
  EXPECT_TRUE(requests("fp_256").parts.empty());
  EXPECT_TRUE(requests("memory_read_bytes").parts.empty());
}

}  // namespace
}  // namespace nanotally
