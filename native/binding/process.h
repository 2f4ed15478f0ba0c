// What all environments of the process share: the store, the recorder of native threads,
// nanotally's own thread, the mailboxes, and the asking of collect callbacks. Made on first use and
// never destroyed: process.exit runs no clean-up hook of the main environment, and static
// destructors would race the native threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "binding/mailbox.h"
#include "binding/text_pool.h"
#include "core/store.h"
#include "os/background_thread.h"
#include "os/page_source_os.h"
#include "record/recorder.h"
#include "render/exposition.h"

namespace nanotally {

class CollectRound;

// One environment's collect callbacks in one registry. asked: it has yet to answer an earlier
// request, so it is not asked again: a stalled thread costs one wait, not one per scrape. relaxed
// throughout: it guards no data.
struct Collector {
  std::shared_ptr<Mailbox> mailbox;
  // Runs the callbacks; `ticket` is let go when they are done.
  std::function<void(Napi::Env, std::shared_ptr<void> ticket)> ask;
  std::atomic<bool> asked{false};
};

struct RenderRequest {
  Exposition exposition;
  NameFilter filter;
  std::chrono::milliseconds patience{0};
};

class Process {
 public:
  static Process& Get();

  Store& store() { return store_; }
  Recorder& recorder() { return recorder_; }
  BackgroundThread& thread() { return thread_; }
  TextPool& texts() { return texts_; }

  void AddMailbox(const std::shared_ptr<Mailbox>& mailbox);
  // Every environment but the one whose mailbox `from` is looks for what it has to give up of the
  // registry.
  void TellRemoved(const Mailbox* from, std::uint32_t registry);

  void AddCollector(std::uint32_t registry, const std::shared_ptr<Collector>& collector);

  // The families of a registry that the request asks for. First asks the collect callbacks of all
  // environments but `from`'s, and waits for them up to the request's patience. Any thread; blocks
  // it. Throws std::bad_alloc.
  std::string Render(Registry& registry, const Mailbox* from, RenderRequest request);

 private:
  Process();
  void Tick() noexcept;

  void AskCollectors(std::uint32_t registry, const Mailbox* from,
                     std::chrono::milliseconds patience);

  OsPageSource pages_;
  Store store_{pages_};
  BackgroundThread thread_;
  Recorder recorder_;
  TextPool texts_;

  std::mutex mutex_;
  std::vector<std::weak_ptr<Mailbox>> mailboxes_;
  std::map<std::uint32_t, std::vector<std::weak_ptr<Collector>>> collectors_;  // by registry id
};

}  // namespace nanotally
