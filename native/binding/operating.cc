// The entry points of an environment for who operates the program: the name of its thread, being
// served, runtime metrics, health.
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "binding/definition.h"
#include "binding/environment.h"
#include "binding/guard.h"

namespace nanotally {

// nameThread(name): by which metrics tell of this thread from now on. Once.
Napi::Value Environment::NameThread(Info info) {
  if (loop_ != nullptr) return info.Env().Undefined();
  thread_ = info[0].As<Napi::String>();
  uv_loop_t* loop = nullptr;
  // Runtimes that have no libuv have no loop to tell of.
  if (napi_get_uv_event_loop(info.Env(), &loop) == napi_ok)
    loop_ = Process::Get().loops().Join(loop, thread_);
  return info.Env().Undefined();
}

// serve(handle): the registry tells what those who serve it want to know of the process.
Napi::Value Environment::Serve(Info info) {
  Check(Process::Get().Serve(*At(info[0]).registry));
  return info.Env().Undefined();
}

// setRecordCost(counterSeconds, histogramSeconds)
Napi::Value Environment::SetRecordCost(Info info) {
  RecordCost& cost = Process::Get().record_cost();
  cost.counter.store(info[0].As<Napi::Number>(), std::memory_order_relaxed);
  cost.histogram.store(info[1].As<Napi::Number>(), std::memory_order_relaxed);
  return info.Env().Undefined();
}

// openHealth(): the place of a check on the board
Napi::Value Environment::OpenHealth(Info info) {
  const std::uint32_t place = Process::Get().health().Open(thread_);
  checks_.insert(place);
  return Napi::Number::New(info.Env(), place);
}

// postHealth(place, name, status, message, critical, consecutiveFailures, durationSeconds,
// lastRunUnixSeconds, believedForMs)
Napi::Value Environment::PostHealth(Info info) {
  HealthResult result;
  const std::uint32_t place = ReadIndex(info[0]);
  result.name = info[1].As<Napi::String>();
  const std::uint32_t health = ReadIndex(info[2]);
  if (health >= kHealthNames.size())
    throw StatusError({ErrorCode::kInvalidArgument, "no such status"});
  result.health = static_cast<Health>(health);
  result.message = info[3].As<Napi::String>();
  result.critical = info[4].As<Napi::Boolean>();
  result.consecutive_failures = ReadIndex(info[5]);
  result.duration_seconds = info[6].As<Napi::Number>();
  result.last_run_unix_seconds = info[7].As<Napi::Number>();
  const std::chrono::milliseconds believed_for(ReadIndex(info[8]));
  Process::Get().health().Post(place, std::move(result), LoopClock::now() + believed_for);
  return info.Env().Undefined();
}

// closeHealth(place)
Napi::Value Environment::CloseHealth(Info info) {
  const std::uint32_t place = ReadIndex(info[0]);
  checks_.erase(place);
  Process::Get().health().Close(place);
  return info.Env().Undefined();
}

// readHealth(handle): { name, status, message, critical, consecutiveFailures, durationSeconds,
// lastRun }[]
Napi::Value Environment::ReadHealth(Info info) {
  const auto results = Process::Get().ReadHealth(*At(info[0]).registry);
  const auto array = Napi::Array::New(info.Env(), results.size());
  for (std::uint32_t i = 0; i < results.size(); ++i) {
    const HealthResult& result = results[i];
    auto check = Napi::Object::New(info.Env());
    check.Set("name", result.name);
    check.Set("status", kHealthNames[static_cast<std::size_t>(result.health)]);
    check.Set("message", result.message);
    check.Set("critical", result.critical);
    if (result.last_run_unix_seconds > 0) {
      check.Set("consecutiveFailures", result.consecutive_failures);
      check.Set("durationSeconds", result.duration_seconds);
      check.Set("lastRun", result.last_run_unix_seconds);
    }
    array.Set(i, check);
  }
  return array;
}

// startRuntimeMetrics(handle): of the process and of this thread's event loop, where it has one.
Napi::Value Environment::StartRuntimeMetrics(Info info) {
  Opened& opened = At(info[0]);
  if (loop_ == nullptr) return info.Env().Undefined();
  Check(Process::Get().StartRuntime(opened.registry, *loop_, thread_));
  ++opened.runtime_starts;
  return info.Env().Undefined();
}

// stopRuntimeMetrics(handle): what was started last.
Napi::Value Environment::StopRuntimeMetrics(Info info) {
  Opened& opened = At(info[0]);
  if (opened.runtime_starts == 0) return info.Env().Undefined();
  --opened.runtime_starts;
  Process::Get().StopRuntime(*opened.registry, *loop_);
  return info.Env().Undefined();
}

}  // namespace nanotally
