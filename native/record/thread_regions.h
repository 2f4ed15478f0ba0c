// The regions that the calling thread is in, and the counters that it has open for them.
//
// Made at a thread's first begin of any region, gone with the thread. Counters are kept by their
// list of events, so that regions with the same events share them: how many regions a thread meets
// does not cost it file descriptors. What it keeps for a region that has ended, counters among it,
// is dropped when it ends it itself, or meets another region for the first time.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "os/perf_counters.h"
#include "record/perf_region.h"

namespace nanotally {

// One thread alone, its own. 40 KiB, most of it the readings at the beginning of runs.
class ThreadRegions {
 public:
  // Throws std::bad_alloc.
  ThreadRegions();
  ThreadRegions(const ThreadRegions&) = delete;
  ThreadRegions& operator=(const ThreadRegions&) = delete;
  ~ThreadRegions() = default;

  // Of the calling thread; nullptr where it has begun no region, or is at its end.
  [[nodiscard]] static ThreadRegions* Find() noexcept;
  // The same, made if missing; nullptr without memory, and at the end of the thread.
  [[nodiscard]] static ThreadRegions* FindOrMake() noexcept;

  int Begin(PerfRegion& region) noexcept;
  // The place of the topmost run of the region; kRefused where there is none.
  [[nodiscard]] int PlaceOf(const PerfRegion& region) const noexcept;
  [[nodiscard]] bool IsAt(const PerfRegion& region, int place) const noexcept;
  [[nodiscard]] bool IsTop(int place) const noexcept { return place == open_ - 1; }
  // Drops the runs at this place and above it, each counted for its region.
  void DropFrom(int place, Rejection reason) noexcept;
  // Records the topmost run.
  void EndTop() noexcept;
  // Drops what is open of a region that ends, and what is kept for it.
  void Forget(const PerfRegion& region) noexcept;

 private:
  struct Event {
    NativeSeries* series;
    double scale;
    // Time in which the event was asked for and not on a counter, of runs that added nothing.
    std::uint64_t carried_ns;
  };
  struct Group {
    std::size_t event;  // whose times are the group's
    NativeSeries* enabled;
    NativeSeries* running;
  };
  // What the thread keeps for a region.
  struct State {
    std::uint64_t region = 0;  // its id
    PerfCounters* counters = nullptr;
    std::vector<Event> events;  // as counters->events(); no series: not to be recorded
    std::vector<Group> groups;
    int open = 0;                 // runs on the thread's stack
    std::uint64_t recursive = 0;  // ended runs that count with the outermost, which is open
  };
  struct Run {
    PerfRegion* region;  // nullptr: its region has ended
    State* state;
    bool is_outermost;
    std::chrono::steady_clock::time_point begun;
    std::array<PerfReading, PerfRegion::kMaxEvents> readings;  // as state->counters->events()
  };

  [[nodiscard]] State* StateOf(PerfRegion& region);
  [[nodiscard]] std::unique_ptr<State> MakeState(PerfRegion& region);
  PerfCounters& CountersFor(PerfRegion& region);
  // What is kept for regions that other threads have ended. The owner's mutex held.
  void ForgetEnded(const PerfRegions& owner) noexcept;
  // Counters that no region needs any more: those that are would have to share the PMU with them.
  void CloseUnused() noexcept;
  // Those at the top whose regions have ended.
  void SkipEnded() noexcept;
  void Record(const Run& run, std::span<const PerfReading> after,
              std::chrono::steady_clock::time_point ended) noexcept;

  std::unique_ptr<std::array<Run, PerfRegion::kMaxDepth>> runs_;  // [0, open_) are open
  int open_ = 0;
  std::vector<std::unique_ptr<State>> states_;  // by the region's slot
  // By who opened them, and what they count.
  std::map<std::pair<std::uint64_t, std::vector<PerfEventId>>, std::unique_ptr<PerfCounters>>
      counters_;
};

}  // namespace nanotally
