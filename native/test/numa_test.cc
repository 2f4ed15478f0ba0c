// NUMA: what is read of nodes, where chunks lie by the kernel's word, and threads that move.
// scripts/test-guests.sh runs this in guests with several nodes.
#include <gtest/gtest.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/arena.h"
#include "core/shard.h"
#include "os/cpus.h"
#include "os/current_cpu.h"
#include "os/numa_memory.h"
#include "os/numa_nodes.h"
#include "os/page_source_os.h"
#include "record/native_series.h"
#include "runtime/numa_health.h"
#include "runtime/numa_metrics.h"
#include "runtime/thread_placement.h"
#include "test/support/file_tree.h"
#include "test/support/pages.h"

namespace nanotally {
namespace {

// Two sockets with two CPUs each, node 1 three quarters full of heaps, node 2 memory alone, node 3
// CPUs alone. Made up; each file's form is that of Linux 6.18.
FileTree::Files FourNodes() {
  const auto meminfo = [](int node, int total, int free, int file, int anonymous, int shared) {
    const std::string head = "Node " + std::to_string(node) + " ";
    const auto line = [&](const std::string& key, int kib) {
      return head + key + "        " + std::to_string(kib) + " kB\n";
    };
    return line("MemTotal:", total) + line("MemFree:", free) + line("FilePages:", file) +
           line("AnonPages:", anonymous) + line("Shmem:", shared) + head +
           "HugePages_Total:     0\n";
  };
  const std::string nodes = "sys/devices/system/node/";
  return {
      {nodes + "online", "0-3\n"},
      {nodes + "has_memory", "0-2\n"},
      {nodes + "has_cpu", "0-1,3\n"},
      {nodes + "node0/cpulist", "0-1\n"},
      {nodes + "node1/cpulist", "2-3\n"},
      {nodes + "node2/cpulist", "\n"},
      {nodes + "node3/cpulist", "4-5\n"},
      {nodes + "node3/distance", "31 21 12 10\n"},
      {nodes + "node0/meminfo", meminfo(0, 1000, 400, 500, 60, 10)},
      {nodes + "node1/meminfo", meminfo(1, 1000, 100, 150, 700, 0)},
      {nodes + "node2/meminfo", meminfo(2, 1000, 900, 0, 100, 0)},
      {nodes + "node3/meminfo", meminfo(3, 0, 0, 0, 0, 0)},
      {nodes + "node0/numastat",
       "numa_hit 10295506\nnuma_miss 3\nnuma_foreign 4\ninterleave_hit 1109\nlocal_node 10295500\n"
       "other_node 9\n"},
      {"proc/self/status",
       "Name:\tnode\nCpus_allowed:\t3f\nCpus_allowed_list:\t0-1,4-5\n"
       "Mems_allowed:\t7\nMems_allowed_list:\t0-2\n"},
  };
}

TEST(NumaNodes, AreThoseThatTheProcessMayUse) {
  FileTree files(FourNodes());
  NumaNodes nodes = ReadNumaNodes(files.Root());
  EXPECT_EQ(nodes.online, (NodeList{0, 1, 2, 3}));
  EXPECT_EQ(nodes.of_memory, (NodeList{0, 1, 2}));
  EXPECT_EQ(nodes.of_main_memory, (NodeList{0, 1})) << "node 2 has no CPUs";
  EXPECT_EQ(nodes.of_both, (NodeList{0})) << "node 1's CPUs are not allowed, node 3 has no memory";
  files.Write("proc/self/status", "Cpus_allowed_list:\t0-5\nMems_allowed_list:\t1\n");
  nodes = ReadNumaNodes(files.Root());
  EXPECT_EQ(nodes.of_memory, (NodeList{1}));
  EXPECT_EQ(nodes.of_main_memory, (NodeList{1}));
  EXPECT_EQ(nodes.of_both, (NodeList{1}));
  files.Remove("proc");
  EXPECT_EQ(ReadNumaNodes(files.Root()).of_memory, (NodeList{0, 1, 2}));
  EXPECT_TRUE(ReadNumaNodes("/nowhere").online.empty());
}

TEST(NumaNodes, TellTheirMemory) {
  FileTree files(FourNodes());
  const NodeMemory memory = ReadNodeMemory(files.Root(), 0);
  EXPECT_EQ(memory.free_bytes, 400 * 1024.0);
  EXPECT_EQ(memory.file_bytes, 500 * 1024.0);
  EXPECT_EQ(memory.anonymous_bytes, 60 * 1024.0);
  EXPECT_EQ(memory.other_bytes, 40 * 1024.0);
  EXPECT_EQ(memory.use_ratio, 0.11) << "what is shared cannot be dropped";
  EXPECT_FALSE(ReadNodeMemory(files.Root(), 3).use_ratio) << "it has none";
  EXPECT_FALSE(ReadNodeMemory(files.Root(), 9).free_bytes);
  const NodeAllocations allocations = ReadNodeAllocations(files.Root(), 0);
  EXPECT_EQ(allocations.hits, 10295506);
  EXPECT_EQ(allocations.remote, 9);
  EXPECT_FALSE(ReadNodeAllocations(files.Root(), 1).hits);
  files.Write("proc/sys/vm/numa_stat", "1\n");
  EXPECT_TRUE(ReadNodeAllocations(files.Root(), 0).hits);
  files.Write("proc/sys/vm/numa_stat", "0\n");
  EXPECT_FALSE(ReadNodeAllocations(files.Root(), 0).hits) << "the kernel does not count";
}

TEST(NumaNodes, WithoutMemoryHaveTheNearestOnesThat) {
  FileTree files(FourNodes());
  EXPECT_EQ(ReadMemoryNodes(files.Root()), (std::vector<int>{0, 0, 1, 1, 2, 2}));
  files.Write("proc/self/status", "Mems_allowed_list:\t0-1\n");
  EXPECT_EQ(ReadMemoryNodes(files.Root()), (std::vector<int>{0, 0, 1, 1, 1, 1}));
  files.Remove("sys/devices/system/node/node3/distance");
  EXPECT_EQ(ReadMemoryNodes(files.Root()), (std::vector<int>{0, 0, 1, 1, -1, -1}));
  files.Write("sys/devices/system/node/online", "0\n");
  EXPECT_TRUE(ReadMemoryNodes(files.Root()).empty());
}

constexpr std::size_t kPage = 4096;
std::vector<std::size_t>& AskedPages() {
  static std::vector<std::size_t> pages;
  return pages;
}
// Memory that begins at address 0: pages below 100 on node 0, then node 3, every tenth untouched.
int AnswerByNumber(std::size_t count, const void* const* pages, int* nodes) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto page = reinterpret_cast<std::uintptr_t>(pages[i]) / kPage;
    AskedPages().push_back(page);
    nodes[i] = page % 10 == 0 ? -ENOENT : page % 10 == 1 ? -EFAULT : page < 100 ? 0 : 3;
  }
  return 0;
}
int Refuse(std::size_t, const void* const*, int*) { return EPERM; }

MemoryRange Pages(std::size_t first, std::size_t count) {
  return {reinterpret_cast<const void*>(first * kPage), count * kPage};
}

TEST(MemoryLook, TellsEachPage) {
  AskedPages().clear();
  const std::vector<MemoryRange> ranges = {Pages(0, 20), Pages(100, 10)};
  const MemoryLook look = LookAtMemory(ranges, 30, &AnswerByNumber);
  EXPECT_EQ(AskedPages().size(), 30u);
  const std::map<int, std::size_t> expected = {
      {kUnplaced, 6 * kPage}, {0, 16 * kPage}, {3, 8 * kPage}};
  EXPECT_EQ(look.bytes, expected);
}

TEST(MemoryLook, OfManyPagesAsksForSomeAndAccountsForAll) {
  std::mt19937 random(20261129);
  for (int round = 0; round < 200; ++round) {
    AskedPages().clear();
    std::vector<MemoryRange> ranges;
    std::size_t all = 0;
    for (std::size_t at = 0; at < 2000; at += 200) {
      const std::size_t pages = random() % 150;
      ranges.push_back(Pages(at, pages));
      all += pages;
    }
    const std::size_t most = 1 + random() % 200;
    const MemoryLook look = LookAtMemory(ranges, most, &AnswerByNumber);
    EXPECT_LE(AskedPages().size(), most + 1);
    std::size_t told = 0;
    for (const auto& [node, bytes] : look.bytes) told += bytes;
    EXPECT_EQ(told, all * kPage);
    for (const std::size_t page : AskedPages()) {
      const bool is_ours = std::any_of(ranges.begin(), ranges.end(), [&](const MemoryRange& range) {
        const auto first = reinterpret_cast<std::uintptr_t>(range.memory) / kPage;
        return page >= first && page < first + range.bytes / kPage;
      });
      EXPECT_TRUE(is_ours) << page;
    }
  }
}

TEST(MemoryLook, OfChunksIsInEachPlaceOfThem) {
  AskedPages().clear();
  std::vector<MemoryRange> chunks;
  for (std::size_t chunk = 0; chunk < 1000; ++chunk) chunks.push_back(Pages(chunk * 16, 16));
  static_cast<void>(LookAtMemory(chunks, 1000, &AnswerByNumber));
  std::set<std::size_t> places;
  for (const std::size_t page : AskedPages()) places.insert(page % 16);
  EXPECT_EQ(places.size(), 16u);
  EXPECT_GT(AskedPages().size(), 900u);
}

TEST(MemoryLook, ThatIsRefusedSaysWhy) {
  const std::vector<MemoryRange> ranges = {Pages(0, 1)};
  const MemoryLook look = LookAtMemory(ranges, 1, &Refuse);
  EXPECT_EQ(look.error, EPERM);
  EXPECT_TRUE(look.bytes.empty());
  EXPECT_STREQ(WhyNoLook(EPERM).reason, "seccomp");
  EXPECT_NE(std::string(WhyNoLook(EPERM).hint).find("seccomp profile"), std::string::npos);
  for (const int error : {EPERM, ENOSYS, ENOTSUP, EINVAL})
    EXPECT_NE(WhyNoLook(error).message, "") << error;
  EXPECT_STREQ(WhyNoLook(ENOSYS).reason, "kernel");
  EXPECT_EQ(LookAtMemory({}, 1, &Refuse).error, 0) << "nothing to ask for";
}

TEST(ArenaChunks, AreListedWithTheirWriters) {
  TestPages pages;
  Arena arena(pages);
  double* mine = arena.AllocateChunk();
  double* slots = arena.AllocateChunk({3, 2});
  double* others = nullptr;
  std::thread::id other;
  std::thread([&] {
    others = arena.AllocateChunk();
    other = std::this_thread::get_id();
  }).join();
  std::map<const double*, ArenaChunk> chunks;
  for (const ArenaChunk& chunk : arena.Chunks()) chunks[chunk.memory] = chunk;
  EXPECT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks.at(mine).writer, std::this_thread::get_id());
  EXPECT_EQ(chunks.at(others).writer, other);
  EXPECT_EQ(chunks.at(slots).writer, std::thread::id());
  EXPECT_EQ(chunks.at(slots).bytes, 3 * kChunkBytes);
  arena.FreeChunk(mine);
  arena.FreeChunk(slots, {3, 2});
  EXPECT_EQ(arena.Chunks().size(), 1u);
  arena.FreeChunk(others);
}

// Counts moves of memory that is not there, or goes meanwhile.
class WatchedPages final : public PageSource {
 public:
  void* Allocate(std::size_t bytes) noexcept override {
    void* const memory = pages_.Allocate(bytes);
    const std::lock_guard lock(mutex_);
    live_.insert(memory);
    return memory;
  }
  void Free(void* memory, std::size_t bytes) noexcept override {
    {
      const std::lock_guard lock(mutex_);
      live_.erase(memory);
    }
    pages_.Free(memory, bytes);
  }
  bool MoveToNode(void* memory, std::size_t, int) noexcept override {
    if (!IsLive(memory)) ++wrong;
    std::this_thread::yield();
    if (!IsLive(memory)) ++wrong;
    ++moved;
    return true;
  }

  int wrong = 0;
  int moved = 0;

 private:
  bool IsLive(void* memory) {
    const std::lock_guard lock(mutex_);
    return live_.contains(memory);
  }

  TestPages pages_;
  std::mutex mutex_;
  std::set<void*> live_;
};

TEST(ArenaChunks, AreMovedOnlyWhileTheyAreThere) {
  WatchedPages pages;
  Arena arena(pages);
  constexpr int kWriters = 4;
  std::atomic<int> running{0};
  std::atomic<bool> done{false};
  std::array<std::thread::id, kWriters> ids;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      ids[writer] = std::this_thread::get_id();
      ++running;
      std::vector<double*> mine;
      for (int i = 0; !done.load() || !mine.empty(); ++i) {
        if (!done.load() && (mine.empty() || i % 7 < 4)) {
          mine.push_back(arena.AllocateChunk());
          AddToCell(mine.back() + i % 100, 1);
        } else {
          arena.FreeChunk(mine.back());
          mine.pop_back();
        }
        if (mine.size() > 20) {
          for (double* chunk : mine) arena.FreeChunk(chunk);
          mine.clear();
        }
      }
    });
  }
  while (running.load() < kWriters) std::this_thread::yield();
  std::size_t bytes = 0;
  for (int round = 0; round < 400 || pages.moved < 200; ++round)
    bytes += arena.MoveChunks(ids[round % kWriters], 1);
  done = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(pages.wrong, 0);
  EXPECT_EQ(bytes, pages.moved * kChunkBytes);
  EXPECT_EQ(arena.BytesInUse(), 0u);
  EXPECT_TRUE(arena.Chunks().empty());
}

// What a thread does when it is sampled, on two nodes of two CPUs each.
class Moving : public testing::Test {
 protected:
  void SampleOn(int cpu, int times = 1) {
    for (int i = 0; i < times; ++i) placement_.Sample(cpu);
  }
  [[nodiscard]] ThreadPlacement::Samples Samples() const { return placement_.Read(); }

  const std::vector<int> nodes_ = {0, 0, 1, 1};
  int home_ = 0;
  int looks_ = 0;
  std::vector<int> moves_;
  ThreadPlacement placement_{nodes_,
                             [this] {
                               ++looks_;
                               return home_;
                             },
                             [this](int node) { moves_.push_back(node); }};
};

TEST_F(Moving, IsCountedByCpuAndByNode) {
  SampleOn(0, 3);
  SampleOn(1);
  SampleOn(2, 2);
  SampleOn(0);
  EXPECT_EQ(Samples().local, 5u);
  EXPECT_EQ(Samples().remote, 2u);
  EXPECT_EQ(Samples().cpu_changes, 3u);
  EXPECT_EQ(Samples().node_changes, 2u);
  EXPECT_EQ(looks_, 1);
}

TEST_F(Moving, ForLongTakesTheChunksAlong) {
  SampleOn(0);
  SampleOn(2, ThreadPlacement::kLasting - 1);
  EXPECT_TRUE(moves_.empty());
  SampleOn(3);
  EXPECT_EQ(moves_, std::vector<int>{1});
  home_ = 1;
  SampleOn(3, ThreadPlacement::kLookSoon + 1);
  const auto before = Samples();
  SampleOn(2, 10);
  EXPECT_EQ(Samples().local, before.local + 10) << "they are looked at again";
  EXPECT_EQ(Samples().remote, before.remote);
  EXPECT_EQ(moves_.size(), 1u);
}

TEST_F(Moving, ThereAndBackTakesNothingAlong) {
  for (int round = 0; round < 10; ++round) {
    SampleOn(3, ThreadPlacement::kLasting - 1);
    SampleOn(0);
  }
  EXPECT_TRUE(moves_.empty());
  EXPECT_EQ(Samples().node_changes, 19u);
}

TEST_F(Moving, IsNeitherLocalNorRemoteWhileNobodyKnowsWhereTheChunksLie) {
  home_ = -1;
  SampleOn(0, 10);
  SampleOn(7);
  EXPECT_EQ(Samples().local + Samples().remote, 0u);
  EXPECT_EQ(Samples().cpu_changes, 1u);
  home_ = 1;
  SampleOn(0, ThreadPlacement::kLookSoon);
  EXPECT_GT(Samples().remote, 0u) << "they were looked for again soon";
  SampleOn(-1, 10);
  EXPECT_EQ(Samples().cpu_changes, 2u) << "where no CPU is told nothing is counted";
}

TEST(OneNode, IsAlwaysLocalAndNeverLookedAt) {
  const std::vector<int> none;
  ThreadPlacement placement(
      none,
      [] {
        ADD_FAILURE();
        return 0;
      },
      [](int) { ADD_FAILURE(); });
  for (int i = 0; i < 1000; ++i) placement.Sample(i % 2);
  EXPECT_EQ(placement.Read().local, 1000u);
  EXPECT_EQ(placement.Read().remote, 0u);
  EXPECT_EQ(placement.Read().cpu_changes, 999u);
}

TEST(ArenaImbalance, IsHowFarFromEven) {
  const NodeList two = {0, 1};
  EXPECT_EQ(ArenaImbalance({{0, 10}, {1, 10}}, two), 0);
  EXPECT_EQ(ArenaImbalance({{0, 30}, {1, 10}}, two), 0.5);
  EXPECT_EQ(ArenaImbalance({{0, 30}}, two), 1);
  EXPECT_EQ(ArenaImbalance({{kUnplaced, 90}, {0, 10}, {1, 10}}, two), 0);
  EXPECT_EQ(ArenaImbalance({{0, 10}, {1, 10}, {2, 10}, {3, 10}}, {0, 1, 2, 3}), 0);
  EXPECT_FALSE(ArenaImbalance({{0, 10}}, {0}));
  EXPECT_FALSE(ArenaImbalance({{kUnplaced, 10}}, two));
}

TEST(NumaHealth, IsDegradedAboveAHalf) {
  const auto health = [](std::vector<NodeUse> nodes) { return AssessNumaImbalance(nodes).health; };
  EXPECT_EQ(health({{0, 0.5}, {1, 0.5}}), Health::kHealthy);
  EXPECT_EQ(health({{0, 0.75}, {1, 0.25}}), Health::kHealthy) << "at the limit";
  EXPECT_EQ(health({{0, 0.125}, {1, 0.4}, {4, 0.75}}), Health::kDegraded);
  EXPECT_EQ(health({{0, 1}, {1, 0}}), Health::kDegraded) << "nothing ends of it";
  const HealthResult result = AssessNumaImbalance({{0, 0.125}, {1, 0.4}, {4, 0.75}});
  EXPECT_EQ(result.message, "NUMA node 4 is 75 % in use, NUMA node 0 is 12 % in use");
  EXPECT_FALSE(result.critical);
}

TEST(NumaHealth, OfOneNodeIsUnavailable) {
  for (const auto& nodes : {std::vector<NodeUse>{}, std::vector<NodeUse>{{0, 0.5}}}) {
    const HealthResult result = AssessNumaImbalance(nodes);
    EXPECT_EQ(result.health, Health::kUnavailable);
    EXPECT_NE(result.message.find("one NUMA node"), std::string::npos);
  }
}

using Samples = std::map<std::string, double>;

Samples ReadAll(NumaMetrics& metrics, const NameFilter& filter = {}) {
  std::vector<ComputedFamily> families;
  metrics.Read(filter, families);
  EXPECT_TRUE(std::is_sorted(families.begin(), families.end(),
                             [](auto& a, auto& b) { return a.name < b.name; }));
  Samples samples;
  for (const ComputedFamily& family : families) {
    EXPECT_FALSE(family.samples.empty()) << family.name;
    EXPECT_TRUE(std::find(metrics.Names().begin(), metrics.Names().end(), family.name) !=
                metrics.Names().end());
    for (const auto& [labels, value] : family.samples)
      samples[family.name + "{" + labels + "}"] = value;
  }
  return samples;
}

std::vector<NamedSamples> TwoThreads() {
  return {{"main", {30, 10, 5, 2}}, {"worker-1", {0, 0, 1, 0}}};
}

TEST(NumaFamilies, OfARecordedMachine) {
  FileTree files(FourNodes());
  TestPages pages;
  Arena arena(pages);
  double* chunk = arena.AllocateChunk();
  NumaMetrics metrics(arena, &TwoThreads, files.Root(), &AnswerByNumber);
  const Samples samples = ReadAll(metrics);
  EXPECT_EQ(samples.at("numa_imbalance_ratio{of=\"memory\"}"), 0.75 - 0.11);
  EXPECT_FALSE(samples.contains("numa_imbalance_ratio{of=\"arena\"}"))
      << "of the nodes that it may run on only one has memory";
  EXPECT_EQ(samples.at("numa_node_memory_bytes{node=\"1\",state=\"anonymous\"}"), 700 * 1024);
  EXPECT_EQ(samples.at("numa_node_allocations_total{node=\"0\",kind=\"hit\"}"), 10295506);
  EXPECT_FALSE(samples.contains("numa_node_allocations_total{node=\"1\",kind=\"hit\"}"));
  EXPECT_EQ(samples.at("numa_local_ratio{thread=\"main\"}"), 0.75);
  EXPECT_EQ(samples.at("numa_thread_samples_total{thread=\"main\",locality=\"remote\"}"), 10);
  EXPECT_EQ(samples.at("numa_thread_migrations_total{thread=\"main\",kind=\"node\"}"), 2);
  EXPECT_EQ(samples.at("numa_thread_migrations_total{thread=\"worker-1\",kind=\"cpu\"}"), 1);
  EXPECT_FALSE(samples.contains("numa_local_ratio{thread=\"worker-1\"}")) << "nothing to divide";
  double told = 0;
  for (const auto& [name, value] : samples)
    if (name.starts_with("nanotally_arena_node_bytes")) told += value;
  EXPECT_EQ(told, kChunkBytes);
  arena.FreeChunk(chunk);
}

TEST(NumaFamilies, OfOneNodeHaveNoImbalance) {
  FileTree files(FourNodes());
  files.Write("sys/devices/system/node/online", "0\n");
  TestPages pages;
  Arena arena(pages);
  NumaMetrics metrics(arena, &TwoThreads, files.Root(), &Refuse);
  for (const auto& [name, value] : ReadAll(metrics)) {
    EXPECT_FALSE(name.starts_with("numa_imbalance_ratio")) << name;
    EXPECT_FALSE(name.starts_with("nanotally_arena")) << "it is refused";
  }
  EXPECT_EQ(ReadAll(metrics, NameFilter({"numa_node_memory_bytes"})).size(), 4u);
  NumaMetrics nowhere(
      arena, [] { return std::vector<NamedSamples>(); }, "/nowhere", &Refuse);
  EXPECT_TRUE(ReadAll(nowhere).empty());
}

// --- this machine ---

std::size_t Told(const MemoryLook& look) {
  std::size_t told = 0;
  for (const auto& [node, bytes] : look.bytes) told += bytes;
  return told;
}

// Skips where the kernel tells nothing (qemu-user, seccomp).
#define LOOK_OR_SKIP(arena)                                                             \
  if (const int error = LookAtArena(arena).error; error != 0) {                         \
    ASSERT_EQ(std::getenv("NANOTALLY_TEST_NUMA"), nullptr) << WhyNoLook(error).message; \
    GTEST_SKIP() << WhyNoLook(error).message;                                           \
  }

TEST(OfTheKernel, UntouchedPagesAreUnplacedAndAllBytesAreTold) {
  OsPageSource pages;
  Arena arena(pages);
  Shard shard(arena, 0);
  Shard native(arena, 1, NativeSlots());
  double* chunk = shard.EnsureChunk(0);
  ASSERT_NE(chunk, nullptr);
  ASSERT_NE(native.EnsureChunk(0), nullptr);
  LOOK_OR_SKIP(arena);
  MemoryLook look = LookAtArena(arena);
  EXPECT_EQ(look.bytes, (std::map<int, std::size_t>{{kUnplaced, arena.BytesInUse()}}));
  EXPECT_EQ(LoadCell(chunk + 100), 0);
  look = LookAtArena(arena);
  EXPECT_EQ(Told(look), arena.BytesInUse()) << "whether or not reading places a page";
  AddToCell(chunk + 100, 1);
  look = LookAtArena(arena);
  EXPECT_LT(look.bytes.at(kUnplaced), arena.BytesInUse());
  EXPECT_EQ(Told(look), arena.BytesInUse());
  EXPECT_GE(NodeOfChunks(arena, std::this_thread::get_id()), 0);
  EXPECT_EQ(NodeOfChunks(arena, std::thread::id()), -1) << "no slot was touched";
}

TEST(OfTheKernel, TheFamiliesOfThisMachine) {
  OsPageSource pages;
  Arena arena(pages);
  double* chunk = arena.AllocateChunk();
  AddToCell(chunk, 1);
  LOOK_OR_SKIP(arena);
  NumaMetrics metrics(arena, [] { return std::vector<NamedSamples>(); });
  const Samples samples = ReadAll(metrics);
  double told = 0;
  double memory = 0;
  for (const auto& [name, value] : samples) {
    EXPECT_TRUE(std::isfinite(value) && value >= 0) << name;
    if (name.starts_with("nanotally_arena_node_bytes")) told += value;
    if (name.starts_with("numa_node_memory_bytes")) memory += value;
  }
  EXPECT_EQ(told, kChunkBytes);
  const auto nodes = ReadNumaNodes("");
  if (!nodes.online.empty()) {
    EXPECT_GT(memory, 64.0 * 1024 * 1024);
  }
  EXPECT_EQ(samples.contains("numa_imbalance_ratio{of=\"memory\"}"),
            nodes.of_main_memory.size() > 1);
  arena.FreeChunk(chunk);
}

// Where there are several nodes with memory: a CPU of each that this process may use.
std::map<int, int> CpuOfNodes() {
  std::map<int, int> cpus;
  const std::vector<int> nodes = ReadMemoryNodes("");
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  for (std::size_t cpu = 0; cpu < nodes.size(); ++cpu)
    if (nodes[cpu] >= 0 && CPU_ISSET(cpu, &allowed)) cpus[nodes[cpu]] = static_cast<int>(cpu);
  return cpus;
}

void RunOn(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
}

#define NODES_OR_SKIP(cpus)                                               \
  const auto cpus = CpuOfNodes();                                         \
  if (cpus.size() < 2) {                                                  \
    ASSERT_EQ(std::getenv("NANOTALLY_TEST_NUMA"), nullptr)                \
        << "this is to be a machine with nodes";                          \
    GTEST_SKIP() << "this machine has one NUMA node; the guest has more"; \
  }

void Touch(double* chunk) {
  for (std::size_t cell = 0; cell < kCellsPerChunk; cell += kPage / sizeof(double))
    AddToCell(chunk + cell, 1);
}

// On which node all of a chunk lies; -1 where it is several.
int NodeOf(const double* chunk) {
  const std::vector<MemoryRange> range = {{chunk, kChunkBytes}};
  const MemoryLook look = LookAtMemory(range);
  return look.bytes.size() == 1 ? look.bytes.begin()->first : -1;
}

TEST(OnSeveralNodes, AChunkLiesWithTheThreadThatAllocatedItWhoeverTouchesItFirst) {
  NODES_OR_SKIP(cpus);
  OsPageSource pages;
  Arena arena(pages);
  for (const auto& [node, cpu] : cpus) {
    double* chunk = nullptr;
    std::thread([&, cpu = cpu] {
      RunOn(cpu);
      chunk = arena.AllocateChunk();
    }).join();
    for (const auto& [elsewhere, toucher] : cpus) {
      if (elsewhere == node) continue;
      std::thread([&, toucher = toucher] {
        RunOn(toucher);
        Touch(chunk);
      }).join();
      break;
    }
    EXPECT_EQ(NodeOf(chunk), node);
    arena.FreeChunk(chunk);
  }
}

TEST(OnSeveralNodes, APolicyOfTheUsersIsObeyed) {
  NODES_OR_SKIP(cpus);
  const auto [here, cpu] = *cpus.begin();
  const int there = cpus.rbegin()->first;
  std::thread([&, here = here, cpu = cpu] {
    RunOn(cpu);
    const unsigned long mask = 1ul << there;
    ASSERT_EQ(syscall(SYS_set_mempolicy, MPOL_BIND, &mask, 64), 0);
    OsPageSource pages;
    Arena arena(pages);
    double* chunk = arena.AllocateChunk();
    Touch(chunk);
    EXPECT_EQ(NodeOf(chunk), there);
    EXPECT_EQ(arena.MoveChunks(std::this_thread::get_id(), here), 0u);
    EXPECT_EQ(NodeOf(chunk), there);
    arena.FreeChunk(chunk);
  }).join();
}

// A thread that moves is told of, and what it recorded goes after it, with a reader beside it.
TEST(OnSeveralNodes, AThreadThatHasMovedIsNoticedAndItsChunksFollow) {
  NODES_OR_SKIP(cpus);
  OsPageSource pages;
  Arena arena(pages);
  const std::vector<int> nodes = ReadMemoryNodes("");
  const auto [from, first_cpu] = *cpus.begin();
  const auto [to, second_cpu] = *cpus.rbegin();
  std::thread([&, from = from, to = to, first_cpu = first_cpu, second_cpu = second_cpu] {
    const auto self = std::this_thread::get_id();
    std::size_t moved = 0;
    ThreadPlacement placement(
        nodes, [&] { return NodeOfChunks(arena, self); },
        [&](int node) { moved += arena.MoveChunks(self, node); });
    RunOn(first_cpu);
    constexpr int kChunks = 4;
    std::vector<double*> chunks;
    for (int i = 0; i < kChunks; ++i) {
      chunks.push_back(arena.AllocateChunk());
      Touch(chunks.back());
    }
    placement.Sample(CurrentCpu());
    EXPECT_EQ(placement.Read().local, 1u);
    RunOn(second_cpu);
    std::atomic<bool> done{false};
    std::thread reader([&] {
      double last = 0;
      while (!done.load()) {
        const double now = LoadCell(chunks[0] + 7);
        ASSERT_GE(now, last) << "what was added stays";
        last = now;
      }
    });
    double added = 0;
    for (int i = 0; i < ThreadPlacement::kLasting; ++i) {
      placement.Sample(CurrentCpu());
      AddToCell(chunks[0] + 7, 1);
      ++added;
    }
    done = true;
    reader.join();
    EXPECT_EQ(moved, kChunks * kChunkBytes);
    EXPECT_GT(placement.Read().remote, 0u);
    EXPECT_EQ(placement.Read().node_changes, 1u);
    for (double* chunk : chunks) EXPECT_EQ(NodeOf(chunk), to);
    EXPECT_EQ(LoadCell(chunks[0] + 7), added);
    EXPECT_EQ(LoadCell(chunks[3]), 1) << "and what they hold came along";
    const auto remote = placement.Read().remote;
    for (int i = 0; i <= ThreadPlacement::kLookEvery; ++i) placement.Sample(CurrentCpu());
    const auto local = placement.Read().local;
    placement.Sample(CurrentCpu());
    EXPECT_EQ(placement.Read().local, local + 1);
    EXPECT_LE(placement.Read().remote, remote + 1 + ThreadPlacement::kLookEvery);
    double* later = arena.AllocateChunk();
    Touch(later);
    EXPECT_EQ(NodeOf(later), to) << "new ones are where it is now";
    arena.FreeChunk(later);
    for (double* chunk : chunks) arena.FreeChunk(chunk);
  }).join();
}

TEST(OnSeveralNodes, BytesByNodeComeToTheArenas) {
  NODES_OR_SKIP(cpus);
  OsPageSource pages;
  Arena arena(pages);
  std::vector<double*> chunks;
  for (const auto& [node, cpu] : cpus) {
    std::thread([&, cpu = cpu] {
      RunOn(cpu);
      for (int i = 0; i < 3; ++i) chunks.push_back(arena.AllocateChunk());
      Touch(chunks.back());
      Touch(chunks[chunks.size() - 2]);
    }).join();
  }
  const MemoryLook look = LookAtArena(arena);
  EXPECT_EQ(Told(look), arena.BytesInUse());
  EXPECT_EQ(look.bytes.at(kUnplaced), cpus.size() * kChunkBytes);
  for (const auto& [node, cpu] : cpus) EXPECT_EQ(look.bytes.at(node), 2 * kChunkBytes) << node;
  EXPECT_EQ(ArenaImbalance(look.bytes, ReadNumaNodes("").of_both), 0);
  for (double* chunk : chunks) arena.FreeChunk(chunk);
}

}  // namespace
}  // namespace nanotally
