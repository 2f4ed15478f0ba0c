// What glibc's allocator holds. Absent with other C libraries, where another allocator was
// preloaded, and before glibc 2.33, whose mallinfo counts in 32 bits.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <utility>

#include "os/kernel_text.h"

namespace nanotally {

// The bytes together are what the allocator has from the system.
struct AllocatorStatistics {
  Reading used_bytes;    // in allocations of its heaps
  Reading free_bytes;    // in its heaps, in no allocation
  Reading mapped_bytes;  // in allocations so large that each has pages of its own
  Reading free_chunks;   // pieces that what is free is in
};

// Walks all heaps, each under its lock: an allocation in another thread may wait for it, and it
// takes the longer the more pieces are free. Any thread.
[[nodiscard]] AllocatorStatistics WalkAllocator() noexcept;

// The last walk's result, made anew as long as walks take no more than a thousandth of the time:
// after one that took 1 ms it stands for 1 s. Any thread, several at once: one walks, others wait
// for it.
class Allocator {
 public:
  using Clock = std::chrono::steady_clock;
  using Walk = std::function<AllocatorStatistics()>;

  explicit Allocator(Walk walk = WalkAllocator, std::function<Clock::time_point()> now = Clock::now)
      : walk_(std::move(walk)), now_(std::move(now)) {}

  [[nodiscard]] AllocatorStatistics Read();

 private:
  const Walk walk_;
  const std::function<Clock::time_point()> now_;
  std::mutex mutex_;
  AllocatorStatistics last_;
  Clock::time_point due_ = Clock::time_point::min();
};

}  // namespace nanotally
