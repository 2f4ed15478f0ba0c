// The choice of classic boundaries: exact, around what is populated, the same for all series, few.
#include "render/classic_buckets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "test/support/environment.h"

namespace nanotally {
namespace {

constexpr double kMax = std::numeric_limits<double>::max();

// A metric of one schema, whose series are observed by one environment.
class ObservedHistogram {
 public:
  explicit ObservedHistogram(int schema) : ObservedHistogram(ExponentialOf("h", schema)) {}
  explicit ObservedHistogram(MetricDefinition definition) {
    definition.labels = {"series"};
    metric_ = registry_->Find(registry_.Define(std::move(definition)));
  }

  ObservedHistogram& Observe(double value, const std::string& series = "a") {
    environment_.ObserveExponential(*metric_, environment_.Resolve(metric_->id(), {series}), value);
    return *this;
  }
  [[nodiscard]] const Metric& metric() const { return *metric_; }
  [[nodiscard]] std::vector<ClassicBoundary> Boundaries() {
    return ClassicBoundaries(registry_->TakeSnapshot(At(0)).metrics.at(0));
  }
  [[nodiscard]] std::vector<double> Les() {
    std::vector<double> les;
    for (const ClassicBoundary& boundary : Boundaries()) les.push_back(boundary.le);
    return les;
  }
  // What the series "a" shows.
  [[nodiscard]] std::vector<double> Counts() {
    const Snapshot snapshot = Resolve();
    ClassicView view(snapshot.metrics.at(0));
    const auto counts = view.Counts(snapshot.metrics[0].histograms.at(0));
    return {counts.begin(), counts.end()};
  }
  // A snapshot that has the series "a".
  [[nodiscard]] Snapshot Resolve() {
    environment_.Resolve(metric_->id(), {"a"});
    return registry_->TakeSnapshot(At(0));
  }

 private:
  TestRegistry registry_;
  std::shared_ptr<Metric> metric_;
  Environment environment_{registry_.registry};
};

using Les = std::vector<double>;

TEST(ClassicBoundaries, NoneWithoutFiniteObservations) {
  EXPECT_EQ(ObservedHistogram(3).Les(), Les{});
  EXPECT_EQ(ObservedHistogram(3).Observe(HUGE_VAL).Observe(-HUGE_VAL).Les(), Les{});
  EXPECT_EQ(ObservedHistogram(3).Observe(std::nan("")).Les(), Les{});
}

TEST(ClassicBoundaries, TheZeroThresholdWhereNothingIsAboveIt) {
  EXPECT_EQ(ObservedHistogram(3).Observe(0).Les(), Les{kZeroThreshold});
  EXPECT_EQ(ObservedHistogram(3).Observe(-5).Les(), Les{kZeroThreshold});
}

TEST(ClassicBoundaries, PowersOfTwoAroundWhatIsPopulated) {
  EXPECT_EQ(ObservedHistogram(3).Observe(3).Les(), (Les{2, 4}));
  EXPECT_EQ(ObservedHistogram(3).Observe(4).Les(), (Les{2, 4})) << "4 is in (2, 4]";
  EXPECT_EQ(ObservedHistogram(3).Observe(1).Observe(5).Les(), (Les{0.5, 1, 4, 8}));
  EXPECT_EQ(ObservedHistogram(8).Observe(3).Observe(-100).Observe(0).Les(), (Les{2, 4}));
  EXPECT_EQ(ObservedHistogram(0).Observe(3, "a").Observe(20, "b").Les(), (Les{2, 4, 16, 32}))
      << "of any series";
}

TEST(ClassicBoundaries, CoarseSchemasShowTheirOwn) {
  EXPECT_EQ(ObservedHistogram(-1).Observe(3).Les(), (Les{1, 4}));
  EXPECT_EQ(ObservedHistogram(-4).Observe(3).Les(), (Les{1, 65536}));
  EXPECT_EQ(ObservedHistogram(-4).Observe(1).Les(), (Les{0x1p-16, 1}));
}

TEST(ClassicBoundaries, TheTopmostIsLeftToInfinity) {
  EXPECT_EQ(ObservedHistogram(3).Observe(kMax).Les(), (Les{0x1p1023}));
  EXPECT_EQ(ObservedHistogram(-4).Observe(kMax).Les(), (Les{0x1p1008}));
}

TEST(ClassicBoundaries, TheLowestIsTheZeroThreshold) {
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    ObservedHistogram histogram(schema);
    histogram.Observe(std::nextafter(kZeroThreshold, 1));
    EXPECT_EQ(histogram.Les().front(), kZeroThreshold) << schema;
  }
}

TEST(ClassicBoundaries, AreExactBoundariesOfTheMapping) {
  std::mt19937_64 random(20251203);
  std::size_t checked = 0;
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    ObservedHistogram histogram(schema);
    for (int i = 0; i < 40; ++i) {
      histogram.Observe(std::exp2(static_cast<double>(random() % 1100) - 120));
    }
    const BucketMapping& mapping = histogram.metric().mapping();
    const auto boundaries = histogram.Boundaries();
    for (std::size_t i = 0; i < boundaries.size(); ++i, ++checked) {
      const double le = boundaries[i].le;
      EXPECT_EQ(std::exp2(std::round(std::log2(le))), le) << "a power of two";
      EXPECT_EQ(mapping.UpperBound(boundaries[i].top_key), le);
      if (i > 0) {
        EXPECT_LT(boundaries[i - 1].top_key, boundaries[i].top_key);
        EXPECT_LT(boundaries[i - 1].le, le);
      }
      // The bucket at the boundary is below it, the next one is not.
      if (le > kZeroThreshold) {
        EXPECT_EQ(mapping.KeyOf(le), boundaries[i].top_key);
      }
      EXPECT_EQ(mapping.KeyOf(std::nextafter(le, kMax)), boundaries[i].top_key + 1);
    }
  }
  EXPECT_GT(checked, 200u);
}

TEST(ClassicBoundaries, StayFewAndCoverEverything) {
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    ObservedHistogram histogram(schema);
    std::vector<double> last;
    bool coarsened = false;
    for (int octave = -127; octave < 990; ++octave) {
      histogram.Observe(1.5 * std::ldexp(1.0, octave));
      if (octave % 10 != 0) continue;
      const auto les = histogram.Les();
      ASSERT_LE(les.size(), kMaxClassicBoundaries);
      ASSERT_GE(les.size(), 2u);
      ASSERT_TRUE(std::is_sorted(les.begin(), les.end()));
      ASSERT_LE(les.front(), 0x1p-127);
      ASSERT_GE(les.front(), kZeroThreshold) << "zeros lie below every boundary";
      ASSERT_GE(les.back(), 1.5 * std::ldexp(1.0, octave));
      // The set only grows, but for where every second boundary is left out.
      const bool grew = std::includes(les.begin(), les.end(), last.begin(), last.end());
      if (!grew) {
        ASSERT_LT(les.size(), last.size());
      }
      coarsened |= !grew;
      last = les;
    }
    EXPECT_TRUE(coarsened) << schema;
    // The largest values lie above the last multiple of the step: +Inf takes them in.
    histogram.Observe(kMax);
    EXPECT_GE(histogram.Les().back(), 0x1p992);
    EXPECT_LE(histogram.Les().size(), kMaxClassicBoundaries);
  }
}

TEST(ClassicBoundaries, ThinningKeepsWhatIsLeftExact) {
  // 100 octaves, far apart or next to each other: multiples of 2 of the powers, then of 4, ...
  ObservedHistogram histogram(3);
  for (int octave = 0; octave < 100; ++octave) histogram.Observe(1.5 * std::ldexp(1.0, octave));
  const auto les = histogram.Les();
  ASSERT_EQ(les.size(), 51u);
  for (std::size_t i = 0; i < les.size(); ++i) EXPECT_EQ(les[i], std::ldexp(1.0, int(2 * i)));
}

TEST(ChosenBoundaries, OfACoarserSchema) {
  MetricDefinition definition = ExponentialOf("h", 3);
  definition.classic_schema = 1;
  ObservedHistogram histogram(definition);
  histogram.Observe(3).Observe(-100);
  const double sqrt8 =
      BucketMapping::ForSchema(1).UpperBound(BucketMapping::ForSchema(1).KeyOfIndex(3));
  EXPECT_EQ(histogram.Les(), (Les{sqrt8, 4})) << "(2^1.5, 2^2]";
  EXPECT_EQ(histogram.Counts(), (Les{1, 2, 2}));

  definition.classic_schema = -2;
  EXPECT_EQ(ObservedHistogram(definition).Observe(3).Les(), (Les{1, 16}));
  definition.classic_schema = 3;
  definition.schema = 0;
  EXPECT_EQ(ObservedHistogram(definition).Observe(3).Les(), (Les{2, 4})) << "none that it lacks";
}

TEST(ChosenBoundaries, OfASchemaMayBeManyMore) {
  MetricDefinition definition = ExponentialOf("h", 5);
  definition.classic_schema = 5;
  ObservedHistogram histogram(definition);
  for (int i = 0; i < 320; ++i) histogram.Observe(std::exp2((i + 0.5) / 32));
  EXPECT_EQ(histogram.Les().size(), 321u);
  for (int i = 320; i < 2000; ++i) histogram.Observe(std::exp2((i + 0.5) / 32));
  EXPECT_LE(histogram.Les().size(), kMaxChosenBoundaries);
  EXPECT_EQ(histogram.Les().front(), 1);
}

TEST(ChosenBoundaries, OneByOne) {
  MetricDefinition definition = ExponentialOf("h", 3);
  definition.classic_bounds = {kZeroThreshold, 1, BucketMapping::Boundaries()[32], 1024};
  ObservedHistogram histogram(definition);
  EXPECT_EQ(histogram.Les(), definition.classic_bounds) << "whatever was observed";
  EXPECT_EQ(histogram.Counts(), (Les{0, 0, 0, 0, 0}));
  histogram.Observe(0).Observe(-3).Observe(0.5).Observe(1).Observe(1.05).Observe(1.1).Observe(5000);
  histogram.Observe(std::nan("")).Observe(-HUGE_VAL);
  EXPECT_EQ(histogram.Counts(), (Les{3, 5, 6, 7, 9}));
}

TEST(ClassicView, PutsExemplarsIntoTheirBucketsTheNewestOfEach) {
  ObservedHistogram histogram(ExplicitOf("h", {1, 10}, {"series"}));
  Snapshot snapshot = histogram.Resolve();
  HistogramValue& value = snapshot.metrics.at(0).histograms.at(0);
  ClassicView view(snapshot.metrics[0]);
  EXPECT_TRUE(view.Exemplars(value).empty());
  value.exemplars = {{-5, 1, "a", ""}, {1, 3, "b", ""},        {0.5, 2, "c", ""},
                     {11, 1, "d", ""}, {HUGE_VAL, 2, "e", ""}, {std::nan(""), 9, "f", ""}};
  const auto exemplars = view.Exemplars(value);
  ASSERT_EQ(exemplars.size(), 3u);
  EXPECT_EQ(exemplars[0]->trace_id, "b");
  EXPECT_EQ(exemplars[1], nullptr);
  EXPECT_EQ(exemplars[2]->trace_id, "e");
}

}  // namespace
}  // namespace nanotally
