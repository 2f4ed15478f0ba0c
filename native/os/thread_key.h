// Telling threads apart for the price of a register read.
#pragma once

#include <cstdint>
#if defined(__linux__) || defined(__APPLE__)
#include <pthread.h>

#include <bit>
#else
#include <functional>
#include <thread>
#endif

namespace nanotally {

// A number that no other living thread of the process has. Not a thread_local variable, whose first
// use in a thread may allocate.
inline std::uint64_t ThreadKey() noexcept {
#if defined(__linux__) || defined(__APPLE__)
  return std::bit_cast<std::uint64_t>(pthread_self());
#else
  return std::hash<std::thread::id>()(std::this_thread::get_id());
#endif
}

}  // namespace nanotally
