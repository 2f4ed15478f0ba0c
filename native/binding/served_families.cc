// Stalls, ages of collect callbacks, costs.
#include "binding/served_families.h"

#include <array>
#include <string>
#include <utility>

#include "binding/process.h"
#include "core/label_text.h"

namespace nanotally {
namespace {

constexpr std::string_view kStall = "nodejs_eventloop_stall_seconds";
constexpr std::string_view kCollectAge = "nanotally_collect_age_seconds";
constexpr std::string_view kRecord = "nanotally_record_seconds";
constexpr std::array kNames = {kStall, kCollectAge, kRecord};

std::string Label(std::string_view name, std::string_view value) {
  std::string text;
  AppendLabel(text, name, value);
  return text;
}

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::span<const std::string_view> ServedFamilies::Names() const { return kNames; }

void ServedFamilies::Read(const NameFilter& filter, std::vector<ComputedFamily>& families) {
  const auto add = [&](std::string_view name, std::string_view help, auto&& append_samples) {
    if (!filter.Selects(name, MetricType::kGauge)) return;
    ComputedFamily family{std::string(name), std::string(help), "seconds", MetricType::kGauge, {}};
    append_samples(family.samples);
    if (!family.samples.empty()) families.push_back(std::move(family));
  };
  const auto now = LoopClock::now();
  add(kStall,
      "How long the event loop of the thread has been held by one callback; 0 while "
      "it waits.",
      [&](auto& samples) {
        for (const LoopReading& loop : process_.loops().Read(now))
          samples.push_back({Label("thread", loop.thread), Seconds(loop.stalled)});
      });
  add(kCollectAge, "Time since the collect callbacks of the thread were last done.",
      [&](auto& samples) {
        for (const auto& [thread, age] : process_.CollectAges(registry_, now))
          samples.push_back({Label("thread", thread), Seconds(age)});
      });
  add(kRecord, "What one recording costs in this process, as measured once a minute.",
      [&](auto& samples) {
        const RecordCost& cost = process_.record_cost();
        for (const auto& [instrument, seconds] :
             {std::pair{"counter", &cost.counter}, std::pair{"histogram", &cost.histogram}}) {
          const double value = seconds->load(std::memory_order_relaxed);
          if (value > 0) samples.push_back({Label("instrument", instrument), value});
        }
      });
}

}  // namespace nanotally
