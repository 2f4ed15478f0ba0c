// A registry of one environment whose snapshots always show the same times, for tests that compare
// whole expositions.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "render/exposition.h"
#include "test/support/environment.h"

namespace nanotally {

class ExposedRegistry : public ::testing::Test {
 protected:
  static constexpr double kCreated = 1700000000.125;

  std::shared_ptr<Metric> Define(MetricDefinition definition, std::string help = "Help.") {
    definition.help = std::move(help);
    return registry_->Find(registry_.Define(std::move(definition)));
  }
  // A counter with one series.
  void Count(MetricDefinition definition, double amount = 1) {
    const auto metric = Define(std::move(definition));
    Add(*metric, std::vector<std::string>(metric->definition().labels.size(), "v"), amount);
  }
  void Add(const Metric& counter, const std::vector<std::string>& values, double amount) {
    AddToCell(environment_.Bind(counter.id(), values), amount);
  }
  void Set(const Metric& gauge, const std::vector<std::string>& values, double value) {
    environment_.SetGauge(environment_.Resolve(gauge.id(), values).address, value);
  }
  void Observe(const Metric& metric, const std::vector<std::string>& values, double value) {
    const auto series = environment_.Resolve(metric.id(), values);
    if (metric.IsExponential()) {
      environment_.ObserveExponential(metric, series, value);
    } else {
      environment_.ObserveExplicit(metric, series, value);
    }
  }
  Snapshot Take(NameFilter filter = {}) {
    Snapshot snapshot = registry_->TakeSnapshot(At(0), std::move(filter));
    for (MetricSnapshot& metric : snapshot.metrics) {
      for (SeriesView& series : metric.series) series.created = kCreated;
    }
    return snapshot;
  }
  static std::string Rendered(const Snapshot& snapshot, Exposition exposition) {
    std::string body;
    Render(snapshot, exposition, body);
    return body;
  }
  std::string Rendered(Exposition exposition) { return Rendered(Take(), exposition); }

  TestRegistry registry_;
  Environment environment_{registry_.registry};
};

}  // namespace nanotally
