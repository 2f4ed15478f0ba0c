// Where the arena's pages come from: an interface that core owns and native/os implements, so that
// core needs no operating system and a test can refuse memory. A shared file can stand behind it
// later.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nanotally {

class PageSource {
 public:
  virtual ~PageSource() = default;

  // Zeroed memory, aligned to at least 64 bytes; nullptr when there is none. Any thread. The pages
  // should land on the NUMA node of the thread that first touches them, which is the thread that
  // will record into them.
  [[nodiscard]] virtual void* Allocate(std::size_t bytes) noexcept = 0;

  // `memory` came from Allocate with the same `bytes`.
  virtual void Free(void* memory, std::size_t bytes) noexcept = 0;

  // A hint, before the memory is touched: threads on CPU number `cpu` will record into it. `memory`
  // and `bytes` are a part of what Allocate gave, in whole pages.
  virtual void PlaceNear(void* memory, std::size_t bytes, std::uint32_t cpu) noexcept {
    static_cast<void>(memory), static_cast<void>(bytes), static_cast<void>(cpu);
  }

  // The same for memory that the calling thread will record into.
  virtual void PlaceNearCaller(void* memory, std::size_t bytes) noexcept {
    static_cast<void>(memory), static_cast<void>(bytes);
  }

  // Pages that were touched, too, are to lie on NUMA node `node` from now on, unless it is full.
  // Threads may read and write them meanwhile, who then wait for a page's copy. False where the
  // system refused.
  virtual bool MoveToNode(void* memory, std::size_t bytes, int node) noexcept {
    static_cast<void>(memory), static_cast<void>(bytes), static_cast<void>(node);
    return false;
  }
};

}  // namespace nanotally
