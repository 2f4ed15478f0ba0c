// A series: one label set of a metric, where its cells lie, and where it is in its life.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "core/cell.h"
#include "core/exemplar_slots.h"

namespace nanotally {

// A block of buckets of one series. Either it has a number from the start, or it lies in reserve
// for native threads, one of which gives it the number that it needs: see Series::ClaimBlock.
struct Block {
  static constexpr std::int32_t kReserved = std::numeric_limits<std::int32_t>::min();

  // key >> BlockBits, set once. relaxed: the rest of a block is published with its list, and
  // whoever misses a number misses counts that it may miss anyway.
  std::atomic<std::int32_t> number;
  const CellAddress address;
  Block* const next;
};

// The life of a slot of a metric's table of series; core/registry.h tells who moves it on.
enum class SeriesState : std::uint8_t {
  kFree,     // holds no series
  kLive,     // exposed
  kIdle,     // not recorded for a while: hidden, and live again as soon as it is
  kExpired,  // nobody can record into it any more: its count is about to move to the metric's total
  kRemoved   // ended; its cells wait until no recorder can write them
};

// One slot of the table. What identifies the series is written before it becomes live and changes
// only when the slot is used anew: by then no recorder holds it, and no snapshot names it.
struct Series {
  std::string labels;  // escaped and joined as the text formats want it: method="GET",status="200"
  CellAddress address = kNowhere;
  double created = 0;  // seconds since the Unix epoch; also moved by a reset, see Registry::Reset

  // Changed under the registration mutex, or the exclusive merge lock. release when it becomes
  // live: pairs with the acquire load in Is, publishes the members above.
  std::atomic<SeriesState> state{SeriesState::kFree};

  // release store when a block is put in front: pairs with the acquire load in ForEachBlock,
  // publishes the block.
  std::atomic<Block*> blocks{nullptr};

  ExemplarSlots exemplars;  // histograms

  // How many shards hold handles of it. Guarded by the registration mutex.
  std::uint32_t holders = 0;
  // Whether native threads do: it is not idle then, whatever they record. Guarded likewise.
  bool is_pinned = false;

  Series() = default;
  ~Series() { DropBlocks(); }
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  [[nodiscard]] bool Is(SeriesState expected) const noexcept {
    return state.load(std::memory_order_acquire) == expected;
  }
  // Whether what was recorded into it still belongs to it.
  [[nodiscard]] bool HoldsCounts() const noexcept {
    const SeriesState now = state.load(std::memory_order_acquire);
    return now == SeriesState::kLive || now == SeriesState::kIdle || now == SeriesState::kExpired;
  }

  template <typename Visit>
  void ForEachBlock(Visit&& visit) const {
    for (const Block* block = blocks.load(std::memory_order_acquire); block != nullptr;
         block = block->next) {
      visit(*block);
    }
  }

  // Nobody else may look at the series.
  void DropBlocks() noexcept {
    Block* block = blocks.exchange(nullptr, std::memory_order_relaxed);  // relaxed: nobody looks
    while (block != nullptr) delete std::exchange(block, block->next);
  }

  // Any thread; neither locks nor allocates. The address of a block of that number for which
  // is_usable(address), made of a reserved one if there is none; kNowhere when the reserve is used
  // up.
  template <typename IsUsable>
  [[nodiscard]] CellAddress ClaimBlock(std::int32_t number, IsUsable&& is_usable) const noexcept {
    for (const bool may_claim : {false, true}) {
      for (Block* block = blocks.load(std::memory_order_acquire); block != nullptr;
           block = block->next) {
        std::int32_t found = may_claim ? Block::kReserved : number;
        const bool has_number =
            block->number.compare_exchange_strong(found, number, std::memory_order_relaxed);
        if ((has_number || found == number) && is_usable(block->address)) return block->address;
      }
    }
    return kNowhere;
  }
};

}  // namespace nanotally
