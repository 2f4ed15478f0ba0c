// Epochs: how long what a snapshot names must stay as it is.
//
// Every removal of a series or a metric advances the epoch and is of the new one. A snapshot pins
// the epoch in which it starts: what is removed later it may still name, so the removed slot is
// used anew only when no pin is older than the removal. (The idea is that of K. Fraser, "Practical
// lock-freedom", 2004, section 5.2.3, with a mutex: both sides are cold.)
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <set>

namespace nanotally {

// Any thread; the mutex is a leaf. Shared ownership: a pin may outlive the registry.
class Epochs : public std::enable_shared_from_this<Epochs> {
 public:
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  // Called when the removal can be seen; returns its epoch.
  [[nodiscard]] std::uint64_t Advance() {
    const std::lock_guard lock(mutex_);
    return ++now_;
  }

  // Until the result is destroyed. Throws std::bad_alloc.
  [[nodiscard]] std::shared_ptr<const void> Pin() {
    const std::lock_guard lock(mutex_);
    const auto pinned = pinned_.insert(now_);
    const auto unpin = [epochs = shared_from_this(), pinned](const void*) {
      const std::lock_guard lock(epochs->mutex_);
      epochs->pinned_.erase(pinned);
    };
    return {this, unpin};
  }

  // Removals up to this epoch are named by no snapshot; kNever when there is none.
  [[nodiscard]] std::uint64_t Oldest() const {
    const std::lock_guard lock(mutex_);
    return pinned_.empty() ? kNever : *pinned_.begin();
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t now_ = 0;
  std::multiset<std::uint64_t> pinned_;
};

}  // namespace nanotally
