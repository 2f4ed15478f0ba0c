// Reading CPUs from sysfs, of this machine and of made-up ones.
#include "os/cpus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>

#include "test/support/file_tree.h"

namespace nanotally {
namespace {

using Files = FileTree::Files;

Cpus ReadCpus(const Files& files) { return Cpus(FileTree(files).Root()); }

TEST(CpusTest, OfThisMachine) {
  const Cpus& cpus = Cpus::OfThisMachine();
  EXPECT_GE(cpus.Possible(), std::thread::hardware_concurrency());
  EXPECT_EQ(&cpus, &Cpus::OfThisMachine());
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
