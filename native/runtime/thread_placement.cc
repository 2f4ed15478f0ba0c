// One sample after another.
#include "runtime/thread_placement.h"

#include <cstddef>

namespace nanotally {

void ThreadPlacement::Sample(int cpu) {
  if (cpu < 0) return;
  if (cpu != cpu_) {
    if (cpu_ >= 0) Add(cpu_changes_);
    cpu_ = cpu;
  }
  if (memory_nodes_.empty()) {
    Add(local_);
    return;
  }
  const auto at = static_cast<std::size_t>(cpu);
  const int node = at < memory_nodes_.size() ? memory_nodes_[at] : -1;
  if (node < 0) return;  // a CPU that was plugged in later
  if (node != node_) {
    if (node_ >= 0) Add(node_changes_);
    node_ = node;
    remote_in_a_row_ = 0;
  }
  if (until_look_-- == 0) {
    home_ = look_();
    until_look_ = home_ < 0 ? kLookSoon : kLookEvery;
  }
  if (home_ < 0) return;
  if (node == home_) {
    Add(local_);
    remote_in_a_row_ = 0;
    return;
  }
  Add(remote_);
  if (++remote_in_a_row_ < kLasting) return;
  remote_in_a_row_ = 0;
  until_look_ = kLookSoon;
  move_(node);
}

}  // namespace nanotally
