// An append-only vector whose elements never move: one thread at a time appends (under the owner's
// lock), any thread reads without a lock. Segment k holds kFirst << k elements, so 28 segments
// outlast the address space of cells.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <utility>

namespace nanotally {

template <typename T, std::size_t kFirst = 16>
class SegmentedVector {
  static_assert(std::has_single_bit(kFirst));

 public:
  SegmentedVector() = default;
  SegmentedVector(const SegmentedVector&) = delete;
  SegmentedVector& operator=(const SegmentedVector&) = delete;

  ~SegmentedVector() {
    for (std::size_t k = 0; k < segments_.size(); ++k) {
      // relaxed: whoever destroys the vector has seen every append, by the owner's lock.
      delete[] segments_[k].load(std::memory_order_relaxed);
    }
  }

  // Elements [0, size()) are complete. acquire: pairs with the release in Append, so that an
  // element whose index was seen is seen as it was appended.
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }

  // `index` < a size() that the calling thread has read. relaxed: that read of size() ordered the
  // segment's pointer.
  T& operator[](std::size_t index) noexcept { return At(index); }
  const T& operator[](std::size_t index) const noexcept {
    return const_cast<SegmentedVector*>(this)->At(index);
  }

  // One appender at a time. `fill` completes the new element before any reader can see it. Throws
  // std::bad_alloc.
  template <typename Fill>
  std::size_t Append(Fill&& fill) {
    const std::size_t index =
        size_.load(std::memory_order_relaxed);  // relaxed: only appenders write it
    const std::size_t k = SegmentOf(index);
    if (segments_[k].load(std::memory_order_relaxed) == nullptr) {
      // relaxed: published by the release of size_ below.
      segments_[k].store(new T[kFirst << k], std::memory_order_relaxed);
    }
    std::forward<Fill>(fill)(At(index));
    size_.store(index + 1,
                std::memory_order_release);  // release: pairs with size(), publishes the element
    return index;
  }

 private:
  static constexpr std::size_t SegmentOf(std::size_t index) noexcept {
    return std::bit_width(index / kFirst + 1) - 1;
  }

  T& At(std::size_t index) noexcept {
    const std::size_t k = SegmentOf(index);
    const std::size_t before = kFirst * ((std::size_t{1} << k) - 1);
    return segments_[k].load(std::memory_order_relaxed)[index - before];
  }

  std::array<std::atomic<T*>, 28> segments_{};
  std::atomic<std::size_t> size_{0};
};

}  // namespace nanotally
