// Strings that expositions were rendered into, kept for the next ones: fresh memory of a megabyte
// costs its page faults, measured as a third of rendering 10 000 series.
#pragma once

#include <array>
#include <mutex>
#include <string>
#include <utility>

namespace nanotally {

// Any thread. Keeps up to kKept strings of at most kLongest bytes.
class TextPool {
 public:
  // An empty string, with memory if one was given back.
  std::string Take() {
    const std::lock_guard lock(mutex_);
    for (std::string& kept : kept_) {
      if (kept.capacity() > kWorthKeeping) return std::exchange(kept, std::string());
    }
    return {};
  }

  void Give(std::string text) {
    if (text.capacity() <= kWorthKeeping || text.capacity() > kLongest) return;
    text.clear();
    const std::lock_guard lock(mutex_);
    for (std::string& kept : kept_) {
      if (kept.capacity() <= kWorthKeeping) {
        kept = std::move(text);
        return;
      }
    }
  }

 private:
  static constexpr std::size_t kKept = 2;  // one being sent, one being rendered
  static constexpr std::size_t kWorthKeeping = 4096;
  static constexpr std::size_t kLongest = 4 << 20;

  std::mutex mutex_;
  std::array<std::string, kKept> kept_;
};

}  // namespace nanotally
