// Finding the process's control groups and reading them: as recorded, and as cgroup-v2.rst,
// cgroup-v1/, proc_pid_cgroup(5) and cgroup_namespaces(7) describe others.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "os/cgroup_files.h"
#include "os/cgroup_folders.h"
#include "test/support/file_tree.h"
#include "test/support/recorded_machine.h"

namespace nanotally {
namespace {

using Strings = std::vector<std::string>;

// A line of mountinfo.
std::string MountV2(const std::string& group, const std::string& point) {
  return "30 23 0:26 " + group + " " + point +
         " rw,nosuid shared:4 master:2 - cgroup2 cgroup2 rw,nsdelegate\n";
}
std::string MountV1(const std::string& group, const std::string& point,
                    const std::string& controllers) {
  return "33 32 0:29 " + group + " " + point + " ro - cgroup cgroup rw," + controllers + "\n";
}
const std::string kOtherMounts =
    "22 27 0:21 / /proc rw - proc proc rw\n27 1 254:0 / / rw shared:1 - ext4 /dev/vda rw\n";

std::string OwnV2(const std::string& cgroup, const std::string& mountinfo) {
  const auto folder = FindCgroupFolders(cgroup, kOtherMounts + mountinfo).memory;
  return folder ? folder->own : "none";
}

TEST(CgroupFolders, V2) {
  const auto folders = FindCgroupFolders("0::/user.slice/app.scope\n",
                                         kOtherMounts + MountV2("/", "/sys/fs/cgroup"));
  for (const auto& folder : {folders.memory, folders.cpu, folders.pids, folders.unified}) {
    ASSERT_TRUE(folder);
    EXPECT_TRUE(folder->is_v2);
    EXPECT_EQ(folder->own, "/sys/fs/cgroup/user.slice/app.scope");
    EXPECT_EQ(folder->Levels(), (Strings{"/sys/fs/cgroup/user.slice/app.scope",
                                         "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"}));
  }
}

TEST(CgroupFolders, V2InANamespaceIsTheMountItself) {
  const auto folder = FindCgroupFolders("0::/\n", MountV2("/", "/sys/fs/cgroup")).memory;
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->Levels(), Strings{"/sys/fs/cgroup"});
}

TEST(CgroupFolders, V2OfAContainerWithoutANamespace) {
  EXPECT_EQ(OwnV2("0::/docker/abc\n", MountV2("/docker/abc", "/sys/fs/cgroup")), "/sys/fs/cgroup");
  EXPECT_EQ(OwnV2("0::/docker/abc/child\n", MountV2("/docker/abc", "/sys/fs/cgroup")),
            "/sys/fs/cgroup/child");
}

TEST(CgroupFolders, OutsideWhatIsMountedThereIsNone) {
  EXPECT_EQ(OwnV2("0::/docker/abcd\n", MountV2("/docker/abc", "/sys/fs/cgroup")), "none");
  EXPECT_EQ(OwnV2("0::/other\n", MountV2("/docker/abc", "/sys/fs/cgroup")), "none");
  EXPECT_EQ(OwnV2("0::/../sibling\n", MountV2("/", "/sys/fs/cgroup")), "none");
  EXPECT_EQ(OwnV2("0::/..\n", MountV2("/", "/sys/fs/cgroup")), "none");
  EXPECT_EQ(OwnV2("0::/app\n", ""), "none") << "not mounted";
  EXPECT_EQ(OwnV2("", MountV2("/", "/sys/fs/cgroup")), "none") << "a kernel without cgroups";
}

TEST(CgroupFolders, TheSecondMountMayBeTheRightOne) {
  EXPECT_EQ(OwnV2("0::/b/c\n", MountV2("/a", "/mnt/a") + MountV2("/b", "/mnt/b")), "/mnt/b/c");
}

TEST(CgroupFolders, NamesMayHoldColonsAndBlanks) {
  EXPECT_EQ(OwnV2("0::/a b:c\\d\n", MountV2("/", "/my\\040cgroups\\134x")),
            "/my cgroups\\x/a b:c\\d");
  EXPECT_EQ(OwnV2("0::/a b/c\n", MountV2("/a\\040b", "/x\\04")), "/x\\04/c");
}

TEST(CgroupFolders, V1WithAHierarchyForEach) {
  const auto folders = FindCgroupFolders(
      "12:pids:/docker/abc\n5:memory:/docker/abc/child\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/"
      "x\n",
      MountV1("/docker/abc", "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct") +
          MountV1("/docker/abc", "/sys/fs/cgroup/memory", "memory") +
          MountV1("/docker/abc", "/sys/fs/cgroup/pids", "pids"));
  ASSERT_TRUE(folders.memory && folders.cpu && folders.cpu_usage && folders.pids);
  EXPECT_FALSE(folders.memory->is_v2);
  EXPECT_EQ(folders.memory->Levels(),
            (Strings{"/sys/fs/cgroup/memory/child", "/sys/fs/cgroup/memory"}));
  EXPECT_EQ(folders.cpu->own, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(folders.cpu_usage->own, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(folders.pids->own, "/sys/fs/cgroup/pids");
  EXPECT_FALSE(folders.unified);
}

TEST(CgroupFolders, HybridTakesV1WhereAControllerIsThere) {
  const auto folders =
      FindCgroupFolders("4:memory:/v1\n0::/v2\n", MountV1("/", "/sys/fs/cgroup/memory", "memory") +
                                                      MountV2("/", "/sys/fs/cgroup/unified"));
  ASSERT_TRUE(folders.memory && folders.cpu && folders.unified);
  EXPECT_EQ(folders.memory->own, "/sys/fs/cgroup/memory/v1");
  EXPECT_EQ(folders.cpu->own, "/sys/fs/cgroup/unified/v2");
  EXPECT_EQ(folders.unified->own, "/sys/fs/cgroup/unified/v2");
}

TEST(CgroupFolders, StrangeListsAreNone) {
  for (const char* groups : {"0", "0:", "0::", "::", ":::\n\n", "0:memory", "memory:/x"}) {
    const auto folder = FindCgroupFolders(groups, MountV2("/x", "/sys/fs/cgroup")).memory;
    EXPECT_FALSE(folder) << groups;
  }
  for (const char* mounts : {"", "\n\n", "1 2 3", "1 2 3 / /p rw", "1 2 3 / /p rw -", "- - - - -",
                             "1 2 3 / /p rw - cgroup"})
    EXPECT_FALSE(FindCgroupFolders("5:memory:/\n0::/\n", mounts).memory) << mounts;
}

TEST(CgroupFolders, LevelsAreBounded) {
  std::string group;
  for (int i = 0; i < 5000; ++i) group += "/a";
  const auto folder = FindCgroupFolders("0::" + group, MountV2("/", "/sys/fs/cgroup")).memory;
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->Levels().size(), 64u);
  EXPECT_EQ(folder->Levels()[0].size(), 14u + 2 * 5000);
}

// The tree of a v2 group, /top/app, of which /top is limited more in memory and less in CPU.
FileTree::Files NestedV2() {
  return {{"proc/self/cgroup", "0::/top/app\n"},
          {"proc/self/mountinfo", kOtherMounts + MountV2("/", "/sys/fs/cgroup")},
          {"sys/fs/cgroup/memory.stat", "anon 5\n"},  // as in the root, which has no memory.max
          {"sys/fs/cgroup/cpu.stat", "usage_usec 9000000\n"},
          {"sys/fs/cgroup/top/memory.max", "1000\n"},
          {"sys/fs/cgroup/top/memory.current", "900\n"},
          {"sys/fs/cgroup/top/memory.stat", "anon 800\nfile 100\ninactive_file 50\n"},
          {"sys/fs/cgroup/top/memory.high", "max\n"},
          {"sys/fs/cgroup/top/cpu.max", "400000 100000\n"},
          {"sys/fs/cgroup/top/pids.max", "max\n"},
          {"sys/fs/cgroup/top/app/cgroup.type", "domain\n"},
          {"sys/fs/cgroup/top/app/memory.max", "2000\n"},
          {"sys/fs/cgroup/top/app/memory.high", "1500\n"},
          {"sys/fs/cgroup/top/app/memory.current", "500\n"},
          {"sys/fs/cgroup/top/app/memory.peak", "700\n"},
          {"sys/fs/cgroup/top/app/memory.swap.current", "30\n"},
          {"sys/fs/cgroup/top/app/memory.stat", "anon 100\nfile 350\ninactive_file 200\n"},
          {"sys/fs/cgroup/top/app/memory.events",
           "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n"},
          {"sys/fs/cgroup/top/app/cpu.max", "150000 100000\n"},
          {"sys/fs/cgroup/top/app/cpu.stat",
           "usage_usec 2500000\nuser_usec 1\nsystem_usec 2\nnr_periods 10\nnr_throttled 4\n"
           "throttled_usec 1500000\nnr_bursts 0\nburst_usec 0\n"},
          {"sys/fs/cgroup/top/app/pids.current", "12\n"},
          {"sys/fs/cgroup/top/app/pids.max", "100\n"}};
}

TEST(CgroupFiles, V2WithTheLimitsOfItsAncestors) {
  const FileTree files(NestedV2());
  const CgroupFolders folders = CgroupLocator(files.Root()).Locate();
  ASSERT_TRUE(folders.memory && folders.cpu && folders.pids && folders.unified);
  const CgroupMemory memory = ReadCgroupMemory(*folders.memory);
  EXPECT_EQ(memory.usage_bytes, 500);
  EXPECT_EQ(memory.working_set_bytes, 300);
  EXPECT_EQ(memory.peak_bytes, 700);
  EXPECT_EQ(memory.swap_bytes, 30);
  EXPECT_EQ(memory.limit_bytes, 1000);
  EXPECT_EQ(memory.throttling_bytes, 1500);
  EXPECT_EQ(memory.headroom_bytes, 100) << "of /top, not of /top/app";
  EXPECT_EQ(memory.fullest_ratio, 0.85) << "likewise";
  EXPECT_EQ(memory.fullest_limit_bytes, 1000);
  EXPECT_EQ(memory.low_events, 1);
  EXPECT_EQ(memory.high_events, 2);
  EXPECT_EQ(memory.max_events, 3);
  EXPECT_EQ(memory.oom_events, 4);
  EXPECT_EQ(memory.oom_kill_events, 5);
  const CgroupCpu cpu = ReadCgroupCpu(*folders.cpu, folders.cpu_usage);
  EXPECT_EQ(cpu.limit_cores, 1.5);
  EXPECT_EQ(cpu.seconds, 2.5);
  EXPECT_EQ(cpu.periods, 10);
  EXPECT_EQ(cpu.throttled_periods, 4);
  EXPECT_EQ(cpu.throttled_seconds, 1.5);
  const CgroupPids pids = ReadCgroupPids(*folders.pids);
  EXPECT_EQ(pids.count, 12);
  EXPECT_EQ(pids.limit, 100);
}

TEST(CgroupFiles, WithoutLimitsOrControllersThereIsNone) {
  FileTree::Files nested = NestedV2();
  nested["sys/fs/cgroup/top/memory.max"] = nested["sys/fs/cgroup/top/app/memory.max"] = "max\n";
  nested["sys/fs/cgroup/top/cpu.max"] = nested["sys/fs/cgroup/top/app/cpu.max"] = "max 100000\n";
  nested["sys/fs/cgroup/top/app/cpu.stat"] = "usage_usec 1\n";  // the controller is off
  nested["sys/fs/cgroup/top/app/pids.max"] = "0 0\n";
  nested.erase("sys/fs/cgroup/top/app/memory.peak");  // Linux before 5.19
  const FileTree files(nested);
  const CgroupFolders folders = CgroupLocator(files.Root()).Locate();
  const CgroupMemory memory = ReadCgroupMemory(*folders.memory);
  EXPECT_EQ(memory.limit_bytes, std::nullopt);
  EXPECT_EQ(memory.headroom_bytes, std::nullopt);
  EXPECT_EQ(memory.peak_bytes, std::nullopt);
  EXPECT_EQ(memory.usage_bytes, 500);
  const CgroupCpu cpu = ReadCgroupCpu(*folders.cpu, folders.cpu_usage);
  EXPECT_EQ(cpu.limit_cores, std::nullopt);
  EXPECT_EQ(cpu.periods, std::nullopt);
  EXPECT_EQ(cpu.throttled_seconds, std::nullopt);
  EXPECT_EQ(ReadCgroupPids(*folders.pids).limit, std::nullopt);
}

TEST(CgroupFiles, AnAncestorsLimitHoldsAlsoWhereTheOwnGroupHasNoController) {
  FileTree::Files nested = NestedV2();
  for (const char* file : {"max", "high", "current", "peak", "swap.current", "stat", "events"})
    nested.erase(std::string("sys/fs/cgroup/top/app/memory.") + file);
  const FileTree files(nested);
  const CgroupMemory memory = ReadCgroupMemory(*CgroupLocator(files.Root()).Locate().memory);
  EXPECT_EQ(memory.usage_bytes, std::nullopt);
  EXPECT_EQ(memory.limit_bytes, 1000);
  EXPECT_EQ(memory.headroom_bytes, 100);
  EXPECT_EQ(memory.fullest_ratio, 0.85);
}

TEST(CgroupFiles, AreFoundOnceTheMountsCanBeRead) {
  FileTree::Files nested = NestedV2();
  const std::string mounts = nested.at("proc/self/mountinfo");
  nested.erase("proc/self/mountinfo");
  FileTree files(nested);
  CgroupLocator locator(files.Root());
  EXPECT_FALSE(locator.Locate().memory) << "as without a descriptor to read it by";
  files.Write("proc/self/mountinfo", mounts);
  EXPECT_TRUE(locator.Locate().memory);
}

TEST(CgroupFiles, StrangeNumbersAreNone) {
  FileTree::Files nested = NestedV2();
  nested["sys/fs/cgroup/top/memory.current"] = "";
  nested["sys/fs/cgroup/top/cpu.max"] = "100000 0\n";
  nested["sys/fs/cgroup/top/app/cpu.max"] = "100000\n";
  nested["sys/fs/cgroup/top/app/memory.current"] = "100\n";  // less than inactive_file, read later
  nested["sys/fs/cgroup/top/app/memory.max"] = "60\n";       // lowered below what is used
  const FileTree files(nested);
  const CgroupFolders folders = CgroupLocator(files.Root()).Locate();
  const CgroupMemory memory = ReadCgroupMemory(*folders.memory);
  EXPECT_EQ(memory.working_set_bytes, 0);
  EXPECT_EQ(memory.headroom_bytes, 0);
  EXPECT_EQ(memory.limit_bytes, 60);
  EXPECT_EQ(ReadCgroupCpu(*folders.cpu, folders.cpu_usage).limit_cores, std::nullopt);
}

TEST(CgroupFiles, V1) {
  const FileTree files(
      {{"proc/self/cgroup", "5:memory:/app\n3:cpu,cpuacct:/app\n2:pids:/app\n"},
       {"proc/self/mountinfo", MountV1("/", "/cg/memory", "memory") +
                                   MountV1("/", "/cg/cpu", "cpu,cpuacct") +
                                   MountV1("/", "/cg/pids", "pids")},
       {"cg/memory/memory.limit_in_bytes", "9223372036854771712\n"},
       {"cg/memory/app/memory.limit_in_bytes", "4096\n"},
       {"cg/memory/app/memory.usage_in_bytes", "3000\n"},
       {"cg/memory/app/memory.max_usage_in_bytes", "4000\n"},
       {"cg/memory/app/memory.failcnt", "6\n"},
       {"cg/memory/app/memory.stat", "inactive_file 1\ntotal_swap 5\ntotal_inactive_file 1000\n"},
       {"cg/memory/app/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"},
       {"cg/cpu/cpu.cfs_quota_us", "-1\n"},
       {"cg/cpu/cpu.cfs_period_us", "100000\n"},
       {"cg/cpu/app/cpu.cfs_quota_us", "50000\n"},
       {"cg/cpu/app/cpu.cfs_period_us", "100000\n"},
       {"cg/cpu/app/cpu.stat", "nr_periods 5\nnr_throttled 3\nthrottled_time 250000000\n"},
       {"cg/cpu/app/cpuacct.usage", "1500000000\n"},
       {"cg/pids/app/pids.current", "9\n"},
       {"cg/pids/app/pids.max", "20\n"}});
  const CgroupFolders folders = CgroupLocator(files.Root()).Locate();
  ASSERT_TRUE(folders.memory && folders.cpu && folders.pids);
  const CgroupMemory memory = ReadCgroupMemory(*folders.memory);
  EXPECT_EQ(memory.usage_bytes, 3000);
  EXPECT_EQ(memory.working_set_bytes, 2000);
  EXPECT_EQ(memory.peak_bytes, 4000);
  EXPECT_EQ(memory.swap_bytes, 5);
  EXPECT_EQ(memory.limit_bytes, 4096);
  EXPECT_EQ(memory.headroom_bytes, 1096);
  EXPECT_EQ(memory.throttling_bytes, std::nullopt);
  EXPECT_EQ(memory.max_events, 6);
  EXPECT_EQ(memory.oom_kill_events, 2);
  EXPECT_EQ(memory.oom_events, std::nullopt);
  const CgroupCpu cpu = ReadCgroupCpu(*folders.cpu, folders.cpu_usage);
  EXPECT_EQ(cpu.limit_cores, 0.5);
  EXPECT_DOUBLE_EQ(cpu.seconds.value_or(-1), 1.5);
  EXPECT_EQ(cpu.periods, 5);
  EXPECT_EQ(cpu.throttled_periods, 3);
  EXPECT_DOUBLE_EQ(cpu.throttled_seconds.value_or(-1), 0.25);
  const CgroupPids pids = ReadCgroupPids(*folders.pids);
  EXPECT_EQ(pids.count, 9);
  EXPECT_EQ(pids.limit, 20);
}

TEST(CgroupFiles, OfTheRecordedMachine) {
  const FileTree files(RecordedMachine());
  const CgroupFolders folders = CgroupLocator(files.Root()).Locate();
  ASSERT_TRUE(folders.memory && folders.cpu && folders.cpu_usage);
  EXPECT_EQ(folders.memory->Levels().size(), 3u);
  const CgroupMemory memory = ReadCgroupMemory(*folders.memory);
  EXPECT_EQ(memory.usage_bytes, 254787584);
  EXPECT_EQ(memory.limit_bytes, std::nullopt) << "none, as v1 writes it";
  EXPECT_EQ(memory.max_events, 0);
  EXPECT_NEAR(ReadCgroupCpu(*folders.cpu, folders.cpu_usage).seconds.value_or(-1), 51019.7, 0.1);
  EXPECT_FALSE(folders.unified) << "the root, whose pressure is the system's";
}

TEST(CgroupLocator, ReadsTheMountsAnewWhenTheProcessWasMoved) {
  FileTree files(NestedV2());
  CgroupLocator locator(files.Root());
  EXPECT_EQ(locator.Locate().memory->own, files.Root() + "/sys/fs/cgroup/top/app");
  files.Write("proc/self/mountinfo", MountV2("/", "/elsewhere"));
  EXPECT_EQ(locator.Locate().memory->own, files.Root() + "/sys/fs/cgroup/top/app") << "not read";
  files.Write("proc/self/cgroup", "0::/top\n");
  EXPECT_EQ(locator.Locate().memory->own, files.Root() + "/elsewhere/top");
  files.Remove("proc/self/cgroup");
  EXPECT_FALSE(locator.Locate().memory);
}

}  // namespace
}  // namespace nanotally
