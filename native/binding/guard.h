// The one way from a C++ failure to a JavaScript error: lib's NanotallyError with a stable code.
#pragma once

#include <napi.h>

#include <exception>
#include <new>
#include <utility>

#include "core/status.h"

namespace nanotally {

// Carries a failed status through C++ frames up to the guard.
class StatusError : public std::exception {
 public:
  explicit StatusError(Status status) : status_(std::move(status)) {}
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] const char* what() const noexcept override { return status_.message.c_str(); }

 private:
  Status status_;
};

inline void Check(Status status) {
  if (!status.ok()) throw StatusError(std::move(status));
}

template <typename T>
T Check(Result<T> result) {
  if (!result.ok()) throw StatusError(result.status());
  return std::move(result.value());
}

// The class of the errors of an entry point: that of the object which it is called on. Module
// resets and VM contexts make several instances of lib in one environment, each with a class of its
// own (lib/native.ts).
inline Napi::Function ErrorClass(const Napi::CallbackInfo& info) {
  return info.This().As<Napi::Object>().Get("NanotallyError").As<Napi::Function>();
}

// A NanotallyError(code, message).
inline Napi::Error MakeError(Napi::Env env, const Napi::Function& error_class,
                             const Status& status) {
  const Napi::Value error = error_class.New(
      {Napi::String::New(env, ErrorName(status.code)), Napi::String::New(env, status.message)});
  return Napi::Error(env, error);
}

// Runs an entry point; whatever it throws leaves as a JavaScript error.
template <typename Entry>
Napi::Value Guard(const Napi::CallbackInfo& info, Entry&& entry) {
  const auto failed = [&info](const Status& status) {
    return MakeError(info.Env(), ErrorClass(info), status);
  };
  try {
    return entry();
  } catch (const Napi::Error&) {
    throw;
  } catch (const StatusError& error) {
    throw failed(error.status());
  } catch (const std::bad_alloc&) {
    throw failed({ErrorCode::kOutOfMemory, "out of memory"});
  } catch (const std::exception& error) {
    throw failed({ErrorCode::kInvalidArgument, error.what()});
  }
}

}  // namespace nanotally
