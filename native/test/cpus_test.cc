// Reading CPUs and their nodes from sysfs, of this machine and of made-up ones.
#include "os/cpus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "test/support/file_tree.h"

namespace nanotally {
namespace {

using Numbers = std::vector<std::uint32_t>;
using Files = FileTree::Files;

Cpus ReadCpus(const Files& files) { return Cpus(FileTree(files).Root()); }

TEST(CpuList, IsParsed) {
  EXPECT_EQ(Cpus::ParseList("0"), (Numbers{0}));
  EXPECT_EQ(Cpus::ParseList("0-3,8,10-11"), (Numbers{0, 1, 2, 3, 8, 10, 11}));
  EXPECT_EQ(Cpus::ParseList(""), Numbers{}) << "a node without CPUs";
}

TEST(CpuList, IsNothingWhenMalformed) {
  for (const char* list : {"x", "0-", "-1", "3-1", "0,,1", "0;1", "0-99999999", "4294967296"})
    EXPECT_EQ(Cpus::ParseList(list), Numbers{}) << list;
}

TEST(CpusTest, OfThisMachine) {
  const Cpus& cpus = Cpus::OfThisMachine();
  EXPECT_GE(cpus.Possible(), std::thread::hardware_concurrency());
  EXPECT_EQ(&cpus, &Cpus::OfThisMachine());
  EXPECT_EQ(cpus.NodeOf(cpus.Possible()), -1) << "past the last";
}

TEST(CpusTest, KnowTheirNodes) {
  const Cpus cpus = ReadCpus(Files{{"devices/system/cpu/possible", "0-7"},
                                   {"devices/system/node/online", "0,2-3"},
                                   {"devices/system/node/node0/cpulist", "0-1,6"},
                                   {"devices/system/node/node2/cpulist", "2-4"},
                                   {"devices/system/node/node3/cpulist", ""}});
  EXPECT_EQ(cpus.Possible(), 8u);
  const std::vector<int> expected{0, 0, 2, 2, 2, -1, 0, -1};
  for (std::uint32_t cpu = 0; cpu < 8; ++cpu) EXPECT_EQ(cpus.NodeOf(cpu), expected[cpu]) << cpu;
}

TEST(CpusTest, HaveNoNodesWhereThereIsOne) {
  const Cpus cpus = ReadCpus(Files{{"devices/system/cpu/possible", "0-3"},
                                   {"devices/system/node/online", "0"},
                                   {"devices/system/node/node0/cpulist", "0-3"}});
  for (std::uint32_t cpu = 0; cpu < 4; ++cpu) EXPECT_EQ(cpus.NodeOf(cpu), -1);
}

TEST(CpusTest, AreThoseOnlineWhereSysfsSaysNothing) {
  const Cpus nothing = ReadCpus(Files{});
  EXPECT_EQ(nothing.Possible(), std::max(1u, std::thread::hardware_concurrency()));
  const Cpus nonsense = ReadCpus(Files{{"devices/system/cpu/possible", "all of them"}});
  EXPECT_EQ(nonsense.Possible(), nothing.Possible());
}

TEST(CpusTest, CountThoseThatMayBePluggedIn) {
  EXPECT_EQ(ReadCpus(Files{{"devices/system/cpu/possible", "0-255"}}).Possible(), 256u);
}

}  // namespace
}  // namespace nanotally
