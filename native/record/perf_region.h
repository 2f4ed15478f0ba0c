// Named regions of code: what is counted while a thread is in one accumulates into ordinary
// series (perf_region_families.h).
//
// A region counts on the thread that begins it. The first begin on a thread opens the counters of
// the region's events for that thread, to run until it ends; each begin and end reads them, and
// the differences are added to native series (native_series.h), so a scrape sees the runs of all
// threads, of JavaScript or not, and needs nothing of them.
//
// Counts are inclusive: a region has what regions within it have. A region begun again while it is
// open on the thread (recursion) counts with its outermost run; counted by itself, too, it would
// count twice.
//
// What cannot be paired is dropped and counted, never guessed: see End. So is what is open when its
// thread ends. In a child process of fork(2) every begin is refused.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/store.h"
#include "os/perf_counters.h"
#include "record/recorder.h"

namespace nanotally {

class PerfRegions;
struct RegionFamily;

// A region as it is asked for.
struct RegionRequest {
  std::string registry = "default";
  std::shared_ptr<Registry> in;  // the registry itself, in place of its name
  std::string name;
  // None: those that the region of this name has; those of DefaultRegionEvents where there is none.
  std::optional<std::vector<PerfEventId>> events;
};

// Where regions get their counters. The kernel's, but for tests.
struct PerfSource {
  std::function<const PerfMachine&()> machine = [] { return std::cref(ThisPerfMachine()); };
  // Of the calling thread.
  std::function<std::unique_ptr<PerfCounters>(std::span<const PerfEventId>)> open =
      [](std::span<const PerfEventId> events) { return PerfCounters::Open({}, events); };
};

// Any thread begins and ends it, each for itself. About 300 bytes, and as much for each thread.
class PerfRegion {
 public:
  // A reading of one takes 32 bytes in each of the kMaxDepth places of a thread.
  static constexpr std::size_t kMaxEvents = 16;
  static constexpr int kMaxDepth = 64;  // of regions open at once on a thread
  static constexpr int kRefused = -1;

  PerfRegion(const PerfRegion&) = delete;
  PerfRegion& operator=(const PerfRegion&) = delete;
  ~PerfRegion() = default;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t id() const { return id_; }  // unique in the process
  // Ascending: what was asked for, and of it what the machine offers.
  [[nodiscard]] const std::vector<PerfEventId>& events() const { return events_; }
  [[nodiscard]] const std::vector<PerfEventId>& offered() const { return offered_; }
  // Whether its families are still those that it was made with: if not, the next Get makes another.
  [[nodiscard]] bool IsCurrent() const noexcept;

  // The rest neither locks nor allocates, but the first Begin of a thread; it is not for signal
  // handlers.
  //
  // The place of this run among those open on the thread, or kRefused (counted): too deep, or no
  // memory for what the thread needs.
  int Begin() noexcept;
  // Ends the run that was begun last on the thread, where it is of this region. If it is not, the
  // open run of this region and all that were begun after it are dropped, each counted as
  // unpaired: the runs below are whole. False then, and where this region is not open at all,
  // which is counted, too.
  bool End() noexcept;
  // Ends the run at this place; false, counted, where there is none of this region. Where others
  // are open above it: kStrict as End does; kNested, for those whose begin and end enclose a call
  // and cannot be out of order, drops those above and records this one.
  enum class Order : std::uint8_t { kStrict, kNested };
  bool EndAt(int place, Order order) noexcept;
  // Drops the run at this place and those above it, each counted, that one for this reason. One
  // that is not there any more was counted when it was dropped.
  void DropAt(int place, Rejection reason) noexcept;

 private:
  friend class PerfRegions;
  friend class ThreadRegions;

  PerfRegion(PerfRegions& owner, std::shared_ptr<Registry> registry, std::string name)
      : owner_(owner), registry_(std::move(registry)), name_(std::move(name)) {}

  void Reject(Rejection reason, std::uint64_t count = 1) noexcept;

  PerfRegions& owner_;
  const std::shared_ptr<Registry> registry_;  // nullptr: recording is turned off
  const std::string name_;
  std::uint64_t id_ = 0;
  std::size_t slot_ = 0;  // in each thread's table; that of a released region is used anew
  std::vector<PerfEventId> events_;
  std::vector<PerfEventId> offered_;
  std::shared_ptr<Metric> runs_metric_;
  NativeSeries* runs_ = nullptr;
  NativeSeries* seconds_ = nullptr;

  // Guarded by the owner's mutex.
  int handles_ = 0;
  struct GroupSeries {
    NativeSeries* enabled;
    NativeSeries* running;
  };
  // Only of what a thread could open: a series of what is not counted would read 0.
  std::map<PerfEventId, NativeSeries*> event_series_;
  std::map<std::string_view, GroupSeries> group_series_;
};

// The regions of the process. Any thread. Never destroyed, as threads may be in regions to the end
// of the process.
class PerfRegions {
 public:
  // `enabled` false: every get gives a region that does nothing.
  PerfRegions(Store& store, Recorder& recorder, bool enabled, PerfSource source = {});
  PerfRegions(const PerfRegions&) = delete;
  PerfRegions& operator=(const PerfRegions&) = delete;

  // kMetricConflict: it has other events, or one of its families' names is taken; kInvalidArgument:
  // more than kMaxEvents, or one of a socket (uncore); kRegistryClosed, kMetricRemoved,
  // kOutOfMemory, kOutOfCells. To be released as often. Throws std::bad_alloc.
  Result<PerfRegion*> Get(const RegionRequest& request);
  // The last one ends it: as with free(), no thread is in it, but for the calling one, whose open
  // runs of it are dropped.
  void Release(PerfRegion& region);

  [[nodiscard]] const PerfMachine& machine() const { return source_.machine(); }

 private:
  friend class ThreadRegions;
  using Key = std::pair<std::uint32_t, std::string>;  // registry id, name

  // mutex_ held.
  Result<std::unique_ptr<PerfRegion>> Make(const RegionRequest& request,
                                           std::shared_ptr<Registry> registry);
  Result<NativeSeries*> Series(const PerfRegion& region, const RegionFamily& family,
                               std::string_view label = {});
  // The series of an event and of its group, made if missing; nullptr where that fails.
  NativeSeries* EventSeries(PerfRegion& region, PerfEventId event);
  PerfRegion::GroupSeries TimesOf(PerfRegion& region, std::string_view group);
  void Free(std::unique_ptr<PerfRegion> region);

  Store& store_;
  Recorder& recorder_;
  const PerfSource source_;
  std::unique_ptr<PerfRegion> off_;

  std::mutex mutex_;  // taken before the recorder's and the registries'
  std::map<Key, std::unique_ptr<PerfRegion>> regions_;
  // Whose families were removed, or whose registry was closed, and which are still held.
  std::vector<std::unique_ptr<PerfRegion>> outlived_;
  std::set<std::size_t> free_slots_;
  std::vector<std::uint64_t> slots_;  // [slot]: the id of the region that has it; 0: it is free
  const std::uint64_t id_;            // unique in the process, also among regions
};

}  // namespace nanotally
