// The graveyard by itself: who is waited for, in which order what is free comes out, who is asked.
#include "core/graveyard.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "test/support/environment.h"

namespace nanotally {
namespace {

constexpr std::uint64_t kNoPin = Epochs::kNever;

class GraveyardTest : public ::testing::Test {
 protected:
  // A series of the metric; its index.
  std::uint32_t NewSeries(Metric& metric) {
    return Must(metric.Resolve(std::vector<std::string>{std::to_string(next_++)}, cells_)).index;
  }
  static std::shared_ptr<Metric> NewMetric(MetricId id) {
    return std::make_shared<Metric>(id, CounterOf("m" + std::to_string(id), {"s"}));
  }
  std::size_t Freed(std::uint64_t oldest = kNoPin) { return graveyard_.TakeFree(oldest).size(); }
  void Acknowledge(std::uint32_t recorder, std::uint64_t epoch) {
    graveyard_.Acknowledge(recorder, std::vector{epoch});
  }

  CellAllocator cells_;
  Graveyard graveyard_;
  std::shared_ptr<Metric> metric_ = NewMetric(1);
  int next_ = 0;
};

TEST_F(GraveyardTest, ASeriesWaitsForThoseThatHoldIt) {
  for (const std::uint32_t recorder : {1, 2, 3}) graveyard_.AddRecorder(recorder, false);
  const std::uint32_t series = NewSeries(*metric_);
  graveyard_.Hold(1, metric_, series);
  graveyard_.Hold(3, metric_, series);
  graveyard_.Bury(metric_, series, 1);
  EXPECT_EQ(graveyard_.Pending(1).size(), 1u);
  EXPECT_EQ(graveyard_.Pending(2).size(), 0u);
  EXPECT_FALSE(graveyard_.Holds(1, 1, series)) << "its end is known to nobody but the grave";
  Acknowledge(1, 1);
  Acknowledge(1, 1);
  Acknowledge(2, 1);
  EXPECT_EQ(Freed(), 0u);
  Acknowledge(3, 1);
  EXPECT_EQ(Freed(), 1u);
  EXPECT_EQ(Freed(), 0u) << "taken once";
}

TEST_F(GraveyardTest, AMetricWaitsForAll) {
  graveyard_.AddRecorder(1, false);
  graveyard_.AddRecorder(2, false);
  graveyard_.Hold(1, metric_, NewSeries(*metric_));
  graveyard_.Bury(metric_, std::nullopt, 1);
  Acknowledge(1, 1);
  EXPECT_EQ(Freed(), 0u);
  graveyard_.AddRecorder(3, false);  // came later
  graveyard_.RemoveRecorder(2);
  EXPECT_EQ(Freed(), 1u);
}

TEST_F(GraveyardTest, WhatNobodyHoldsIsFreeAtOnce) {
  graveyard_.AddRecorder(1, false);
  const std::uint32_t series = NewSeries(*metric_);
  graveyard_.Hold(1, metric_, series);
  graveyard_.LetGo(1, metric_->id(), series);
  graveyard_.LetGo(1, metric_->id(), series);
  EXPECT_EQ(metric_->series()[series].holders, 0u) << "let go of once";
  graveyard_.Bury(metric_, series, 1);
  EXPECT_TRUE(graveyard_.HasFree(kNoPin));
  EXPECT_EQ(Freed(), 1u);
}

TEST_F(GraveyardTest, WhatIsFreeComesInTheOrderOfItsEpochsUpToThePin) {
  graveyard_.AddRecorder(1, false);
  std::vector<std::uint32_t> series;
  for (std::uint64_t epoch = 1; epoch <= 4; ++epoch) {
    series.push_back(NewSeries(*metric_));
    graveyard_.Hold(1, metric_, series.back());
    graveyard_.Bury(metric_, series.back(), epoch);
  }
  for (const std::uint64_t epoch : {4, 2, 3}) Acknowledge(1, epoch);
  EXPECT_FALSE(graveyard_.HasFree(1));
  const auto free = graveyard_.TakeFree(3);
  ASSERT_EQ(free.size(), 2u);
  EXPECT_EQ(free[0].series, series[1]);
  EXPECT_EQ(free[1].series, series[2]);
  EXPECT_EQ(Freed(3), 0u);
  EXPECT_EQ(Freed(4), 1u);
  Acknowledge(1, 1);
  EXPECT_EQ(Freed(), 1u);
}

TEST_F(GraveyardTest, ARecorderThatEndsHoldsNothingAndHasAcknowledged) {
  graveyard_.AddRecorder(1, false);
  graveyard_.AddRecorder(2, true);
  const std::uint32_t removed = NewSeries(*metric_);
  const std::uint32_t held = NewSeries(*metric_);
  for (const std::uint32_t recorder : {1, 2}) {
    graveyard_.Hold(recorder, metric_, removed);
    graveyard_.Hold(recorder, metric_, held);
  }
  EXPECT_TRUE(metric_->series()[held].is_pinned);
  graveyard_.Bury(metric_, removed, 1);
  graveyard_.RemoveRecorder(2);
  EXPECT_FALSE(metric_->series()[held].is_pinned);
  EXPECT_EQ(metric_->series()[held].holders, 1u);
  EXPECT_EQ(Freed(), 0u);
  graveyard_.RemoveRecorder(1);
  graveyard_.RemoveRecorder(1);
  EXPECT_EQ(metric_->series()[held].holders, 0u);
  EXPECT_EQ(Freed(), 1u);
}

TEST_F(GraveyardTest, UnknownRecordersAreNobody) {
  const std::uint32_t series = NewSeries(*metric_);
  graveyard_.Hold(7, metric_, series);
  graveyard_.LetGo(7, metric_->id(), series);
  Acknowledge(7, 1);
  EXPECT_EQ(metric_->series()[series].holders, 0u);
  EXPECT_FALSE(graveyard_.Holds(7, metric_->id(), series));
  EXPECT_TRUE(graveyard_.Pending(7).empty());
  EXPECT_TRUE(graveyard_.TakeAsked(7).empty());
}

TEST_F(GraveyardTest, OnlyHoldersAreAskedAndEachOnce) {
  graveyard_.AddRecorder(1, false);
  graveyard_.AddRecorder(2, false);
  const auto other = NewMetric(2);
  const std::uint32_t series = NewSeries(*metric_);
  const std::uint32_t same_index = NewSeries(*other);
  ASSERT_EQ(series, same_index);
  graveyard_.Hold(1, metric_, series);
  graveyard_.Hold(2, other, same_index);
  EXPECT_FALSE(graveyard_.TakeNews());
  // One that does not answer is not asked ever more.
  for (int i = 0; i < 100; ++i) graveyard_.AskToLetGo(metric_, series);
  EXPECT_TRUE(graveyard_.TakeNews());
  EXPECT_FALSE(graveyard_.TakeNews()) << "told once";
  EXPECT_TRUE(graveyard_.TakeAsked(2).empty());
  const auto asked = graveyard_.TakeAsked(1);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].metric, metric_);
  EXPECT_EQ(asked[0].series, series);
  EXPECT_TRUE(graveyard_.TakeAsked(1).empty());
  graveyard_.AskToLetGo(metric_, series);
  EXPECT_EQ(graveyard_.TakeAsked(1).size(), 1u) << "it was taken, so it is asked again";
}

TEST_F(GraveyardTest, WhoLooksByItselfIsNotToldAnyMore) {
  graveyard_.AddRecorder(1, false);
  const std::uint32_t series = NewSeries(*metric_);
  graveyard_.Hold(1, metric_, series);
  graveyard_.Bury(metric_, series, 1);
  EXPECT_EQ(graveyard_.Pending(1).size(), 1u);
  EXPECT_FALSE(graveyard_.TakeNews());
  EXPECT_EQ(graveyard_.Pending(1).size(), 1u) << "it has to be acknowledged all the same";
}

// Against a plain model: sets of who holds what and who has yet to acknowledge.
TEST_F(GraveyardTest, ALongRandomLifeEqualsItsModel) {
  constexpr std::uint32_t kRecorders = 4;
  std::mt19937_64 random(20261121);
  for (std::uint32_t r = 0; r < kRecorders; ++r) graveyard_.AddRecorder(r, r == 0);
  std::map<std::uint32_t, std::set<std::uint32_t>> holders;  // series -> recorders
  std::map<std::uint64_t, std::pair<std::uint32_t, std::set<std::uint32_t>>> graves;
  std::uint64_t epoch = 0;
  int freed = 0;
  for (int i = 0; i < 8; ++i) holders[NewSeries(*metric_)];
  for (int i = 0; i < 50'000; ++i) {
    const auto recorder = static_cast<std::uint32_t>(random() % kRecorders);
    auto found = holders.begin();
    std::advance(found, static_cast<std::ptrdiff_t>(random() % holders.size()));
    const std::uint32_t series = found->first;
    switch (random() % 8) {
      case 0:
        graveyard_.Bury(metric_, series, ++epoch);
        graves[epoch] = *found;
        holders.erase(found);
        holders[NewSeries(*metric_)];
        break;
      case 1:
        graveyard_.RemoveRecorder(recorder);
        graveyard_.AddRecorder(recorder, recorder == 0);
        for (auto& [held, by] : holders) by.erase(recorder);
        for (auto& [buried, grave] : graves) grave.second.erase(recorder);
        break;
      case 2:
      case 3:
        for (const auto& grave : graveyard_.Pending(recorder)) {
          ASSERT_EQ(graves.at(grave->epoch).second.erase(recorder), 1u);
          Acknowledge(recorder, grave->epoch);
        }
        break;
      case 4:
        graveyard_.LetGo(recorder, metric_->id(), series);
        found->second.erase(recorder);
        break;
      default:
        graveyard_.Hold(recorder, metric_, series);
        found->second.insert(recorder);
    }
    const std::uint64_t oldest = epoch - std::min<std::uint64_t>(epoch, random() % 4);
    for (const Grave& grave : graveyard_.TakeFree(oldest)) {
      ASSERT_EQ(graves.at(grave.epoch).first, grave.series);
      ASSERT_TRUE(graves.at(grave.epoch).second.empty());
      metric_->TakeOut(*grave.series, SeriesState::kRemoved);
      metric_->Free(*grave.series, cells_);
      graves.erase(grave.epoch);
      ++freed;
    }
    for (const auto& [buried, grave] : graves)
      ASSERT_TRUE(buried > oldest || !grave.second.empty()) << "it was free";
    for (const auto& [held, by] : holders) {
      ASSERT_EQ(metric_->series()[held].holders, by.size());
      ASSERT_EQ(metric_->series()[held].is_pinned, by.contains(0));
    }
  }
  EXPECT_GT(freed, 3000);
}

}  // namespace
}  // namespace nanotally
