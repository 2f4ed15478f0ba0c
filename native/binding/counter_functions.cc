// The entry points of an environment for counters: those of other threads, processes and CPUs,
// which the CLI shows, and families of the process' own.
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "binding/definition.h"
#include "binding/environment.h"
#include "binding/guard.h"
#include "os/perf_counters.h"

namespace nanotally {
namespace {

std::vector<PerfEventId> ReadEvents(const Napi::Value& names) {
  std::vector<PerfEventId> events;
  for (const std::string& name : ReadStrings(names)) {
    const auto event = FindPerfEvent(name);
    if (!event) throw StatusError({ErrorCode::kInvalidArgument, "there is no event " + name});
    events.push_back(*event);
  }
  return events;
}

}  // namespace

PerfCounters& Environment::CountersAt(const Napi::Value& token) {
  const auto found = counters_.find(ReadIndex(token));
  if (found == counters_.end())
    throw StatusError({ErrorCode::kInvalidArgument, "the counters are closed"});
  return *found->second;
}

// openCounters(pid, cpu, events, withChildren, fromExecOn): token
Napi::Value Environment::OpenCounters(Info info) {
  PerfTarget target;
  target.pid = info[0].As<Napi::Number>().Int32Value();
  target.cpu = info[1].As<Napi::Number>().Int32Value();
  target.with_children = info[3].As<Napi::Boolean>();
  target.from_exec_on = info[4].As<Napi::Boolean>();
  target.wants_user_reads = false;
  const std::vector<PerfEventId> events = ReadEvents(info[2]);
  const std::uint32_t token = next_token_++;
  counters_.emplace(token, PerfCounters::Open(target, events));
  return Napi::Number::New(info.Env(), token);
}

// readCounters(token): Float64Array [event][value, enabledNs, runningNs]
Napi::Value Environment::ReadCounters(Info info) {
  PerfCounters& counters = CountersAt(info[0]);
  std::vector<PerfReading> readings(counters.events().size());
  counters.Read(readings);
  auto values = Napi::Float64Array::New(info.Env(), readings.size() * 3);
  constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const PerfReading& one = readings[i];
    values[3 * i] = one.is_open ? static_cast<double>(one.value) : kAbsent;
    values[3 * i + 1] = one.is_open ? static_cast<double>(one.enabled_ns) : kAbsent;
    values[3 * i + 2] = one.is_open ? static_cast<double>(one.running_ns) : kAbsent;
  }
  return values;
}

// counterErrors(token): number[]
Napi::Value Environment::CounterErrors(Info info) {
  const PerfCounters& counters = CountersAt(info[0]);
  const auto errors = Napi::Array::New(info.Env(), counters.events().size());
  for (std::uint32_t i = 0; i < counters.events().size(); ++i) errors.Set(i, counters.error(i));
  return errors;
}

// closeCounters(token)
Napi::Value Environment::CloseCounters(Info info) {
  counters_.erase(ReadIndex(info[0]));
  return info.Env().Undefined();
}

// startHardwareMetrics(handle, events, perCpu)
Napi::Value Environment::StartHardwareMetrics(Info info) {
  Opened& opened = At(info[0]);
  Check(Process::Get().hardware().Start(opened.registry, ReadEvents(info[1]),
                                        info[2].As<Napi::Boolean>()));
  ++opened.hardware_starts;
  return info.Env().Undefined();
}

// stopHardwareMetrics(handle): what was started last.
Napi::Value Environment::StopHardwareMetrics(Info info) {
  Opened& opened = At(info[0]);
  if (opened.hardware_starts == 0) return info.Env().Undefined();
  --opened.hardware_starts;
  Process::Get().hardware().Stop(*opened.registry);
  return info.Env().Undefined();
}

}  // namespace nanotally
