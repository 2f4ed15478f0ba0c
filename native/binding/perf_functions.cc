// perfMachine(): what can be counted here, and what this machine says to it.
#include <napi.h>

#include "binding/guard.h"
#include "binding/hardware_functions.h"
#include "os/cpu_features.h"
#include "os/perf_events.h"

namespace nanotally {
namespace {

Napi::String Text(Napi::Env env, std::string_view text) {
  return Napi::String::New(env, text.data(), text.size());
}

Napi::Array Texts(Napi::Env env, const std::vector<std::string>& texts) {
  auto array = Napi::Array::New(env, texts.size());
  for (std::uint32_t i = 0; i < texts.size(); ++i) array.Set(i, Text(env, texts[i]));
  return array;
}

std::string_view KindName(PerfKind kind) {
  switch (kind) {
    case PerfKind::kHardware:
      return "hardware";
    case PerfKind::kSoftware:
      return "software";
    case PerfKind::kUncore:
      return "uncore";
  }
  return {};
}

Napi::Object WriteEvent(Napi::Env env, const PerfEvent& event, const PerfOffer& offer) {
  auto written = Napi::Object::New(env);
  written.Set("name", Text(env, event.name));
  written.Set("group", Text(env, event.group));
  written.Set("kind", Text(env, KindName(event.kind)));
  written.Set("unit", Text(env, event.unit));
  written.Set("help", Text(env, event.help));
  written.Set("available", offer.is_available);
  written.Set("reason", Text(env, offer.reason));
  written.Set("message", Text(env, offer.message));
  written.Set("hint", Text(env, offer.hint));
  written.Set("encoding", Text(env, offer.encoding));
  written.Set("source", Text(env, offer.source));
  written.Set("userReads", offer.has_user_reads);
  return written;
}

Napi::Value WriteMachine(Napi::Env env) {
  const PerfMachine& machine = ThisPerfMachine();
  auto written = Napi::Object::New(env);
  written.Set("vendor", Text(env, machine.vendor));
  written.Set("model", Text(env, machine.model));
  written.Set("modelName", Text(env, machine.model_name));
  written.Set("pmus", Texts(env, machine.pmus));
  if (machine.paranoid) written.Set("paranoid", *machine.paranoid);
  if (machine.user_access) written.Set("userAccess", *machine.user_access);
  written.Set("container", machine.is_container);
  written.Set("cpuCounting", machine.may_count_cpus);
  written.Set("features", Texts(env, CpuFeatures()));
  written.Set("widestVectorBits", WidestVectorBits());
  const auto events = PerfEvents();
  auto offers = Napi::Array::New(env, events.size());
  for (std::uint32_t i = 0; i < events.size(); ++i)
    offers.Set(i, WriteEvent(env, events[i], machine.offers[i]));
  written.Set("events", offers);
  return written;
}

Napi::Value ReadMachine(const Napi::CallbackInfo& info) {
  return Guard(info, [&] { return WriteMachine(info.Env()); });
}

}  // namespace

void AddPerfFunctions(Napi::Object exports) {
  exports.Set("perfMachine", Napi::Function::New(exports.Env(), ReadMachine, "perfMachine"));
}

}  // namespace nanotally
