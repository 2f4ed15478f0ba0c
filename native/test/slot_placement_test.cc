// Where the slots of native threads lie: apart from each other, and each on the NUMA node of its
// CPU. scripts/test-guests.sh runs this on machines with several nodes.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/shard.h"
#include "os/cpus.h"
#include "os/numa_nodes.h"
#include "os/page_source_os.h"
#include "os/rseq.h"
#include "record/native_series.h"

namespace nanotally {
namespace {

TEST(Slots, OfAllCpusAndSomeMore) {
  const Slots slots = NativeSlots();
  if (Rseq::IsAvailable()) {
    EXPECT_EQ(slots.cpus, Cpus::OfThisMachine().Possible());
    EXPECT_EQ(slots.count, slots.cpus + 8);
  } else {
    EXPECT_EQ(slots.cpus, 0u);
    EXPECT_GE(slots.count, 8u);
  }
}

TEST(Slots, NeverShareACacheLine) {
  OsPageSource pages;
  Arena arena(pages);
  Shard shard(arena, 0, NativeSlots());
  double* chunk = shard.EnsureChunk(0);
  ASSERT_NE(chunk, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(chunk) % kCacheLineBytes, 0u);
  EXPECT_EQ(kChunkBytes % kCacheLineBytes, 0u);
  EXPECT_EQ(arena.BytesInUse(), NativeSlots().count * kChunkBytes);
}

// The flags of the mapping at `memory` (proc(5), smaps); empty where the kernel does not tell.
std::string FlagsOfMapping(const void* memory) {
  std::ifstream smaps("/proc/self/smaps");
  std::ostringstream start;
  start << std::hex << reinterpret_cast<std::uintptr_t>(memory) << '-';
  bool found = false;
  for (std::string line; std::getline(smaps, line);) {
    found |= line.starts_with(start.str());
    if (found && line.starts_with("VmFlags:")) return line;
  }
  return "";
}

bool TakesNoHugePages(const void* memory) {
  return (FlagsOfMapping(memory) + " ").find(" nh ") != std::string::npos;
}

TEST(Slots, OfManyCpusDoNotMakeEachOtherResident) {
  OsPageSource pages;
  constexpr std::size_t kBytes = 64 * kChunkBytes;
  // Whether such advice shows here at all: qemu-user passes none on.
  void* advised = pages.Allocate(kChunkBytes);
  ASSERT_NE(advised, nullptr);
  madvise(advised, kChunkBytes, MADV_NOHUGEPAGE);
  const bool shows = TakesNoHugePages(advised);
  pages.Free(advised, kChunkBytes);
  if (!shows) GTEST_SKIP() << "/proc/self/smaps shows no advice on huge pages here";

  void* memory = pages.Allocate(kBytes);
  ASSERT_NE(memory, nullptr);
  EXPECT_TRUE(TakesNoHugePages(memory));
  pages.Free(memory, kBytes);
}

// The node of each page; a page is touched first, from whatever CPU this runs on.
std::vector<int> NodesOfPages(char* memory, std::size_t bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::vector<void*> pages;
  for (std::size_t offset = 0; offset < bytes; offset += page) {
    const_cast<volatile char&>(memory[offset]) = 1;
    pages.push_back(memory + offset);
  }
  std::vector<int> nodes(pages.size(), -1);
  EXPECT_EQ(syscall(SYS_move_pages, 0, pages.size(), pages.data(), nullptr, nodes.data(), 0), 0);
  return nodes;
}

TEST(Slots, LieOnTheNodeOfTheirCpu) {
  // A node without memory has that of the nearest one that has.
  const std::vector<int>& home = MemoryNodes();
  std::set<int> all(home.begin(), home.end());
  all.erase(-1);
  if (all.size() < 2) {
    ASSERT_EQ(std::getenv("NANOTALLY_TEST_NUMA"), nullptr) << "this is to be a machine with nodes";
    GTEST_SKIP() << "this machine has one NUMA node; the guest has more";
  }
  OsPageSource pages;
  Arena arena(pages);
  const std::uint32_t cpus = Cpus::OfThisMachine().Possible();
  Shard shard(arena, 0, {cpus, cpus});
  auto* memory = reinterpret_cast<char*>(shard.EnsureChunk(0));
  ASSERT_NE(memory, nullptr);
  for (std::uint32_t cpu = 0; cpu < home.size(); ++cpu) {
    if (home[cpu] < 0) continue;  // offline
    const auto nodes = NodesOfPages(memory + cpu * kChunkBytes, kChunkBytes);
    EXPECT_FALSE(nodes.empty());
    for (const int node : nodes) EXPECT_EQ(node, home[cpu]) << "CPU " << cpu;
  }
}

}  // namespace
}  // namespace nanotally
