// Health as gauges.
#include "binding/health_families.h"

#include <array>
#include <string>
#include <utility>

#include "binding/process.h"
#include "core/label_text.h"

namespace nanotally {
namespace {

constexpr std::string_view kStatus = "nanotally_health_check_status";
constexpr std::string_view kFailures = "nanotally_health_check_consecutive_failures";
constexpr std::string_view kDuration = "nanotally_health_check_duration_seconds";
constexpr std::array kNames = {kStatus, kFailures, kDuration};

ComputedFamily Family(std::string_view name, std::string_view help, std::string_view unit = "") {
  return {std::string(name), std::string(help), std::string(unit), MetricType::kGauge, {}};
}

double Score(Health health) {
  return health == Health::kHealthy ? 1 : health == Health::kDegraded ? 0.5 : 0;
}

}  // namespace

std::vector<HealthResult> HealthFamilies::Results() {
  auto results = system_.Assess();
  for (HealthResult& result : process_.health().Read(LoopClock::now()))
    results.push_back(std::move(result));
  return results;
}

std::span<const std::string_view> HealthFamilies::Names() const { return kNames; }

void HealthFamilies::Read(const NameFilter& filter, std::vector<ComputedFamily>& families) {
  const auto selects = [&](std::string_view name) {
    return filter.Selects(name, MetricType::kGauge);
  };
  if (!selects(kStatus) && !selects(kFailures) && !selects(kDuration)) return;
  ComputedFamily status = Family(kStatus,
                                 "1 where the health check is healthy, 0.5 degraded, 0 unhealthy; "
                                 "absent while it is unavailable.");
  ComputedFamily failures = Family(kFailures, "How often the check has failed in a row.");
  ComputedFamily duration =
      Family(kDuration, "How long the check took when it last ran.", "seconds");
  for (const HealthResult& result : Results()) {
    std::string check;
    AppendLabel(check, "check", result.name);
    if (result.health != Health::kUnavailable)
      status.samples.push_back({check, Score(result.health)});
    // The built-in ones are no runs of their own.
    if (result.last_run_unix_seconds == 0) continue;
    failures.samples.push_back({check, static_cast<double>(result.consecutive_failures)});
    duration.samples.push_back({check, result.duration_seconds});
  }
  for (ComputedFamily* family : {&status, &failures, &duration}) {
    if (selects(family->name) && !family->samples.empty()) families.push_back(std::move(*family));
  }
}

}  // namespace nanotally
