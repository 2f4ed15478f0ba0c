// Selection by name.
#include "core/name_filter.h"

#include <algorithm>
#include <array>

namespace nanotally {
namespace {

constexpr std::array<std::string_view, 4> kSampleSuffixes = {"_bucket", "_sum", "_count",
                                                             "_created"};

}  // namespace

bool NameFilter::Selects(std::string_view name, MetricType type, GaugeKind kind) const {
  if (SelectsAll() || names_.contains(name)) return true;
  switch (type) {
    case MetricType::kCounter:
      return HasStem(name, "_total");
    case MetricType::kGauge:
      return kind == GaugeKind::kInfo && HasStem(name, "_info");
    case MetricType::kHistogram:
      break;
  }
  return std::any_of(kSampleSuffixes.begin(), kSampleSuffixes.end(),
                     [&](std::string_view suffix) { return Has(name, suffix); });
}

bool NameFilter::Has(std::string_view name, std::string_view suffix) const {
  return names_.contains(std::string(name).append(suffix));
}

bool NameFilter::HasStem(std::string_view name, std::string_view suffix) const {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return names_.contains(name) || Has(name, "_created");
}

}  // namespace nanotally
