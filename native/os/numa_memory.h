// On which NUMA nodes memory of this process lies, by the word of the kernel: move_pages(2) without
// nodes to move to, which only tells. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace nanotally {

// Whole pages of 4 KiB.
struct MemoryRange {
  const void* memory = nullptr;
  std::size_t bytes = 0;
};

inline constexpr int kUnplaced = -1;  // not touched yet, only read so far, or freed meanwhile

// What the kernel answers to that of `pages[count]`: a node, or a negative errno, for each, in
// `nodes`. 0, or the errno of the call.
using AskForNodes = int (*)(std::size_t count, const void* const* pages, int* nodes);
[[nodiscard]] int AskKernelForNodes(std::size_t count, const void* const* pages, int* nodes);

// As many pages as a look takes less than 1 ms for: 0.65 ms were measured, and 1 to 1.6 ms for the
// 16 000 pages of 1 000 chunks.
inline constexpr std::size_t kMaxPagesOfALook = 8192;

struct MemoryLook {
  int error = 0;                     // an errno; then nothing is known
  std::map<int, std::size_t> bytes;  // by node, or kUnplaced; they come to those of the ranges
};

// Of more than `max_pages` pages some are asked for and stand for those that follow them. Throws
// std::bad_alloc.
[[nodiscard]] MemoryLook LookAtMemory(std::span<const MemoryRange> ranges,
                                      std::size_t max_pages = kMaxPagesOfALook,
                                      AskForNodes ask = &AskKernelForNodes);

// Why there is no look, by its error.
struct NoLook {
  const char* reason;  // "seccomp", "kernel" (without NUMA), "system" (no Linux)
  std::string message;
  const char* hint;  // what to change; empty where nothing helps
};
[[nodiscard]] NoLook WhyNoLook(int error);

}  // namespace nanotally
