// nanotally's own families, from what a snapshot counted.
#include "core/self_metrics.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/label_text.h"

namespace nanotally {
namespace {

struct Head {
  std::string_view name;
  MetricType type;
  std::string_view unit;
  std::string_view help;
};

enum Family : std::size_t {
  kArenaBytes,
  kExpired,
  kOverflowed,
  kRejected,
  kRenderSeconds,
  kRenderedBytes,
  kRenders,
  kSeries
};

// Ascending by name; [Family].
constexpr std::array<Head, 8> kHeads = {{
    {"nanotally_arena_bytes", MetricType::kGauge, "bytes",
     "Memory of the cells of all registries of the process."},
    {"nanotally_expired", MetricType::kGauge, "",
     "What idle series hold or held that are not exposed: a counter's value, a histogram's "
     "observations."},
    {"nanotally_overflowed_total", MetricType::kCounter, "",
     "Label lookups past maxSeries that led to the overflow series."},
    {"nanotally_rejected_total", MetricType::kCounter, "",
     "Recordings that were dropped, by metric and reason."},
    {"nanotally_render_seconds_total", MetricType::kCounter, "seconds",
     "Time that making expositions took, on the thread that made them."},
    {"nanotally_rendered_bytes_total", MetricType::kCounter, "bytes",
     "Size of all expositions, uncompressed."},
    {"nanotally_renders_total", MetricType::kCounter, "", "Expositions made."},
    {"nanotally_series", MetricType::kGauge, "",
     "Series by state: live ones are exposed, idle ones hidden until they are recorded into, "
     "waiting ones ended and not yet free to be used anew."},
}};

ComputedFamily Begin(Family family) {
  const Head& head = kHeads[family];
  return {std::string(head.name), std::string(head.help), std::string(head.unit), head.type, {}};
}

std::string Label(std::string_view name, std::string_view value) {
  std::string labels;
  AppendLabel(labels, name, value);
  return labels;
}

// What never happened is not told.
void AddUnlessZero(ComputedFamily& family, std::string labels, double value) {
  if (value != 0) family.samples.push_back({std::move(labels), value});
}

ComputedFamily Expired(const Snapshot& snapshot) {
  ComputedFamily family = Begin(kExpired);
  for (const MetricSnapshot& m : snapshot.metrics)
    AddUnlessZero(family, Label("metric", m.metric->name()), m.expired);
  return family;
}

ComputedFamily Overflowed(const Snapshot& snapshot) {
  ComputedFamily family = Begin(kOverflowed);
  for (const MetricSnapshot& m : snapshot.metrics) {
    AddUnlessZero(family, Label("metric", m.metric->name()),
                  static_cast<double>(m.metric->Overflowed()));
  }
  return family;
}

ComputedFamily Rejected(const Snapshot& snapshot) {
  ComputedFamily family = Begin(kRejected);
  for (std::size_t reason = 0; reason < kRejectionNames.size(); ++reason) {
    const char* const name = kRejectionNames[reason];
    AddUnlessZero(family, Label("reason", name), static_cast<double>(snapshot.rejected[reason]));
    for (const MetricSnapshot& m : snapshot.metrics) {
      std::string labels = Label("metric", m.metric->name());
      AppendLabel(labels, "reason", name);
      const auto count = m.metric->Rejected(static_cast<Rejection>(reason));
      AddUnlessZero(family, std::move(labels), static_cast<double>(count));
    }
  }
  return family;
}

ComputedFamily Single(Family family, double value) {
  ComputedFamily single = Begin(family);
  single.samples.push_back({"", value});
  return single;
}

ComputedFamily SeriesByState(const Snapshot& snapshot) {
  double live = 0;
  double idle = 0;
  double waiting = 0;
  for (const MetricSnapshot& m : snapshot.metrics) {
    live += static_cast<double>(m.series.size());
    idle += m.idle_series;
    waiting += m.waiting_series;
  }
  ComputedFamily family = Begin(kSeries);
  family.samples = {{Label("state", "live"), live},
                    {Label("state", "idle"), idle},
                    {Label("state", "waiting"), waiting}};
  return family;
}

}  // namespace

std::vector<ComputedFamily> SelfMetrics::Of(const Snapshot& snapshot) {
  std::vector<ComputedFamily> families = {Expired(snapshot), Overflowed(snapshot),
                                          Rejected(snapshot)};
  if (const auto& own = snapshot.statistics) {
    families.push_back(Single(kArenaBytes, static_cast<double>(own->arena_bytes)));
    families.push_back(Single(kRenderSeconds, own->render_seconds));
    families.push_back(Single(kRenderedBytes, static_cast<double>(own->rendered_bytes)));
    families.push_back(Single(kRenders, static_cast<double>(own->renders)));
    families.push_back(SeriesByState(snapshot));
  }
  std::erase_if(families, [](const ComputedFamily& family) { return family.samples.empty(); });
  std::sort(families.begin(), families.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return families;
}

bool SelfMetrics::CountsSeries(const NameFilter& filter) {
  return filter.Selects(kHeads[kSeries].name, kHeads[kSeries].type) ||
         filter.Selects(kHeads[kExpired].name, kHeads[kExpired].type);
}

bool SelfMetrics::IsName(std::string_view name) {
  return std::any_of(kHeads.begin(), kHeads.end(),
                     [&](const Head& head) { return head.name == name; });
}

}  // namespace nanotally
