// The C ABI's table: what it accepts, what it refuses with which status, and attaching.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "include/nanotally.h"
#include "record/c_abi.h"
#include "render/exposition.h"
#include "test/support/native_threads.h"

namespace nanotally {
namespace {

struct Attached {
  NativeThreads native;
  PerfRegions regions{native.store, native.recorder, true};
  const nanotally_table& table = NativeTable(native.recorder, regions);

  nanotally_status GetCounter(const char* name, std::vector<nanotally_label> labels = {},
                              const nanotally_options* options = nullptr) {
    counter = reinterpret_cast<nanotally_counter*>(this);  // must be overwritten
    return table.get_counter(name, labels.data(), labels.size(), options, &counter);
  }
  nanotally_status GetHistogram(const nanotally_options& options, const char* name = "h") {
    return table.get_histogram(name, nullptr, 0, &options, &histogram);
  }
  std::string Text() {
    std::string text;
    Render(native.registry()->TakeSnapshot(At(0)), {}, text);
    return text;
  }

  nanotally_counter* counter = nullptr;
  nanotally_histogram* histogram = nullptr;
};

// Before anything is attached, in this process: the header keeps one attachment.
TEST(Attach, BeforeIsANoOpThatIsCountedLater) {
  nanotally_counter* counter = reinterpret_cast<nanotally_counter*>(&counter);
  EXPECT_EQ(nanotally_get_counter("c", nullptr, 0, nullptr, &counter), NANOTALLY_NOT_ATTACHED);
  EXPECT_EQ(counter, nullptr);
  nanotally_counter_add(counter, 1);
  nanotally_gauge_set(nullptr, 1);
  nanotally_gauge_add(nullptr, 1);
  nanotally_histogram_observe(nullptr, 1);
  nanotally_release_counter(counter);
  nanotally_release_gauge(nullptr);
  nanotally_release_histogram(nullptr);
  nanotally_region* region = reinterpret_cast<nanotally_region*>(&region);
  EXPECT_EQ(nanotally_get_region("r", nullptr, &region), NANOTALLY_NOT_ATTACHED);
  EXPECT_EQ(region, nullptr);
  nanotally_region_begin(region);
  nanotally_region_end(region);
  nanotally_release_region(region);

  Attached world;
  nanotally_table other = world.table;
  EXPECT_EQ(nanotally_attach_table(nullptr), NANOTALLY_INVALID_ARGUMENT);
  other.version = 2;
  EXPECT_EQ(nanotally_attach_table(&other), NANOTALLY_INCOMPATIBLE);
  other.version = 1;
  other.size = sizeof other - 1;
  EXPECT_EQ(nanotally_attach_table(&other), NANOTALLY_INCOMPATIBLE);
  EXPECT_EQ(world.native.Rejected(Rejection::kNoHandle), 0u);
  EXPECT_EQ(nanotally_attach_table(&world.table), NANOTALLY_OK);
  EXPECT_EQ(world.native.Rejected(Rejection::kNoHandle), 5u) << "a region's begin among them";
  EXPECT_EQ(nanotally_attach_table(&world.table), NANOTALLY_OK);
  other.size = sizeof other + 8;
  EXPECT_EQ(nanotally_attach_table(&other), NANOTALLY_ATTACHED_ELSEWHERE) << "newer, but another";
  EXPECT_EQ(world.native.Rejected(Rejection::kNoHandle), 5u) << "counted once";

  nanotally_counter_add(nullptr, 1);
  EXPECT_EQ(world.native.Rejected(Rejection::kNoHandle), 6u);
  EXPECT_EQ(nanotally_get_counter("c", nullptr, 0, nullptr, &counter), NANOTALLY_OK);
  nanotally_counter_add(counter, 2);
  EXPECT_EQ(world.native.Value("c"), 2);
  nanotally_release_counter(counter);
}

// Recordings race with the attachment: each is counted, whichever side it fell on.
TEST(Attach, RacesWithRecordingsThatAreAllCounted) {
  Attached world;
  constexpr int kThreads = 4, kRecordings = 20'000;
  RunThreads(kThreads + 1, [&](int i) {
    if (i == kThreads) {
      EXPECT_EQ(nanotally_attach_table(&world.table), NANOTALLY_OK);
      return;
    }
    for (int n = 0; n < kRecordings; ++n) nanotally_counter_add(nullptr, 1);
  });
  EXPECT_EQ(world.native.Rejected(Rejection::kNoHandle), std::uint64_t{kThreads} * kRecordings);
}

TEST(Table, RefusesWhatPrometheusWouldRefuse) {
  Attached world;
  EXPECT_EQ(world.GetCounter(nullptr), NANOTALLY_INVALID_ARGUMENT);
  EXPECT_EQ(world.counter, nullptr);
  const std::string longest(1000, 'x'), too_long(1001, 'x');
  const char* const not_utf8[] = {"\xFF", "a\xC3", "\xED\xA0\x80"};
  for (const char* name : {"", too_long.c_str()})
    EXPECT_EQ(world.GetCounter(name), NANOTALLY_INVALID_ARGUMENT) << name;
  for (const char* name : not_utf8)
    EXPECT_EQ(world.GetCounter(name), NANOTALLY_INVALID_ARGUMENT) << name;
  for (const char* name : {"a:b_1", "1c", "a-b", "a b", "\xC3\xA9", "a\n\"", longest.c_str()})
    EXPECT_EQ(world.GetCounter(name), NANOTALLY_OK) << name;
  for (const char* label : {"", "__name__", "__a.b", "otel_metric_overflow", too_long.c_str()})
    EXPECT_EQ(world.GetCounter("c", {{label, "v"}}), NANOTALLY_INVALID_ARGUMENT) << label;
  for (const char* label : not_utf8)
    EXPECT_EQ(world.GetCounter("c", {{label, "v"}}), NANOTALLY_INVALID_ARGUMENT) << label;
  EXPECT_EQ(world.GetCounter("l", {{"1", "v"}, {"a:b", "w"}, {longest.c_str(), "x"}}),
            NANOTALLY_OK);
  EXPECT_EQ(world.GetCounter("c", {{nullptr, "v"}}), NANOTALLY_INVALID_ARGUMENT);
  EXPECT_EQ(world.GetCounter("c", {{"a", nullptr}}), NANOTALLY_INVALID_ARGUMENT);
  EXPECT_EQ(world.GetCounter("c", {{"a", "1"}, {"a", "2"}}), NANOTALLY_INVALID_ARGUMENT);
  EXPECT_EQ(world.GetCounter("c", {{"le", "1"}, {"otel", "2"}}), NANOTALLY_OK);
  EXPECT_EQ(world.table.get_counter("c", nullptr, 1, nullptr, &world.counter),
            NANOTALLY_INVALID_ARGUMENT);
  EXPECT_EQ(world.table.get_counter("c", nullptr, 0, nullptr, nullptr), NANOTALLY_INVALID_ARGUMENT);
  const nanotally_label le{"le", "1"};
  EXPECT_EQ(world.table.get_histogram("h", &le, 1, nullptr, &world.histogram),
            NANOTALLY_INVALID_ARGUMENT);
}

TEST(Table, ReadsOptions) {
  Attached world;
  const double inf = std::numeric_limits<double>::infinity();
  const double good[] = {0.1, 1, 10}, descending[] = {1, 0.1}, infinite[] = {1, inf},
               equal[] = {1, 1};
  nanotally_options options = NANOTALLY_OPTIONS_INIT;
  options.help = "Sizes.\xFF";
  options.unit = "bytes";
  options.registry = "other";
  options.buckets = good;
  options.bucket_count = 3;
  EXPECT_EQ(world.GetHistogram(options), NANOTALLY_OK);
  const auto metric = world.native.store.Open("other")->FindByName("h");
  ASSERT_NE(metric, nullptr);
  EXPECT_EQ(metric->definition().help, "Sizes.\xEF\xBF\xBD");
  EXPECT_EQ(metric->definition().unit, "bytes");
  EXPECT_EQ(metric->definition().bounds, (std::vector<double>{0.1, 1, 10}));
  EXPECT_FALSE(metric->IsExponential());

  for (const double* bad : {descending, infinite, equal}) {
    options.buckets = bad;
    options.bucket_count = 2;
    EXPECT_EQ(world.GetHistogram(options, "h2"), NANOTALLY_INVALID_ARGUMENT);
  }
  options.bucket_count = 0;
  EXPECT_EQ(world.GetHistogram(options, "h2"), NANOTALLY_INVALID_ARGUMENT) << "no bounds at all";
  std::vector<double> many(1001);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<double>(i);
  options.buckets = many.data();
  options.bucket_count = 1001;
  EXPECT_EQ(world.GetHistogram(options, "h2"), NANOTALLY_INVALID_ARGUMENT);
  options.bucket_count = 1000;
  EXPECT_EQ(world.GetHistogram(options, "h2"), NANOTALLY_OK);

  options = NANOTALLY_OPTIONS_INIT;
  for (const int schema : {-5, 9}) {
    options.schema = schema;
    EXPECT_EQ(world.GetHistogram(options, "h3"), NANOTALLY_INVALID_ARGUMENT) << schema;
  }
  options.schema = -4;
  EXPECT_EQ(world.GetHistogram(options, "h3"), NANOTALLY_OK);
  EXPECT_EQ(*world.native.registry()->FindByName("h3")->definition().schema, -4);
  EXPECT_EQ(world.table.get_histogram("h4", nullptr, 0, nullptr, &world.histogram), NANOTALLY_OK);
  EXPECT_EQ(*world.native.registry()->FindByName("h4")->definition().schema, 3);

  for (auto spoil : {+[](nanotally_options& o) { o.size = sizeof o - 1; },
                     +[](nanotally_options& o) { o.registry = ""; },
                     +[](nanotally_options& o) { o.unit = "b-s"; }}) {
    options = NANOTALLY_OPTIONS_INIT;
    spoil(options);
    EXPECT_EQ(world.GetHistogram(options, "h5"), NANOTALLY_INVALID_ARGUMENT);
  }
  options = NANOTALLY_OPTIONS_INIT;
  options.size = sizeof options + 8;
  EXPECT_EQ(world.GetHistogram(options, "h5"), NANOTALLY_OK) << "of a newer header";
}

TEST(Table, TellsConflictsAndRemovals) {
  Attached world;
  Must(world.native.registry()->Define(CounterOf("c", {"kind"})));
  EXPECT_EQ(world.GetCounter("c"), NANOTALLY_CONFLICT);
  EXPECT_EQ(world.counter, nullptr);
  EXPECT_EQ(world.GetCounter("c", {{"kind", "a"}, {"other", "b"}}), NANOTALLY_CONFLICT);
  EXPECT_EQ(world.GetHistogram(NANOTALLY_OPTIONS_INIT, "c"), NANOTALLY_CONFLICT);
  EXPECT_EQ(world.GetCounter("c", {{"kind", "a"}}), NANOTALLY_OK);
  EXPECT_EQ(world.GetCounter("nanotally_rejected_total"), NANOTALLY_CONFLICT);
}

TEST(Table, RefusalsOfMemoryAreTold) {
  Attached world;
  world.native.pages.limit_bytes = 0;
  EXPECT_EQ(world.GetCounter("c"), NANOTALLY_NO_MEMORY);
  EXPECT_EQ(world.counter, nullptr);
  EXPECT_EQ(world.GetHistogram(NANOTALLY_OPTIONS_INIT), NANOTALLY_NO_MEMORY);
}

TEST(Table, RecordsAndEscapes) {
  Attached world;
  ASSERT_EQ(world.GetCounter("c_total", {{"v", "a\"\\\n\xC0z"}}), NANOTALLY_OK);
  world.table.counter_add(world.counter, 2);
  nanotally_gauge* gauge = nullptr;
  ASSERT_EQ(world.table.get_gauge("g", nullptr, 0, nullptr, &gauge), NANOTALLY_OK);
  world.table.gauge_set(gauge, 4);
  world.table.gauge_add(gauge, -1);
  ASSERT_EQ(world.GetHistogram(NANOTALLY_OPTIONS_INIT), NANOTALLY_OK);
  world.table.histogram_observe(world.histogram, 0.75);
  const std::string text = world.Text();
  EXPECT_NE(text.find("c_total{v=\"a\\\"\\\\\\n\xEF\xBF\xBDz\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\ng 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("h_bucket{le=\"0.5\"} 0\nh_bucket{le=\"1\"} 1\n"), std::string::npos) << text;
  world.table.release_counter(world.counter);
  world.table.release_gauge(gauge);
  world.table.release_histogram(world.histogram);
  world.table.release_counter(nullptr);
}

struct RegionAbi : Attached {
  nanotally_status Get(const char* name, const nanotally_region_options* options = nullptr) {
    region = reinterpret_cast<nanotally_region*>(this);  // must be overwritten
    return table.get_region(name, options, &region);
  }
  nanotally_region* region = nullptr;
};

TEST(RegionAbi, CountsRunsOfAllThreads) {
  RegionAbi world;
  ASSERT_EQ(world.Get("cosine"), NANOTALLY_OK);
  nanotally_region* const region = world.region;
  ASSERT_EQ(world.Get("cosine"), NANOTALLY_OK);
  EXPECT_EQ(world.region, region) << "the same pointer";
  RunThreads(3, [&](int) {
    for (int i = 0; i < 5; ++i) {
      world.table.region_begin(region);
      world.table.region_begin(region);
      world.table.region_end(region);
      world.table.region_end(region);
    }
  });
  world.table.region_end(region);
  const std::string text = world.Text();
  EXPECT_NE(text.find("perf_region_runs_total{region=\"cosine\"} 15\n"), std::string::npos) << text;
  EXPECT_NE(text.find("{metric=\"perf_region_runs_total\",reason=\"unpaired\"} 1\n"),
            std::string::npos);
  world.table.release_region(region);
  world.table.release_region(region);
  world.table.release_region(nullptr);
}

TEST(RegionAbi, RefusesWhatIsNoRegion) {
  RegionAbi world;
  EXPECT_EQ(world.table.get_region("r", nullptr, nullptr), NANOTALLY_INVALID_ARGUMENT);
  EXPECT_EQ(world.Get(nullptr), NANOTALLY_INVALID_ARGUMENT);
  EXPECT_EQ(world.region, nullptr);
  EXPECT_EQ(world.Get(""), NANOTALLY_INVALID_ARGUMENT);
  EXPECT_EQ(world.Get(std::string(201, 'x').c_str()), NANOTALLY_INVALID_ARGUMENT);
  EXPECT_EQ(world.Get("\xff"), NANOTALLY_OK) << "as a label's value";
  nanotally_region_options options = NANOTALLY_REGION_OPTIONS_INIT;
  const char* events[] = {"instructions", nullptr, "cycels", "memory_read_bytes"};
  options.events = events;
  EXPECT_EQ(world.Get("none", &options), NANOTALLY_OK);
  options.event_count = 1;
  EXPECT_EQ(world.Get("one", &options), NANOTALLY_OK) << "counted here or not";
  EXPECT_EQ(world.Get("none", &options), NANOTALLY_CONFLICT);
  options.event_count = 2;
  EXPECT_EQ(world.Get("r", &options), NANOTALLY_INVALID_ARGUMENT) << "NULL";
  options.events = events + 2;
  EXPECT_EQ(world.Get("r", &options), NANOTALLY_INVALID_ARGUMENT) << "unknown";
  options.events = events + 3;
  options.event_count = 1;
  EXPECT_EQ(world.Get("r", &options), NANOTALLY_INVALID_ARGUMENT) << "of no thread";
  options.events = nullptr;
  EXPECT_EQ(world.Get("one", &options), NANOTALLY_OK) << "whatever it has";
  options.registry = "";
  EXPECT_EQ(world.Get("r", &options), NANOTALLY_INVALID_ARGUMENT);
  options.registry = "other";
  EXPECT_EQ(world.Get("r", &options), NANOTALLY_OK);
  options.size = 8;
  EXPECT_EQ(world.Get("r", &options), NANOTALLY_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace nanotally
