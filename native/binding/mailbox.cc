// The mailbox over a thread-safe function.
#include "binding/mailbox.h"

#include <utility>

namespace nanotally {

Mailbox::Mailbox(Napi::Env env) {
  const auto name = Napi::String::New(env, "nanotally");
  napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, &Mailbox::Deliver, &function_);
  if (status == napi_ok) status = napi_unref_threadsafe_function(env, function_);
  if (status != napi_ok)
    throw Napi::Error::New(env, "nanotally: cannot create a thread-safe function");
}

bool Mailbox::Post(Message message) {
  const std::lock_guard lock(mutex_);
  if (!open_) return false;
  auto data = std::make_unique<Message>(std::move(message));
  if (napi_call_threadsafe_function(function_, data.get(), napi_tsfn_nonblocking) != napi_ok)
    return false;
  data.release();  // Deliver owns it now
  return true;
}

// The status of ref and unref says nothing new: both only touch the event loop's handle, which
// outlives the mailbox.
void Mailbox::Hold(Napi::Env env) {
  if (held_++ == 0) static_cast<void>(napi_ref_threadsafe_function(env, function_));
}

void Mailbox::Release(Napi::Env env) {
  if (--held_ == 0) static_cast<void>(napi_unref_threadsafe_function(env, function_));
}

void Mailbox::Close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

void Mailbox::Deliver(napi_env env, napi_value, void*, void* data) {
  const std::unique_ptr<Message> message(static_cast<Message*>(data));
  if (env == nullptr) return;  // the environment is going: the message is only destroyed
  const Napi::HandleScope scope(env);
  try {
    (*message)(env);
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  }
}

}  // namespace nanotally
