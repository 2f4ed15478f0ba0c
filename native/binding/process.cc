// The shared state of the process, and rendering with collect callbacks asked first.
#include "binding/process.h"

#include <condition_variable>
#include <cstdlib>
#include <string_view>

#include "binding/environment.h"
#include "render/exposition.h"

namespace nanotally {

using std::chrono::milliseconds;

namespace {

// Measured for the design: gauge order finer than 100 ms buys nothing, and ten wake-ups a second
// cost nothing.
constexpr milliseconds kTickPeriod{100};

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
    const std::lock_guard lock(mutex_);
    ++outstanding_;
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
    : thread_(kTickPeriod, [this] { Tick(); }),
      recorder_(
          store_, [this] { thread_.Start(); }, !IsDisabled()) {}

// Without memory this tick is left out: gauges are ordered more coarsely, a rate is sampled later,
// idle series stay, and reserves of blocks wait.
void Process::Tick() noexcept {
  try {
    for (const std::uint32_t registry : store_.Tick(Clock::now())) TellRemoved(nullptr, registry);
    recorder_.Tick();
  } catch (const std::bad_alloc&) {
  }
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

void Process::AskCollectors(std::uint32_t registry, const Mailbox* from, milliseconds patience) {
  std::vector<std::shared_ptr<Collector>> collectors;
  {
    const std::lock_guard lock(mutex_);
    const auto found = collectors_.find(registry);
    if (found == collectors_.end()) return;
    for (const auto& listed : found->second) {
      if (auto collector = listed.lock()) collectors.push_back(std::move(collector));
    }
    if (collectors.empty()) collectors_.erase(found);
  }
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

std::string Process::Render(Registry& registry, const Mailbox* from, RenderRequest request) {
  AskCollectors(registry.id(), from, request.patience);
  std::string body = texts_.Take();
  const auto start = Clock::now();
  const Snapshot snapshot = registry.TakeSnapshot(start, std::move(request.filter));
  nanotally::Render(snapshot, request.exposition, body);
  registry.CountRender(Clock::now() - start, body.size());
  return body;
}

}  // namespace nanotally
