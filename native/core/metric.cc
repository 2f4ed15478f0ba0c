// The series table of a metric.
#include "core/metric.h"

#include <utility>

#include "core/label_text.h"

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

// To the millisecond, as the formats show it.
double UnixSeconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::floor<std::chrono::milliseconds>(now).count()) / 1000;
}

Status OutOfCells(const std::string& name) {
  return {ErrorCode::kOutOfCells, "the registry has no cell addresses left for " + name};
}

}  // namespace

Metric::Metric(std::uint32_t id, MetricDefinition definition)
    : id_(id), definition_(std::move(definition)), cells_per_series_(CellsFor(definition_)) {}

Metric::~Metric() {
  const std::size_t count = series_.size();
  for (std::size_t i = 0; i < count; ++i) {
    // relaxed: the last owner destroys the metric, nobody appends any more.
    Block* block = series_[i].blocks.load(std::memory_order_relaxed);
    while (block != nullptr) delete std::exchange(block, block->next);
  }
}

Result<ResolvedSeries> Metric::Resolve(std::span<const std::string> values, CellAllocator& cells) {
  if (values.size() != definition_.labels.size()) {
    return Status{ErrorCode::kInvalidArgument, definition_.name + ": wrong number of label values"};
  }
  std::string labels = LabelText(definition_.labels, values);
  if (const auto found = index_.find(labels); found != index_.end()) {
    return ResolvedSeries{found->second, series_[found->second].address, false};
  }
  if (index_.size() < definition_.max_series) return AddSeries(std::move(labels), cells);

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

Result<ResolvedSeries> Metric::AddSeries(std::string labels, CellAllocator& cells) {
  const CellAddress address = cells.Allocate(cells_per_series_);
  if (address == kNowhere) return OutOfCells(definition_.name);
  const std::size_t index = series_.Append([&](Series& series) {
    series.labels = std::move(labels);
    series.address = address;
    series.created = UnixSeconds();
  });
  index_.emplace(series_[index].labels, static_cast<std::uint32_t>(index));
  return ResolvedSeries{static_cast<std::uint32_t>(index), address, false};
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

// relaxed load: only holders of the registration mutex write the list. release store: see
// Series::blocks.
void Metric::AddBlock(Series& series, std::int32_t number, CellAddress address) {
  series.blocks.store(new Block{number, address, series.blocks.load(std::memory_order_relaxed)},
                      std::memory_order_release);
}

}  // namespace nanotally
