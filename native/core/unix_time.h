// The wall clock, as expositions show it.
#pragma once

#include <chrono>

namespace nanotally {

// Seconds since the Unix epoch, to the millisecond.
inline double UnixSeconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::floor<std::chrono::milliseconds>(now).count()) / 1000;
}

}  // namespace nanotally
