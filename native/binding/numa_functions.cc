// The entry point that tells on which NUMA nodes the arena lies.
#include <napi.h>

#include "binding/guard.h"
#include "binding/hardware_functions.h"
#include "binding/process.h"

namespace nanotally {
namespace {

// arenaNodes(): { nodes, bytes, reason, message, hint }
Napi::Value ArenaNodes(const Napi::CallbackInfo& info) {
  return Guard(info, [&]() -> Napi::Value {
    const MemoryLook look = LookAtArena(Process::Get().store().arena());
    const auto nodes = Napi::Array::New(info.Env());
    const auto bytes = Napi::Array::New(info.Env());
    for (const auto& [node, bytes_there] : look.bytes) {
      bytes.Set(nodes.Length(), static_cast<double>(bytes_there));
      nodes.Set(nodes.Length(), node);
    }
    auto result = Napi::Object::New(info.Env());
    result.Set("nodes", nodes);
    result.Set("bytes", bytes);
    const NoLook none = look.error == 0 ? NoLook{"", "", ""} : WhyNoLook(look.error);
    result.Set("reason", none.reason);
    result.Set("message", none.message);
    result.Set("hint", none.hint);
    return result;
  });
}

}  // namespace

void AddNumaFunctions(Napi::Object exports) {
  exports.Set("arenaNodes", Napi::Function::New<&ArenaNodes>(exports.Env(), "arenaNodes"));
}

}  // namespace nanotally
