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

milliseconds ReadPatience(const Napi::Value& from) {
  return milliseconds(from.As<Napi::Number>().Uint32Value());
}

// Pairs of an Accept header, or null for JSON, and names.
std::vector<RenderRequest> ReadRenderRequests(const Napi::Value& from) {
  const auto array = from.As<Napi::Array>();
  std::vector<RenderRequest> requests(array.Length());
  for (std::uint32_t i = 0; i < requests.size(); ++i) {
    const auto pair = array.Get(i).As<Napi::Array>();
    const Napi::Value accept = pair.Get(0u);
    if (accept.IsString()) {
      requests[i].exposition = Negotiate(accept.As<Napi::String>().Utf8Value());
    }
    const std::vector<std::string> names = ReadStrings(pair.Get(1u));
    requests[i].filter = NameFilter({names.begin(), names.end()});
  }
  if (requests.empty()) throw StatusError({ErrorCode::kInvalidArgument, "nothing is asked for"});
  return requests;
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

Napi::Value WriteRendered(Napi::Env env, std::vector<Rendered> all) {
  const auto array = Napi::Array::New(env, all.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    auto exposition = Napi::Object::New(env);
    exposition.Set("contentType", all[i].content_type);
    exposition.Set("body", MakeBody(env, std::move(all[i].body)));
    array.Set(i, exposition);
  }
  return array;
}

}  // namespace

// Renders on nanotally's own thread, never on libuv's pool, which the program may have saturated,
// and settles a promise by its two functions: not by a napi_deferred, which is freed only by being
// settled, so an environment that ends first would leak it.
void Environment::RenderLater(Info info, const Napi::Value& resolve, const Napi::Value& reject,
                              std::function<std::vector<Rendered>(const Mailbox* from)> render) {
  Settling settling{Napi::Persistent(resolve.As<Napi::Function>()),
                    Napi::Persistent(reject.As<Napi::Function>()),
                    Napi::Persistent(ErrorClass(info))};
  const std::uint32_t token = next_token_++;
  Process::Get().thread().Post([mailbox = mailbox_, render = std::move(render), token] {
    auto rendered = std::make_shared<std::vector<Rendered>>();
    auto status = std::make_shared<Status>();
    try {
      *rendered = render(mailbox.get());
    } catch (const std::bad_alloc&) {
      *status = {ErrorCode::kOutOfMemory, "no memory to render the registry"};
    }
    // Refused when the environment has ended: then nobody waits for the promise.
    static_cast<void>(mailbox->Post([rendered, status, token](Napi::Env env) {
      auto* self = env.GetInstanceData<Environment>();
      auto found = self->renders_.extract(token);
      if (found.empty()) return;
      self->mailbox_->Release(env);
      const auto& [resolve, reject, error_class] = found.mapped();
      if (status->ok()) {
        resolve.Call({WriteRendered(env, std::move(*rendered))});
      } else {
        reject.Call({MakeError(env, error_class.Value(), *status).Value()});
      }
    }));
  });
  // The answer comes on this thread, so not before this returns.
  renders_.emplace(token, std::move(settling));
  mailbox_->Hold(info.Env());
}

// render(handle, requests, collectTimeoutMs, resolve, reject)
Napi::Value Environment::Render(Info info) {
  RenderLater(info, info[3], info[4],
              [registry = At(info[0]).registry, requests = ReadRenderRequests(info[1]),
               patience = ReadPatience(info[2])](const Mailbox* from) {
                return Process::Get().Render(*registry, from, patience, requests);
              });
  return info.Env().Undefined();
}

// renderSync(handle, requests, collectTimeoutMs): { body, contentType }[]. For a thread that has
// nothing else to do: the exporter's.
Napi::Value Environment::RenderSync(Info info) {
  return WriteRendered(info.Env(),
                       Process::Get().Render(*At(info[0]).registry, mailbox_.get(),
                                             ReadPatience(info[2]), ReadRenderRequests(info[1])));
}

std::shared_ptr<ChangeFeed> Environment::FeedAt(const Napi::Value& feed) const {
  const auto found = feeds_.find(ReadIndex(feed));
  if (found == feeds_.end()) throw StatusError({ErrorCode::kInvalidArgument, "no such feed"});
  return found->second;
}

// openFeed(handle): feed
Napi::Value Environment::OpenFeed(Info info) {
  const std::uint32_t feed = next_token_++;
  feeds_.emplace(feed, std::make_shared<ChangeFeed>(At(info[0]).registry));
  return Napi::Number::New(info.Env(), feed);
}

// closeFeed(feed)
Napi::Value Environment::CloseFeed(Info info) {
  feeds_.erase(ReadIndex(info[0]));
  return info.Env().Undefined();
}

// changes(feed, collectTimeoutMs, resolve, reject)
Napi::Value Environment::Changes(Info info) {
  RenderLater(info, info[2], info[3],
              [feed = FeedAt(info[0]), patience = ReadPatience(info[1])](const Mailbox* from) {
                return std::vector<Rendered>{Process::Get().RenderChanges(*feed, from, patience)};
              });
  return info.Env().Undefined();
}

// changesSync(feed, collectTimeoutMs): { body, contentType }[]
Napi::Value Environment::ChangesSync(Info info) {
  return WriteRendered(info.Env(), {Process::Get().RenderChanges(*FeedAt(info[0]), mailbox_.get(),
                                                                 ReadPatience(info[1]))});
}

// setCollecting(handle): from now on the listener is asked to "collect" before a scrape.
Napi::Value Environment::SetCollecting(Info info) {
  Opened& opened = At(info[0]);
  if (opened.collector != nullptr) return info.Env().Undefined();
  opened.collector = std::make_shared<Collector>();
  opened.collector->mailbox = mailbox_;
  opened.collector->thread = thread_;
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

// noteCollected(handle): the registry's collect callbacks of this environment are done.
Napi::Value Environment::NoteCollected(Info info) {
  const Opened& opened = At(info[0]);
  if (opened.collector != nullptr)
    opened.collector->done.store(LoopClock::now().time_since_epoch(), std::memory_order_relaxed);
  return info.Env().Undefined();
}

// collected(token)
Napi::Value Environment::Collected(Info info) {
  tickets_.erase(ReadIndex(info[0]));
  return info.Env().Undefined();
}

}  // namespace nanotally
