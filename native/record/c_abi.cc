// From C types to the recorder's and back. No exception leaves it.
#include "record/c_abi.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/label_text.h"
#include "record/utf8.h"

namespace nanotally {
namespace {

Recorder* process_recorder = nullptr;
PerfRegions* process_regions = nullptr;

// As lib/registry.ts has it, and lib/hardware/perf.ts for names of regions.
constexpr std::size_t kMaxNameLength = 200;

bool IsShortName(const std::string& name) {
  return !name.empty() && Utf16Length(name) <= kMaxNameLength;
}

// Names of metrics and labels, as lib/names.ts has them.
bool IsName(std::string_view name) {
  constexpr std::size_t kMaxLength = 1000;
  return !name.empty() && IsWellFormedUtf8(name) && Utf16Length(name) <= kMaxLength;
}

// [a-zA-Z0-9_:]*, as lib/instruments/definition.ts has it.
bool IsUnit(std::string_view unit) {
  return std::all_of(unit.begin(), unit.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':';
  });
}

bool IsLabelName(std::string_view name, bool of_histogram) {
  const bool reserved = name.starts_with("__") ||
                        kOverflowLabels.starts_with(std::string(name) + "=") ||
                        (of_histogram && name == "le");
  return IsName(name) && !reserved;
}

bool ReadOptions(const nanotally_options& options, SeriesRequest& request) {
  if (options.size < sizeof(nanotally_options)) return false;
  MetricDefinition& definition = request.definition;
  if (options.registry != nullptr) request.registry = WellFormedUtf8(options.registry);
  if (options.help != nullptr) definition.help = WellFormedUtf8(options.help);
  if (options.unit != nullptr) definition.unit = options.unit;
  if (!IsShortName(request.registry) || !IsUnit(definition.unit)) return false;
  if (definition.type != MetricType::kHistogram) return true;
  if (options.buckets == nullptr) {
    definition.schema = options.schema;
    return options.schema >= kMinSchema && options.schema <= kMaxSchema;
  }
  definition.schema.reset();
  definition.bounds.assign(options.buckets, options.buckets + options.bucket_count);
  const auto& bounds = definition.bounds;
  return !bounds.empty() && bounds.size() <= ExplicitCells::kMaxBounds &&
         std::all_of(bounds.begin(), bounds.end(), [](double b) { return std::isfinite(b); }) &&
         std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) == bounds.end();
}

bool ReadRequest(MetricType type, const char* name, const nanotally_label* labels,
                 std::size_t count, const nanotally_options* options, SeriesRequest& request) {
  if (name == nullptr || (labels == nullptr && count > 0) || !IsName(name)) return false;
  MetricDefinition& definition = request.definition;
  definition.name = name;
  definition.type = type;
  const bool is_histogram = type == MetricType::kHistogram;
  if (is_histogram) definition.schema = 3;
  for (std::size_t i = 0; i < count; ++i) {
    const nanotally_label& label = labels[i];
    if (label.name == nullptr || label.value == nullptr || !IsLabelName(label.name, is_histogram))
      return false;
    auto& names = definition.labels;
    if (std::find(names.begin(), names.end(), label.name) != names.end()) return false;
    names.emplace_back(label.name);
    request.labels.emplace_back(label.name, WellFormedUtf8(label.value));
  }
  return options == nullptr || ReadOptions(*options, request);
}

nanotally_status StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk:
      return NANOTALLY_OK;
    case ErrorCode::kMetricConflict:
      return NANOTALLY_CONFLICT;
    case ErrorCode::kMetricRemoved:
    case ErrorCode::kRegistryClosed:
    case ErrorCode::kUnknownRegistry:
      return NANOTALLY_CLOSED;
    case ErrorCode::kOutOfMemory:
    case ErrorCode::kOutOfCells:
      return NANOTALLY_NO_MEMORY;
    case ErrorCode::kHistogramMismatch:
    case ErrorCode::kInvalidArgument:
      break;
  }
  return NANOTALLY_INVALID_ARGUMENT;
}

// The C types stand for these; a handle is never anything else.
template <typename Handle>
struct SeriesBehind {
  using Type = NativeSeries;
  static constexpr MetricType kType =
      std::is_same_v<Handle, nanotally_gauge> ? MetricType::kGauge : MetricType::kCounter;
};
template <>
struct SeriesBehind<nanotally_histogram> {
  using Type = NativeHistogram;
  static constexpr MetricType kType = MetricType::kHistogram;
};

template <typename Handle>
auto& SeriesOf(Handle* handle) {
  return *reinterpret_cast<typename SeriesBehind<Handle>::Type*>(handle);
}

template <typename Handle>
nanotally_status Get(const char* name, const nanotally_label* labels, std::size_t count,
                     const nanotally_options* options, Handle** out) {
  using Behind = SeriesBehind<Handle>;
  if (out == nullptr) return NANOTALLY_INVALID_ARGUMENT;
  *out = nullptr;
  try {
    SeriesRequest request;
    if (!ReadRequest(Behind::kType, name, labels, count, options, request))
      return NANOTALLY_INVALID_ARGUMENT;
    const auto series = process_recorder->Get(request);
    if (!series.ok()) return StatusOf(series.status().code);
    *out = reinterpret_cast<Handle*>(static_cast<typename Behind::Type*>(series.value()));
    return NANOTALLY_OK;
  } catch (const std::exception&) {  // bad_alloc; system_error: no thread for the ticks
    return NANOTALLY_NO_MEMORY;
  }
}

// Acknowledging a removal may need memory: without it the cells stay, unused.
template <typename Handle>
void Release(Handle* handle) {
  try {
    if (handle != nullptr) process_recorder->Release(SeriesOf(handle));
  } catch (const std::bad_alloc&) {
  }
}

bool ReadRegionRequest(const char* name, const nanotally_region_options* options,
                       RegionRequest& request) {
  if (name == nullptr) return false;
  request.name = WellFormedUtf8(name);
  if (!IsShortName(request.name)) return false;
  if (options == nullptr) return true;
  if (options->size < sizeof(nanotally_region_options)) return false;
  if (options->registry != nullptr) request.registry = WellFormedUtf8(options->registry);
  if (!IsShortName(request.registry)) return false;
  if (options->events == nullptr) return true;
  auto& events = request.events.emplace();
  for (std::size_t i = 0; i < options->event_count; ++i) {
    const char* event = options->events[i];
    const auto found = event == nullptr ? std::nullopt : FindPerfEvent(event);
    if (!found) return false;
    events.push_back(*found);
  }
  return true;
}

nanotally_status GetRegion(const char* name, const nanotally_region_options* options,
                           nanotally_region** out) {
  if (out == nullptr) return NANOTALLY_INVALID_ARGUMENT;
  *out = nullptr;
  try {
    RegionRequest request;
    if (!ReadRegionRequest(name, options, request)) return NANOTALLY_INVALID_ARGUMENT;
    const auto region = process_regions->Get(request);
    if (!region.ok()) return StatusOf(region.status().code);
    *out = reinterpret_cast<nanotally_region*>(region.value());
    return NANOTALLY_OK;
  } catch (const std::exception&) {
    return NANOTALLY_NO_MEMORY;
  }
}

PerfRegion& RegionOf(nanotally_region* region) { return *reinterpret_cast<PerfRegion*>(region); }

// As Release.
void ReleaseRegion(nanotally_region* region) {
  try {
    if (region != nullptr) process_regions->Release(RegionOf(region));
  } catch (const std::bad_alloc&) {
  }
}

const nanotally_table table = {
    sizeof(nanotally_table),
    NANOTALLY_ABI_VERSION,
    &Get<nanotally_counter>,
    &Get<nanotally_gauge>,
    &Get<nanotally_histogram>,
    &Release<nanotally_counter>,
    &Release<nanotally_gauge>,
    &Release<nanotally_histogram>,
    [](nanotally_counter* counter, double amount) { SeriesOf(counter).CounterAdd(amount); },
    [](nanotally_gauge* gauge, double value) { SeriesOf(gauge).GaugeSet(value); },
    [](nanotally_gauge* gauge, double amount) { SeriesOf(gauge).GaugeAdd(amount); },
    [](nanotally_histogram* histogram, double value) { SeriesOf(histogram).Observe(value); },
    [](std::uint64_t recordings) { process_recorder->CountNoHandle(recordings); },
    &GetRegion,
    &ReleaseRegion,
    [](nanotally_region* region) { RegionOf(region).Begin(); },
    [](nanotally_region* region) { RegionOf(region).End(); },
};

}  // namespace

const nanotally_table& NativeTable(Recorder& recorder, PerfRegions& regions) {
  process_recorder = &recorder;
  process_regions = &regions;
  return table;
}

}  // namespace nanotally
