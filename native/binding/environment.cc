// The environment's entry points.
#include "binding/environment.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "binding/definition.h"
#include "binding/guard.h"
#include "binding/hardware_functions.h"
#include "core/bucket_mapping.h"
#include "core/tick_period.h"
#include "record/c_abi.h"
#include "render/accept.h"

namespace nanotally {
namespace {

// Memory that C++ owns as an ArrayBuffer whose finalizer frees nothing: finalizers run before the
// environment's clean-up hook and on any collection, while the registry still reads. Empty where
// the runtime forbids external buffers.
napi_value ExternalBuffer(napi_env env, void* memory, std::size_t bytes) {
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, memory, bytes, [](napi_env, void*, void*) {}, nullptr, &buffer);
  if (status == napi_no_external_buffers_allowed) return nullptr;
  if (status != napi_ok) throw Napi::Error::New(env);
  return buffer;
}

}  // namespace

template <auto kEntry>
Napi::Value Environment::Entry(Info info) {
  return Guard(info, [&] { return (this->*kEntry)(info); });
}

Environment::Environment(Napi::Env env, Napi::Object exports)
    : mailbox_(std::make_shared<Mailbox>(env)) {
  Process::Get().AddMailbox(mailbox_);
  const auto names = Napi::Array::New(env, kRejectionNames.size());
  for (std::uint32_t i = 0; i < kRejectionNames.size(); ++i) names.Set(i, kRejectionNames[i]);
#define NANOTALLY_ENTRY(js_name, method) \
  InstanceMethod<&Environment::Entry<&Environment::method>>(js_name)
  DefineAddon(exports,
              {
                  NANOTALLY_ENTRY("openRegistry", OpenRegistry),
                  NANOTALLY_ENTRY("openRegistryById", OpenRegistryById),
                  NANOTALLY_ENTRY("registryId", RegistryId),
                  NANOTALLY_ENTRY("closeRegistry", CloseRegistry),
                  NANOTALLY_ENTRY("isRegistryClosed", IsRegistryClosed),
                  NANOTALLY_ENTRY("leaveRegistry", LeaveRegistry),
                  NANOTALLY_ENTRY("defineMetric", DefineMetric),
                  NANOTALLY_ENTRY("defineDerived", DefineDerived),
                  NANOTALLY_ENTRY("removeMetric", RemoveMetric),
                  NANOTALLY_ENTRY("removeSeries", RemoveSeries),
                  NANOTALLY_ENTRY("clearMetric", ClearMetric),
                  NANOTALLY_ENTRY("resetMetric", ResetMetric),
                  NANOTALLY_ENTRY("pendingRemovals", PendingRemovals),
                  NANOTALLY_ENTRY("acknowledge", Acknowledge),
                  NANOTALLY_ENTRY("takeIdle", TakeIdle),
                  NANOTALLY_ENTRY("letGo", LetGo),
                  NANOTALLY_ENTRY("resolveSeries", ResolveSeries),
                  NANOTALLY_ENTRY("resolveBlock", ResolveBlock),
                  NANOTALLY_ENTRY("recordExemplar", RecordExemplar),
                  NANOTALLY_ENTRY("openChunk", OpenChunk),
                  NANOTALLY_ENTRY("readHistogram", ReadHistogram),
                  NANOTALLY_ENTRY("readHistogramTotal", ReadHistogramTotal),
                  NANOTALLY_ENTRY("histogramBuckets", HistogramBuckets),
                  NANOTALLY_ENTRY("histogramQuantile", HistogramQuantile),
                  NANOTALLY_ENTRY("mergeHistograms", MergeHistograms),
                  NANOTALLY_ENTRY("reject", Reject),
                  NANOTALLY_ENTRY("render", Render),
                  NANOTALLY_ENTRY("renderSync", RenderSync),
                  NANOTALLY_ENTRY("openFeed", OpenFeed),
                  NANOTALLY_ENTRY("closeFeed", CloseFeed),
                  NANOTALLY_ENTRY("changes", Changes),
                  NANOTALLY_ENTRY("changesSync", ChangesSync),
                  NANOTALLY_ENTRY("setCollecting", SetCollecting),
                  NANOTALLY_ENTRY("collected", Collected),
                  NANOTALLY_ENTRY("noteCollected", NoteCollected),
                  NANOTALLY_ENTRY("bucketTables", BucketTables),
                  NANOTALLY_ENTRY("bucketBoundaries", BucketBoundaries),
                  NANOTALLY_ENTRY("boundariesAround", BoundariesAround),
                  NANOTALLY_ENTRY("nativeInterface", NativeInterface),
                  NANOTALLY_ENTRY("nameThread", NameThread),
                  NANOTALLY_ENTRY("serve", Serve),
                  NANOTALLY_ENTRY("setRecordCost", SetRecordCost),
                  NANOTALLY_ENTRY("openHealth", OpenHealth),
                  NANOTALLY_ENTRY("postHealth", PostHealth),
                  NANOTALLY_ENTRY("closeHealth", CloseHealth),
                  NANOTALLY_ENTRY("readHealth", ReadHealth),
                  NANOTALLY_ENTRY("startRuntimeMetrics", StartRuntimeMetrics),
                  NANOTALLY_ENTRY("stopRuntimeMetrics", StopRuntimeMetrics),
                  NANOTALLY_ENTRY("openCounters", OpenCounters),
                  NANOTALLY_ENTRY("readCounters", ReadCounters),
                  NANOTALLY_ENTRY("counterErrors", CounterErrors),
                  NANOTALLY_ENTRY("closeCounters", CloseCounters),
                  NANOTALLY_ENTRY("startHardwareMetrics", StartHardwareMetrics),
                  NANOTALLY_ENTRY("stopHardwareMetrics", StopHardwareMetrics),
                  InstanceValue("rejectionNames", names),
                  InstanceValue("textContentType", Napi::String::New(env, ContentType({}))),
              });
#undef NANOTALLY_ENTRY
  AddTopologyFunctions(exports);
  AddNumaFunctions(exports);
  AddPerfFunctions(exports);
  AddRegionFunctions(exports);
  if (napi_add_env_cleanup_hook(env, &Environment::End, this) != napi_ok) {
    throw Napi::Error::New(env, "nanotally: cannot add a clean-up hook");
  }
}

// Before the environment's memory goes: what it recorded is folded into the retired totals. Its
// JavaScript has run its last statement by now.
void Environment::End(void* environment) {
  auto* self = static_cast<Environment*>(environment);
  self->mailbox_->Close();
  for (const std::uint32_t place : self->checks_) Process::Get().health().Close(place);
  for (std::uint32_t handle = 0; handle < self->opened_.size(); ++handle) self->Forget(handle);
  self->counters_.clear();
  if (self->loop_ != nullptr) Process::Get().loops().Leave(self->loop_);
}

// Leaves a registry that nobody can record into through this environment any more, unless it has
// left it before, and closes it if it was its own.
void Environment::Forget(std::uint32_t handle) {
  const auto opened = std::move(opened_[handle]);
  if (opened == nullptr) return;
  try {
    if (opened->owned) {
      Process::Get().store().Close(*opened->registry);
      Process::Get().TellRemoved(mailbox_.get(), opened->registry->id());
    }
    Leave(*opened);
  } catch (const std::bad_alloc&) {
    // There is nobody to throw to, and an exception would abort the process.
    std::fputs("nanotally: no memory to keep what an ended thread recorded\n", stderr);
  }
}

Environment::Opened& Environment::At(const Napi::Value& handle) {
  const std::uint32_t index = ReadIndex(handle);
  if (index >= opened_.size() || opened_[index] == nullptr) {
    throw StatusError({ErrorCode::kRegistryClosed, "the registry is closed"});
  }
  return *opened_[index];
}

std::shared_ptr<Registry> Environment::RegistryOf(Napi::Env env, const Napi::Value& handle) {
  return env.GetInstanceData<Environment>()->At(handle).registry;
}

// The handle of a registry that this environment now has open, with a shard of its own in it.
// info[1] is its listener.
//
// The listener is held weakly, by lib's Registry alone, which every handle and every view over the
// cells leads to. So when it has been collected, nobody can record into this shard any more: an
// instance of lib that a module reset or a VM context left behind, or a private registry that was
// forgotten. Were it held strongly, it would hold the whole context for ever.
Napi::Value Environment::Adopt(Info info, std::shared_ptr<Registry> registry, bool owned) {
  auto opened = std::make_unique<Opened>();
  const auto handle = static_cast<std::uint32_t>(opened_.size());
  if (info[1].IsFunction()) {
    const auto listener = info[1].As<Napi::Function>();
    opened->listener = Napi::Weak(listener);
    // By a weak pointer: finalizers also run when the environment ends, in no order.
    listener.AddFinalizer(
        [handle](Napi::Env, std::weak_ptr<Environment*>* environment) {
          if (const auto self = environment->lock()) (*self)->Forget(handle);
          delete environment;
        },
        new std::weak_ptr(self_));
  }
  opened->owned = owned;
  opened->shard = registry->OpenShard();
  opened->registry = std::move(registry);
  opened_.push_back(std::move(opened));
  return Napi::Number::New(info.Env(), handle);
}

// openRegistry(name | null, listener): handle
Napi::Value Environment::OpenRegistry(Info info) {
  Store& store = Process::Get().store();
  if (info[0].IsString()) return Adopt(info, store.Open(info[0].As<Napi::String>()), false);
  return Adopt(info, store.OpenPrivate(), true);
}

// openRegistryById(id): handle
Napi::Value Environment::OpenRegistryById(Info info) {
  auto registry = Process::Get().store().Find(ReadIndex(info[0]));
  if (registry == nullptr)
    throw StatusError({ErrorCode::kUnknownRegistry, "no registry has that id any more"});
  return Adopt(info, std::move(registry), false);
}

Napi::Value Environment::RegistryId(Info info) {
  return Napi::Number::New(info.Env(), At(info[0]).registry->id());
}

// closeRegistry(handle): every environment is told; each then leaves.
Napi::Value Environment::CloseRegistry(Info info) {
  const auto registry = At(info[0]).registry;
  Process::Get().store().Close(*registry);
  Process::Get().TellRemoved(mailbox_.get(), registry->id());
  return info.Env().Undefined();
}

Napi::Value Environment::IsRegistryClosed(Info info) {
  return Napi::Boolean::New(info.Env(), At(info[0]).registry->IsClosed());
}

// leaveRegistry(handle): folds this environment's shard and frees its chunks. lib has let go of
// every view over them. (They are not detached: the first detached buffer of an isolate makes V8
// check every access to every typed array from then on.)
Napi::Value Environment::LeaveRegistry(Info info) {
  Leave(At(info[0]));
  opened_[ReadIndex(info[0])].reset();
  return info.Env().Undefined();
}

void Environment::Leave(Opened& opened) {
  for (; opened.runtime_starts > 0; --opened.runtime_starts)
    Process::Get().StopRuntime(*opened.registry, *loop_);
  for (; opened.hardware_starts > 0; --opened.hardware_starts)
    Process::Get().hardware().Stop(*opened.registry);
  opened.registry->EndShard(std::exchange(opened.shard, nullptr));
  opened.runtime_owned.clear();
}

void Environment::CatchUp(Napi::Env env, std::uint32_t registry) {
  auto* self = env.GetInstanceData<Environment>();
  // By index: a listener may open or leave registries.
  for (std::uint32_t handle = 0; handle < self->opened_.size(); ++handle) {
    const auto& opened = self->opened_[handle];
    if (opened != nullptr && opened->registry->id() == registry)
      self->Tell(env, handle, "removed", 0);
  }
}

// Calls the listener of an open registry, which keeps its own errors to itself. False when nobody
// listens (any more).
bool Environment::Tell(Napi::Env env, std::uint32_t handle, const char* event,
                       std::uint32_t token) {
  const auto& opened = opened_[handle];
  if (opened == nullptr) return false;
  const Napi::Function listener = opened->listener.Value();
  if (listener.IsEmpty()) return false;
  listener.Call({Napi::String::New(env, event), Napi::Number::New(env, token)});
  return true;
}

// defineMetric(handle, definition): { id, helpDiffers }
Napi::Value Environment::DefineMetric(Info info) {
  Opened& opened = At(info[0]);
  MetricDefinition definition = ReadMetricDefinition(info[1].As<Napi::Object>());
  const auto period = TickPeriod(definition);
  const DefinedMetric defined = Check(opened.registry->Define(std::move(definition)));
  if (period) Process::Get().thread().TickEvery(*period);
  auto result = Napi::Object::New(info.Env());
  result.Set("id", defined.id);
  result.Set("helpDiffers", defined.help_differs);
  return result;
}

// defineDerived(handle, definition)
Napi::Value Environment::DefineDerived(Info info) {
  Opened& opened = At(info[0]);
  DerivedDefinition definition =
      ReadDerivedDefinition(info[1].As<Napi::Object>(), *opened.registry);
  if (const auto period = TickPeriod(definition)) Process::Get().thread().TickEvery(*period);
  Check(opened.registry->DefineDerived(std::move(definition)));
  return info.Env().Undefined();
}

// removeMetric(handle, name): boolean. This environment acknowledges by itself, the others are
// told.
Napi::Value Environment::RemoveMetric(Info info) {
  Opened& opened = At(info[0]);
  const bool removed = opened.registry->Remove(info[1].As<Napi::String>());
  if (removed) Process::Get().TellRemoved(mailbox_.get(), opened.registry->id());
  return Napi::Boolean::New(info.Env(), removed);
}

// removeSeries(handle, metric, values): boolean. As removeMetric.
Napi::Value Environment::RemoveSeries(Info info) {
  Opened& opened = At(info[0]);
  const bool removed =
      Check(opened.registry->RemoveSeries(ReadIndex(info[1]), ReadStrings(info[2])));
  if (removed) Process::Get().TellRemoved(mailbox_.get(), opened.registry->id());
  return Napi::Boolean::New(info.Env(), removed);
}

// clearMetric(handle, metric): number of series that were ended
Napi::Value Environment::ClearMetric(Info info) {
  Opened& opened = At(info[0]);
  const std::size_t ended = Check(opened.registry->Clear(ReadIndex(info[1])));
  if (ended > 0) Process::Get().TellRemoved(mailbox_.get(), opened.registry->id());
  return Napi::Number::New(info.Env(), static_cast<double>(ended));
}

// resetMetric(handle, metric)
Napi::Value Environment::ResetMetric(Info info) {
  Check(At(info[0]).registry->Reset(ReadIndex(info[1])));
  return info.Env().Undefined();
}

// pendingRemovals(handle): Removal[]
Napi::Value Environment::PendingRemovals(Info info) {
  Opened& opened = At(info[0]);
  return WriteRemovals(info.Env(), opened.registry->PendingRemovals(*opened.shard));
}

// acknowledge(handle, epochs)
Napi::Value Environment::Acknowledge(Info info) {
  Opened& opened = At(info[0]);
  opened.registry->Acknowledge(*opened.shard, ReadEpochs(info[1]));
  return info.Env().Undefined();
}

// takeIdle(handle): Removal[]
Napi::Value Environment::TakeIdle(Info info) {
  Opened& opened = At(info[0]);
  return WriteRemovals(info.Env(), opened.registry->TakeIdle(*opened.shard));
}

// letGo(handle, metric, series)
Napi::Value Environment::LetGo(Info info) {
  Opened& opened = At(info[0]);
  opened.registry->LetGo(*opened.shard, ReadIndex(info[1]), ReadIndex(info[2]));
  return info.Env().Undefined();
}

// resolveSeries(handle, metric, values): { address, series, overflow }
Napi::Value Environment::ResolveSeries(Info info) {
  Opened& opened = At(info[0]);
  const auto series =
      Check(opened.registry->Resolve(*opened.shard, ReadIndex(info[1]), ReadStrings(info[2])));
  if (series.ordered_holders > 1) Process::Get().thread().TickEvery(kShortestTick);
  auto result = Napi::Object::New(info.Env());
  result.Set("address", series.address);
  result.Set("series", series.index);
  result.Set("overflow", series.overflow);
  return result;
}

// resolveBlock(handle, metric, series, block): address
Napi::Value Environment::ResolveBlock(Info info) {
  Opened& opened = At(info[0]);
  const auto address = opened.registry->ResolveBlock(ReadIndex(info[1]), ReadIndex(info[2]),
                                                     info[3].As<Napi::Number>().Int32Value());
  return Napi::Number::New(info.Env(), Check(address));
}

// recordExemplar(handle, metric, series, value, traceId, spanId | ''): of a metric that is gone it
// is dropped, as its observation is. (Its thread has not heard of the removal yet.)
Napi::Value Environment::RecordExemplar(Info info) {
  Opened& opened = At(info[0]);
  const auto ids =
      ParseTraceIds(info[4].As<Napi::String>().Utf8Value(), info[5].As<Napi::String>().Utf8Value());
  if (!ids) throw StatusError({ErrorCode::kInvalidArgument, "no identifiers of a trace"});
  Status status = opened.registry->RecordExemplar(ReadIndex(info[1]), ReadIndex(info[2]),
                                                  info[3].As<Napi::Number>().DoubleValue(), *ids);
  if (status.code != ErrorCode::kMetricRemoved) Check(std::move(status));
  return info.Env().Undefined();
}

// openChunk(handle, index): Float64Array over this environment's cells of that chunk
Napi::Value Environment::OpenChunk(Info info) {
  const Napi::Env env = info.Env();
  Opened& opened = At(info[0]);
  const std::uint32_t index = ReadIndex(info[1]);
  if (index >= kMaxChunks) throw StatusError({ErrorCode::kInvalidArgument, "no such chunk"});
  if (external_buffers_) {
    double* memory = opened.registry->EnsureChunk(*opened.shard, index);
    if (memory == nullptr)
      throw StatusError({ErrorCode::kOutOfMemory, "no memory for another chunk of cells"});
    if (const napi_value buffer = ExternalBuffer(env, memory, kChunkBytes)) {
      return Napi::Float64Array::New(env, kCellsPerChunk, Napi::ArrayBuffer(env, buffer), 0);
    }
    external_buffers_ = false;
  }
  return AllocateInRuntime(env, opened, index);
}

// The way of runtimes with a memory cage: the ArrayBuffer owns the cells, the environment holds it
// until its shard is folded. Over-allocated, as the runtime aligns to less than a cache line.
Napi::Value Environment::AllocateInRuntime(Napi::Env env, Opened& opened, std::uint32_t index) {
  auto buffer = Napi::ArrayBuffer::New(env, kChunkBytes + kCacheLineBytes);
  const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(buffer.Data()) % kCacheLineBytes;
  const std::size_t offset = misaligned == 0 ? 0 : kCacheLineBytes - misaligned;
  opened.runtime_owned.push_back(Napi::Persistent(buffer));
  opened.registry->AdoptChunk(
      *opened.shard, index, reinterpret_cast<double*>(static_cast<char*>(buffer.Data()) + offset));
  return Napi::Float64Array::New(env, kCellsPerChunk, buffer, offset);
}

// reject(handle, metric (0: none), reason)
Napi::Value Environment::Reject(Info info) {
  const std::uint32_t reason = ReadIndex(info[2]);
  if (reason >= kRejectionNames.size())
    throw StatusError({ErrorCode::kInvalidArgument, "no such reason"});
  At(info[0]).registry->CountRejection(ReadIndex(info[1]), static_cast<Rejection>(reason));
  return info.Env().Undefined();
}

// bucketTables(): Int32Array, the lookup tables of schemas 0 to 8 one after another
Napi::Value Environment::BucketTables(Info info) {
  auto array = Napi::Int32Array::New(info.Env(), (kMaxSchema + 1) * kLookupEntries);
  for (int schema = 0; schema <= kMaxSchema; ++schema) {
    const auto table = BucketMapping::ForSchema(schema).LookupTable();
    std::copy(table.begin(), table.end(), array.Data() + schema * kLookupEntries);
  }
  return array;
}

// bucketBoundaries(): Float64Array, see BucketMapping::Boundaries
Napi::Value Environment::BucketBoundaries(Info info) {
  const auto boundaries = BucketMapping::Boundaries();
  auto array = Napi::Float64Array::New(info.Env(), boundaries.size());
  for (std::size_t i = 0; i < boundaries.size(); ++i) array[i] = boundaries[i];
  return array;
}

// boundariesAround(schema, value): [the boundary below, the one at or above]
Napi::Value Environment::BoundariesAround(Info info) {
  const int schema = info[0].As<Napi::Number>().Int32Value();
  if (schema < kMinSchema || schema > kMaxSchema)
    throw StatusError({ErrorCode::kInvalidArgument, "no such schema"});
  const auto [below, above] =
      BucketMapping::ForSchema(schema).BoundariesAround(info[1].As<Napi::Number>());
  const auto pair = Napi::Array::New(info.Env(), 2);
  pair.Set(0u, below);
  pair.Set(1u, above);
  return pair;
}

// nativeInterface(): the C ABI's table as a tagged External, for nanotally_attach
Napi::Value Environment::NativeInterface(Info info) {
  const napi_type_tag tag = {NANOTALLY_TYPE_TAG_LOWER, NANOTALLY_TYPE_TAG_UPPER};
  // Other addons only read it.
  auto* table = const_cast<nanotally_table*>(
      &NativeTable(Process::Get().recorder(), Process::Get().regions()));
  const auto external = Napi::External<nanotally_table>::New(info.Env(), table);
  if (napi_type_tag_object(info.Env(), external, &tag) != napi_ok)
    throw Napi::Error::New(info.Env());
  return external;
}

NODE_API_ADDON(Environment)

}  // namespace nanotally
