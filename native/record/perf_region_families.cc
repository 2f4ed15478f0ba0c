// Tables of the families of regions, and which of their ratios a machine can tell.
#include "record/perf_region_families.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

namespace nanotally {
namespace {

using Names = std::vector<std::string_view>;

// The processor's events, most telling first: as many of these groups are taken as fit.
constexpr std::array<std::array<std::string_view, 2>, 4> kDefaultGroups = {{
    {"instructions", "cycles"},
    {"branches", "branch_misses"},
    {"l1d_loads", "l1d_load_misses"},
    {"llc_loads", "llc_load_misses"},
}};
// What the smallest processors that servers have count at once: 6 on AMD's and on Arm's; on Intel's
// 4 of each hardware thread beside those fixed for instructions and cycles. More would take turns,
// and be estimates. The last cache is the last choice, as it often shares a register with the
// thread's sibling (Intel) or is counted for the whole socket (AMD).
constexpr std::size_t kDefaultEvents = 6;
constexpr std::array<std::string_view, 4> kDefaultSoftware = {
    "task_clock_seconds", "context_switches", "cpu_migrations", "page_faults"};

bool IsOffered(const PerfMachine& machine, std::string_view name) {
  const auto event = FindPerfEvent(name);
  return event && machine.offers[*event].is_available;
}

// The sum of some events less that of others, over the sum of further ones.
struct Ratio {
  std::string_view name;
  std::string_view help;
  Names of;
  Names minus;
  Names to;
};

Ratio HitRatio(std::string_view name, std::string_view help, std::string_view lookups,
               std::string_view misses) {
  return {name, help, {lookups}, {misses}, {lookups}};
}

// Of the vector operations that a processor can tell apart, or else of its vector instructions.
Ratio SimdRatio(const PerfMachine& machine) {
  constexpr std::string_view kName = "perf_region_simd_ratio";
  const auto offered = [&](std::initializer_list<std::string_view> names) {
    Names all;
    std::copy_if(names.begin(), names.end(), std::back_inserter(all),
                 [&](std::string_view name) { return IsOffered(machine, name); });
    return all;
  };
  Names vectors = offered({"fp_128", "fp_256", "fp_512"});
  if (IsOffered(machine, "fp_scalar") && !vectors.empty()) {
    Names all = vectors;
    all.emplace_back("fp_scalar");
    return {kName,
            "Share of the region's floating-point operations that were on vectors.",
            std::move(vectors),
            {},
            std::move(all)};
  }
  return {kName,
          "Share of the region's instructions that were on vectors.",
          offered({"simd_instructions", "sve_instructions"}),
          {},
          {"instructions"}};
}

std::vector<Ratio> EventRatios(const PerfMachine& machine) {
  return {
      {"perf_region_instructions_per_cycle",
       "Instructions completed per cycle.",
       {"instructions"},
       {},
       {"cycles"}},
      {"perf_region_frontend_stall_ratio",
       "Share of the region's cycles in which no instruction was there to be issued.",
       {"stalled_cycles_frontend"},
       {},
       {"cycles"}},
      {"perf_region_backend_stall_ratio",
       "Share of the region's cycles in which instructions waited for data or for execution.",
       {"stalled_cycles_backend"},
       {},
       {"cycles"}},
      HitRatio("perf_region_branch_accuracy_ratio",
               "Share of the region's branches that were predicted rightly.", "branches",
               "branch_misses"),
      HitRatio("perf_region_l1d_hit_ratio",
               "Share of the region's loads that the first data cache answered.", "l1d_loads",
               "l1d_load_misses"),
      HitRatio("perf_region_l2_hit_ratio",
               "Share of the region's requests to the second cache that it answered.",
               "l2_references", "l2_misses"),
      HitRatio("perf_region_llc_hit_ratio",
               "Share of the region's loads in the last cache that it answered.", "llc_loads",
               "llc_load_misses"),
      HitRatio("perf_region_dtlb_hit_ratio",
               "Share of the region's loads whose page the TLB of data knew.", "dtlb_loads",
               "dtlb_load_misses"),
      SimdRatio(machine),
  };
}

constexpr std::string_view kMultiplexing = "perf_region_multiplexing_ratio";

DerivedDefinition RatioOf(std::string_view name, std::string_view help,
                          std::vector<std::string> labels) {
  DerivedDefinition definition;
  definition.name = name;
  definition.help = help;
  if (name.ends_with("_ratio")) definition.unit = "ratio";
  definition.labels = std::move(labels);
  // What a thread could not count is no 0.
  definition.needs_all = true;
  return definition;
}

Status Define(Registry& registry, const Ratio& ratio,
              const std::shared_ptr<const Metric>& counted) {
  DerivedDefinition definition = RatioOf(ratio.name, ratio.help, {"region"});
  const auto add = [&](std::vector<Operand>& to, const Names& events, bool minus = false) {
    for (const std::string_view event : events)
      to.push_back({counted, OperandPart::kValue, {{"event", std::string(event)}}, minus});
  };
  add(definition.of, ratio.of);
  add(definition.of, ratio.minus, true);
  add(definition.to, ratio.to);
  return registry.DefineDerived(std::move(definition));
}

// A ratio that an earlier life of the families has left behind would keep its operands.
void RemoveRatios(Registry& registry, std::span<const Ratio> ratios) {
  const auto remove = [&](std::string_view name) {
    const std::string text(name);
    if (registry.FindByName(text) == nullptr) registry.Remove(text);
  };
  for (const Ratio& ratio : ratios) remove(ratio.name);
  remove(kMultiplexing);
}

}  // namespace

MetricDefinition DefinitionOf(const RegionFamily& family) {
  MetricDefinition definition;
  definition.name = family.name;
  definition.help = family.help;
  definition.unit = family.unit;
  definition.labels = {"region"};
  if (!family.label.empty()) definition.labels.emplace_back(family.label);
  return definition;
}

std::vector<PerfEventId> DefaultRegionEvents(const PerfMachine& machine) {
  std::vector<PerfEventId> events;
  for (const auto& group : kDefaultGroups) {
    const bool fits = events.size() + group.size() <= kDefaultEvents;
    if (!fits || !std::all_of(group.begin(), group.end(),
                              [&](std::string_view name) { return IsOffered(machine, name); }))
      continue;
    for (const std::string_view name : group) events.push_back(*FindPerfEvent(name));
  }
  // Where a machine has no whole group of these it still may count some instructions.
  if (events.empty() && IsOffered(machine, "instructions"))
    events.push_back(*FindPerfEvent("instructions"));
  if (events.empty()) {
    for (const std::string_view name : kDefaultSoftware) events.push_back(*FindPerfEvent(name));
  }
  return events;
}

Status DefineRegionFamilies(Registry& registry, const PerfMachine& machine,
                            const std::vector<PerfEventId>& events) {
  const std::vector<Ratio> ratios = EventRatios(machine);
  const auto exists = [&](const RegionFamily& family) {
    return registry.FindByName(std::string(family.name)) != nullptr;
  };
  if (!exists(kRegionEvents) || !exists(kRegionEnabled) || !exists(kRegionRunning))
    RemoveRatios(registry, ratios);
  for (const RegionFamily* family :
       {&kRegionRuns, &kRegionSeconds, &kRegionEvents, &kRegionEnabled, &kRegionRunning}) {
    const auto defined = registry.Define(DefinitionOf(*family));
    if (!defined.ok()) return defined.status();
  }
  const auto has = [&](const Names& names) {
    return std::all_of(names.begin(), names.end(), [&](std::string_view name) {
      return std::find(events.begin(), events.end(), FindPerfEvent(name)) != events.end();
    });
  };
  const auto counted = registry.FindByName(std::string(kRegionEvents.name));
  for (const Ratio& ratio : ratios) {
    if (ratio.of.empty() || !has(ratio.of) || !has(ratio.minus) || !has(ratio.to)) continue;
    if (Status status = Define(registry, ratio, counted); !status.ok()) return status;
  }
  if (events.empty()) return {};
  DerivedDefinition multiplexing =
      RatioOf(kMultiplexing,
              "Share of the time for which the region's group of events was on counters of the "
              "processor: 1 unless more was counted than it has counters for.",
              {"region", "group"});
  const auto time = [&](const RegionFamily& family) {
    return Operand{registry.FindByName(std::string(family.name)), OperandPart::kValue, {}, false};
  };
  multiplexing.of = {time(kRegionRunning)};
  multiplexing.to = {time(kRegionEnabled)};
  return registry.DefineDerived(std::move(multiplexing));
}

}  // namespace nanotally
