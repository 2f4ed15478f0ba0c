// The families that code regions are told in, and the ratios that are derived from them.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/registry.h"
#include "os/perf_events.h"

namespace nanotally {

struct RegionFamily {
  std::string_view name;
  std::string_view unit;
  std::string_view help;
  std::string_view label;  // beside `region`; may be empty
};

inline constexpr RegionFamily kRegionRuns{"perf_region_runs_total", "",
                                          "Runs of the region that were measured.", ""};
inline constexpr RegionFamily kRegionSeconds{"perf_region_seconds_total", "seconds",
                                             "Time that the measured runs of the region took.", ""};
inline constexpr RegionFamily kRegionEvents{
    "perf_region_events_total", "",
    "Events counted in the region, in the event's unit; estimates where it ran only a part of the "
    "time.",
    "event"};
inline constexpr RegionFamily kRegionEnabled{
    "perf_region_enabled_seconds_total", "seconds",
    "Time in the region for which counters of the group were asked for.", "group"};
inline constexpr RegionFamily kRegionRunning{
    "perf_region_running_seconds_total", "seconds",
    "Time in the region for which the group was on counters of the processor.", "group"};

[[nodiscard]] MetricDefinition DefinitionOf(const RegionFamily& family);

// The events of a region that names none, of those that the machine offers: of the processor's, or
// software events where there are none.
[[nodiscard]] std::vector<PerfEventId> DefaultRegionEvents(const PerfMachine& machine);

// Makes the families of regions, and the ratios whose events are all among `events`; those that
// are there stay. kMetricConflict; kRegistryClosed.
Status DefineRegionFamilies(Registry& registry, const PerfMachine& machine,
                            const std::vector<PerfEventId>& events);

}  // namespace nanotally
