// A mailbox: how other threads hand work to an environment's thread, for as long as that
// environment lives.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <mutex>

namespace nanotally {

// Post is for any thread, the rest for the environment's own. A message that is never delivered is
// destroyed all the same, on some thread, so what must happen in any case belongs into the
// destructor of something that it owns.
//
// Why not call a thread-safe function directly: Node frees it when the environment ends, whoever
// still holds it. The mutex and `open_` make posting after that a refusal.
class Mailbox {
 public:
  using Message = std::function<void(Napi::Env)>;

  // Make it before adding the environment's clean-up hook: hooks run in reverse order, so that
  // Close comes first.
  explicit Mailbox(Napi::Env env);
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // False, and the message destroyed, once the mailbox was closed.
  bool Post(Message message);

  // While held more often than released, the environment's event loop stays alive for an answer.
  void Hold(Napi::Env env);
  void Release(Napi::Env env);

  void Close();

 private:
  static void Deliver(napi_env env, napi_value function, void* context, void* data);

  std::mutex mutex_;
  bool open_ = true;
  napi_threadsafe_function function_ = nullptr;
  int held_ = 0;
};

}  // namespace nanotally
