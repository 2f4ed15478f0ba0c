// A page source for tests: heap memory that is counted, can be refused, and can call out.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <functional>
#include <limits>
#include <new>

#include "core/page_source.h"

namespace nanotally {

// Any thread; `on_call` and the limit are set before other threads use it.
class TestPages final : public PageSource {
 public:
  [[nodiscard]] void* Allocate(std::size_t bytes) noexcept override {
    if (on_call) on_call();
    std::size_t live = live_bytes_.load();
    do {
      if (live + bytes > limit_bytes) return nullptr;
    } while (!live_bytes_.compare_exchange_weak(live, live + bytes));
    void* memory = ::operator new(bytes, kAlignment, std::nothrow);
    if (memory != nullptr) std::memset(memory, 0, bytes);
    return memory;
  }

  void Free(void* memory, std::size_t bytes) noexcept override {
    if (on_call) on_call();
    // What still reads it shall notice, under every sanitizer and under none.
    std::memset(memory, 0xFF, bytes);
    ::operator delete(memory, kAlignment);
    live_bytes_ -= bytes;
  }

  [[nodiscard]] std::size_t live_bytes() const { return live_bytes_; }

  std::size_t limit_bytes = std::numeric_limits<std::size_t>::max();
  std::function<void()> on_call;  // before each allocation and each release

 private:
  static constexpr std::align_val_t kAlignment{64};
  std::atomic<std::size_t> live_bytes_{0};
};

}  // namespace nanotally
