// Reading the machine that this runs on, machines that tell little, and such as tell nonsense; and
// libnuma beside sysfs. Whole machines are in machines_test.cc.
#include "os/topology.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "os/libnuma.h"
#include "test/support/file_tree.h"

namespace nanotally {
namespace {

using Files = FileTree::Files;

const std::string kCpu = "sys/devices/system/cpu/";
const std::string kNode = "sys/devices/system/node/";

Topology Read(const Files& files) { return ReadTopology(FileTree(files).Root()); }

// Two CPUs, of which nothing else is told.
Files TwoCpus() { return {{kCpu + "present", "0-1\n"}, {kCpu + "online", "0-1\n"}}; }

Topology ReadWith(const std::string& path, const std::string& text) {
  Files files = TwoCpus();
  files[path] = text;
  return Read(files);
}

TEST(TopologyTest, OfThisMachine) {
  const Topology topology = ReadTopology("");
  ASSERT_FALSE(topology.nodes.empty());
  ASSERT_FALSE(topology.cpus.empty());
  std::size_t cpus_of_nodes = 0;
  for (const NumaNode& node : topology.nodes) cpus_of_nodes += node.cpus.size();
  std::size_t online = 0;
  for (const CpuPlace& cpu : topology.cpus) {
    online += cpu.is_online ? 1 : 0;
    EXPECT_TRUE(Contains(cpu.siblings, cpu.number));
    EXPECT_EQ(cpu.node.has_value(), cpu.is_online);
  }
  EXPECT_EQ(cpus_of_nodes, online);
  // glibc counts what the calling thread may use.
  EXPECT_GE(online, std::thread::hardware_concurrency());
  for (const Cache& cache : topology.caches) EXPECT_FALSE(cache.cpus.empty());
}

TEST(TopologyTest, LibnumaAndSysfsAgree) {
  const NumaLibrary* const library = LoadNumaLibrary();
  if (library == nullptr || library->Nodes().empty())
    GTEST_SKIP() << "libnuma is not installed, or finds no NUMA here";
  EXPECT_EQ(LoadNumaLibrary(), library);
  // A virtual machine's memory may be changed at any time.
  Topology own = ReadTopology("", nullptr);
  Topology told;
  for (int tries = 0; tries < 1000; ++tries) {
    told = ReadTopology("", library);
    Topology after = ReadTopology("", nullptr);
    const bool is_still = own.nodes[0].memory_bytes == after.nodes[0].memory_bytes;
    own = std::move(after);
    if (is_still) break;
  }
  EXPECT_EQ(own.source, TopologySource::kSysfs);
  EXPECT_EQ(told.source, TopologySource::kLibnuma);
  ASSERT_EQ(told.nodes.size(), own.nodes.size());
  for (std::size_t i = 0; i < own.nodes.size(); ++i) {
    EXPECT_EQ(told.nodes[i].number, own.nodes[i].number);
    EXPECT_EQ(told.nodes[i].cpus, own.nodes[i].cpus);
    EXPECT_EQ(told.nodes[i].memory_bytes, own.nodes[i].memory_bytes);
    EXPECT_TRUE(told.nodes[i].free_bytes.has_value());
    EXPECT_EQ(told.nodes[i].distances, own.nodes[i].distances);
    EXPECT_EQ(told.nodes[i].is_allowed, own.nodes[i].is_allowed);
  }
}

class FakeLibrary final : public NumaLibrary {
 public:
  explicit FakeLibrary(std::vector<NumaNode> nodes) : nodes_(std::move(nodes)) {}
  std::vector<NumaNode> Nodes() const override { return nodes_; }

 private:
  std::vector<NumaNode> nodes_;
};

TEST(TopologyTest, TakesTheNodesOfLibnumaAndTheRestOfSysfs) {
  Files files = TwoCpus();
  files[kNode + "online"] = "0\n";
  files[kNode + "node0/cpulist"] = "0-1\n";
  const FileTree tree(files);
  NumaNode first;
  first.cpus = {0};
  NumaNode second;
  second.number = 3;
  second.cpus = {1};
  const FakeLibrary library({first, second});
  const Topology topology = ReadTopology(tree.Root(), &library);
  EXPECT_EQ(topology.source, TopologySource::kLibnuma);
  ASSERT_EQ(topology.nodes.size(), 2u);
  EXPECT_EQ(topology.cpus[0].node, 0u);
  EXPECT_EQ(topology.cpus[1].node, 3u);
}

TEST(TopologyTest, ALibraryThatRefusesLeavesItToSysfs) {
  Files files = TwoCpus();
  files[kNode + "online"] = "4\n";
  files[kNode + "node4/cpulist"] = "0-1\n";
  const FileTree tree(files);
  const FakeLibrary library({});
  const Topology topology = ReadTopology(tree.Root(), &library);
  EXPECT_EQ(topology.source, TopologySource::kSysfs);
  ASSERT_EQ(topology.nodes.size(), 1u);
  EXPECT_EQ(topology.nodes[0].number, 4u);
}

TEST(TopologyTest, WithoutFilesIsOneFlatNode) {
  const Topology topology = Read({});
  EXPECT_EQ(topology.source, TopologySource::kFlat);
  ASSERT_EQ(topology.nodes.size(), 1u);
  EXPECT_EQ(topology.cpus.size(), std::max(1u, std::thread::hardware_concurrency()));
  EXPECT_EQ(topology.nodes[0].cpus.size(), topology.cpus.size());
  EXPECT_EQ(topology.nodes[0].distances, std::vector<std::uint32_t>{10});
  EXPECT_FALSE(topology.nodes[0].memory_bytes);
  EXPECT_TRUE(topology.caches.empty());
  EXPECT_FALSE(topology.affinity || topology.cpuset || topology.cpu_quota);
}

TEST(TopologyTest, WhatIsMissingIsAbsent) {
  const Topology topology = Read(TwoCpus());
  EXPECT_EQ(topology.source, TopologySource::kSysfs);
  ASSERT_EQ(topology.nodes.size(), 1u);
  EXPECT_EQ(topology.nodes[0].cpus, (CpuList{0, 1}));
  const CpuPlace& cpu = topology.cpus[1];
  EXPECT_EQ(cpu.siblings, CpuList{1});
  EXPECT_EQ(cpu.node, 0u);
  EXPECT_FALSE(cpu.package || cpu.die || cpu.core);
  EXPECT_TRUE(cpu.is_allowed);
  EXPECT_EQ(cpu.kind, "");
}

TEST(TopologyTest, NumbersMayHaveHoles) {
  const Topology topology = Read({{kCpu + "present", "0,2,200-201\n"},
                                  {kCpu + "online", "0,200-201\n"},
                                  {kNode + "online", "1,9\n"},
                                  {kNode + "node1/cpulist", "0\n"},
                                  {kNode + "node1/distance", "10 40\n"},
                                  {kNode + "node9/cpulist", "200-201\n"},
                                  {kNode + "node9/distance", "40 10\n"}});
  ASSERT_EQ(topology.cpus.size(), 4u);
  EXPECT_FALSE(topology.cpus[1].is_online);
  EXPECT_FALSE(topology.cpus[1].node);
  EXPECT_EQ(topology.cpus[3].number, 201u);
  EXPECT_EQ(topology.cpus[3].node, 9u);
  EXPECT_EQ(topology.nodes[1].distances, (std::vector<std::uint32_t>{40, 10}));
}

// Some kernels list CPUs of nodes that are offline, or not there; and one may go between two files.
TEST(TopologyTest, NodesAndCachesHaveNoCpusButThoseOnline) {
  Files files = TwoCpus();
  files[kCpu + "online"] = "1\n";
  files[kNode + "online"] = "0\n";
  files[kNode + "node0/cpulist"] = "0-7\n";
  files[kCpu + "cpu1/cache/index0/level"] = "1\n";
  files[kCpu + "cpu1/cache/index0/type"] = "Data\n";
  files[kCpu + "cpu1/cache/index0/shared_cpu_list"] = "0-1\n";
  const Topology topology = Read(files);
  EXPECT_EQ(topology.nodes[0].cpus, CpuList{1});
  ASSERT_EQ(topology.caches.size(), 1u);
  EXPECT_EQ(topology.caches[0].cpus, CpuList{1});
  EXPECT_EQ(topology.cpus[0].node, std::nullopt);
}

TEST(TopologyTest, MalformedListsAreAbsent) {
  EXPECT_EQ(Read({{kCpu + "present", "all\n"}}).source, TopologySource::kFlat);
  // Where only one of the lists can be read, it is believed.
  EXPECT_EQ(Read({{kCpu + "present", "all\n"}, {kCpu + "online", "0-2\n"}}).cpus.size(), 3u);
  EXPECT_TRUE(Read({{kCpu + "present", "0-1\n"}, {kCpu + "online", "x"}}).cpus[1].is_online);
  for (const char* list : {"", "\n", "1\n", "0,,1\n", "0-\n"}) {
    const Topology topology = ReadWith(kCpu + "cpu0/topology/core_cpus_list", list);
    EXPECT_EQ(topology.cpus[0].siblings, CpuList{0}) << list;
  }
  EXPECT_EQ(ReadWith(kCpu + "cpu0/topology/thread_siblings_list", "0-1\n").cpus[0].siblings,
            (CpuList{0, 1}))
      << "before Linux 5.3";
}

TEST(TopologyTest, MalformedNumbersAreAbsent) {
  for (const char* text : {"", "-1\n", "x\n", "0x1\n", "4294967296\n", "99999999999999999999\n"}) {
    EXPECT_FALSE(ReadWith(kCpu + "cpu0/topology/physical_package_id", text).cpus[0].package)
        << text;
    EXPECT_FALSE(ReadWith(kCpu + "cpu0/topology/core_id", text).cpus[0].core) << text;
  }
  EXPECT_EQ(ReadWith(kCpu + "cpu0/topology/physical_package_id", "36\n").cpus[0].package, 36u);
}

TEST(TopologyTest, MalformedNodesTellNothing) {
  Files files = TwoCpus();
  files[kNode + "online"] = "0-1\n";
  files[kNode + "node0/distance"] = "10 21 31\n";
  files[kNode + "node0/meminfo"] = "Node 0 MemTotal: many kB\nNode 0 MemFree:\n";
  files[kNode + "node1/distance"] = "21 near\n";
  files[kNode + "node1/meminfo"] =
      "Node 1 MemTotal: 18446744073709551615 kB\nNode 1 MemFree: 9007199254740993 kB\n";
  files[kNode + "node1/cpulist"] = "0;1\n";
  const Topology topology = Read(files);
  ASSERT_EQ(topology.nodes.size(), 2u);
  for (const NumaNode& node : topology.nodes) {
    EXPECT_TRUE(node.distances.empty());
    EXPECT_FALSE(node.memory_bytes || node.free_bytes);
    EXPECT_TRUE(node.cpus.empty());
  }
  EXPECT_FALSE(topology.cpus[0].node);
}

// A cache of CPU 0 at index 0.
std::vector<Cache> ReadCache(Files files) {
  Files all = TwoCpus();
  for (auto& [name, text] : files) all[kCpu + "cpu0/cache/index0/" + name] = text;
  return Read(all).caches;
}

TEST(TopologyTest, CachesTellWhatTheyTell) {
  const auto bare = ReadCache({{"level", "2\n"}, {"type", "Unified\n"}});
  ASSERT_EQ(bare.size(), 1u);
  EXPECT_EQ(bare[0].cpus, CpuList{0});
  EXPECT_FALSE(bare[0].bytes || bare[0].line_bytes || bare[0].ways);
  const auto bytes_of = [](const char* size) {
    return ReadCache({{"level", "2\n"}, {"type", "Unified\n"}, {"size", size}}).at(0).bytes;
  };
  EXPECT_EQ(bytes_of("48K\n"), 48u * 1024);
  EXPECT_EQ(bytes_of("2M\n"), 2u * 1024 * 1024);
  EXPECT_EQ(bytes_of("512\n"), 512u);
  for (const char* size : {"0K\n", "", "K\n", "1G\n", "-1K\n", "99999999999999999999K\n"})
    EXPECT_FALSE(bytes_of(size)) << size;
  for (const char* type : {"", "Trace\n", "unified\n"})
    EXPECT_TRUE(ReadCache({{"level", "2\n"}, {"type", type}}).empty()) << type;
  for (const char* level : {"", "0\n", "x\n", "4294967295\n"})
    EXPECT_TRUE(ReadCache({{"level", level}, {"type", "Data\n"}}).empty()) << level;
  // A list without the CPU that it is of is nonsense.
  EXPECT_EQ(
      ReadCache({{"level", "2\n"}, {"type", "Data\n"}, {"shared_cpu_list", "1\n"}}).at(0).cpus,
      CpuList{0});
}

TEST(TopologyTest, KindsAreByPmuOrElseByCapacity) {
  EXPECT_EQ(ReadWith("sys/devices/cpu_atom/cpus", "1\n").cpus[1].kind, "efficiency");
  EXPECT_EQ(ReadWith("sys/devices/cpu_core/cpus", "1\n").cpus[1].kind, "performance");
  const auto kinds = [](const char* first, const char* second) {
    Files files = TwoCpus();
    files[kCpu + "cpu0/cpu_capacity"] = first;
    files[kCpu + "cpu1/cpu_capacity"] = second;
    const auto cpus = Read(files).cpus;
    return cpus[0].kind + " " + cpus[1].kind;
  };
  EXPECT_EQ(kinds("414\n", "1024\n"), "efficiency performance");
  EXPECT_EQ(kinds("980\n", "1024\n"), " ") << "only clocked differently";
  EXPECT_EQ(kinds("x\n", "1024\n"), " ");
}

TEST(TopologyTest, LimitsAreOfAffinityAndCpuset) {
  Files files = TwoCpus();
  files["proc/self/status"] = "Cpus_allowed_list:\t1-255\nMems_allowed_list:\t2\n";
  EXPECT_FALSE(Read(files).cpus[0].is_allowed);
  EXPECT_TRUE(Read(files).cpus[1].is_allowed);
  EXPECT_FALSE(Read(files).nodes[0].is_allowed);
  files["proc/self/cgroup"] = "4:cpuset:/box\n3:cpu,cpuacct:/box\n";
  files["proc/self/mountinfo"] =
      "33 32 0:29 / /cs ro - cgroup cgroup rw,cpuset\n"
      "34 32 0:30 / /cpu ro - cgroup cgroup rw,cpu,cpuacct\n";
  files["cs/box/cpuset.effective_cpus"] = "0\n";
  files["cpu/box/cpu.cfs_quota_us"] = "150000\n";
  files["cpu/box/cpu.cfs_period_us"] = "100000\n";
  const Topology topology = Read(files);
  EXPECT_EQ(topology.cpuset, CpuList{0});
  EXPECT_FALSE(topology.cpus[0].is_allowed || topology.cpus[1].is_allowed);
  EXPECT_EQ(topology.cpu_quota, 1.5);
}

}  // namespace
}  // namespace nanotally
