// One napi_env: the registries that it has open, its shards in them, and the functions that
// lib/native.ts types.
//
// All of it runs on the environment's thread, but for what the mailbox carries. Handles are small
// integers that index opened_: a registry's handle means nothing to another environment; its id
// does.
#pragma once

#include <napi.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "binding/mailbox.h"
#include "binding/process.h"
#include "core/registry.h"
#include "os/perf_counters.h"

namespace nanotally {

class Environment final : public Napi::Addon<Environment> {
 public:
  Environment(Napi::Env env, Napi::Object exports);

  // On the environment's thread: whoever listens to that registry looks for what it has to give
  // up.
  static void CatchUp(Napi::Env env, std::uint32_t registry);

  // The registry that a handle means to this environment. Throws StatusError(kRegistryClosed).
  [[nodiscard]] static std::shared_ptr<Registry> RegistryOf(Napi::Env env,
                                                            const Napi::Value& handle);

 private:
  struct Opened {
    std::shared_ptr<Registry> registry;
    Shard* shard = nullptr;
    bool owned = false;  // private, and made here: it ends with this environment
    std::vector<Napi::Reference<Napi::ArrayBuffer>>
        runtime_owned;  // chunks that the runtime would not let us own
    std::shared_ptr<Collector> collector;
    int runtime_starts = 0;
    int hardware_starts = 0;
    Napi::FunctionReference listener;  // weak; empty for who does not listen
  };
  // Of the promise of a render under way.
  struct Settling {
    Napi::FunctionReference resolve;
    Napi::FunctionReference reject;
    Napi::FunctionReference error_class;
  };
  using Info = const Napi::CallbackInfo&;

  template <auto kEntry>
  Napi::Value Entry(Info info);

  // The exported functions, as typed and documented in lib/native.ts.
  Napi::Value OpenRegistry(Info info);
  Napi::Value OpenRegistryById(Info info);
  Napi::Value RegistryId(Info info);
  Napi::Value CloseRegistry(Info info);
  Napi::Value IsRegistryClosed(Info info);
  Napi::Value LeaveRegistry(Info info);
  Napi::Value DefineMetric(Info info);
  Napi::Value DefineDerived(Info info);
  Napi::Value RemoveMetric(Info info);
  Napi::Value RemoveSeries(Info info);
  Napi::Value ClearMetric(Info info);
  Napi::Value ResetMetric(Info info);
  Napi::Value PendingRemovals(Info info);
  Napi::Value Acknowledge(Info info);
  Napi::Value TakeIdle(Info info);
  Napi::Value LetGo(Info info);
  Napi::Value ResolveSeries(Info info);
  Napi::Value ResolveBlock(Info info);
  Napi::Value RecordExemplar(Info info);
  Napi::Value OpenChunk(Info info);
  Napi::Value ReadHistogram(Info info);
  Napi::Value ReadHistogramTotal(Info info);
  Napi::Value HistogramBuckets(Info info);
  Napi::Value HistogramQuantile(Info info);
  Napi::Value MergeHistograms(Info info);
  Napi::Value Reject(Info info);
  Napi::Value Render(Info info);
  Napi::Value RenderSync(Info info);
  Napi::Value OpenFeed(Info info);
  Napi::Value CloseFeed(Info info);
  Napi::Value Changes(Info info);
  Napi::Value ChangesSync(Info info);
  Napi::Value SetCollecting(Info info);
  Napi::Value Collected(Info info);
  Napi::Value NoteCollected(Info info);
  Napi::Value BucketTables(Info info);
  Napi::Value BucketBoundaries(Info info);
  Napi::Value BoundariesAround(Info info);
  Napi::Value NativeInterface(Info info);
  Napi::Value NameThread(Info info);
  Napi::Value Serve(Info info);
  Napi::Value SetRecordCost(Info info);
  Napi::Value StartRuntimeMetrics(Info info);
  Napi::Value OpenHealth(Info info);
  Napi::Value PostHealth(Info info);
  Napi::Value CloseHealth(Info info);
  Napi::Value ReadHealth(Info info);
  Napi::Value StopRuntimeMetrics(Info info);
  Napi::Value OpenCounters(Info info);
  Napi::Value ReadCounters(Info info);
  Napi::Value CounterErrors(Info info);
  Napi::Value CloseCounters(Info info);
  Napi::Value StartHardwareMetrics(Info info);
  Napi::Value StopHardwareMetrics(Info info);

  Opened& At(const Napi::Value& handle);
  PerfCounters& CountersAt(const Napi::Value& token);
  Napi::Value Adopt(Info info, std::shared_ptr<Registry> registry, bool owned);
  Napi::Value AllocateInRuntime(Napi::Env env, Opened& opened, std::uint32_t index);
  void RenderLater(Info info, const Napi::Value& resolve, const Napi::Value& reject,
                   std::function<std::vector<Rendered>(const Mailbox* from)> render);
  [[nodiscard]] std::shared_ptr<ChangeFeed> FeedAt(const Napi::Value& feed) const;
  void Leave(Opened& opened);
  bool Tell(Napi::Env env, std::uint32_t handle, const char* event, std::uint32_t token);
  void Forget(std::uint32_t handle);
  static void End(void* environment);

  std::shared_ptr<Mailbox> mailbox_;
  std::string thread_;                           // its name
  std::set<std::uint32_t> checks_;               // its places on the board of health checks
  std::shared_ptr<EventLoop> loop_;              // nullptr where the runtime has none
  std::vector<std::unique_ptr<Opened>> opened_;  // by handle; nullptr once left
  std::unordered_map<std::uint32_t, std::shared_ptr<void>> tickets_;  // of collect rounds, by token
  std::unordered_map<std::uint32_t, Settling> renders_;               // under way, by token
  std::unordered_map<std::uint32_t, std::shared_ptr<ChangeFeed>> feeds_;       // by token
  std::unordered_map<std::uint32_t, std::unique_ptr<PerfCounters>> counters_;  // by token
  std::uint32_t next_token_ = 1;
  bool external_buffers_ = true;
  // This, for as long as it lives: finalizers of what it gave to JavaScript may run after it.
  const std::shared_ptr<Environment*> self_ = std::make_shared<Environment*>(this);
};

}  // namespace nanotally
