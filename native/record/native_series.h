// A series as native threads record into it: what a handle of the C ABI points to.
//
// The protocol, told once. A registry has one shard for all native threads (core/shard.h), whose
// chunks hold a slot for each CPU and some more. Counters and histograms are added to in the slot
// of the CPU that the thread runs on, in a restartable sequence (os/rseq.h): each such slot has one
// writer at a time, though not one thread. A thread that has no sequences (no rseq in the process,
// or none for this thread) adds atomically in one of the further slots, which the sequences never
// touch. A gauge's two cells, in slot 0, are written atomically by any thread. A merge reads all
// slots as it reads the shards of environments: the sum of a counter is over both.
//
// Removal. `live` becomes null, then a fence makes every sequence under way start over and see it;
// from then on nothing is written, and the cells may be used again. Atomic writers cannot be
// fenced: where there may have been any, for gauges, and where not the metric but one series is
// removed, the cells wait until all handles were released, which is the caller's word that nobody
// records through them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/cell.h"
#include "core/metric.h"
#include "core/registry.h"
#include "os/rseq.h"

namespace nanotally {

static_assert(kChunkBytes == std::size_t{1} << Rseq::kSlotShift, "a slot of a chunk is a CPU's");

class RegistryRecorder;

// The slots of the native shards of this process: those of CPUs only where there is rseq.
[[nodiscard]] Slots NativeSlots();

// Any thread records. 128 bytes; a histogram 640. Owned by its RegistryRecorder, until its last
// handle is released.
class alignas(kCacheLineBytes) NativeSeries {
 public:
  // `cells` are those of slot 0. No `owner`, metric or cells: recording is turned off.
  NativeSeries(RegistryRecorder* owner, std::shared_ptr<Metric> metric, std::uint32_t index,
               double* cells);
  NativeSeries(const NativeSeries&) = delete;
  NativeSeries& operator=(const NativeSeries&) = delete;
  virtual ~NativeSeries() = default;

  [[nodiscard]] RegistryRecorder* owner() const { return owner_; }
  [[nodiscard]] const Metric& metric() const { return *metric_; }
  [[nodiscard]] std::uint32_t index() const { return index_; }

  // All of these: neither lock nor allocate, but as LocateBlock says. What is not recorded is
  // counted as rejected.
  void CounterAdd(double amount) noexcept;
  void GaugeSet(double value) noexcept;
  void GaugeAdd(double amount) noexcept;

  // From now on recordings are dropped and counted.
  void Redirect() noexcept { live_.store(nullptr, std::memory_order_seq_cst); }

  // Whether any thread of the process ever added atomically: then no fence is enough.
  [[nodiscard]] static bool AddedAtomically() noexcept {
    return added_atomically_.load(std::memory_order_seq_cst);
  }

  // Gets and releases; guarded by the owner's mutex.
  std::uint32_t handles = 0;
  // Of the series, to be acknowledged with the last release; likewise.
  std::uint64_t removal = 0;

 protected:
  // Adds to the cell of this CPU or thread; `cell` is slot 0's. False when the metric is gone.
  bool Add(double* cell, double amount) noexcept {
    if (slots_.cpus > 0) {
      switch (Rseq::Add(live_, cell, amount, slots_.cpus)) {
        case PerCpuAdd::kDone:
          return true;
        case PerCpuAdd::kGone:
          return DropAsGone();
        case PerCpuAdd::kNoCpu:
          break;
      }
    }
    return AddAtomically(cell, amount);
  }
  void Reject(Rejection reason) noexcept;
  bool DropAsGone() noexcept;

  // nullptr once the metric was removed. Written under the owner's mutex, read by everyone; for the
  // orders see the head of this file and AddAtomically.
  std::atomic<double*> live_;
  double* const cells_;
  const Slots slots_;
  const std::uint32_t index_;

 private:
  bool AddAtomically(double* cell, double amount) noexcept;
  void Stamp(double* cells, bool was_set) noexcept;

  static std::atomic<bool> added_atomically_;

  RegistryRecorder* const owner_;
  const std::shared_ptr<Metric> metric_;
  const double* const tick_;  // the registry's, at the head of the chunk that holds the cells
};

class NativeHistogram final : public NativeSeries {
 public:
  NativeHistogram(RegistryRecorder* owner, std::shared_ptr<Metric> metric, std::uint32_t index,
                  double* cells);

  void Observe(double value) noexcept;

 private:
  // A short way to a block: set once, by whoever needs that block first.
  struct Entry {
    std::atomic<std::int32_t> number{
        Block::kReserved};                // relaxed: claims the entry, publishes nothing
    std::atomic<double*> cells{nullptr};  // release/acquire: a block's cells are zeroed before use
  };

  double* ExplicitBucket(double value) const noexcept;
  double* ExponentialBucket(double value) noexcept;
  double* LocateBlock(std::int32_t number) noexcept;

  const BucketMapping* const mapping_;  // nullptr: explicit buckets
  std::array<Entry, 32> directory_;     // [number % 32]
};

static_assert(sizeof(NativeSeries) == 128 && sizeof(NativeHistogram) == 640);

}  // namespace nanotally
