// The series table of a metric.
#include "core/metric.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "core/label_text.h"
#include "core/unix_time.h"

namespace nanotally {
namespace {

std::uint32_t CellsFor(const MetricDefinition& definition) {
  switch (definition.type) {
    case MetricType::kCounter:
      return 1;
    case MetricType::kGauge:
      return GaugeCells::kCount;
    case MetricType::kHistogram:
      break;
  }
  if (definition.schema) {
    const auto& mapping = BucketMapping::ForSchema(*definition.schema);
    return ExponentialCells::kCount + mapping.HeadBlocks() * mapping.BlockCells();
  }
  return ExplicitCells::kBuckets + static_cast<std::uint32_t>(definition.bounds.size()) + 1;
}

// Values of one bucket are of one group; neighbouring buckets, or octaves, of different ones.
std::uint32_t ExemplarGroup(const MetricDefinition& histogram, double value) {
  constexpr int kMantissaBits = std::numeric_limits<double>::digits - 1;
  if (histogram.schema)
    return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(value) >> kMantissaBits);
  const auto& bounds = histogram.bounds;
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  return static_cast<std::uint32_t>(bound - bounds.begin());
}

Status OutOfCells(const std::string& name) {
  return {ErrorCode::kOutOfCells, "the registry has no cell addresses left for " + name};
}

}  // namespace

Metric::Metric(MetricId id, MetricDefinition definition)
    : id_(id), definition_(std::move(definition)), cells_per_series_(CellsFor(definition_)) {}

Result<ResolvedSeries> Metric::Resolve(std::span<const std::string> values, CellAllocator& cells) {
  if (values.size() != definition_.labels.size()) {
    return Status{ErrorCode::kInvalidArgument, definition_.name + ": wrong number of label values"};
  }
  std::string labels = LabelText(definition_.labels, values);
  if (const auto found = index_.find(labels); found != index_.end()) {
    Series& series = series_[found->second];
    if (series.Is(SeriesState::kIdle)) {
      SetState(found->second, SeriesState::kLive);
      idle_watch_.Restart(found->second);
    }
    return ResolvedSeries{found->second, series.address, false};
  }
  if (HasRoom()) return AddSeries(std::move(labels), cells);

  overflowed_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
  if (!overflow_) {
    auto added = AddSeries(std::string(kOverflowLabels), cells);
    if (!added.ok()) return added;
    index_.erase(kOverflowLabels);  // label values cannot lead to it
    overflow_ = added.value();
    overflow_->overflow = true;
  }
  return *overflow_;
}

std::optional<std::uint32_t> Metric::Find(std::span<const std::string> values) const {
  if (values.size() != definition_.labels.size()) return std::nullopt;
  const auto found = index_.find(LabelText(definition_.labels, values));
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::uint32_t> Metric::Indices() const {
  std::vector<std::uint32_t> indices;
  for (const auto& [labels, index] : index_) indices.push_back(index);
  if (overflow_) indices.push_back(overflow_->index);
  return indices;
}

Result<ResolvedSeries> Metric::AddSeries(std::string labels, CellAllocator& cells) {
  const CellAddress address = cells.Allocate(cells_per_series_);
  if (address == kNowhere) return OutOfCells(definition_.name);
  const auto index = static_cast<std::uint32_t>(TakeSlot());
  Series& series = series_[index];
  series.labels = std::move(labels);
  series.address = address;
  series.created = UnixSeconds();
  index_.emplace(series.labels, index);
  idle_watch_.Restart(index);
  SetState(index, SeriesState::kLive);
  return ResolvedSeries{index, address, false};
}

std::size_t Metric::TakeSlot() {
  if (free_slots_.empty()) return series_.Append([](Series&) {});
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void Metric::TakeOut(std::uint32_t index, SeriesState to) {
  if (overflow_ && overflow_->index == index) {
    overflow_.reset();
  } else {
    index_.erase(series_[index].labels);
  }
  SetState(index, to);
}

void Metric::Free(std::uint32_t index, CellAllocator& cells) {
  Series& series = series_[index];
  ForEachRangeOf(series,
                 [&](CellAddress address, std::uint32_t count) { cells.Free(address, count); });
  series.DropBlocks();
  series.exemplars.Clear();
  SetState(index, SeriesState::kFree);
  free_slots_.push_back(index);
}

void Metric::AddHolder(std::uint32_t series, bool pins) {
  ++series_[series].holders;
  if (pins) series_[series].is_pinned = true;
}

void Metric::RemoveHolder(std::uint32_t series, bool pins) {
  --series_[series].holders;
  if (pins) series_[series].is_pinned = false;
}

Result<CellAddress> Metric::ResolveBlock(std::uint32_t index, std::int32_t number,
                                         CellAllocator& cells) {
  if (!IsExponential() || index >= series_.size()) {
    return Status{ErrorCode::kInvalidArgument,
                  definition_.name + ": no such series of an exponential histogram"};
  }
  Series& series = series_[index];
  CellAddress address = kNowhere;
  std::uint32_t in_head = 0;
  series.ForEachBlock([&](const Block& block) {
    if (block.number.load(std::memory_order_relaxed) == number) address = block.address;
    if (block.address - series.address < cells_per_series_) ++in_head;
  });
  if (address != kNowhere) return address;

  const std::uint32_t size = mapping().BlockCells();
  address = in_head < mapping().HeadBlocks()
                ? series.address + ExponentialCells::kCount + in_head * size
                : cells.Allocate(size);
  if (address == kNowhere) return OutOfCells(definition_.name);
  AddBlock(series, number, address);
  return address;
}

void Metric::ReserveBlock(std::uint32_t series, CellAddress address) {
  AddBlock(series_[series], Block::kReserved, address);
}

std::uint32_t Metric::ReservedBlocks(std::uint32_t series) const {
  std::uint32_t reserved = 0;
  series_[series].ForEachBlock([&](const Block& block) {
    if (block.number.load(std::memory_order_relaxed) == Block::kReserved) ++reserved;
  });
  return reserved;
}

Status Metric::RecordExemplar(std::uint32_t index, double value, const TraceIds& ids) {
  if (definition_.type != MetricType::kHistogram || index >= series_.size()) {
    return {ErrorCode::kInvalidArgument, definition_.name + ": no such series of a histogram"};
  }
  if (std::isnan(value)) return {};
  series_[index].exemplars.Store(ExemplarGroup(definition_, value), {value, UnixSeconds(), ids});
  return {};
}

// relaxed load: only holders of the registration mutex write the list. release store: see
// Series::blocks.
void Metric::AddBlock(Series& series, std::int32_t number, CellAddress address) {
  series.blocks.store(new Block{number, address, series.blocks.load(std::memory_order_relaxed)},
                      std::memory_order_release);
}

}  // namespace nanotally
