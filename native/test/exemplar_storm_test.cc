// Exemplar slots under real threads: no reader ever sees half of one exemplar and half of another,
// and what is there at the end is one that was written.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "core/exemplar_slots.h"
#include "test/support/environment.h"
#include "test/support/exemplars.h"
#include "test/support/pinned.h"
#include "test/support/storm.h"

namespace nanotally {
namespace {

constexpr int kWrites = 50'000;

// `writers` threads write into one slot, `readers` read it all the while.
void StormOneSlot(int writers, int readers) {
  ExemplarSlot<> slot;
  std::atomic<std::uint64_t> stored{0};
  std::atomic<std::uint64_t> whole{0};
  std::atomic<std::uint64_t> disturbed{0};
  const auto read = [&](int) {
    for (int i = 0; i < 1000; ++i) {
      StoredExemplar exemplar;
      if (!slot.TryLoad(exemplar)) {
        disturbed.fetch_add(1);
      } else if (exemplar.ids.HasTrace()) {
        whole.fetch_add(1);
        ASSERT_TRUE(IsWhole(exemplar)) << exemplar.value;
      }
    }
  };
  RunWatched(readers, read, [&] {
    RunThreads(writers, [&](int writer) {
      std::uint64_t own = 0;
      for (int i = 0; i < kWrites; ++i)
        own += slot.TryStore(WholeExemplar(static_cast<std::uint32_t>(writer * kWrites + i + 1)));
      stored.fetch_add(own);
    });
  });
  StoredExemplar last;
  ASSERT_TRUE(slot.TryLoad(last)) << "the slot is at rest";
  EXPECT_TRUE(IsWhole(last));
  EXPECT_GT(stored, 0u);
  EXPECT_GT(whole, 0u);
  std::printf("%llu of %d writes stored; %llu reads whole, %llu disturbed\n",
              static_cast<unsigned long long>(stored), writers * kWrites,
              static_cast<unsigned long long>(whole), static_cast<unsigned long long>(disturbed));
}

TEST(ExemplarStorm, WritersAndReadersOfOneSlot) { StormOneSlot(2, 2); }

TEST(ExemplarStorm, AtTwiceTheCpus) { StormOneSlot(2 * Cpus(), 2); }

TEST(ExemplarStorm, PinnedToOneCpu) {
  const PinnedToOneCpu pinned;
  StormOneSlot(3, 1);
}

// The slots are made once, whoever comes first, and none of what the others store is lost.
TEST(ExemplarStorm, TheFirstExemplarOfManyThreads) {
  constexpr int kThreads = static_cast<int>(ExemplarSlots::kCount);
  for (int round = 0; round < 200; ++round) {
    ExemplarSlots slots;
    RunThreads(kThreads, [&](int i) {
      const auto group = static_cast<std::uint32_t>(i);
      slots.Store(group, WholeExemplar(group + 1));
    });
    const auto exemplars = slots.Read();
    ASSERT_EQ(exemplars.size(), ExemplarSlots::kCount);
    for (std::size_t i = 0; i < exemplars.size(); ++i)
      ASSERT_EQ(exemplars[i].value, static_cast<double>(i + 1));
  }
}

// Environments that record, resolve and remove, under scrapes: the identifiers of an exemplar are
// those of its series, in the metric that is exposed.
TEST(ExemplarStorm, EnvironmentsUnderScrapesAndRemovals) {
  TestRegistry registry;
  std::atomic<std::uint64_t> seen{0};
  const auto scrape = [&](int) {
    const Snapshot snapshot = registry->TakeSnapshot(At(0));
    for (const MetricSnapshot& metric : snapshot.metrics) {
      for (std::size_t i = 0; i < metric.series.size(); ++i) {
        for (const Exemplar& exemplar : metric.histograms[i].exemplars) {
          const std::string labels =
              "l=\"" + std::to_string(static_cast<int>(exemplar.value)) + "\"";
          ASSERT_EQ(metric.series[i].labels, labels);
          ASSERT_EQ(std::stoul(exemplar.trace_id.substr(16), nullptr, 16),
                    static_cast<unsigned long>(exemplar.value));
          seen.fetch_add(1);
        }
      }
    }
  };
  RunWatched(1, scrape, [&] {
    RunThreads(3, [&](int thread) {
      Environment environment(registry.registry);
      for (int i = 0; i < 3000; ++i) {
        environment.CatchUp();
        if (thread == 0 && i % 500 == 499) registry->Remove("h");
        const MetricId id = registry.Define(ExponentialOf("h", 3, {"l"}));
        const std::uint32_t number = 1 + static_cast<std::uint32_t>(i) % 5;
        const auto resolved =
            registry->Resolve(environment.shard(), id, std::vector{std::to_string(number)});
        if (!resolved.ok()) continue;
        const TraceIds ids{1, number, 0};
        const Status status =
            registry->RecordExemplar(id, resolved.value().index, number + 0.5, ids);
        ASSERT_TRUE(status.ok() || status.code == ErrorCode::kMetricRemoved);
      }
    });
  });
  EXPECT_GT(seen, 0u);
}

}  // namespace
}  // namespace nanotally
