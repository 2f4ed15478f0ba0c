// topology(root): the machine, as plain data.
#include <napi.h>

#include <optional>
#include <string>
#include <vector>

#include "binding/guard.h"
#include "binding/hardware_functions.h"
#include "os/topology.h"

namespace nanotally {
namespace {

const char* SourceName(TopologySource source) {
  switch (source) {
    case TopologySource::kLibnuma:
      return "libnuma";
    case TopologySource::kSysfs:
      return "sysfs";
    case TopologySource::kFlat:
      return "flat";
  }
  return "";
}

Napi::Array Numbers(Napi::Env env, const std::vector<std::uint32_t>& numbers) {
  auto array = Napi::Array::New(env, numbers.size());
  for (std::uint32_t i = 0; i < numbers.size(); ++i)
    array.Set(i, Napi::Number::New(env, numbers[i]));
  return array;
}

// An object whose properties are left out where their value is absent.
class Record {
 public:
  explicit Record(Napi::Env env) : object_(Napi::Object::New(env)) {}

  void Set(const char* name, const Napi::Value& value) { object_.Set(name, value); }
  void Set(const char* name, const char* value) { object_.Set(name, value); }
  void Set(const char* name, bool value) { object_.Set(name, Napi::Boolean::New(Env(), value)); }
  void Set(const char* name, double value) { object_.Set(name, value); }
  void Set(const char* name, const CpuList& list) { object_.Set(name, Numbers(Env(), list)); }
  template <class T>
  void Set(const char* name, const std::optional<T>& value) {
    if (!value) return;
    if constexpr (std::is_arithmetic_v<T>) {
      Set(name, static_cast<double>(*value));
    } else {
      Set(name, *value);
    }
  }

  [[nodiscard]] Napi::Object Value() const { return object_; }

 private:
  [[nodiscard]] Napi::Env Env() const { return object_.Env(); }

  Napi::Object object_;
};

Napi::Object Write(Napi::Env env, const NumaNode& node) {
  Record record(env);
  record.Set("number", static_cast<double>(node.number));
  record.Set("cpus", node.cpus);
  record.Set("memoryBytes", node.memory_bytes);
  record.Set("freeBytes", node.free_bytes);
  record.Set("distances", node.distances);
  record.Set("allowed", node.is_allowed);
  return record.Value();
}

Napi::Object Write(Napi::Env env, const CpuPlace& cpu) {
  Record record(env);
  record.Set("number", static_cast<double>(cpu.number));
  record.Set("online", cpu.is_online);
  record.Set("allowed", cpu.is_allowed);
  record.Set("node", cpu.node);
  record.Set("package", cpu.package);
  record.Set("die", cpu.die);
  record.Set("core", cpu.core);
  record.Set("siblings", cpu.siblings);
  if (!cpu.kind.empty()) record.Set("kind", cpu.kind.c_str());
  return record.Value();
}

Napi::Object Write(Napi::Env env, const Cache& cache) {
  Record record(env);
  record.Set("level", static_cast<double>(cache.level));
  record.Set("type", cache.type.c_str());
  record.Set("bytes", cache.bytes);
  record.Set("lineBytes", cache.line_bytes);
  record.Set("ways", cache.ways);
  record.Set("cpus", cache.cpus);
  return record.Value();
}

template <class Part>
Napi::Array WriteAll(Napi::Env env, const std::vector<Part>& parts) {
  auto array = Napi::Array::New(env, parts.size());
  for (std::uint32_t i = 0; i < parts.size(); ++i) array.Set(i, Write(env, parts[i]));
  return array;
}

Napi::Value ReadMachine(const Napi::CallbackInfo& info) {
  return Guard(info, [&] {
    const Topology topology = ReadTopology(info[0].As<Napi::String>());
    Record record(info.Env());
    record.Set("source", SourceName(topology.source));
    record.Set("nodes", WriteAll(info.Env(), topology.nodes));
    record.Set("cpus", WriteAll(info.Env(), topology.cpus));
    record.Set("caches", WriteAll(info.Env(), topology.caches));
    record.Set("affinity", topology.affinity);
    record.Set("cpuset", topology.cpuset);
    record.Set("cpuQuota", topology.cpu_quota);
    return record.Value();
  });
}

}  // namespace

void AddTopologyFunctions(Napi::Object exports) {
  exports.Set("topology", Napi::Function::New(exports.Env(), ReadMachine, "topology"));
}

}  // namespace nanotally
