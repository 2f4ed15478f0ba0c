// Per-CPU adds by restartable sequences, rseq(2): a load, an add and a store without an atomic. The
// kernel sends a thread that is preempted, migrated or interrupted by a signal in between to the
// sequence's abort handler, which starts it over: no other thread can have stored to that CPU's
// cell meanwhile.
//
// glibc (2.35 on) registers every thread's `struct rseq` and tells its place by __rseq_offset,
// which is looked up at run time, so that one binary also loads where glibc has none (older ones,
// musl, a kernel that refuses, GLIBC_TUNABLES=glibc.pthread.rseq=0). Layout and rules: the kernel's
// include/uapi/linux/rseq.h and tools/testing/selftests/rseq; google/tcmalloc docs/rseq.md.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace nanotally {

enum class PerCpuAdd {
  kDone,
  kGone,   // `live` was null: nothing was added
  kNoCpu,  // this thread is not registered, or runs on a CPU without a slot: nothing was added
};

class Rseq {
 public:
  // Whether the process has restartable sequences; found out once. Any thread.
  [[nodiscard]] static bool IsAvailable() noexcept;

  // Whether Fence works here. The first call registers the process for it.
  [[nodiscard]] static bool CanFence() noexcept;

  // When it returns, every sequence that was under way on any thread has completed or has started
  // over (membarrier(2), MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ), and stores made before it are seen
  // by every sequence that starts. False where the kernel refused.
  [[nodiscard]] static bool Fence() noexcept;

  // How many sequences started over, in all threads. relaxed: a statistic.
  [[nodiscard]] static std::uint64_t Aborts() noexcept {
    return aborts_.load(std::memory_order_relaxed);
  }

  // Adds `amount` to the cell of the CPU that the thread runs on: `cell` is CPU 0's, each further
  // CPU's lies 1 << kSlotShift bytes behind. Only if `live` is not null, which is read inside the
  // sequence: who stores null there and then calls Fence knows that nothing is added any more.
  // IsAvailable() must have been true. Neither locks nor allocates; safe in signal handlers.
  static PerCpuAdd Add(const std::atomic<double*>& live, double* cell, double amount,
                       std::uint32_t cpus) noexcept;

  static constexpr int kSlotShift = 16;

 private:
  static void CountAbort() noexcept { aborts_.fetch_add(1, std::memory_order_relaxed); }

  static std::atomic<std::uint64_t> aborts_;
  // From the thread pointer to struct rseq. Written before IsAvailable() first returns true.
  static std::ptrdiff_t offset_;
};

#if defined(__linux__) && defined(__x86_64__)
#include "os/rseq_x86_64.inc"
#elif defined(__linux__) && defined(__aarch64__)
#include "os/rseq_aarch64.inc"
#else
inline PerCpuAdd Rseq::Add(const std::atomic<double*>&, double*, double, std::uint32_t) noexcept {
  return PerCpuAdd::kNoCpu;
}
#endif

}  // namespace nanotally
