// The exemplars of one histogram series: a few slots that all threads share, each for some of the
// series' buckets.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/exemplar_slot.h"

namespace nanotally {

// Any thread, where nothing else is said. 8 bytes, and 1 KiB more from the first exemplar on until
// the series is destroyed.
class ExemplarSlots {
 public:
  // So that sixteen neighbouring octaves of an exponential histogram, five decades, and the buckets
  // of most explicit ones have a slot each.
  static constexpr std::size_t kCount = 16;

  ExemplarSlots() = default;
  ~ExemplarSlots();
  ExemplarSlots(const ExemplarSlots&) = delete;
  ExemplarSlots& operator=(const ExemplarSlots&) = delete;

  // Puts the exemplar into the slot of `group`, in place of what is there; drops it when another
  // thread is writing there. Never waits; allocates the slots at the first call. Throws
  // std::bad_alloc.
  void Store(std::uint32_t group, const StoredExemplar& exemplar);

  // A slot that another thread is writing keeps what that one stores: for a series that is used
  // anew, nobody may be storing.
  void Clear() noexcept;

  // Ascending by value. Leaves out a slot that is being written again and again.
  [[nodiscard]] std::vector<StoredExemplar> Read() const;

 private:
  using Slots = std::array<ExemplarSlot<>, kCount>;

  Slots& Made();

  // Set once. release when it is set: pairs with the acquire loads, publishes empty slots.
  std::atomic<Slots*> slots_{nullptr};
};

}  // namespace nanotally
