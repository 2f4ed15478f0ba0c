// The addon's entry, in each environment that loads it: the main thread and every worker. All state
// is the process's and is never destroyed, and no function waits for JavaScript: an environment may
// end at any time, and takes nothing with it. A worker that is terminated during a call ends after
// it.
#include "binding.h"
#include "metrics.h"
#include "pool.h"

namespace engram {
namespace {

// attach(nativeInterface())
Napi::Value AttachFromJs(const Napi::CallbackInfo& info) {
  const nanotally_status status = Attach(info[0]);
  VectorArena().Record();
  EdgeArena().Record();
  return Napi::Number::New(info.Env(), status);
}

}  // namespace

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports["attach"] = Napi::Function::New(env, AttachFromJs);
  InitIndexes(env, exports);
  InitTools(env, exports);
  return exports;
}

NODE_API_MODULE(engram, Init)

}  // namespace engram
