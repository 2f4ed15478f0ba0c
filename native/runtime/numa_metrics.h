// What there is to tell of NUMA nodes, read when a snapshot is taken. What the kernel does not tell
// is absent; on a machine with one node, imbalance is.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/family_source.h"
#include "os/numa_memory.h"
#include "os/numa_nodes.h"
#include "runtime/numa_health.h"
#include "runtime/thread_placement.h"

namespace nanotally {

// Where all chunks lie. Throws std::bad_alloc.
[[nodiscard]] MemoryLook LookAtArena(const Arena& arena, AskForNodes ask = &AskKernelForNodes);

// The node that most of a thread's chunks lie on, by a look at a few of their pages; -1 where it is
// not known, or is none. Throws std::bad_alloc.
[[nodiscard]] int NodeOfChunks(const Arena& arena, std::thread::id writer,
                               AskForNodes ask = &AskKernelForNodes);

// Of the nodes with CPUs, and memory that this process may use.
[[nodiscard]] std::vector<NodeUse> ReadNodeUse(const std::string& root, const NumaNodes& nodes);

// How far `bytes` are from being shared out evenly among `nodes`: 0 is even, 1 all on one. Nothing
// for fewer than two nodes, or no bytes there.
[[nodiscard]] std::optional<double> ArenaImbalance(const std::map<int, std::size_t>& bytes,
                                                   const NodeList& nodes);

// Any thread, several at once.
class NumaMetrics final : public FamilySource {
 public:
  // Called by each Read that wants it, on its thread.
  using Threads = std::function<std::vector<NamedSamples>()>;

  // `root` is what all paths are below: "" for this machine, a folder of recorded files in tests.
  NumaMetrics(const Arena& arena, Threads threads, std::string root = {},
              AskForNodes ask = &AskKernelForNodes)
      : arena_(arena), threads_(std::move(threads)), root_(std::move(root)), ask_(ask) {}

  // Ascending.
  [[nodiscard]] std::span<const std::string_view> Names() const override;
  // What the filter does not select is not read. Ascending by name. Takes up to 1 ms, of which a
  // large arena is most: see kMaxPagesOfALook.
  void Read(const NameFilter& filter, std::vector<ComputedFamily>& families) override;

 private:
  void ReadNodes(const NumaNodes& nodes, const NameFilter& filter,
                 std::vector<ComputedFamily>& families);
  void ReadThreads(const NameFilter& filter, std::vector<ComputedFamily>& families);

  const Arena& arena_;
  const Threads threads_;
  const std::string root_;
  const AskForNodes ask_;
};

}  // namespace nanotally
