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

// A NanotallyError(code, message) by lib's own class.
inline Napi::Error MakeError(Napi::Env env, const Napi::FunctionReference& error_class,
                             const Status& status) {
  const Napi::Value error = error_class.New(
      {Napi::String::New(env, ErrorName(status.code)), Napi::String::New(env, status.message)});
  return Napi::Error(env, error);
}

// Runs an entry point; whatever it throws leaves as a JavaScript error.
template <typename Entry>
Napi::Value Guard(Napi::Env env, const Napi::FunctionReference& error_class, Entry&& entry) {
  try {
    return entry();
  } catch (const Napi::Error&) {
    throw;
  } catch (const StatusError& error) {
    throw MakeError(env, error_class, error.status());
  } catch (const std::bad_alloc&) {
    throw MakeError(env, error_class, {ErrorCode::kOutOfMemory, "out of memory"});
  } catch (const std::exception& error) {
    throw MakeError(env, error_class, {ErrorCode::kInvalidArgument, error.what()});
  }
}

}  // namespace nanotally
