// The operating system's page source: anonymous memory, for any thread.
#pragma once

#include "core/page_source.h"

namespace nanotally {

// On Linux pages land on the node of the CPU that they were placed near to, or where that has no
// memory that this process may use, on the nearest that has, as long as there is any left. Where
// there is one node, for CPUs that are plugged in later, and where the kernel refuses (a seccomp
// filter, a cpuset that has changed), they land on the node of the thread that first touches them:
// its default policy. A thread with a policy of its own (numactl) keeps that: then nothing is
// placed and nothing moved.
class OsPageSource final : public PageSource {
 public:
  [[nodiscard]] void* Allocate(std::size_t bytes) noexcept override;
  void Free(void* memory, std::size_t bytes) noexcept override;
  void PlaceNear(void* memory, std::size_t bytes, std::uint32_t cpu) noexcept override;
  void PlaceNearCaller(void* memory, std::size_t bytes) noexcept override;
  bool MoveToNode(void* memory, std::size_t bytes, int node) noexcept override;
};

}  // namespace nanotally
