// The entry points of an environment that make expositions, and those of the collect callbacks that
// this asks for.
#include <chrono>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "binding/definition.h"
#include "binding/environment.h"
#include "binding/guard.h"
#include "render/accept.h"

namespace nanotally {
namespace {

using std::chrono::milliseconds;

// info[1] to info[3]: accept, names, collectTimeoutMs.
RenderRequest ReadRenderRequest(const Napi::CallbackInfo& info) {
  RenderRequest request;
  request.exposition = Negotiate(info[1].As<Napi::String>().Utf8Value());
  const std::vector<std::string> names = ReadStrings(info[2]);
  request.filter = NameFilter({names.begin(), names.end()});
  request.patience = milliseconds(info[3].As<Napi::Number>().Uint32Value());
  return request;
}

// The body as a Buffer over the string's own memory, without a copy where the runtime allows it.
Napi::Value MakeBody(Napi::Env env, std::string body) {
  auto owned = std::make_unique<std::string>(std::move(body));
  const auto finalize = [](Napi::Env, char*, std::string* string) {
    Process::Get().texts().Give(std::move(*string));
    delete string;
  };
  const auto buffer =
      Napi::Buffer<char>::NewOrCopy(env, owned->data(), owned->size(), finalize, owned.get());
  owned.release();  // NewOrCopy has called the finalizer, or will
  return buffer;
}

}  // namespace

// render(handle, accept, names, collectTimeoutMs, resolve, reject). On nanotally's own thread,
// never on libuv's pool, which the program may have saturated. The functions of a promise and not a
// napi_deferred: that one is freed only by being settled, so an environment that ends first would
// leak it.
Napi::Value Environment::Render(Info info) {
  const auto registry = At(info[0]).registry;
  RenderRequest request = ReadRenderRequest(info);
  Settling settling{Napi::Persistent(info[4].As<Napi::Function>()),
                    Napi::Persistent(info[5].As<Napi::Function>()),
                    Napi::Persistent(ErrorClass(info))};
  const std::uint32_t token = next_token_++;
  Process::Get().thread().Post([mailbox = mailbox_, registry, request = std::move(request), token] {
    const Exposition exposition = request.exposition;
    auto body = std::make_shared<std::string>();
    auto status = std::make_shared<Status>();
    try {
      *body = Process::Get().Render(*registry, mailbox.get(), request);
    } catch (const std::bad_alloc&) {
      *status = {ErrorCode::kOutOfMemory, "no memory to render the registry"};
    }
    // Refused when the environment has ended: then nobody waits for the promise.
    static_cast<void>(mailbox->Post([body, exposition, status, token](Napi::Env env) {
      auto* self = env.GetInstanceData<Environment>();
      auto found = self->renders_.extract(token);
      if (found.empty()) return;
      self->mailbox_->Release(env);
      if (status->ok()) {
        found.mapped().resolve.Call(
            {MakeBody(env, std::move(*body)), Napi::String::New(env, ContentType(exposition))});
      } else {
        const auto& [resolve, reject, error_class] = found.mapped();
        reject.Call({MakeError(env, error_class.Value(), *status).Value()});
      }
    }));
  });
  // The answer comes on this thread, so not before this returns.
  renders_.emplace(token, std::move(settling));
  mailbox_->Hold(info.Env());
  return info.Env().Undefined();
}

// renderSync(handle, accept, names, collectTimeoutMs): { body, contentType }. For a thread that has
// nothing else to do: the exporter's.
Napi::Value Environment::RenderSync(Info info) {
  const auto registry = At(info[0]).registry;
  RenderRequest request = ReadRenderRequest(info);
  auto result = Napi::Object::New(info.Env());
  result.Set("contentType", ContentType(request.exposition));
  result.Set("body", MakeBody(info.Env(), Process::Get().Render(*registry, mailbox_.get(),
                                                                std::move(request))));
  return result;
}

// setCollecting(handle): from now on the listener is asked to "collect" before a scrape.
Napi::Value Environment::SetCollecting(Info info) {
  Opened& opened = At(info[0]);
  if (opened.collector != nullptr) return info.Env().Undefined();
  opened.collector = std::make_shared<Collector>();
  opened.collector->mailbox = mailbox_;
  opened.collector->ask = [handle = ReadIndex(info[0])](Napi::Env env,
                                                        std::shared_ptr<void> ticket) {
    auto* self = env.GetInstanceData<Environment>();
    const std::uint32_t token = self->next_token_++;
    self->tickets_.emplace(token, std::move(ticket));
    if (!self->Tell(env, handle, "collect", token)) self->tickets_.erase(token);
  };
  Process::Get().AddCollector(opened.registry->id(), opened.collector);
  return info.Env().Undefined();
}

// collected(token)
Napi::Value Environment::Collected(Info info) {
  tickets_.erase(ReadIndex(info[0]));
  return info.Env().Undefined();
}

}  // namespace nanotally
