// Recording; the protocol is told at the head of the header.
#include "record/native_series.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <new>

#include "os/cpus.h"
#include "os/thread_key.h"
#include "record/registry_recorder.h"

namespace nanotally {
namespace {

// Enough that few of the threads that must add atomically meet in one; powers of two.
constexpr std::uint32_t kAtomicSlotsBesideRseq = 8;
constexpr std::uint32_t kMaxAtomicSlots = 256;

void FetchAdd(double* cell, double amount) noexcept {
  // relaxed: as LoadCell, a cell publishes nothing but itself.
  std::atomic_ref<double>(*cell).fetch_add(amount, std::memory_order_relaxed);
}

std::uint32_t AtomicSlots(std::uint32_t cpus) {
  return std::clamp(std::bit_ceil(cpus), kAtomicSlotsBesideRseq, kMaxAtomicSlots);
}

// Which of `slots`, a power of two, the thread adds in. Keys are addresses, alike in their low
// bits: a multiplication by 2^64 / golden ratio spreads them (D. Knuth, TAOCP 3, section 6.4).
std::uint32_t AtomicSlotOfThread(std::uint32_t slots) noexcept {
  return static_cast<std::uint32_t>(ThreadKey() * 0x9E3779B97F4A7C15 >> 32) & (slots - 1);
}

}  // namespace

std::atomic<bool> NativeSeries::added_atomically_{false};

Slots NativeSlots() {
  const std::uint32_t cpus = Cpus::OfThisMachine().Possible();
  if (!Rseq::IsAvailable()) return {AtomicSlots(cpus), 0};
  return {cpus + kAtomicSlotsBesideRseq, cpus};
}

NativeSeries::NativeSeries(RegistryRecorder* owner, std::shared_ptr<Metric> metric,
                           std::uint32_t index, double* cells)
    : live_(cells),
      cells_(cells),
      slots_(NativeSlots()),
      index_(index),
      owner_(owner),
      metric_(std::move(metric)),
      tick_(cells == nullptr ? nullptr
                             : cells - OffsetOf(metric_->series()[index].address) + kTickCell) {}

// The flag before the load, in this order for the compiler; for the processor the fence of a
// removal is between them: either it sees the flag, or this thread sees the null. Once it is set
// the flag is only read: a store on each add would have all threads fight for its cache line.
bool NativeSeries::AddAtomically(double* cell, double amount) noexcept {
  if (!added_atomically_.load(std::memory_order_relaxed))
    added_atomically_.store(true, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (live_.load(std::memory_order_relaxed) == nullptr) return DropAsGone();
  const std::uint32_t slot = slots_.cpus + AtomicSlotOfThread(slots_.count - slots_.cpus);
  FetchAdd(cell + std::size_t{slot} * kCellsPerChunk, amount);
  return true;
}

void NativeSeries::Reject(Rejection reason) noexcept {
  if (owner_ != nullptr) metric_->CountRejection(reason);
}

bool NativeSeries::DropAsGone() noexcept {
  if (owner_ != nullptr) owner_->registry().CountRejection(Rejection::kRemoved);
  return false;
}

void NativeSeries::CounterAdd(double amount) noexcept {
  if (amount >= 0 && amount <= std::numeric_limits<double>::max()) {
    Add(cells_, amount);
  } else if (std::isnan(amount)) {
    Reject(Rejection::kNotANumber);
  } else {
    Reject(amount < 0 ? Rejection::kNegative : Rejection::kInfinite);
  }
}

void NativeSeries::GaugeSet(double value) noexcept {
  double* cells = live_.load(std::memory_order_relaxed);
  if (cells == nullptr) {
    DropAsGone();
    return;
  }
  StoreCell(cells + GaugeCells::kValue, value);
  Stamp(cells, true);
}

void NativeSeries::GaugeAdd(double amount) noexcept {
  if (!std::isfinite(amount)) {
    Reject(std::isnan(amount) ? Rejection::kNotANumber : Rejection::kInfinite);
    return;
  }
  double* cells = live_.load(std::memory_order_relaxed);
  if (cells == nullptr) {
    DropAsGone();
    return;
  }
  FetchAdd(cells + GaugeCells::kValue, amount);
  Stamp(cells, LoadCell(cells + GaugeCells::kStamp) < 0);
}

// As a bound gauge of JavaScript does it: the registry's tick, negative once set. Two threads at
// once may leave either's stamp; both are of this tick, and native threads never end, which is all
// that the sign is for. release: pairs with VisitGauge in core/merge.cc, the value comes first.
void NativeSeries::Stamp(double* cells, bool was_set) noexcept {
  const double tick = LoadCell(tick_);
  std::atomic_ref<double>(cells[GaugeCells::kStamp])
      .store(was_set ? -tick : tick, std::memory_order_release);
}

NativeHistogram::NativeHistogram(RegistryRecorder* owner, std::shared_ptr<Metric> metric,
                                 std::uint32_t index, double* cells)
    : NativeSeries(owner, metric, index, cells),
      mapping_(metric != nullptr && metric->IsExponential() ? &metric->mapping() : nullptr) {}

void NativeHistogram::Observe(double value) noexcept {
  if (live_.load(std::memory_order_relaxed) == nullptr) {
    DropAsGone();
    return;
  }
  double* bucket = mapping_ != nullptr ? ExponentialBucket(value) : ExplicitBucket(value);
  if (bucket == nullptr) {
    // No block is made for a metric that was removed meanwhile.
    if (live_.load(std::memory_order_relaxed) == nullptr) {
      DropAsGone();
    } else {
      Reject(Rejection::kMemory);
    }
  } else if (Add(bucket, 1)) {
    Add(cells_ + ExplicitCells::kSum, value);
  }
}

double* NativeHistogram::ExplicitBucket(double value) const noexcept {
  if (std::isnan(value)) return cells_ + ExplicitCells::kNaN;
  const auto& bounds = metric().definition().bounds;
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  return cells_ + ExplicitCells::kBuckets + (bound - bounds.begin());
}

double* NativeHistogram::ExponentialBucket(double value) noexcept {
  static_assert(ExponentialCells::kSum == ExplicitCells::kSum);
  if (std::abs(value) <= kZeroThreshold) return cells_ + ExponentialCells::kZero;
  if (!std::isfinite(value)) {
    if (std::isnan(value)) return cells_ + ExponentialCells::kNaN;
    return cells_ +
           (value > 0 ? ExponentialCells::kPositiveInfinity : ExponentialCells::kNegativeInfinity);
  }
  const std::int32_t key = mapping_->KeyOf(value);
  const std::int32_t number = key >> mapping_->BlockBits();
  const Entry& entry = directory_[static_cast<std::uint32_t>(number) % directory_.size()];
  double* block = nullptr;
  if (entry.number.load(std::memory_order_relaxed) == number)
    block = entry.cells.load(std::memory_order_acquire);
  if (block == nullptr) block = LocateBlock(number);
  return block == nullptr ? nullptr : block + (key & ((1 << mapping_->BlockBits()) - 1));
}

// The block's cells in slot 0. Only when the reserve of blocks is used up does it lock and
// allocate; nullptr when there is no memory either.
double* NativeHistogram::LocateBlock(std::int32_t number) noexcept {
  double* block = owner()->FindBlock(metric().series()[index_], number);
  try {
    if (block == nullptr) block = owner()->MakeBlock(metric(), index_, number);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  Entry& entry = directory_[static_cast<std::uint32_t>(number) % directory_.size()];
  std::int32_t free = Block::kReserved;
  if (block != nullptr &&
      entry.number.compare_exchange_strong(free, number, std::memory_order_relaxed))
    entry.cells.store(block, std::memory_order_release);
  return block;
}

}  // namespace nanotally
