// Storing, clearing and reading the slots; core/exemplar_slot.h tells how one of them is shared.
#include "core/exemplar_slots.h"

#include <algorithm>
#include <memory>

namespace nanotally {
namespace {

// A writer is in its slot for some nanoseconds, so a second attempt hardly ever fails; one that the
// kernel has put to sleep there is not waited for.
constexpr int kAttempts = 8;

}  // namespace

ExemplarSlots::~ExemplarSlots() {
  delete slots_.load(std::memory_order_relaxed);  // relaxed: nobody else is left
}

ExemplarSlots::Slots& ExemplarSlots::Made() {
  if (Slots* slots = slots_.load(std::memory_order_acquire)) return *slots;
  auto fresh = std::make_unique<Slots>();
  Slots* slots = nullptr;
  if (slots_.compare_exchange_strong(slots, fresh.get(), std::memory_order_release,
                                     std::memory_order_acquire)) {
    slots = fresh.release();
  }
  return *slots;
}

void ExemplarSlots::Store(std::uint32_t group, const StoredExemplar& exemplar) {
  static_cast<void>(Made()[group % kCount].TryStore(exemplar));
}

void ExemplarSlots::Clear() noexcept {
  Slots* slots = slots_.load(std::memory_order_acquire);
  if (slots == nullptr) return;
  for (auto& slot : *slots) static_cast<void>(slot.TryStore({}));
}

std::vector<StoredExemplar> ExemplarSlots::Read() const {
  std::vector<StoredExemplar> exemplars;
  const Slots* slots = slots_.load(std::memory_order_acquire);
  if (slots == nullptr) return exemplars;
  for (const auto& slot : *slots) {
    StoredExemplar exemplar;
    for (int attempt = 0; attempt < kAttempts && !slot.TryLoad(exemplar); ++attempt) {
    }
    if (exemplar.ids.HasTrace()) exemplars.push_back(exemplar);
  }
  std::sort(exemplars.begin(), exemplars.end(),
            [](const StoredExemplar& a, const StoredExemplar& b) { return a.value < b.value; });
  return exemplars;
}

}  // namespace nanotally
