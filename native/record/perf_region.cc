// Finding, making and ending regions; what a thread does in one is in thread_regions.cc.
#include "record/perf_region.h"

#include <algorithm>

#include "record/perf_region_families.h"
#include "record/thread_regions.h"

namespace nanotally {
namespace {

// Threads keep what they have for a region by its number, longer than the region may live.
std::uint64_t NextId() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);  // relaxed: unique is all that it is
}

}  // namespace

void PerfRegion::Reject(Rejection reason, std::uint64_t count) noexcept {
  runs_metric_->CountRejection(reason, count);
}

bool PerfRegion::IsCurrent() const noexcept {
  return registry_ == nullptr || (!registry_->IsClosed() && !runs_metric_->IsRemoved());
}

int PerfRegion::Begin() noexcept {
  if (registry_ == nullptr) return 0;
  ThreadRegions* thread = ThreadRegions::FindOrMake();
  if (thread != nullptr) return thread->Begin(*this);
  Reject(Rejection::kMemory);
  return kRefused;
}

bool PerfRegion::End() noexcept {
  const ThreadRegions* thread = ThreadRegions::Find();
  return EndAt(thread == nullptr ? kRefused : thread->PlaceOf(*this), Order::kStrict);
}

bool PerfRegion::EndAt(int place, Order order) noexcept {
  if (registry_ == nullptr) return true;
  ThreadRegions* thread = ThreadRegions::Find();
  if (thread == nullptr || !thread->IsAt(*this, place)) {
    Reject(Rejection::kUnpaired);
    return false;
  }
  if (order == Order::kStrict && !thread->IsTop(place)) {
    thread->DropFrom(place, Rejection::kUnpaired);
    return false;
  }
  thread->DropFrom(place + 1, Rejection::kUnpaired);
  thread->EndTop();
  return true;
}

void PerfRegion::DropAt(int place, Rejection reason) noexcept {
  if (registry_ == nullptr) return;
  ThreadRegions* thread = ThreadRegions::Find();
  if (thread != nullptr && thread->IsAt(*this, place)) thread->DropFrom(place, reason);
}

PerfRegions::PerfRegions(Store& store, Recorder& recorder, bool enabled, PerfSource source)
    : store_(store), recorder_(recorder), source_(std::move(source)), id_(NextId()) {
  if (!enabled) off_.reset(new PerfRegion(*this, nullptr, ""));
}

Result<PerfRegion*> PerfRegions::Get(const RegionRequest& request) {
  if (off_ != nullptr) return off_.get();
  auto registry = request.in != nullptr ? request.in : store_.Open(request.registry);
  if (request.events && request.events->size() > PerfRegion::kMaxEvents)
    return Status{ErrorCode::kInvalidArgument, "region " + request.name + " has more than " +
                                                   std::to_string(PerfRegion::kMaxEvents) +
                                                   " events"};
  for (const PerfEventId event : request.events.value_or(std::vector<PerfEventId>())) {
    if (PerfEvents()[event].kind == PerfKind::kUncore)
      return Status{ErrorCode::kInvalidArgument,
                    std::string(PerfEvents()[event].name) + " is counted for no thread"};
  }
  const std::lock_guard lock(mutex_);
  auto& region = regions_[{registry->id(), request.name}];
  if (region != nullptr && !region->IsCurrent()) {
    // Its holders keep it as it is.
    outlived_.push_back(std::move(region));
  }
  if (region == nullptr) {
    auto made = Make(request, registry);
    if (!made.ok()) {
      regions_.erase({registry->id(), request.name});
      return made.status();
    }
    region = std::move(made.value());
  } else if (request.events) {
    std::vector<PerfEventId> events = *request.events;
    std::sort(events.begin(), events.end());
    events.erase(std::unique(events.begin(), events.end()), events.end());
    if (events != region->events_)
      return Status{ErrorCode::kMetricConflict,
                    "region " + request.name + " is already defined with other events"};
  }
  ++region->handles_;
  return region.get();
}

Result<std::unique_ptr<PerfRegion>> PerfRegions::Make(const RegionRequest& request,
                                                      std::shared_ptr<Registry> registry) {
  std::unique_ptr<PerfRegion> region(new PerfRegion(*this, registry, request.name));
  const PerfMachine& machine = this->machine();
  region->events_ = request.events ? *request.events : DefaultRegionEvents(machine);
  auto& events = region->events_;
  std::sort(events.begin(), events.end());
  events.erase(std::unique(events.begin(), events.end()), events.end());
  std::copy_if(events.begin(), events.end(), std::back_inserter(region->offered_),
               [&](PerfEventId event) { return machine.offers[event].is_available; });
  if (Status status = DefineRegionFamilies(*registry, machine, region->offered_); !status.ok())
    return status;
  region->runs_metric_ = registry->FindByName(std::string(kRegionRuns.name));
  if (region->runs_metric_ == nullptr) return MetricRemoved();
  const auto runs = Series(*region, kRegionRuns);
  if (!runs.ok()) return runs.status();
  region->runs_ = runs.value();
  const auto seconds = Series(*region, kRegionSeconds);
  if (!seconds.ok()) {
    recorder_.Release(*region->runs_);
    return seconds.status();
  }
  region->seconds_ = seconds.value();
  region->id_ = NextId();
  if (free_slots_.empty()) {
    region->slot_ = slots_.size();
    slots_.push_back(region->id_);
  } else {
    region->slot_ = free_slots_.extract(free_slots_.begin()).value();
    slots_[region->slot_] = region->id_;
  }
  return region;
}

Result<NativeSeries*> PerfRegions::Series(const PerfRegion& region, const RegionFamily& family,
                                          std::string_view label) {
  SeriesRequest request;
  request.in = region.registry_;
  request.definition = DefinitionOf(family);
  request.labels.emplace_back("region", region.name_);
  if (!family.label.empty()) request.labels.emplace_back(family.label, label);
  return recorder_.Get(request);
}

NativeSeries* PerfRegions::EventSeries(PerfRegion& region, PerfEventId event) {
  NativeSeries*& series = region.event_series_[event];
  if (series == nullptr) {
    const auto got = Series(region, kRegionEvents, PerfEvents()[event].name);
    if (got.ok()) series = got.value();
  }
  return series;
}

PerfRegion::GroupSeries PerfRegions::TimesOf(PerfRegion& region, std::string_view group) {
  auto& series = region.group_series_[group];
  const auto make = [&](NativeSeries*& one, const RegionFamily& family) {
    if (one != nullptr) return;
    const auto got = Series(region, family, group);
    if (got.ok()) one = got.value();
  };
  make(series.enabled, kRegionEnabled);
  make(series.running, kRegionRunning);
  return series;
}

void PerfRegions::Release(PerfRegion& region) {
  if (region.registry_ == nullptr) return;
  std::unique_ptr<PerfRegion> last;
  {
    const std::lock_guard lock(mutex_);
    if (--region.handles_ > 0) return;
    const auto found = regions_.find({region.registry_->id(), region.name_});
    if (found != regions_.end() && found->second.get() == &region) {
      last = std::move(found->second);
      regions_.erase(found);
    } else {
      const auto outlived = std::find_if(outlived_.begin(), outlived_.end(),
                                         [&](const auto& one) { return one.get() == &region; });
      last = std::move(*outlived);
      outlived_.erase(outlived);
    }
  }
  if (ThreadRegions* thread = ThreadRegions::Find()) thread->Forget(region);
  Free(std::move(last));
}

void PerfRegions::Free(std::unique_ptr<PerfRegion> region) {
  const auto release = [this](NativeSeries* series) {
    if (series != nullptr) recorder_.Release(*series);
  };
  release(region->runs_);
  release(region->seconds_);
  for (const auto& [event, series] : region->event_series_) release(series);
  for (const auto& [group, series] : region->group_series_) {
    release(series.enabled);
    release(series.running);
  }
  const std::lock_guard lock(mutex_);
  slots_[region->slot_] = 0;
  free_slots_.insert(region->slot_);
}

}  // namespace nanotally
