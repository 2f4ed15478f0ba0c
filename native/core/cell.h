// Cells: the float64 words that programs record into, how they are addressed, and how each side may
// touch them.
//
// The protocol, told once. A cell has one writer: the thread of the environment whose shard holds
// it (JavaScript writes it as an element of a Float64Array). The writer uses plain stores; readers
// on any thread use the relaxed loads below. An aligned 8-byte access is single-copy atomic on
// x86-64 and AArch64, so a reader sees an old or a new value, never a torn one. Relaxed suffices
// because no other data is published through a cell: where a cell is, and which series it belongs
// to, is published by the registry before the first write. V8 promises nothing about when a plain
// store in a loop becomes visible; every version publishes it at once, and
// test/workers/progress.test.ts watches that.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace nanotally {

inline constexpr std::size_t kCellsPerChunkBits = 13;
inline constexpr std::size_t kCellsPerChunk = std::size_t{1} << kCellsPerChunkBits;
inline constexpr std::size_t kChunkBytes = kCellsPerChunk * sizeof(double);
inline constexpr std::size_t kCacheLineBytes = 64;
inline constexpr std::size_t kCellsPerLine = kCacheLineBytes / sizeof(double);

static_assert(kChunkBytes == 64 * 1024, "lib/registry.ts builds its views over 64 KiB chunks");
static_assert(std::atomic_ref<double>::is_always_lock_free, "readers must never meet a lock");
static_assert(std::atomic_ref<double>::required_alignment <= alignof(double),
              "cells are plain doubles");

// The first cache line of every chunk is its head: the registry's tick, written by whoever advances
// it, apart from the cells that the owning thread writes.
inline constexpr std::uint32_t kTickCell = 0;
inline constexpr std::uint32_t kFirstFreeCell = kCellsPerLine;

// Where a cell is, in every shard of its registry: chunk << 13 | offset. 31 bits, so that it is a
// small integer in JavaScript; 0 (the head of chunk 0) stands for "nowhere".
using CellAddress = std::uint32_t;
inline constexpr CellAddress kNowhere = 0;
inline constexpr std::uint32_t kMaxChunks = 1u << (30 - kCellsPerChunkBits);

constexpr CellAddress MakeAddress(std::uint32_t chunk, std::uint32_t offset) {
  return chunk << kCellsPerChunkBits | offset;
}
constexpr std::uint32_t ChunkOf(CellAddress address) { return address >> kCellsPerChunkBits; }
constexpr std::uint32_t OffsetOf(CellAddress address) {
  return address & (static_cast<std::uint32_t>(kCellsPerChunk) - 1);
}

// Any thread. relaxed: a cell publishes nothing but itself, see the head of this file.
inline double LoadCell(const double* cell) noexcept {
  return std::atomic_ref<double>(const_cast<double&>(*cell)).load(std::memory_order_relaxed);
}

// The owning thread only (and the tick's advancer, for the tick cell). relaxed: as LoadCell.
inline void StoreCell(double* cell, double value) noexcept {
  std::atomic_ref<double>(*cell).store(value, std::memory_order_relaxed);
}

// The owning thread only: a load and a store, not a read-modify-write.
inline void AddToCell(double* cell, double amount) noexcept {
  StoreCell(cell, LoadCell(cell) + amount);
}

}  // namespace nanotally
