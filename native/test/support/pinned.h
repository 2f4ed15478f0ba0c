// Keeps a thread, and threads that it starts, on one CPU.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>

namespace nanotally {

// Pins the calling thread, and threads that it starts, to the CPU that it is on, for the life of
// the object.
class PinnedToOneCpu {
 public:
  PinnedToOneCpu() {
    EXPECT_EQ(sched_getaffinity(0, sizeof before_, &before_), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    EXPECT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  }
  ~PinnedToOneCpu() { sched_setaffinity(0, sizeof before_, &before_); }
  PinnedToOneCpu(const PinnedToOneCpu&) = delete;
  PinnedToOneCpu& operator=(const PinnedToOneCpu&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace nanotally
