// The families of event loops and of the thread pool.
#include "binding/loop_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "binding/process.h"
#include "binding/thread_pool_probe.h"
#include "core/histogram_math.h"
#include "core/label_text.h"

namespace nanotally {
namespace {

constexpr int kSchema = 3;
// The powers of two that are shown as `le`: 15 us to 4 s. Fixed, as a bound that came with the
// first slow turn would be missing in rates at first, and quantiles too high.
constexpr int kLeastShown = -16;
constexpr int kMostShown = 2;
// What the lag gauges tell of.
constexpr std::chrono::seconds kLagWindow{60};
constexpr std::chrono::seconds kLagStep{5};
// Some of the turns before may be told as of a stall.
constexpr std::chrono::milliseconds kHeld{200};
// Threads come and go; what ended ones recorded is kept for so long.
constexpr std::chrono::minutes kIdleTimeout{15};

struct LoopFamily {
  std::string_view name;
  MetricType type;
  std::string_view unit;
  std::string_view help;
  double (*read)(const LoopReading&);
};

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

constexpr std::array kLoopFamilies = {
    LoopFamily{"nodejs_eventloop_idle_seconds_total", MetricType::kCounter, "seconds",
               "Time that the event loop has waited for events.",
               [](const LoopReading& r) { return Seconds(r.idle); }},
    LoopFamily{"nodejs_eventloop_active_seconds_total", MetricType::kCounter, "seconds",
               "Time that the event loop has not waited for events.",
               [](const LoopReading& r) { return Seconds(r.active); }},
    LoopFamily{"nodejs_eventloop_utilization_ratio", MetricType::kGauge, "ratio",
               "Share of the last ten seconds in which the event loop did not wait.",
               [](const LoopReading& r) { return r.utilization; }},
    LoopFamily{"nodejs_active_handles_total", MetricType::kGauge, "",
               "Active handles that keep the event loop alive.",
               [](const LoopReading& r) { return static_cast<double>(r.handles); }},
    LoopFamily{"nodejs_active_requests_total", MetricType::kGauge, "",
               "Active requests of the event loop.",
               [](const LoopReading& r) { return static_cast<double>(r.requests); }},
    LoopFamily{"nodejs_active_resources_total", MetricType::kGauge, "",
               "Active handles and requests that keep the event loop alive.",
               [](const LoopReading& r) { return static_cast<double>(r.handles) + r.requests; }},
};

struct LagFamily {
  std::string_view name;
  std::string_view help;
  double (*read)(const HistogramData&);
};

double Mean(const HistogramData& turns) { return turns.value.sum / turns.value.Count(); }

// Of the middles of the buckets: within a bucket's width of what was observed.
double StandardDeviation(const HistogramData& turns) {
  const double mean = Mean(turns);
  double squares = 0;
  for (const BucketRange& range : BucketRanges(turns)) {
    const double middle = (range.lower + range.upper) / 2;
    squares += range.count * (middle - mean) * (middle - mean);
  }
  return std::sqrt(squares / turns.value.Count());
}

constexpr std::array kLagFamilies = {
    LagFamily{"nodejs_eventloop_lag_min_seconds", "The shortest turn of the last minute.",
              [](const HistogramData& turns) { return BucketRanges(turns).front().lower; }},
    LagFamily{"nodejs_eventloop_lag_max_seconds", "The longest turn of the last minute.",
              [](const HistogramData& turns) { return BucketRanges(turns).back().upper; }},
    LagFamily{"nodejs_eventloop_lag_mean_seconds", "The mean turn of the last minute.", &Mean},
    LagFamily{"nodejs_eventloop_lag_stddev_seconds",
              "The standard deviation of the turns of the last minute.", &StandardDeviation},
    LagFamily{"nodejs_eventloop_lag_p50_seconds", "The median turn of the last minute.",
              [](const HistogramData& turns) { return Quantile(turns, 0.5); }},
    LagFamily{"nodejs_eventloop_lag_p90_seconds", "The 90th percentile of the last minute's turns.",
              [](const HistogramData& turns) { return Quantile(turns, 0.9); }},
    LagFamily{"nodejs_eventloop_lag_p99_seconds", "The 99th percentile of the last minute's turns.",
              [](const HistogramData& turns) { return Quantile(turns, 0.99); }},
};

constexpr std::string_view kLag = "nodejs_eventloop_lag_seconds";
constexpr std::string_view kPoolThreads = "nodejs_threadpool_threads";
constexpr std::string_view kPoolWaiting = "nodejs_threadpool_waiting_seconds";

constexpr auto kNames = [] {
  std::array<std::string_view, kLoopFamilies.size() + kLagFamilies.size() + 3> names;
  auto at = names.begin();
  for (const LoopFamily& family : kLoopFamilies) *at++ = family.name;
  for (const LagFamily& family : kLagFamilies) *at++ = family.name;
  *at++ = kLag;
  *at++ = kPoolThreads;
  *at++ = kPoolWaiting;
  return names;
}();

std::string ThreadLabel(std::string_view thread) {
  std::string text;
  AppendLabel(text, "thread", thread);
  return text;
}

void AppendSingle(const NameFilter& filter, std::string_view name, std::string_view unit,
                  std::string_view help, double value, std::vector<ComputedFamily>& families) {
  if (!filter.Selects(name, MetricType::kGauge)) return;
  families.push_back(
      {std::string(name), std::string(help), std::string(unit), MetricType::kGauge, {{"", value}}});
}

}  // namespace

LoopMetrics::LoopMetrics(Process& process, std::shared_ptr<Registry> registry)
    : process_(process), registry_(std::move(registry)) {}

Result<NativeHistogram*> LoopMetrics::Open(
    std::string name, std::string help, std::vector<std::pair<std::string, std::string>> labels) {
  SeriesRequest request;
  request.in = registry_;
  request.definition.name = std::move(name);
  request.definition.help = std::move(help);
  request.definition.unit = "seconds";
  request.definition.type = MetricType::kHistogram;
  request.definition.schema = kSchema;
  for (int exponent = kLeastShown; exponent <= kMostShown; ++exponent)
    request.definition.classic_bounds.push_back(std::ldexp(1.0, exponent));
  request.definition.idle_timeout = kIdleTimeout;
  for (const auto& [label, value] : labels) request.definition.labels.push_back(label);
  request.labels = std::move(labels);
  const auto series = process_.recorder().Get(request);
  if (!series.ok()) return series.status();
  // What is asked for is a histogram, or there is a conflict.
  return static_cast<NativeHistogram*>(series.value());
}

Status LoopMetrics::Start() {
  const auto waits = Open(kPoolWaits, "How long probes waited for a thread of libuv's pool.", {});
  if (!waits.ok()) return waits.status();
  pool_waits_ = waits.value();
  process_.pool_probe().Listen(this,
                               [waits = pool_waits_](double seconds) { waits->Observe(seconds); });
  return {};
}

void LoopMetrics::Stop() {
  registry_->RemoveSource(*this);
  process_.pool_probe().StopListening(this);
  process_.recorder().Release(*std::exchange(pool_waits_, nullptr));
}

void LoopMetrics::Undo() {
  if (pool_waits_ == nullptr) {
    registry_->RemoveSource(*this);
    return;
  }
  Stop();
  registry_->Remove(kPoolWaits);
}

LoopMetrics::Measured* LoopMetrics::FindLockHeld(const EventLoop& loop) {
  const auto found = std::find_if(measured_.begin(), measured_.end(),
                                  [&](const Measured& one) { return one.loop == &loop; });
  return found == measured_.end() ? nullptr : &*found;
}

Status LoopMetrics::Add(EventLoop& loop, const std::string& thread) {
  {
    const std::lock_guard lock(mutex_);
    if (Measured* const found = FindLockHeld(loop)) {
      ++found->added;
      return {};
    }
  }
  const auto turns = Open("nodejs_eventloop_delay_seconds",
                          "How long the event loop took for one turn, less its waiting: as long as "
                          "an event may have to "
                          "wait for its callback.",
                          {{"thread", thread}});
  if (!turns.ok()) return turns.status();
  // What was counted before, where the thread has collected already, is not of now.
  Measured measured{&loop, thread, turns.value(), {}};
  SampleIfDue(measured, LoopClock::now());
  {
    // Whatever memory it takes, before the loop is told of what would not be listed.
    const std::lock_guard lock(mutex_);
    measured_.reserve(measured_.size() + 1);
  }
  loop.Measure(*turns.value());
  const std::lock_guard lock(mutex_);
  measured_.push_back(std::move(measured));
  return {};
}

void LoopMetrics::Remove(EventLoop& loop) {
  NativeHistogram* turns = nullptr;
  {
    const std::lock_guard lock(mutex_);
    Measured* const found = FindLockHeld(loop);
    if (--found->added > 0) return;
    turns = found->turns;
    measured_.erase(measured_.begin() + (found - measured_.data()));
  }
  loop.StopMeasuring(*turns);
  process_.recorder().Release(*turns);
}

bool LoopMetrics::IsEmpty() const {
  const std::lock_guard lock(mutex_);
  return measured_.empty();
}

void LoopMetrics::SampleIfDue(Measured& one, LoopClock::time_point now) const {
  if (!one.samples.empty() && now - one.samples.back().at < kLagStep) return;
  auto value = registry_->ReadHistogram(one.turns->metric().id(), one.turns->index());
  if (!value.ok()) return;  // it was removed by the user
  one.samples.push_back({now, std::move(value.value())});
  while (one.samples.size() > 1 && now - one.samples[1].at >= kLagWindow) one.samples.pop_front();
}

void LoopMetrics::Tick(LoopClock::time_point now) {
  const std::lock_guard lock(mutex_);
  for (Measured& one : measured_) SampleIfDue(one, now);
}

std::span<const std::string_view> LoopMetrics::Names() const { return kNames; }

std::vector<std::pair<std::string, HistogramData>> LoopMetrics::RecentTurns() const {
  std::vector<std::pair<std::string, HistogramData>> recent;
  const std::lock_guard lock(mutex_);
  for (const Measured& one : measured_) {
    const auto value = registry_->ReadHistogram(one.turns->metric().id(), one.turns->index());
    if (!value.ok()) continue;  // it was removed by the user
    const HistogramValue before =
        one.samples.empty() ? HistogramValue() : one.samples.front().value;
    recent.emplace_back(one.thread, HistogramData{kSchema, {}, Since(before, value.value())});
  }
  return recent;
}

std::optional<std::pair<std::string, double>> LoopMetrics::Slowest() const {
  std::optional<std::pair<std::string, double>> slowest;
  for (const auto& [thread, turns] : RecentTurns()) {
    if (turns.value.buckets.empty()) continue;
    const double p99 = Quantile(turns, 0.99);
    if (!slowest || p99 > slowest->second) slowest.emplace(thread, p99);
  }
  return slowest;
}

void LoopMetrics::AppendLag(const NameFilter& filter, std::span<const LoopReading> readings,
                            std::vector<ComputedFamily>& families) {
  using Turns = std::pair<std::string, HistogramData>;
  const auto recent = RecentTurns();
  const auto append = [&](std::string_view name, std::string_view help, auto&& read) {
    if (!filter.Selects(name, MetricType::kGauge)) return;
    ComputedFamily family{std::string(name), std::string(help), "seconds", MetricType::kGauge, {}};
    for (const Turns& one : recent) {
      const std::optional<double> value = read(one);
      if (value) family.samples.push_back({ThreadLabel(one.first), *value});
    }
    if (!family.samples.empty()) families.push_back(std::move(family));
  };
  const auto of_turns = [](const HistogramData& turns, auto* read) -> std::optional<double> {
    if (turns.value.buckets.empty()) return std::nullopt;
    return read(turns);
  };
  append(kLag,
         "How long an event has to wait for its callback now: the mean turn of the last minute, or "
         "as long as the event loop has been held.",
         [&](const Turns& one) -> std::optional<double> {
           const auto reading = std::find_if(readings.begin(), readings.end(),
                                             [&](const auto& r) { return r.thread == one.first; });
           const bool is_held = reading != readings.end() && reading->stalled > kHeld;
           return is_held ? Seconds(reading->stalled) : of_turns(one.second, &Mean);
         });
  for (const LagFamily& family : kLagFamilies) {
    append(family.name, family.help,
           [&](const Turns& one) { return of_turns(one.second, family.read); });
  }
}

void LoopMetrics::Read(const NameFilter& filter, std::vector<ComputedFamily>& families) {
  const auto now = LoopClock::now();
  const auto readings = process_.loops().Read(now);
  for (const LoopFamily& family : kLoopFamilies) {
    if (readings.empty() || !filter.Selects(family.name, family.type)) continue;
    auto& samples = families
                        .emplace_back(ComputedFamily{std::string(family.name),
                                                     std::string(family.help),
                                                     std::string(family.unit),
                                                     family.type,
                                                     {}})
                        .samples;
    for (const LoopReading& reading : readings)
      samples.push_back({ThreadLabel(reading.thread), family.read(reading)});
  }
  AppendLag(filter, readings, families);
  const ThreadPoolProbe& probe = process_.pool_probe();
  if (const auto threads = probe.PoolThreads())
    AppendSingle(filter, kPoolThreads, "", "Threads of libuv's pool.", *threads, families);
  if (const auto waiting = probe.Waiting(now)) {
    AppendSingle(filter, kPoolWaiting, "seconds",
                 "How long the probe that waits for a thread of libuv's pool has waited; 0 when "
                 "none does.",
                 Seconds(*waiting), families);
  }
}

}  // namespace nanotally
