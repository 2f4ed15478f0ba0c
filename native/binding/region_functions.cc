// Regions of code for JavaScript. Beginning and ending one are called by the plain Node-API: they
// are what a measured run pays.
#include <napi.h>

#include <vector>

#include "binding/definition.h"
#include "binding/environment.h"
#include "binding/guard.h"
#include "binding/hardware_functions.h"
#include "binding/process.h"

namespace nanotally {
namespace {

std::vector<PerfEventId> ReadEvents(const Napi::Value& names) {
  std::vector<PerfEventId> events;
  for (const std::string& name : ReadStrings(names)) {
    const auto event = FindPerfEvent(name);
    if (!event) throw StatusError({ErrorCode::kInvalidArgument, "no event is named " + name});
    events.push_back(*event);
  }
  return events;
}

Napi::Array WriteEvents(Napi::Env env, const std::vector<PerfEventId>& events) {
  auto names = Napi::Array::New(env, events.size());
  for (std::uint32_t i = 0; i < events.size(); ++i)
    names.Set(i, Napi::String::New(env, std::string(PerfEvents()[events[i]].name)));
  return names;
}

// openRegion(registry, name, events | null): { region, events, counted }
Napi::Value OpenRegion(const Napi::CallbackInfo& info) {
  return Guard(info, [&]() -> Napi::Value {
    const Napi::Env env = info.Env();
    RegionRequest request;
    request.in = Environment::RegistryOf(env, info[0]);
    request.name = info[1].As<Napi::String>().Utf8Value();
    if (info[2].IsArray()) request.events = ReadEvents(info[2]);
    PerfRegion& region = *Check(Process::Get().regions().Get(request));
    // Collected, or at the end of the environment, both of them on its thread.
    const auto external = Napi::External<PerfRegion>::New(
        env, &region,
        [](Napi::Env, PerfRegion* released) { Process::Get().regions().Release(*released); });
    auto opened = Napi::Object::New(env);
    opened.Set("region", external);
    opened.Set("events", WriteEvents(env, region.events()));
    opened.Set("counted", WriteEvents(env, region.offered()));
    return opened;
  });
}

// The region that is the first argument, and the place that is the second. lib alone calls these,
// with what openRegion and beginRegion gave it.
PerfRegion* ReadRegion(napi_env env, napi_callback_info info, std::size_t count,
                       std::int32_t* place) {
  napi_value arguments[2];
  void* region = nullptr;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok ||
      napi_get_value_external(env, arguments[0], &region) != napi_ok ||
      (place != nullptr && napi_get_value_int32(env, arguments[1], place) != napi_ok)) {
    napi_throw_type_error(env, nullptr, "nanotally: no region");
    return nullptr;
  }
  return static_cast<PerfRegion*>(region);
}

// isCurrentRegion(region): boolean
napi_value IsCurrentRegion(napi_env env, napi_callback_info info) {
  const PerfRegion* region = ReadRegion(env, info, 1, nullptr);
  napi_value current = nullptr;
  if (region == nullptr || napi_get_boolean(env, region->IsCurrent(), &current) != napi_ok)
    return nullptr;
  return current;
}

// beginRegion(region): its place, or -1
napi_value BeginRegion(napi_env env, napi_callback_info info) {
  PerfRegion* region = ReadRegion(env, info, 1, nullptr);
  napi_value place = nullptr;
  if (region == nullptr || napi_create_int32(env, region->Begin(), &place) != napi_ok)
    return nullptr;
  return place;
}

// endRegion(region, place), endMeasure(region, place): boolean
template <PerfRegion::Order kOrder>
napi_value EndRegion(napi_env env, napi_callback_info info) {
  std::int32_t place = 0;
  PerfRegion* region = ReadRegion(env, info, 2, &place);
  napi_value ended = nullptr;
  if (region == nullptr || napi_get_boolean(env, region->EndAt(place, kOrder), &ended) != napi_ok)
    return nullptr;
  return ended;
}

// dropRegion(region, place)
napi_value DropRegion(napi_env env, napi_callback_info info) {
  std::int32_t place = 0;
  PerfRegion* region = ReadRegion(env, info, 2, &place);
  if (region != nullptr) region->DropAt(place, Rejection::kAsync);
  return nullptr;
}

void AddFunction(Napi::Object exports, const char* name, napi_callback function) {
  const Napi::Env env = exports.Env();
  napi_value added = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &added) != napi_ok)
    throw Napi::Error::New(env);
  exports.Set(name, Napi::Value(env, added));
}

}  // namespace

void AddRegionFunctions(Napi::Object exports) {
  exports.Set("openRegion", Napi::Function::New<OpenRegion>(exports.Env(), "openRegion"));
  AddFunction(exports, "isCurrentRegion", &IsCurrentRegion);
  AddFunction(exports, "beginRegion", &BeginRegion);
  AddFunction(exports, "endRegion", &EndRegion<PerfRegion::Order::kStrict>);
  AddFunction(exports, "endMeasure", &EndRegion<PerfRegion::Order::kNested>);
  AddFunction(exports, "dropRegion", &DropRegion);
}

}  // namespace nanotally
