// What all environments of the process share: the store, the recorder of native threads,
// nanotally's own thread, the mailboxes, and the asking of collect callbacks. Made on first use and
// never destroyed: process.exit runs no clean-up hook of the main environment, and static
// destructors would race the native threads.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "binding/event_loops.h"
#include "binding/hardware_collection.h"
#include "binding/health_board.h"
#include "binding/health_families.h"
#include "binding/loop_metrics.h"
#include "binding/mailbox.h"
#include "binding/served_families.h"
#include "binding/text_pool.h"
#include "binding/thread_pool_probe.h"
#include "core/store.h"
#include "os/background_thread.h"
#include "os/page_source_os.h"
#include "record/perf_region.h"
#include "record/recorder.h"
#include "render/exposition.h"
#include "runtime/numa_metrics.h"
#include "runtime/runtime_metrics.h"

namespace nanotally {

class CollectRound;

// One environment's collect callbacks in one registry. asked: it has yet to answer an earlier
// request, so it is not asked again: a stalled thread costs one wait, not one per scrape. relaxed
// throughout: it guards no data.
struct Collector {
  std::shared_ptr<Mailbox> mailbox;
  std::string thread;  // its name
  // Runs the callbacks; `ticket` is let go when they are done.
  std::function<void(Napi::Env, std::shared_ptr<void> ticket)> ask;
  std::atomic<bool> asked{false};
  // When its callbacks were last done; when it was made, before that. relaxed likewise.
  std::atomic<LoopClock::duration> done{LoopClock::now().time_since_epoch()};
};

// An exposition, or the JSON of render/json.h.
struct RenderRequest {
  std::optional<Exposition> exposition;  // none: JSON
  NameFilter filter;
};

struct Rendered {
  std::string body;
  std::string content_type;
};

// Tells again and again what has changed in a registry. Used by one thread at a time.
class ChangeFeed {
 public:
  explicit ChangeFeed(std::shared_ptr<Registry> registry) : registry_(std::move(registry)) {}
  [[nodiscard]] Registry& registry() const { return *registry_; }

  // All of the registry at first, then what has changed since the last call.
  void Append(Snapshot snapshot, std::string& json);

 private:
  const std::shared_ptr<Registry> registry_;
  std::optional<Snapshot> last_;
};

class Process {
 public:
  static Process& Get();

  Store& store() { return store_; }
  Recorder& recorder() { return recorder_; }
  PerfRegions& regions() { return regions_; }
  BackgroundThread& thread() { return thread_; }
  TextPool& texts() { return texts_; }
  EventLoops& loops() { return loops_; }
  RecordCost& record_cost() { return record_cost_; }
  ThreadPoolProbe& pool_probe() { return pool_probe_; }
  HealthBoard& health() { return health_; }
  HardwareCollection& hardware() { return hardware_; }

  void AddMailbox(const std::shared_ptr<Mailbox>& mailbox);
  // Every environment but the one whose mailbox `from` is looks for what it has to give up of the
  // registry.
  void TellRemoved(const Mailbox* from, std::uint32_t registry);

  void AddCollector(std::uint32_t registry, const std::shared_ptr<Collector>& collector);

  // The environments with collect callbacks in a registry, and how long ago these were last done.
  [[nodiscard]] std::vector<std::pair<std::string, LoopClock::duration>> CollectAges(
      std::uint32_t registry, LoopClock::time_point now);

  // From now on the registry tells ServedFamilies and HealthFamilies.
  Status Serve(Registry& registry);
  // All health checks: the built-in ones, where the registry is served, then the program's.
  [[nodiscard]] std::vector<HealthResult> ReadHealth(const Registry& registry);
  // The thread whose turns of the last minute were longest at their 99th percentile, and how long,
  // where the registry tells of loops.
  [[nodiscard]] std::optional<std::pair<std::string, double>> SlowestLoop(const Registry& registry);

  // From now on the registry tells of the runtime, and of that loop, which is the calling thread's,
  // until it was stopped as often. See LoopMetrics::Start and Add.
  Status StartRuntime(const std::shared_ptr<Registry>& registry, EventLoop& loop,
                      const std::string& thread);
  void StopRuntime(Registry& registry, EventLoop& loop);

  // What the requests ask for, in their order and of one snapshot. First asks the collect callbacks
  // of all environments but `from`'s, and waits for them as long as `patience` has it. Any thread;
  // blocks it. Throws std::bad_alloc.
  std::vector<Rendered> Render(Registry& registry, const Mailbox* from,
                               std::chrono::milliseconds patience,
                               std::span<const RenderRequest> requests);
  // The same for the changes that a feed tells, as JSON.
  Rendered RenderChanges(ChangeFeed& feed, const Mailbox* from, std::chrono::milliseconds patience);

 private:
  Process();
  void Tick() noexcept;
  static PortableReadings ReadPortably();
  std::unique_ptr<ThreadPlacement> PlaceCallingThread();
  void EndRuntimeIfEmptyLockHeld(Registry& registry);

  [[nodiscard]] std::vector<std::shared_ptr<Collector>> Collectors(std::uint32_t registry);
  void AskCollectors(std::uint32_t registry, const Mailbox* from,
                     std::chrono::milliseconds patience);

  OsPageSource pages_;
  Store store_{pages_};
  BackgroundThread thread_;
  Recorder recorder_;
  PerfRegions regions_;
  TextPool texts_;
  EventLoops loops_{[this] { return PlaceCallingThread(); }};
  RecordCost record_cost_;
  ThreadPoolProbe pool_probe_;
  const std::shared_ptr<RuntimeMetrics> process_metrics_ =
      std::make_shared<RuntimeMetrics>([this] { return loops_.Threads(); }, "", &ReadPortably);
  const std::shared_ptr<NumaMetrics> numa_metrics_ =
      std::make_shared<NumaMetrics>(store_.arena(), [this] { return loops_.Placements(); });
  HealthBoard health_;
  HardwareCollection hardware_{numa_metrics_};
  const bool is_disabled_;

  std::mutex runtime_mutex_;  // held while runtimes start and stop; taken before all others
  std::map<std::uint32_t, std::shared_ptr<LoopMetrics>> runtimes_;  // by registry id

  std::mutex mutex_;
  std::vector<std::weak_ptr<Mailbox>> mailboxes_;
  std::map<std::uint32_t, std::vector<std::weak_ptr<Collector>>> collectors_;  // by registry id
  std::map<std::uint32_t, std::weak_ptr<HealthFamilies>> served_;              // by registry id
};

}  // namespace nanotally
