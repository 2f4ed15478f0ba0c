// Series and blocks: resolving, the limit of series and its overflow, rejections, want of memory.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/label_text.h"
#include "test/support/environment.h"

namespace nanotally {
namespace {

using Strings = std::vector<std::string>;

TEST(Resolve, TheSameTextsAreTheSameSeries) {
  TestRegistry registry;
  const MetricId id = registry.Define(CounterOf("c", {"method", "status"}));
  Environment first(registry.registry);
  Environment second(registry.registry);
  const auto a = first.Resolve(id, {"GET", "200"});
  const auto b = second.Resolve(id, {"GET", "200"});
  EXPECT_EQ(a.address, b.address);
  EXPECT_EQ(a.index, b.index);
  EXPECT_FALSE(a.overflow);
  EXPECT_NE(first.Resolve(id, {"GET", "404"}).address, a.address);
  EXPECT_NE(first.Resolve(id, {"200", "GET"}).address, a.address);
  EXPECT_EQ(registry->Find(id)->series().size(), 3u);
  EXPECT_EQ(registry->Find(id)->series()[a.index].labels, R"(method="GET",status="200")");
}

TEST(Resolve, ValuesThatCouldBeMistakenForOtherLabelsAreNot) {
  TestRegistry registry;
  const MetricId id = registry.Define(CounterOf("c", {"a", "b"}));
  Environment environment(registry.registry);
  std::set<CellAddress> addresses;
  const std::vector<Strings> values = {{"x", "y"}, {"x\",b=\"y", ""}, {"x\\", "y"}, {"x\\\"", "y"},
                                       {"", "x"},  {"x", ""},         {"", ""}};
  for (const Strings& v : values) addresses.insert(environment.Resolve(id, v).address);
  EXPECT_EQ(addresses.size(), values.size());
}

TEST(Resolve, AnEmptyOptionalLabelIsNotExposed) {
  TestRegistry registry;
  auto definition = CounterOf("c", {"a", "b"});
  definition.optional_labels = 1;
  const MetricId id = registry.Define(definition);
  const auto series = Must(registry.Resolve(id, Strings{"1", ""}));
  EXPECT_EQ(registry->Find(id)->series()[series.index].labels, R"(a="1")");
}

TEST(Resolve, RefusesAWrongNumberOfValuesAndUnknownMetrics) {
  TestRegistry registry;
  const MetricId id = registry.Define(CounterOf("c", {"a"}));
  EXPECT_EQ(registry.Resolve(id, Strings{}).status().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(registry.Resolve(id, Strings{"1", "2"}).status().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(registry.Resolve(id + 1, Strings{"1"}).status().code, ErrorCode::kMetricRemoved);
  EXPECT_EQ(registry->Find(id)->series().size(), 0u);
}

TEST(Resolve, SeriesAreUsableFromTheirFirstMomentAndStartAtZero) {
  TestRegistry registry;
  const MetricId id = registry.Define(CounterOf("c", {"n"}));
  Environment environment(registry.registry);
  // More than one chunk's worth: 8 184 cells.
  auto definition = CounterOf("many", {"n"});
  definition.max_series = 20'000;
  const MetricId many = registry.Define(definition);
  for (int i = 0; i < 20'000; ++i) {
    double* cell = environment.Bind(many, {std::to_string(i)});
    ASSERT_EQ(*cell, 0);
    AddToCell(cell, i);
  }
  environment.Bind(id, {"after"});
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  const MetricSnapshot& merged = GetMetric(snapshot, "many");
  ASSERT_EQ(merged.values.size(), 20'000u);
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(merged.values[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(GetMetric(snapshot, "c").values, std::vector<double>{0});
}

TEST(MaxSeries, WhatIsPastItGoesToOneOverflowSeries) {
  TestRegistry registry;
  auto definition = CounterOf("c", {"n"});
  definition.max_series = 10;
  const MetricId id = registry.Define(definition);
  Environment environment(registry.registry);
  std::set<CellAddress> overflow;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 25; ++i) {
      const auto series = environment.Resolve(id, {std::to_string(i)});
      EXPECT_EQ(series.overflow, i >= 10) << i;
      if (series.overflow) overflow.insert(series.address);
      AddToCell(environment.Cells(series.address), 1);
    }
  }
  EXPECT_EQ(overflow.size(), 1u);
  const auto metric = registry->Find(id);
  EXPECT_EQ(metric->Overflowed(), 30u) << "every lookup past the limit, 15 in each round";
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  const MetricSnapshot& merged = snapshot.metrics[0];
  ASSERT_EQ(merged.values.size(), 11u);
  double sum = 0;
  for (std::size_t i = 0; i < merged.values.size(); ++i) {
    const bool is_overflow = metric->series()[i].labels == kOverflowLabels;
    EXPECT_EQ(merged.values[i], is_overflow ? 30 : 2);
    sum += merged.values[i];
  }
  EXPECT_EQ(sum, 50) << "nothing is lost";
}

TEST(MaxSeries, LabelValuesDoNotLeadToTheOverflowSeries) {
  TestRegistry registry;
  auto definition = CounterOf("c", {"otel_metric_overflow"});
  definition.max_series = 2;
  const MetricId id = registry.Define(definition);
  const auto first = Must(registry.Resolve(id, Strings{"1"}));
  const auto second = Must(registry.Resolve(id, Strings{"2"}));
  const auto overflow = Must(registry.Resolve(id, Strings{"3"}));
  EXPECT_TRUE(overflow.overflow);
  EXPECT_NE(overflow.address, first.address);
  // Not by its own text either: this is one more label set past the limit.
  const auto same_text = Must(registry.Resolve(id, Strings{"true"}));
  EXPECT_TRUE(same_text.overflow);
  EXPECT_EQ(registry->Find(id)->Overflowed(), 2u);
  // What was there before is still found.
  EXPECT_EQ(Must(registry.Resolve(id, Strings{"1"})).address, first.address);
  EXPECT_EQ(Must(registry.Resolve(id, Strings{"2"})).address, second.address);
}

TEST(MaxSeries, HistogramsOverflowToo) {
  TestRegistry registry;
  auto definition = ExponentialOf("h", 3, {"n"});
  definition.max_series = 1;
  const MetricId id = registry.Define(definition);
  const auto metric = registry->Find(id);
  Environment environment(registry.registry);
  for (int i = 0; i < 5; ++i) {
    environment.ObserveExponential(*metric, environment.Resolve(id, {std::to_string(i)}), i + 1);
  }
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  const auto& histograms = snapshot.metrics[0].histograms;
  ASSERT_EQ(histograms.size(), 2u);
  EXPECT_EQ(histograms[0].Count(), 1);
  EXPECT_EQ(histograms[1].Count(), 4);
  EXPECT_EQ(histograms[1].sum, 14);
}

TEST(ResolveBlock, GivesTheSamePlaceForTheSameBlock) {
  TestRegistry registry;
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    const MetricId id = registry.Define(ExponentialOf("h" + std::to_string(schema + 4), schema));
    const auto series = Must(registry.Resolve(id, {}));
    std::set<CellAddress> addresses;
    for (int number = 100; number < 110; ++number) {
      const CellAddress address = Must(registry->ResolveBlock(id, series.index, number));
      EXPECT_EQ(Must(registry->ResolveBlock(id, series.index, number)), address);
      addresses.insert(address);
    }
    EXPECT_EQ(addresses.size(), 10u) << "schema " << schema;
  }
}

// Every cell belongs to one block of one series or to one head: no two writers of different meaning
// ever meet. The first blocks lie behind the head, so what is cleared and freed must not count them
// twice.
TEST(ResolveBlock, CellsOfAllSeriesAndBlocksAreApartAndVisitedOnce) {
  CellAllocator cells;
  std::vector<std::unique_ptr<Metric>> metrics;
  std::map<CellAddress, std::string> owners;
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    metrics.push_back(std::make_unique<Metric>(1, ExponentialOf("h", schema, {"n"})));
    Metric& metric = *metrics.back();
    for (const char* value : {"a", "b"}) {
      const auto series = Must(metric.Resolve(Strings{value}, cells));
      const std::string owner = std::to_string(schema) + value;
      EXPECT_EQ(OffsetOf(series.address) % kCellsPerLine, 0u);
      for (std::uint32_t i = 0; i < ExponentialCells::kCount; ++i) {
        ASSERT_TRUE(owners.emplace(series.address + i, owner).second);
      }
      for (const int number : {40, 7, 41, 1000}) {
        const CellAddress block = Must(metric.ResolveBlock(series.index, number, cells));
        EXPECT_EQ(OffsetOf(block) % kCellsPerLine, 0u);
        EXPECT_LE(OffsetOf(block) + metric.mapping().BlockCells(), kCellsPerChunk);
        for (std::uint32_t i = 0; i < metric.mapping().BlockCells(); ++i) {
          ASSERT_TRUE(owners.emplace(block + i, owner).second) << owner << " block " << number;
        }
      }
    }
  }
  std::set<CellAddress> visited;
  for (const auto& metric : metrics) {
    metric->ForEachSeries([&](std::uint32_t, const Series& one) {
      metric->ForEachRangeOf(one, [&](CellAddress address, std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) {
          EXPECT_TRUE(visited.insert(address + i).second) << "twice";
        }
      });
    });
  }
  for (const auto& [address, owner] : owners) ASSERT_TRUE(visited.contains(address)) << owner;
  EXPECT_EQ(visited.size(), owners.size());
}

TEST(ResolveBlock, RefusesWhatHasNoBlocks) {
  TestRegistry registry;
  const MetricId counter = registry.Define(CounterOf("c"));
  const MetricId bounded = registry.Define(ExplicitOf("e", {1}));
  const MetricId histogram = registry.Define(ExponentialOf("h", 3));
  Must(registry.Resolve(counter, {}));
  Must(registry.Resolve(bounded, {}));
  for (const MetricId id : {counter, bounded, histogram}) {
    EXPECT_EQ(registry->ResolveBlock(id, 0, 1).status().code, ErrorCode::kInvalidArgument);
  }
  registry->Remove("h");
  EXPECT_EQ(registry->ResolveBlock(histogram, 0, 1).status().code, ErrorCode::kMetricRemoved);
}

TEST(Cells, WantOfAddressesIsAnErrorAndNothingBreaks) {
  CellAllocator cells;
  while (cells.Allocate(CellAllocator::MaxRange()) != kNowhere) continue;
  Metric counter(1, CounterOf("c", {"n"}));
  EXPECT_EQ(counter.Resolve(Strings{"1"}, cells).status().code, ErrorCode::kOutOfCells);
  EXPECT_EQ(counter.series().size(), 0u);

  // Room for a histogram series and the blocks that lie behind its head, and for no more.
  Metric histogram(2, ExponentialOf("h", 8));
  cells.Free(MakeAddress(5, kFirstFreeCell), histogram.CellsPerSeries());
  const auto series = Must(histogram.Resolve(Strings{}, cells));
  EXPECT_EQ(series.address, MakeAddress(5, kFirstFreeCell));
  std::int32_t number = 0;
  while (histogram.ResolveBlock(series.index, number, cells).ok()) ++number;
  EXPECT_EQ(static_cast<std::uint32_t>(number), histogram.mapping().HeadBlocks());
  EXPECT_EQ(histogram.ResolveBlock(series.index, number, cells).status().code,
            ErrorCode::kOutOfCells);
  cells.Free(MakeAddress(6, kFirstFreeCell), histogram.mapping().BlockCells());
  EXPECT_EQ(Must(histogram.ResolveBlock(series.index, number, cells)),
            MakeAddress(6, kFirstFreeCell));
}

TEST(Chunks, RefusedMemoryIsReportedAndRecoveredFrom) {
  TestRegistry registry;
  registry.pages.limit_bytes = kChunkBytes;
  const MetricId id = registry.Define(CounterOf("c"));
  Environment first(registry.registry);
  Environment second(registry.registry);
  AddToCell(first.Bind(id), 1);
  EXPECT_EQ(registry->EnsureChunk(second.shard(), 0), nullptr);
  EXPECT_EQ(registry->TakeSnapshot(At(0)).metrics[0].values[0], 1) << "the rest goes on";
  first.End();
  AddToCell(second.Bind(id), 1);
  EXPECT_EQ(registry->TakeSnapshot(At(0)).metrics[0].values[0], 2);
}

TEST(Rejections, AreCountedByMetricAndReason) {
  TestRegistry registry;
  const MetricId id = registry.Define(CounterOf("c"));
  registry->CountRejection(id, Rejection::kNegative);
  registry->CountRejection(id, Rejection::kNegative);
  registry->CountRejection(id, Rejection::kLabels);
  registry->CountRejection(Rejection::kDefinition);
  registry->CountRejection(id + 1, Rejection::kRemoved);  // a metric that is gone
  const auto metric = registry->Find(id);
  EXPECT_EQ(metric->Rejected(Rejection::kNegative), 2u);
  EXPECT_EQ(metric->Rejected(Rejection::kLabels), 1u);
  EXPECT_EQ(metric->Rejected(Rejection::kInfinite), 0u);
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  EXPECT_EQ(snapshot.rejected[static_cast<std::size_t>(Rejection::kDefinition)], 1u);
  EXPECT_EQ(snapshot.rejected[static_cast<std::size_t>(Rejection::kRemoved)], 1u);
  EXPECT_EQ(snapshot.rejected[static_cast<std::size_t>(Rejection::kNegative)], 0u);
}

}  // namespace
}  // namespace nanotally
