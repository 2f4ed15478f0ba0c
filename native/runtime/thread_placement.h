// Where a thread runs and where what it records into lies, sampled on the thread itself, a few
// times a second: a thread that has moved to another NUMA node is noticed, and its chunks go after
// it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nanotally {

class ThreadPlacement {
 public:
  // The node that most of the thread's chunks lie on; -1 where that is not known, or is none.
  using Look = std::function<int()>;
  // They are to lie on that node.
  using Move = std::function<void(int node)>;

  // Samples that are all of one other node before chunks are moved: at 50 ms or more between them,
  // ten seconds or more. A scheduler that balances moves a thread there and back within that.
  static constexpr int kLasting = 200;
  // Samples between two looks. One takes some microseconds.
  static constexpr int kLookEvery = 200;
  // The same while it is not known where the chunks are, and after they were moved: a second.
  static constexpr int kLookSoon = 20;

  // `memory_nodes`: see ReadMemoryNodes; it outlives this. Both functions are called on the thread,
  // neither where there is one node.
  ThreadPlacement(const std::vector<int>& memory_nodes, Look look, Move move)
      : memory_nodes_(memory_nodes), look_(std::move(look)), move_(std::move(move)) {}

  // On the thread, which runs on that CPU; -1: not known. A comparison and an add where there is
  // one node.
  void Sample(int cpu);

  struct Samples {
    std::uint64_t local = 0;   // the thread ran on the node that its chunks lie on
    std::uint64_t remote = 0;  // it did not
    std::uint64_t cpu_changes = 0;
    std::uint64_t node_changes = 0;
  };
  // Any thread.
  [[nodiscard]] Samples Read() const {
    const auto load = [](const Count& count) { return count.load(std::memory_order_relaxed); };
    return {load(local_), load(remote_), load(cpu_changes_), load(node_changes_)};
  }

 private:
  // Written by the thread alone. relaxed: statistics, no data depends on them.
  using Count = std::atomic<std::uint64_t>;
  static void Add(Count& count) {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  const std::vector<int>& memory_nodes_;
  const Look look_;
  const Move move_;
  Count local_{0};
  Count remote_{0};
  Count cpu_changes_{0};
  Count node_changes_{0};

  // The thread alone.
  int cpu_ = -1;
  int node_ = -1;  // that memory for the CPU comes from
  int home_ = -1;  // where the chunks were when they were last looked at
  int until_look_ = 0;
  int remote_in_a_row_ = 0;
};

// By the name of the thread.
struct NamedSamples {
  std::string thread;
  ThreadPlacement::Samples samples;
};

}  // namespace nanotally
