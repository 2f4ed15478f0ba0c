// Merge and fold, one rule per instrument.
#include "core/merge.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace nanotally {
namespace {

// Reads cells across the shards. Neighbouring series share chunks, so the chunk pointers are looked
// up once per chunk.
class CellReader {
 public:
  enum class Since { kReset, kEver };

  CellReader(ShardList shards, const Remainders& remainders, Since since = Since::kReset)
      : shards_(shards), remainders_(remainders), since_(since) {}

  // The sum over all shards and what was retired, less what a reset took away, rounded once.
  double Sum(CellAddress address) {
    DoubleDouble sum = RawSum(address);
    if (since_ == Since::kEver) return sum.Rounded();
    if (const DoubleDouble* baseline = remainders_.baselines.Find(address)) {
      sum.Subtract(*baseline);
      // Folding adds up in another order: what that leaves in the last bits was not recorded.
      if (std::abs(sum.Rounded()) <= std::abs(baseline->Rounded()) * 0x1p-100) return 0;
    }
    return sum.Rounded();
  }

  DoubleDouble RawSum(CellAddress address) {
    DoubleDouble sum;
    if (const DoubleDouble* total = remainders_.retired.Find(address)) sum = *total;
    ForEachShard(address, [&](const double* cell) {
      // Most cells of most CPUs' slots are 0: leaving them out halves the time of a snapshot of
      // what native threads recorded (bench/native), and a sum that starts at 0 stays as it is.
      if (const double value = LoadCell(cell); value != 0) sum.Add(value);
    });
    return sum;
  }

  // In the order of the shards' ordinals.
  template <typename Visit>
  void ForEachShard(CellAddress address, Visit&& visit) {
    if (ChunkOf(address) != chunk_ || !valid_) Seek(ChunkOf(address));
    for (const double* chunk : present_) visit(chunk + OffsetOf(address));
  }

  const Remainders& remainders() const { return remainders_; }

 private:
  void Seek(std::uint32_t chunk) {
    present_.clear();
    for (const auto& shard : shards_) {
      const double* memory = shard->chunk(chunk);
      if (memory == nullptr) continue;
      for (std::uint32_t slot = 0; slot < shard->slots(); ++slot)
        present_.push_back(memory + slot * kCellsPerChunk);
    }
    chunk_ = chunk;
    valid_ = true;
  }

  ShardList shards_;
  const Remainders& remainders_;
  const Since since_;
  std::vector<const double*> present_;
  std::uint32_t chunk_ = 0;
  bool valid_ = false;
};

// The gauge values of several environments becoming one. Live shards and the retired remainder both
// end up here.
class GaugeMerge {
 public:
  explicit GaugeMerge(Aggregate aggregate) : aggregate_(aggregate) {}

  void Add(double value, double tick) {
    switch (aggregate_) {
      case Aggregate::kSum:
      case Aggregate::kAverage:
        // The first stands for itself: 0 + -0 would lose the sign.
        if (count_ == 0) {
          Replace(value, tick);
        } else {
          value_.Add(value);
        }
        break;
      case Aggregate::kLast:
        if (count_ == 0 || tick >= tick_) Replace(value, tick);
        break;
      case Aggregate::kMin:
        if (count_ == 0 || value < value_.Rounded() || std::isnan(value_.Rounded()))
          Replace(value, tick);
        break;
      case Aggregate::kMax:
        if (count_ == 0 || value > value_.Rounded() || std::isnan(value_.Rounded()))
          Replace(value, tick);
        break;
    }
    count_ += 1;
  }

  // What a GaugeMerge over ended environments left in the retired totals: value and (count, or for
  // `last` the tick).
  void LoadRetired(const DoubleDouble& value, const DoubleDouble& stamp) {
    if (stamp.Rounded() == 0) return;
    value_ = value;
    tick_ = stamp.Rounded();
    count_ = aggregate_ == Aggregate::kAverage ? stamp.Rounded() : 1;
  }
  void StoreRetired(DoubleDouble& value, DoubleDouble& stamp) const {
    value = value_;
    stamp = DoubleDouble(aggregate_ == Aggregate::kLast ? tick_ : count_);
  }

  [[nodiscard]] bool present() const { return count_ > 0; }
  [[nodiscard]] double value() const {
    return aggregate_ == Aggregate::kAverage ? value_.Rounded() / count_ : value_.Rounded();
  }

 private:
  void Replace(double value, double tick) {
    value_ = DoubleDouble(value);
    tick_ = tick;
  }

  const Aggregate aggregate_;
  DoubleDouble value_;
  double tick_ = 0;
  double count_ = 0;
};

// Calls visit(value, stamp) if the gauge was set in the shard that holds `cells`, after the stamp
// `since` in magnitude. acquire: the writer stores the value before the stamp, so on hardware that
// keeps stores in order (x86-64) a stamp never shows up ahead of its first value.
template <typename Visit>
void VisitGauge(const double* cells, double since, Visit&& visit) {
  const double stamp = std::atomic_ref<double>(const_cast<double&>(cells[GaugeCells::kStamp]))
                           .load(std::memory_order_acquire);
  if (std::abs(stamp) > since) visit(LoadCell(cells + GaugeCells::kValue), stamp);
}

// The stamp of the last recordings that a reset took away; 0 without one.
double ResetStamp(CellAddress address, const Remainders& remainders) {
  const DoubleDouble* baseline = remainders.baselines.Find(address + GaugeCells::kStamp);
  return baseline == nullptr ? 0 : baseline->Rounded();
}

GaugeMerge RetiredGauge(Aggregate aggregate, CellAddress address, const CellTotals& retired) {
  GaugeMerge merge(aggregate);
  if (const DoubleDouble* total = retired.Find(address)) {
    merge.LoadRetired(total[GaugeCells::kValue], total[GaugeCells::kStamp]);
  }
  return merge;
}

bool KeepsOnExit(const MetricDefinition& gauge, double stamp) {
  switch (gauge.on_exit) {
    case OnExit::kKeep:
      return true;
    case OnExit::kDrop:
      return false;
    case OnExit::kDefault:
      break;
  }
  if (gauge.aggregate == Aggregate::kSum) return stamp > 0;  // negative: it was set
  return gauge.aggregate == Aggregate::kLast;
}

GaugeMerge MergeGauge(Aggregate aggregate, CellAddress address, CellReader& reader) {
  GaugeMerge merge = RetiredGauge(aggregate, address, reader.remainders().retired);
  const double since = ResetStamp(address, reader.remainders());
  reader.ForEachShard(address, [&](const double* cells) {
    VisitGauge(cells, since,
               [&](double value, double stamp) { merge.Add(value, std::abs(stamp)); });
  });
  return merge;
}

HistogramValue MergeExplicit(const Metric& metric, const Series& series, CellReader& reader) {
  HistogramValue value;
  value.sum = reader.Sum(series.address + ExplicitCells::kSum);
  value.nan = reader.Sum(series.address + ExplicitCells::kNaN);
  const std::size_t buckets = metric.definition().bounds.size() + 1;
  value.explicit_counts.reserve(buckets);
  for (std::uint32_t i = 0; i < buckets; ++i) {
    value.explicit_counts.push_back(reader.Sum(series.address + ExplicitCells::kBuckets + i));
  }
  return value;
}

HistogramValue MergeExponential(const Metric& metric, const Series& series, CellReader& reader) {
  HistogramValue value;
  value.sum = reader.Sum(series.address + ExponentialCells::kSum);
  value.zero = reader.Sum(series.address + ExponentialCells::kZero);
  value.nan = reader.Sum(series.address + ExponentialCells::kNaN);
  value.positive_infinity = reader.Sum(series.address + ExponentialCells::kPositiveInfinity);
  value.negative_infinity = reader.Sum(series.address + ExponentialCells::kNegativeInfinity);

  struct Part {
    std::int32_t number;
    CellAddress address;
  };
  std::vector<Part> parts;
  series.ForEachBlock([&](const Block& block) {
    const std::int32_t number = block.number.load(std::memory_order_relaxed);
    if (number != Block::kReserved) parts.push_back({number, block.address});
  });
  std::sort(parts.begin(), parts.end(),
            [](const Part& a, const Part& b) { return a.number < b.number; });
  const BucketMapping& mapping = metric.mapping();
  for (auto part = parts.begin(); part != parts.end();) {
    const auto next =
        std::find_if(part, parts.end(), [&](const Part& p) { return p.number != part->number; });
    for (std::uint32_t i = 0; i < mapping.BlockCells(); ++i) {
      double count = 0;
      for (auto same = part; same != next; ++same) count += reader.Sum(same->address + i);
      if (count != 0) {
        value.buckets.push_back(
            {(part->number << mapping.BlockBits()) + static_cast<std::int32_t>(i), count});
      }
    }
    part = next;
  }
  return value;
}

std::vector<Exemplar> ReadExemplars(const Series& series) {
  std::vector<Exemplar> exemplars;
  for (const StoredExemplar& stored : series.exemplars.Read()) {
    exemplars.push_back(
        {stored.value, stored.unix_seconds, TraceText(stored.ids), SpanText(stored.ids)});
  }
  return exemplars;
}

void FoldSum(CellAddress address, std::uint32_t cells, const Shard& shard, CellTotals& retired) {
  const double* chunk = shard.chunk(ChunkOf(address));
  if (chunk == nullptr) return;
  for (std::uint32_t i = 0; i < cells; ++i) {
    const double value = LoadCell(chunk + OffsetOf(address) + i);
    if (value != 0) retired.At(address + i).Add(value);
  }
}

void FoldGauge(const MetricDefinition& gauge, CellAddress address, const Shard& shard,
               Remainders& remainders) {
  const double* chunk = shard.chunk(ChunkOf(address));
  if (chunk == nullptr) return;
  CellTotals& retired = remainders.retired;
  const double since = ResetStamp(address, remainders);
  VisitGauge(chunk + OffsetOf(address), since, [&](double value, double stamp) {
    if (!KeepsOnExit(gauge, stamp)) return;
    GaugeMerge merge = RetiredGauge(gauge.aggregate, address, retired);
    merge.Add(value, std::abs(stamp));
    merge.StoreRetired(retired.At(address + GaugeCells::kValue),
                       retired.At(address + GaugeCells::kStamp));
  });
}

HistogramValue MergeHistogram(const Metric& metric, const Series& series, CellReader& reader) {
  return metric.IsExponential() ? MergeExponential(metric, series, reader)
                                : MergeExplicit(metric, series, reader);
}

// What expires with a series, and 0 for gauges.
double RecordedIn(const Metric& metric, const Series& series, CellReader& reader) {
  switch (metric.definition().type) {
    case MetricType::kCounter:
      return reader.Sum(series.address);
    case MetricType::kHistogram:
      return MergeHistogram(metric, series, reader).Count();
    case MetricType::kGauge:
      break;
  }
  return 0;
}

}  // namespace

MetricSnapshot MergeMetric(std::shared_ptr<const Metric> metric, ShardList shards,
                           const Remainders& remainders) {
  CellReader reader(shards, remainders);
  MetricSnapshot snapshot;
  DoubleDouble expired = metric->expired;
  const auto& series = metric->series();
  const std::size_t count = series.size();
  snapshot.series.reserve(count);
  if (metric->definition().type == MetricType::kHistogram) {
    snapshot.histograms.reserve(count);
  } else {
    snapshot.values.reserve(count);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const Series& one = series[i];
    // acquire: pairs with the release in Metric::SetState, publishes what the slot holds.
    const SeriesState state = one.state.load(std::memory_order_acquire);
    if (state == SeriesState::kIdle) ++snapshot.idle_series;
    if (state == SeriesState::kExpired || state == SeriesState::kRemoved) ++snapshot.waiting_series;
    if (state == SeriesState::kIdle || state == SeriesState::kExpired)
      expired.Add(RecordedIn(*metric, one, reader));
    if (state != SeriesState::kLive) continue;
    switch (metric->definition().type) {
      case MetricType::kCounter:
        snapshot.values.push_back(reader.Sum(one.address));
        break;
      case MetricType::kGauge: {
        const GaugeMerge merge = MergeGauge(metric->definition().aggregate, one.address, reader);
        if (!merge.present()) continue;
        snapshot.values.push_back(merge.value());
        break;
      }
      case MetricType::kHistogram:
        snapshot.histograms.push_back(MergeHistogram(*metric, one, reader));
        snapshot.histograms.back().exemplars = ReadExemplars(one);
        break;
    }
    snapshot.series.push_back({one.labels, one.created, i});
  }
  snapshot.expired = expired.Rounded();
  snapshot.metric = std::move(metric);
  return snapshot;
}

double ActivityOf(const Metric& metric, const Series& series, ShardList shards,
                  const Remainders& remainders) {
  // After a reset, as much as before it or less would not look like activity.
  CellReader reader(shards, remainders, CellReader::Since::kEver);
  if (metric.definition().type != MetricType::kGauge) return RecordedIn(metric, series, reader);
  double latest = 0;
  reader.ForEachShard(series.address, [&](const double* cells) {
    latest = std::max(latest, std::abs(LoadCell(cells + GaugeCells::kStamp)));
  });
  return latest;
}

HistogramValue ReadSeries(const Metric& metric, const Series& series, ShardList shards,
                          const Remainders& remainders) {
  CellReader reader(shards, remainders);
  return MergeHistogram(metric, series, reader);
}

void FoldShard(const Metric& metric, const Shard& shard, Remainders& remainders) {
  const auto& series = metric.series();
  const std::size_t count = series.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (!series[i].HoldsCounts()) continue;
    const CellAddress address = series[i].address;
    if (metric.definition().type == MetricType::kGauge) {
      FoldGauge(metric.definition(), address, shard, remainders);
    } else if (metric.IsExponential()) {
      // The sum, the zeros, NaN and the infinities.
      FoldSum(address, ExponentialCells::kFirstOctave, shard, remainders.retired);
      series[i].ForEachBlock([&](const Block& block) {
        FoldSum(block.address, metric.mapping().BlockCells(), shard, remainders.retired);
      });
    } else {
      FoldSum(address, metric.CellsPerSeries(), shard, remainders.retired);
    }
  }
}

void ResetSeries(const Metric& metric, const Series& series, ShardList shards, double tick,
                 Remainders& remainders) {
  if (metric.definition().type == MetricType::kGauge) {
    remainders.retired.Clear(series.address, GaugeCells::kCount);
    remainders.baselines.At(series.address + GaugeCells::kStamp) = DoubleDouble(tick);
    return;
  }
  CellReader reader(shards, remainders);
  metric.ForEachRangeOf(series, [&](CellAddress address, std::uint32_t cells) {
    for (std::uint32_t i = 0; i < cells; ++i)
      remainders.baselines.At(address + i) = reader.RawSum(address + i);
  });
}

void ExpireSeries(Metric& metric, const Series& series, ShardList shards,
                  const Remainders& remainders) {
  CellReader reader(shards, remainders);
  metric.expired.Add(RecordedIn(metric, series, reader));
}

void ClearSeries(const Metric& metric, const Series& series, ShardList shards,
                 Remainders& remainders) {
  metric.ForEachRangeOf(series, [&](CellAddress address, std::uint32_t cells) {
    remainders.Clear(address, cells);
    for (const auto& shard : shards) {
      double* chunk = shard->chunk(ChunkOf(address));
      if (chunk == nullptr) continue;
      for (std::uint32_t slot = 0; slot < shard->slots(); ++slot) {
        double* cell = chunk + slot * kCellsPerChunk + OffsetOf(address);
        for (std::uint32_t i = 0; i < cells; ++i) {
          // What was never written stays untouched: it may lie in pages that are not there yet.
          if (std::bit_cast<std::uint64_t>(LoadCell(cell + i)) != 0) StoreCell(cell + i, 0);
        }
      }
    }
  });
}

}  // namespace nanotally
