// Beginning and ending runs on a thread, and turning what was read into what is added.
#include "record/thread_regions.h"

#include <algorithm>
#include <new>
#include <utility>

#include "os/fork.h"

namespace nanotally {
namespace {

// Not the owner itself: a variable that is destroyed with its thread is looked at through a guard,
// and not at all once it is destroyed.
thread_local ThreadRegions* current = nullptr;
thread_local bool is_over = false;

struct Owner {
  // Others that end with the thread may still come: they are refused.
  ~Owner() {
    is_over = true;
    const std::unique_ptr<ThreadRegions> regions(std::exchange(current, nullptr));
    if (regions != nullptr) regions->DropFrom(0, Rejection::kUnpaired);
  }
};

// What the thread that forked had open counts that thread, and its pages are not in the child: they
// are neither read nor closed there, where something else may lie at their addresses. Nobody reads
// what a child records, so it counts nothing.
void RefuseInChild() {
  current = nullptr;
  is_over = true;
}

std::uint64_t Growth(std::uint64_t before, std::uint64_t after) noexcept {
  return after > before ? after - before : 0;
}

double Seconds(std::uint64_t ns) noexcept { return static_cast<double>(ns) / 1e9; }

}  // namespace

ThreadRegions::ThreadRegions()
    : runs_(std::make_unique<std::array<Run, PerfRegion::kMaxDepth>>()) {}

ThreadRegions* ThreadRegions::Find() noexcept { return current; }

ThreadRegions* ThreadRegions::FindOrMake() noexcept {
  if (current != nullptr || is_over) return current;
  static const bool refuses_in_children = [] {
    CallInForkedChildren(&RefuseInChild);
    return true;
  }();
  static_cast<void>(refuses_in_children);
  try {
    current = new ThreadRegions;
    static thread_local const Owner owner;
    static_cast<void>(owner);
  } catch (const std::bad_alloc&) {
  }
  return current;
}

int ThreadRegions::Begin(PerfRegion& region) noexcept {
  if (open_ == PerfRegion::kMaxDepth) {
    region.Reject(Rejection::kDepth);
    return PerfRegion::kRefused;
  }
  State* state = nullptr;
  try {
    state = StateOf(region);
  } catch (const std::bad_alloc&) {
    region.Reject(Rejection::kMemory);
    return PerfRegion::kRefused;
  }
  Run& run = (*runs_)[static_cast<std::size_t>(open_)];
  run.region = &region;
  run.state = state;
  run.is_outermost = state->open++ == 0;
  if (run.is_outermost) {
    // The clock outside, the counters as near as can be to the code.
    run.begun = std::chrono::steady_clock::now();
    state->counters->Read(std::span(run.readings).first(state->events.size()));
  }
  return open_++;
}

int ThreadRegions::PlaceOf(const PerfRegion& region) const noexcept {
  for (int place = open_ - 1; place >= 0; --place) {
    if (IsAt(region, place)) return place;
  }
  return PerfRegion::kRefused;
}

bool ThreadRegions::IsAt(const PerfRegion& region, int place) const noexcept {
  return place >= 0 && place < open_ && (*runs_)[static_cast<std::size_t>(place)].region == &region;
}

void ThreadRegions::EndTop() noexcept {
  const Run& run = (*runs_)[static_cast<std::size_t>(open_ - 1)];
  State& state = *run.state;
  if (run.is_outermost) {
    std::array<PerfReading, PerfRegion::kMaxEvents> readings;
    const auto after = std::span(readings).first(state.events.size());
    state.counters->Read(after);
    Record(run, after, std::chrono::steady_clock::now());
    state.recursive = 0;
  } else {
    ++state.recursive;
  }
  --state.open;
  --open_;
  SkipEnded();
}

void ThreadRegions::DropFrom(int place, Rejection reason) noexcept {
  while (open_ > place) {
    const Run& run = (*runs_)[static_cast<std::size_t>(--open_)];
    if (run.region == nullptr) continue;
    // With the outermost run goes what counted with it.
    State& state = *run.state;
    --state.open;
    const std::uint64_t with_it = run.is_outermost ? std::exchange(state.recursive, 0) : 0;
    run.region->Reject(open_ == place ? reason : Rejection::kUnpaired, 1 + with_it);
  }
  SkipEnded();
}

void ThreadRegions::Forget(const PerfRegion& region) noexcept {
  for (int place = 0; place < open_; ++place) {
    Run& run = (*runs_)[static_cast<std::size_t>(place)];
    if (run.region != &region) continue;
    run.region->Reject(Rejection::kUnpaired);
    run.region = nullptr;
  }
  SkipEnded();
  if (region.slot_ < states_.size() && states_[region.slot_] != nullptr &&
      states_[region.slot_]->region == region.id_) {
    states_[region.slot_] = nullptr;
    CloseUnused();
  }
}

void ThreadRegions::ForgetEnded(const PerfRegions& owner) noexcept {
  for (std::size_t slot = 0; slot < states_.size(); ++slot) {
    auto& state = states_[slot];
    const bool is_there =
        slot < owner.slots_.size() && state != nullptr && owner.slots_[slot] == state->region;
    if (!is_there && state != nullptr && state->open == 0) state = nullptr;
  }
  CloseUnused();
}

void ThreadRegions::CloseUnused() noexcept {
  std::erase_if(counters_, [&](const auto& entry) {
    return std::none_of(states_.begin(), states_.end(), [&](const auto& state) {
      return state != nullptr && state->counters == entry.second.get();
    });
  });
}

void ThreadRegions::SkipEnded() noexcept {
  while (open_ > 0 && (*runs_)[static_cast<std::size_t>(open_ - 1)].region == nullptr) --open_;
}

// Per event: counts of `after` less those of the beginning. While the event was on a counter for a
// part of the time only, what it counted is taken for that share of the whole, as perf stat does.
//
// A short run may have no share at all: the event was asked for and never on a counter. Nothing can
// be said of it, and leaving it out would make totals too small by just those runs. So its time is
// carried over to this thread's next run that was counted for a part, and scales what that one
// counted: over many runs the total is right as long as runs are alike, and it never falls.
void ThreadRegions::Record(const Run& run, std::span<const PerfReading> after,
                           std::chrono::steady_clock::time_point ended) noexcept {
  State& state = *run.state;
  const PerfRegion& region = *run.region;
  region.runs_->CounterAdd(1);
  region.seconds_->CounterAdd(std::chrono::duration<double>(ended - run.begun).count());
  for (std::size_t i = 0; i < after.size(); ++i) {
    Event& event = state.events[i];
    const PerfReading& before = run.readings[i];
    if (event.series == nullptr || !before.is_open || !after[i].is_open) continue;
    const std::uint64_t enabled = Growth(before.enabled_ns, after[i].enabled_ns);
    const std::uint64_t running = Growth(before.running_ns, after[i].running_ns);
    if (running == 0 && enabled > 0) {
      event.carried_ns += enabled;
      continue;
    }
    auto count = static_cast<double>(Growth(before.value, after[i].value));
    if (running > 0 && (running < enabled || event.carried_ns > 0)) {
      count *= static_cast<double>(enabled + event.carried_ns) / static_cast<double>(running);
      event.carried_ns = 0;
    }
    event.series->CounterAdd(count * event.scale);
  }
  for (const Group& group : state.groups) {
    const PerfReading& before = run.readings[group.event];
    const PerfReading& now = after[group.event];
    if (!before.is_open || !now.is_open) continue;
    group.enabled->CounterAdd(Seconds(Growth(before.enabled_ns, now.enabled_ns)));
    group.running->CounterAdd(Seconds(Growth(before.running_ns, now.running_ns)));
  }
}

ThreadRegions::State* ThreadRegions::StateOf(PerfRegion& region) {
  if (region.slot_ < states_.size()) {
    State* state = states_[region.slot_].get();
    if (state != nullptr && state->region == region.id_) return state;
  }
  auto made = MakeState(region);
  if (region.slot_ >= states_.size()) states_.resize(region.slot_ + 1);
  states_[region.slot_] = std::move(made);
  return states_[region.slot_].get();
}

PerfCounters& ThreadRegions::CountersFor(PerfRegion& region) {
  auto& counters = counters_[{region.owner_.id_, region.offered()}];
  if (counters == nullptr) counters = region.owner_.source_.open(region.offered());
  return *counters;
}

std::unique_ptr<ThreadRegions::State> ThreadRegions::MakeState(PerfRegion& region) {
  {
    const std::lock_guard lock(region.owner_.mutex_);
    ForgetEnded(region.owner_);
  }
  auto state = std::make_unique<State>();
  state->region = region.id_;
  state->counters = &CountersFor(region);
  const auto events = state->counters->events();
  state->events.resize(events.size());
  PerfRegions& regions = region.owner_;
  const std::lock_guard lock(regions.mutex_);
  for (std::size_t i = 0; i < events.size();) {
    const std::string_view group = PerfEvents()[events[i]].group;
    std::size_t end = i;
    bool is_whole = true;
    for (; end < events.size() && PerfEvents()[events[end]].group == group; ++end)
      is_whole = is_whole && state->counters->error(end) == 0;
    // A group of which this thread could open a part, with descriptors running out, is left out:
    // ratios between its events, whose sums are over all threads, would be wrong.
    if (is_whole) {
      for (std::size_t event = i; event < end; ++event)
        state->events[event] = {regions.EventSeries(region, events[event]),
                                PerfEvents()[events[event]].scale, 0};
      const auto times = regions.TimesOf(region, group);
      if (times.enabled != nullptr && times.running != nullptr)
        state->groups.push_back({i, times.enabled, times.running});
    }
    i = end;
  }
  return state;
}

}  // namespace nanotally
