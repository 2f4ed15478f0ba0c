// One exemplar in memory that threads share: written and read without locks, never torn.
//
// The protocol, told once: a sequence lock (H.-J. Boehm, "Can Seqlocks Get Along With Programming
// Language Memory Models?", MSPC 2012) that a writer takes only if it is free. The sequence is even
// while the slot is at rest and odd while a writer is in it; each writer moves it on by two, in 64
// bits, so it does not come round. A reader takes what it read if the sequence was even before and
// is the same after.
//
//   writer                                     reader
//   W1 sequence: even s -> s + 1   acquire     R1 sequence: even s?     acquire
//   W2 each word                   release     R2 each word             acquire
//   W3 sequence = s + 2            release     R3 sequence: still s?    relaxed
//
// What each order is for:
// - W3 with R1: who reads s + 2 then reads the words of that writer or newer ones.
// - W2 with R2: who reads a word of a writer then reads, in R3, the s + 1 of its W1 or a later
//   sequence. So a word that is newer than R1's sequence is never taken. R2's acquire also keeps R3
//   behind the words.
// - W3 with W1 of the next writer: the words of one writer come before those of the next in the
//   order of each word, so "newer" above is what it says.
// Words and not a fence with relaxed words: x86-64 does both for nothing, and ThreadSanitizer,
// which knows no fences, sees this. native/model/exemplar_slot.pml checks all of it where stores
// and loads are reordered as the orders allow.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/cell.h"
#include "core/trace_ids.h"

namespace nanotally {

struct StoredExemplar {
  double value = 0;
  double unix_seconds = 0;
  TraceIds ids;  // without a trace: there is no exemplar
};

// Any thread. 64 bytes, a cache line. `Atomic` is std::atomic;
// native/test/exemplar_schedule_test.cc has one that lets another thread run before each step.
template <template <typename> typename Atomic = std::atomic>
class alignas(kCacheLineBytes) ExemplarSlot {
 public:
  // False when another thread is writing: then nothing is stored. Waits for nobody.
  bool TryStore(const StoredExemplar& exemplar) noexcept {
    // relaxed: a guess, which the exchange confirms.
    std::uint64_t sequence = sequence_.load(std::memory_order_relaxed);
    if (sequence % 2 != 0) return false;
    if (!sequence_.compare_exchange_strong(sequence, sequence + 1, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
      return false;
    }
    const auto words = std::bit_cast<Words>(exemplar);
    for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_release);
    sequence_.store(sequence + 2, std::memory_order_release);
    return true;
  }

  // False when a thread was writing meanwhile; `exemplar` is then as it was.
  [[nodiscard]] bool TryLoad(StoredExemplar& exemplar) const noexcept {
    const std::uint64_t before = sequence_.load(std::memory_order_acquire);
    if (before % 2 != 0) return false;
    Words words;
    for (std::size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_acquire);
    if (sequence_.load(std::memory_order_relaxed) != before) return false;
    exemplar = std::bit_cast<StoredExemplar>(words);
    return true;
  }

 private:
  static constexpr std::size_t kWords = sizeof(StoredExemplar) / sizeof(std::uint64_t);
  using Words = std::array<std::uint64_t, kWords>;
  static_assert(sizeof(Words) == sizeof(StoredExemplar), "it is all words, without padding");

  Atomic<std::uint64_t> sequence_{0};
  std::array<Atomic<std::uint64_t>, kWords> words_{};
};

static_assert(sizeof(ExemplarSlot<>) == kCacheLineBytes);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "readers must never meet a lock");

}  // namespace nanotally
