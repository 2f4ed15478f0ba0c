// The shared state of the process, and rendering with collect callbacks asked first.
#include "binding/process.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "binding/environment.h"
#include "core/unix_time.h"
#include "render/exposition.h"
#include "render/json.h"

namespace nanotally {

using std::chrono::milliseconds;

namespace {

// For the probe of the thread pool, and for the lag of the last minute.
constexpr milliseconds kRuntimeTick{1000};

// As lib/instruments/definition.ts reads it.
bool IsDisabled() {
  const char* disabled = std::getenv("NANOTALLY_DISABLED");
  return disabled != nullptr && std::string_view(disabled) == "1";
}

}  // namespace

// One asking of several collectors. A ticket per collector; when its last owner lets go of it the
// collector has answered, or its environment has ended.
class CollectRound : public std::enable_shared_from_this<CollectRound> {
 public:
  std::shared_ptr<void> MakeTicket(std::shared_ptr<Collector> collector) {
    {
      const std::lock_guard lock(mutex_);
      ++outstanding_;
    }
    // Without memory for it the ticket is let go of at once.
    return std::shared_ptr<void>(
        nullptr, [round = shared_from_this(), collector = std::move(collector)](void*) {
          collector->asked.store(false, std::memory_order_relaxed);
          round->Answer();
        });
  }

  void Wait(milliseconds patience) {
    std::unique_lock lock(mutex_);
    answered_.wait_for(lock, patience, [this] { return outstanding_ == 0; });
  }

 private:
  void Answer() {
    {
      const std::lock_guard lock(mutex_);
      --outstanding_;
    }
    answered_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable answered_;
  int outstanding_ = 0;
};

Process& Process::Get() {
  static Process* process = new Process;
  return *process;
}

Process::Process()
    : thread_([this] { Tick(); }),
      recorder_(
          store_, [this](milliseconds period) { thread_.TickEvery(period); }, !IsDisabled()),
      regions_(store_, recorder_, !IsDisabled()),
      is_disabled_(IsDisabled()) {}

// Without memory this tick is left out: gauges are ordered more coarsely, a rate is sampled later,
// idle series stay, and reserves of blocks wait.
void Process::Tick() noexcept {
  try {
    const auto now = LoopClock::now();
    pool_probe_.Tick(now);
    {
      const std::lock_guard lock(runtime_mutex_);
      if (!runtimes_.empty()) loops_.Sample(now);
      for (const auto& [registry, runtime] : runtimes_) runtime->Tick(now);
    }
    for (const std::uint32_t registry : store_.Tick(Clock::now())) TellRemoved(nullptr, registry);
    recorder_.Tick();
  } catch (const std::bad_alloc&) {
  }
}

// By libuv, for systems whose own files and calls native/os does not know.
PortableReadings Process::ReadPortably() {
  PortableReadings read;
  std::size_t resident = 0;
  if (uv_resident_set_memory(&resident) == 0) read.resident_bytes = static_cast<double>(resident);
  uv_rusage_t usage;
  if (uv_getrusage(&usage) == 0) {
    const auto seconds = [](const uv_timeval_t& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    read.user_seconds = seconds(usage.ru_utime);
    read.system_seconds = seconds(usage.ru_stime);
  }
  return read;
}

std::unique_ptr<ThreadPlacement> Process::PlaceCallingThread() {
  const auto writer = std::this_thread::get_id();
  const auto look = [this, writer] {
    try {
      return NodeOfChunks(store_.arena(), writer);
    } catch (const std::bad_alloc&) {
      return -1;  // the next look may tell
    }
  };
  // On nanotally's own thread, as it takes a while. If it comes to nothing, they stay, and as long
  // as the thread does, they are asked for again.
  const auto move = [this, writer](int node) {
    try {
      thread_.Post([this, writer, node] {
        try {
          store_.arena().MoveChunks(writer, node);
        } catch (const std::bad_alloc&) {
        }
      });
    } catch (const std::exception&) {
    }
  };
  return std::make_unique<ThreadPlacement>(MemoryNodes(), look, move);
}

void Process::AddMailbox(const std::shared_ptr<Mailbox>& mailbox) {
  const std::lock_guard lock(mutex_);
  std::erase_if(mailboxes_, [](const auto& m) { return m.expired(); });
  mailboxes_.push_back(mailbox);
}

void Process::TellRemoved(const Mailbox* from, std::uint32_t registry) {
  const std::lock_guard lock(mutex_);
  for (const auto& listed : mailboxes_) {
    if (const auto mailbox = listed.lock(); mailbox != nullptr && mailbox.get() != from)
      mailbox->Post([registry](Napi::Env env) { Environment::CatchUp(env, registry); });
  }
}

void Process::AddCollector(std::uint32_t registry, const std::shared_ptr<Collector>& collector) {
  const std::lock_guard lock(mutex_);
  auto& listed = collectors_[registry];
  std::erase_if(listed, [](const auto& c) { return c.expired(); });
  listed.push_back(collector);
}

std::vector<std::shared_ptr<Collector>> Process::Collectors(std::uint32_t registry) {
  std::vector<std::shared_ptr<Collector>> collectors;
  const std::lock_guard lock(mutex_);
  const auto found = collectors_.find(registry);
  if (found == collectors_.end()) return collectors;
  for (const auto& listed : found->second) {
    if (auto collector = listed.lock()) collectors.push_back(std::move(collector));
  }
  if (collectors.empty()) collectors_.erase(found);
  return collectors;
}

std::vector<std::pair<std::string, LoopClock::duration>> Process::CollectAges(
    std::uint32_t registry, LoopClock::time_point now) {
  std::map<std::string, LoopClock::duration> ages;
  for (const auto& collector : Collectors(registry)) {
    // Instances of lib in one thread share its name: the oldest values count.
    auto& age = ages[collector->thread];
    age = std::max(age, now.time_since_epoch() - collector->done.load(std::memory_order_relaxed));
  }
  return {ages.begin(), ages.end()};
}

Status Process::Serve(Registry& registry) {
  if (is_disabled_) return {};
  const std::lock_guard lock(mutex_);
  std::erase_if(served_, [](const auto& one) { return one.second.expired(); });
  auto& served = served_[registry.id()];
  if (!served.expired()) return {};
  auto health = std::make_shared<HealthFamilies>(*this, registry);
  Status status = registry.AddSource(health);
  if (!status.ok()) return status;
  status = registry.AddSource(std::make_shared<ServedFamilies>(*this, registry.id()));
  if (status.ok()) {
    served = std::move(health);
  } else {
    registry.RemoveSource(*health);
  }
  return status;
}

std::vector<HealthResult> Process::ReadHealth(const Registry& registry) {
  std::shared_ptr<HealthFamilies> health;
  {
    const std::lock_guard lock(mutex_);
    const auto found = served_.find(registry.id());
    if (found != served_.end()) health = found->second.lock();
  }
  return health == nullptr ? health_.Read(LoopClock::now()) : health->Results();
}

std::optional<std::pair<std::string, double>> Process::SlowestLoop(const Registry& registry) {
  const std::lock_guard lock(runtime_mutex_);
  const auto found = runtimes_.find(registry.id());
  return found == runtimes_.end() ? std::nullopt : found->second->Slowest();
}

Status Process::StartRuntime(const std::shared_ptr<Registry>& registry, EventLoop& loop,
                             const std::string& thread) {
  if (is_disabled_) return {};
  thread_.TickEvery(kRuntimeTick);
  const std::lock_guard lock(runtime_mutex_);
  if (const auto found = runtimes_.find(registry->id()); found != runtimes_.end())
    return found->second->Add(loop, thread);
  const auto runtime = std::make_shared<LoopMetrics>(*this, registry);
  const auto undo = [&] {
    registry->RemoveSource(*process_metrics_);
    runtime->Undo();
  };
  try {
    Status status = registry->AddSource(process_metrics_);
    if (status.ok()) status = registry->AddSource(runtime);
    if (status.ok()) status = runtime->Start();
    if (status.ok()) status = runtime->Add(loop, thread);
    if (status.ok()) {
      runtimes_.emplace(registry->id(), runtime);
    } else {
      undo();
    }
    return status;
  } catch (const std::bad_alloc&) {
    undo();
    throw;
  }
}

void Process::StopRuntime(Registry& registry, EventLoop& loop) {
  const std::lock_guard lock(runtime_mutex_);
  const auto found = runtimes_.find(registry.id());
  if (found == runtimes_.end()) return;
  found->second->Remove(loop);
  EndRuntimeIfEmptyLockHeld(registry);
}

void Process::EndRuntimeIfEmptyLockHeld(Registry& registry) {
  const auto found = runtimes_.find(registry.id());
  if (!found->second->IsEmpty()) return;
  registry.RemoveSource(*process_metrics_);
  found->second->Stop();
  runtimes_.erase(found);
}

void Process::AskCollectors(std::uint32_t registry, const Mailbox* from, milliseconds patience) {
  const auto collectors = Collectors(registry);
  const auto round = std::make_shared<CollectRound>();
  for (const auto& collector : collectors) {
    if (collector->mailbox.get() == from ||
        collector->asked.exchange(true, std::memory_order_relaxed))
      continue;
    collector->mailbox->Post([ask = collector->ask, ticket = round->MakeTicket(collector)](
                                 Napi::Env env) mutable { ask(env, std::move(ticket)); });
  }
  round->Wait(patience);
}

void ChangeFeed::Append(Snapshot snapshot, std::string& json) {
  if (last_) {
    RenderJsonChanges(*last_, snapshot, UnixSeconds(), json);
  } else {
    RenderJson(snapshot, UnixSeconds(), json);
  }
  last_ = std::move(snapshot);
}

std::vector<Rendered> Process::Render(Registry& registry, const Mailbox* from,
                                      milliseconds patience,
                                      std::span<const RenderRequest> requests) {
  AskCollectors(registry.id(), from, patience);
  auto start = Clock::now();
  // What only some of the requests leave out is merged.
  const bool same = std::all_of(requests.begin(), requests.end(), [&](const RenderRequest& one) {
    return one.filter == requests.front().filter;
  });
  Snapshot snapshot = registry.TakeSnapshot(start, same ? requests.front().filter : NameFilter());
  const double taken = UnixSeconds();
  std::vector<Rendered> all;
  for (const RenderRequest& request : requests) {
    snapshot.filter = request.filter;
    Rendered& rendered = all.emplace_back(texts_.Take());
    if (request.exposition) {
      nanotally::Render(snapshot, *request.exposition, rendered.body);
      rendered.content_type = ContentType(*request.exposition);
    } else {
      RenderJson(snapshot, taken, rendered.body);
      rendered.content_type = kJsonContentType;
    }
    const auto end = Clock::now();
    registry.CountRender(end - std::exchange(start, end), rendered.body.size());
    if (request.exposition) registry.NoteScrape(end);
  }
  return all;
}

Rendered Process::RenderChanges(ChangeFeed& feed, const Mailbox* from, milliseconds patience) {
  AskCollectors(feed.registry().id(), from, patience);
  Rendered rendered{texts_.Take(), std::string(kJsonContentType)};
  const auto start = Clock::now();
  feed.Append(feed.registry().TakeSnapshot(start), rendered.body);
  feed.registry().CountRender(Clock::now() - start, rendered.body.size());
  return rendered;
}

}  // namespace nanotally
