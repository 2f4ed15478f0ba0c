// How often the allocator is walked.
#include "os/allocator.h"

namespace nanotally {

AllocatorStatistics Allocator::Read() {
  constexpr int kShare = 1000;
  const std::lock_guard lock(mutex_);
  const Clock::time_point begin = now_();
  if (begin < due_) return last_;
  last_ = walk_();
  const Clock::time_point end = now_();
  due_ = end + kShare * (end - begin);
  return last_;
}

}  // namespace nanotally
