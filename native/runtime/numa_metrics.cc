// Which reader fills which table.
#include "runtime/numa_metrics.h"

#include <algorithm>
#include <array>

#include "runtime/numa_families.h"

namespace nanotally {
namespace {

// Of a thread's chunks: enough to tell where most of them lie, in a few microseconds.
constexpr std::size_t kPagesOfAThread = 64;

std::string NodeLabel(int node) {
  std::string labels;
  AppendLabel(labels, "node", node == kUnplaced ? "unplaced" : std::to_string(node));
  return labels;
}

}  // namespace

MemoryLook LookAtArena(const Arena& arena, AskForNodes ask) {
  std::vector<MemoryRange> ranges;
  for (const ArenaChunk& chunk : arena.Chunks()) ranges.push_back({chunk.memory, chunk.bytes});
  return LookAtMemory(ranges, kMaxPagesOfALook, ask);
}

int NodeOfChunks(const Arena& arena, std::thread::id writer, AskForNodes ask) {
  std::vector<MemoryRange> ranges;
  for (const ArenaChunk& chunk : arena.Chunks()) {
    if (chunk.writer == writer) ranges.push_back({chunk.memory, chunk.bytes});
  }
  MemoryLook look = LookAtMemory(ranges, kPagesOfAThread, ask);
  look.bytes.erase(kUnplaced);
  const auto most = std::max_element(look.bytes.begin(), look.bytes.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; });
  return most == look.bytes.end() ? -1 : most->first;
}

std::vector<NodeUse> ReadNodeUse(const std::string& root, const NumaNodes& nodes) {
  std::vector<NodeUse> uses;
  if (nodes.of_main_memory.size() < 2) return uses;
  for (const std::uint32_t node : nodes.of_main_memory) {
    if (const Reading use = ReadNodeMemory(root, node).use_ratio) uses.emplace_back(node, *use);
  }
  return uses;
}

std::optional<double> ArenaImbalance(const std::map<int, std::size_t>& bytes,
                                     const NodeList& nodes) {
  if (nodes.size() < 2) return std::nullopt;
  double most = 0;
  double all = 0;
  for (const std::uint32_t node : nodes) {
    const auto found = bytes.find(static_cast<int>(node));
    if (found == bytes.end()) continue;
    const auto there = static_cast<double>(found->second);
    most = std::max(most, there);
    all += there;
  }
  if (all == 0) return std::nullopt;
  const double even = 1 / static_cast<double>(nodes.size());
  return (most / all - even) / (1 - even);
}

std::span<const std::string_view> NumaMetrics::Names() const {
  static constexpr std::array<std::string_view, 7> kNames = {
      kArenaNodeFamilies[0].head.name,       kImbalanceFamilies[0].head.name,
      kThreadPlacementFamilies[0].head.name, kNodeAllocationFamilies[0].head.name,
      kNodeMemoryFamilies[0].head.name,      kThreadPlacementFamilies[1].head.name,
      kThreadPlacementFamilies[2].head.name};
  static_assert(kThreadPlacementFamilies.size() == 3);
  static_assert(std::is_sorted(kNames.begin(), kNames.end()));
  return kNames;
}

void NumaMetrics::Read(const NameFilter& filter, std::vector<ComputedFamily>& families) {
  const auto before = static_cast<std::ptrdiff_t>(families.size());
  const bool wanted = std::any_of(Names().begin(), Names().end(), [&](std::string_view name) {
    return filter.Selects(name, MetricType::kGauge) || filter.Selects(name, MetricType::kCounter);
  });
  if (!wanted) return;
  ReadNodes(ReadNumaNodes(root_), filter, families);
  ReadThreads(filter, families);
  std::sort(families.begin() + before, families.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
}

void NumaMetrics::ReadNodes(const NumaNodes& nodes, const NameFilter& filter,
                            std::vector<ComputedFamily>& families) {
  FamilyGroup<ArenaShare> arena(kArenaNodeFamilies, filter);
  FamilyGroup<NumaImbalance> imbalance(kImbalanceFamilies, filter);
  MemoryLook look;
  if (!arena.IsEmpty() || !imbalance.IsEmpty()) look = LookAtArena(arena_, ask_);
  for (const auto& [node, bytes] : look.bytes)
    arena.Add({static_cast<double>(bytes)}, NodeLabel(node));
  if (!imbalance.IsEmpty())
    imbalance.Add(
        {MemoryImbalance(ReadNodeUse(root_, nodes)), ArenaImbalance(look.bytes, nodes.of_both)});
  FamilyGroup<NodeMemory> memory(kNodeMemoryFamilies, filter);
  FamilyGroup<NodeAllocations> allocations(kNodeAllocationFamilies, filter);
  for (const std::uint32_t node : nodes.online) {
    const std::string labels = NodeLabel(static_cast<int>(node));
    if (!memory.IsEmpty()) memory.Add(ReadNodeMemory(root_, node), labels);
    if (!allocations.IsEmpty()) allocations.Add(ReadNodeAllocations(root_, node), labels);
  }
  arena.MoveTo(families);
  imbalance.MoveTo(families);
  memory.MoveTo(families);
  allocations.MoveTo(families);
}

void NumaMetrics::ReadThreads(const NameFilter& filter, std::vector<ComputedFamily>& families) {
  FamilyGroup<ThreadLocality> group(kThreadPlacementFamilies, filter);
  if (group.IsEmpty()) return;
  for (const auto& [thread, samples] : threads_()) {
    std::string labels;
    AppendLabel(labels, "thread", thread);
    const auto local = static_cast<double>(samples.local);
    const auto remote = static_cast<double>(samples.remote);
    ThreadLocality locality;
    // Where its memory lies is not known, or it was not sampled yet.
    if (local + remote > 0) {
      locality.local = local;
      locality.remote = remote;
      locality.local_ratio = local / (local + remote);
    }
    locality.cpu_changes = static_cast<double>(samples.cpu_changes);
    locality.node_changes = static_cast<double>(samples.node_changes);
    group.Add(locality, labels);
  }
  group.MoveTo(families);
}

}  // namespace nanotally
