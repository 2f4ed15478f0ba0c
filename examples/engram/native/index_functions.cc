// The indexes of the process, by number, for JavaScript: whichever thread made one, all may use it.
#include <map>
#include <memory>
#include <mutex>

#include "binding.h"
#include "memory_index.h"

namespace engram {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::uint32_t, std::shared_ptr<MemoryIndex>> indexes;
  std::uint32_t last = 0;
};

Registry& TheRegistry() {
  static Registry* const registry = new Registry;
  return *registry;
}

// Holds it until the call's end, whoever closes it meanwhile.
std::shared_ptr<MemoryIndex> IndexArgument(const Napi::CallbackInfo& info) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  const auto found = registry.indexes.find(info[0].ToNumber().Uint32Value());
  if (found != registry.indexes.end()) return found->second;
  const Napi::Error error = Napi::Error::New(info.Env(), "there is no such index: it was closed");
  error.Set("code", Napi::String::New(info.Env(), "ERR_ENGRAM_INDEX_CLOSED"));
  throw error;
}

// createIndex(dimensions, m, efConstruction, hotCapacity, warmSegments, coldSegments, seed): number
Napi::Value CreateIndex(const Napi::CallbackInfo& info) {
  const auto number = [&](std::size_t index) { return info[index].ToNumber().Uint32Value(); };
  MemoryIndexOptions options;
  options.hot = {number(0), number(1), number(2), number(6), number(3)};
  options.warm_segments = number(4);
  options.cold_segments = number(5);
  const HnswOptions& hot = options.hot;
  if (hot.dimensions == 0 || hot.dimensions > 1024 || hot.dimensions % kFloatsPerTurn != 0 ||
      hot.m < 2 || hot.m > kMostEdges / 2 || hot.capacity == 0)
    throw Napi::RangeError::New(info.Env(), "options out of range");
  auto index = std::make_shared<MemoryIndex>(options);
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  registry.indexes.emplace(++registry.last, std::move(index));
  return Napi::Number::New(info.Env(), registry.last);
}

// closeIndex(index): whether it was open
Napi::Value CloseIndex(const Napi::CallbackInfo& info) {
  std::shared_ptr<MemoryIndex> closed;  // destroyed without the lock
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  const auto found = registry.indexes.find(info[0].ToNumber().Uint32Value());
  if (found != registry.indexes.end()) {
    closed = std::move(found->second);
    registry.indexes.erase(found);
  }
  return Napi::Boolean::New(info.Env(), closed != nullptr);
}

// insert(index, id, vector): 0 stored, 1 stored and its segment sealed; else -InsertStatus
Napi::Value Insert(const Napi::CallbackInfo& info) {
  const auto index = IndexArgument(info);
  const auto vector = FloatsArgument(info, 2, index->options().hot.dimensions);
  bool sealed = false;
  const InsertStatus status =
      index->Insert(info[1].ToNumber().Uint32Value(), vector.Data(), sealed);
  const int result = status == InsertStatus::kOk ? sealed : -static_cast<int>(status);
  return Napi::Number::New(info.Env(), result);
}

// search(index, vector, k, ef, queryType, ids, scores, tiers, figures): how many were found, or -1
// for a vector that is not of unit length. `figures` receives seconds by tier, hops, distances,
// near and far visits.
Napi::Value Search(const Napi::CallbackInfo& info) {
  constexpr std::size_t kFigures = kTiers + 4;
  const auto index = IndexArgument(info);
  const auto vector = FloatsArgument(info, 1, index->options().hot.dimensions);
  const std::size_t k = info[2].ToNumber().Uint32Value();
  const std::size_t ef = info[3].ToNumber().Uint32Value();
  const std::uint32_t type = info[4].ToNumber().Uint32Value();
  if (type >= kQueryTypes) throw Napi::RangeError::New(info.Env(), "no such query type");
  auto ids = ArrayArgument<Napi::Uint32Array>(info, 5, napi_uint32_array, k);
  auto scores = FloatsArgument(info, 6, k);
  auto tiers = ArrayArgument<Napi::Uint8Array>(info, 7, napi_uint8_array, k);
  auto figures = ArrayArgument<Napi::Float64Array>(info, 8, napi_float64_array, kFigures);

  static thread_local std::vector<Hit> hits;
  hits.resize(k);
  const auto searched = index->Search(vector.Data(), ef, static_cast<QueryType>(type), hits);
  if (!searched.is_unit) return Napi::Number::New(info.Env(), -1);
  for (std::size_t i = 0; i < searched.count; ++i) {
    ids.Data()[i] = hits[i].id;
    scores.Data()[i] = hits[i].score;
    tiers.Data()[i] = static_cast<std::uint8_t>(hits[i].tier);
  }
  double* const out = figures.Data();
  std::copy(searched.seconds.begin(), searched.seconds.end(), out);
  std::uint64_t hops = 0;
  for (const std::uint32_t of : searched.total.hops) hops += of;
  out[kTiers] = static_cast<double>(hops);
  out[kTiers + 1] = static_cast<double>(searched.total.distances);
  out[kTiers + 2] = static_cast<double>(searched.total.near);
  out[kTiers + 3] = static_cast<double>(searched.total.far);
  return Napi::Number::New(info.Env(), static_cast<double>(searched.count));
}

constexpr std::array<const char*, kTiers> kTierNames = {"hot", "warm", "cold"};

// [type][layer], as arrays of arrays
Napi::Array HopsOf(Napi::Env env, const decltype(MemoryIndexBooks::hops_sum)& hops) {
  Napi::Array types = Napi::Array::New(env, kQueryTypes);
  for (std::uint32_t type = 0; type < kQueryTypes; ++type) {
    Napi::Array layers = Napi::Array::New(env, kLayers);
    for (std::uint32_t layer = 0; layer < kLayers; ++layer)
      layers[layer] = static_cast<double>(hops[type][layer]);
    types[type] = layers;
  }
  return types;
}

// stats(index): its books and what it holds, by tier
Napi::Value Stats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto index = IndexArgument(info);
  const MemoryIndexBooks books = index->Books();
  const auto contents = index->Contents();
  Napi::Object stats = ObjectOf(
      env, {Count("inserted", books.inserted), Count("notUnit", books.not_unit),
            Count("broken", books.broken), Count("noMemory", books.no_memory),
            Count("seals", books.seals), Count("toCold", books.to_cold),
            Count("droppedSegments", books.dropped_segments),
            Count("droppedVectors", books.dropped_vectors), Count("searches", books.searches),
            Count("faults", books.faults), Count("distances", books.distances)});
  stats["isBroken"] = Napi::Boolean::New(env, index->IsBroken());
  stats["hopsCount"] = HopsOf(env, books.hops_count);
  stats["hopsSum"] = HopsOf(env, books.hops_sum);
  stats["near"] =
      ObjectOf(env, {Count("disabled", books.near[0]), Count("enabled", books.near[1])});
  stats["far"] = ObjectOf(env, {Count("disabled", books.far[0]), Count("enabled", books.far[1])});
  Napi::Object tiers = Napi::Object::New(env);
  for (int tier = 0; tier < kTiers; ++tier) {
    const TierContents& of = contents[tier];
    tiers.Set(kTierNames[tier], ObjectOf(env, {Count("segments", of.segments),
                                               Count("vectors", of.vectors),
                                               Count("memoryBytes", of.memory_bytes),
                                               Count("fileBytes", of.file_bytes),
                                               Count("rawEdgeBytes", of.raw_edge_bytes),
                                               Count("encodedEdgeBytes", of.encoded_edge_bytes),
                                               Count("graphsSearched", books.graphs_searched[tier]),
                                               Count("hits", books.hits[tier]),
                                               {"seconds", books.seconds[tier]}}));
  }
  stats["tiers"] = tiers;
  return stats;
}

// checkIntegrity(index): what was found in each tier
Napi::Value CheckIntegrity(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto found = IndexArgument(info)->CheckIntegrity();
  Napi::Object tiers = Napi::Object::New(env);
  for (int tier = 0; tier < kTiers; ++tier) {
    const Integrity& of = found[tier];
    Napi::Object object = ObjectOf(env, {Count("nodes", of.nodes),
                                         Count("edges", of.edges),
                                         Count("outOfRange", of.out_of_range),
                                         Count("selfLoops", of.self_loops),
                                         Count("overDegree", of.over_degree),
                                         Count("wrongLayer", of.wrong_layer),
                                         Count("badVectors", of.bad_vectors),
                                         Count("badEntries", of.bad_entries),
                                         Count("badEncoding", of.bad_encoding),
                                         {"shareReached", of.ShareReached()}});
    object["isSound"] = Napi::Boolean::New(env, of.IsSound());
    tiers.Set(kTierNames[tier], object);
  }
  return tiers;
}

// corrupt(index, fault, seed): whether there was something to break
Napi::Value Corrupt(const Napi::CallbackInfo& info) {
  const auto index = IndexArgument(info);
  const std::uint32_t fault = info[1].ToNumber().Uint32Value();
  if (fault > static_cast<std::uint32_t>(Fault::kSegment))
    throw Napi::RangeError::New(info.Env(), "no such fault");
  return Napi::Boolean::New(
      info.Env(), index->Corrupt(static_cast<Fault>(fault), info[2].ToNumber().Uint32Value()));
}

// repair(index): how many vectors of unsound graphs were kept, and lost
Napi::Value Repair(const Napi::CallbackInfo& info) {
  const auto repaired = IndexArgument(info)->Repair();
  return ObjectOf(info.Env(), {Count("kept", repaired.kept), Count("lost", repaired.lost)});
}

}  // namespace

void InitIndexes(Napi::Env env, Napi::Object exports) {
  exports["createIndex"] = Napi::Function::New(env, CreateIndex);
  exports["closeIndex"] = Napi::Function::New(env, CloseIndex);
  exports["insert"] = Napi::Function::New(env, Insert);
  exports["search"] = Napi::Function::New(env, Search);
  exports["stats"] = Napi::Function::New(env, Stats);
  exports["checkIntegrity"] = Napi::Function::New(env, CheckIntegrity);
  exports["corrupt"] = Napi::Function::New(env, Corrupt);
  exports["repair"] = Napi::Function::New(env, Repair);
}

}  // namespace engram
