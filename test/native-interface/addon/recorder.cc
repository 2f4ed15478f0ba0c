// nanotally.h as JavaScript functions, one for each of its own, and native threads that record
// through it until they are stopped. A handle is a number, the same in every thread of JavaScript;
// 0 is NULL. Statuses are their names, without the prefix. See ../recorder.ts.
//
// The state is never destroyed, and the addon never unloaded: threads may record to the end of the
// process.

#include <napi.h>  // before nanotally.h

#include "nanotally.h"

#if defined(__linux__)
#include <sched.h>
#endif
#if !defined(_WIN32)
#include <pthread.h>
#include <signal.h>
#endif

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using Info = const Napi::CallbackInfo&;

Napi::Value StatusText(Napi::Env env, nanotally_status status) {
  static const char* const texts[] = {
      "OK",     "NOT_ATTACHED", "INVALID_ARGUMENT", "CONFLICT",
      "CLOSED", "NO_MEMORY",    "INCOMPATIBLE",     "ATTACHED_ELSEWHERE"};
  return Napi::String::New(env, texts[status]);
}

// A handle of any of the three types.
struct Handle {
  nanotally_counter* counter = nullptr;
  nanotally_gauge* gauge = nullptr;
  nanotally_histogram* histogram = nullptr;
};

// Threads that all record the same, and how often they did.
struct Team {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> recordings{0};
  std::vector<std::thread> threads;
};

struct State {
  std::mutex mutex;
  std::deque<Handle> handles{1};
  std::deque<Team> teams;
};
State& TheState() {
  static State* state = new State;
  return *state;
}

Handle HandleAt(const Napi::Value& number) {
  const std::lock_guard lock(TheState().mutex);
  return TheState().handles.at(number.ToNumber().Uint32Value());
}

Team& TeamAt(const Napi::Value& number) {
  const std::lock_guard lock(TheState().mutex);
  return TheState().teams.at(number.ToNumber().Uint32Value());
}

// A string or the bytes of a Buffer; anything else is no text.
std::optional<std::string> TextOf(const Napi::Value& value) {
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  if (!value.IsBuffer()) return std::nullopt;
  const auto bytes = value.As<Napi::Buffer<char>>();
  return std::string(bytes.Data(), bytes.Length());
}

const char* PointerTo(const std::optional<std::string>& text) {
  return text.has_value() ? text->c_str() : nullptr;
}

// attach(value): status
Napi::Value Attach(Info info) {
  return StatusText(info.Env(), nanotally_attach(info.Env(), info[0]));
}

// attachNoTable(): status of attaching to NULL
Napi::Value AttachNoTable(Info info) {
  return StatusText(info.Env(), nanotally_attach_table(nullptr));
}

// external(tag: 'none' | 'other' | 'right', version, bytes smaller): an External of a table whose
// functions do nothing
Napi::Value External(Info info) {
  auto* table = new nanotally_table{};  // for good, as nanotally's own
  table->size = static_cast<std::uint32_t>(sizeof *table - info[2].ToNumber().Uint32Value());
  table->version = info[1].ToNumber().Uint32Value();
  table->count_no_handle = [](std::uint64_t) {};
  const auto external = Napi::External<nanotally_table>::New(info.Env(), table);
  const std::string tag = info[0].ToString();
  const napi_type_tag right = {NANOTALLY_TYPE_TAG_LOWER, NANOTALLY_TYPE_TAG_UPPER};
  const napi_type_tag other = {NANOTALLY_TYPE_TAG_LOWER, NANOTALLY_TYPE_TAG_UPPER + 1};
  if (tag != "none" &&
      napi_type_tag_object(info.Env(), external, tag == "right" ? &right : &other) != napi_ok)
    throw Napi::Error::New(info.Env());
  return external;
}

// get(type, name, labels: [name, value][] | null, options): { status, handle }. Null is one label
// at NULL.
Napi::Value Get(Info info) {
  const std::string type = info[0].ToString();
  const auto name = TextOf(info[1]);

  std::deque<std::optional<std::string>> texts;  // keeps what `labels` point to
  std::vector<nanotally_label> labels;
  if (info[2].IsArray()) {
    const auto pairs = info[2].As<Napi::Array>();
    for (std::uint32_t i = 0; i < pairs.Length(); ++i) {
      const auto pair = pairs.Get(i).As<Napi::Array>();
      const auto& label = texts.emplace_back(TextOf(pair.Get(0u)));
      const auto& value = texts.emplace_back(TextOf(pair.Get(1u)));
      labels.push_back({PointerTo(label), PointerTo(value)});
    }
  }
  const std::size_t count = info[2].IsNull() ? 1 : labels.size();
  const nanotally_label* first = info[2].IsArray() ? labels.data() : nullptr;

  nanotally_options options = NANOTALLY_OPTIONS_INIT;
  std::optional<std::string> registry, help, unit;
  std::vector<double> buckets;
  if (info[3].IsObject()) {
    const auto given = info[3].As<Napi::Object>();
    options.registry = PointerTo(registry = TextOf(given.Get("registry")));
    options.help = PointerTo(help = TextOf(given.Get("help")));
    options.unit = PointerTo(unit = TextOf(given.Get("unit")));
    if (given.Has("schema")) options.schema = given.Get("schema").ToNumber();
    if (given.Has("size")) options.size = given.Get("size").ToNumber().Uint32Value();
    if (given.Has("buckets")) {
      const auto bounds = given.Get("buckets").As<Napi::Array>();
      for (std::uint32_t i = 0; i < bounds.Length(); ++i)
        buckets.push_back(bounds.Get(i).ToNumber().DoubleValue());
      buckets.reserve(1);  // no bound is not the same as no buckets
      options.buckets = buckets.data();
      options.bucket_count = buckets.size();
    }
  }

  Handle handle;
  nanotally_status status = NANOTALLY_INVALID_ARGUMENT;
  if (type == "counter")
    status = nanotally_get_counter(PointerTo(name), first, count, &options, &handle.counter);
  else if (type == "gauge")
    status = nanotally_get_gauge(PointerTo(name), first, count, &options, &handle.gauge);
  else if (type == "histogram")
    status = nanotally_get_histogram(PointerTo(name), first, count, &options, &handle.histogram);

  std::size_t number = 0;
  if (handle.counter != nullptr || handle.gauge != nullptr || handle.histogram != nullptr) {
    const std::lock_guard lock(TheState().mutex);
    number = TheState().handles.size();
    TheState().handles.push_back(handle);
  }
  auto result = Napi::Object::New(info.Env());
  result["status"] = StatusText(info.Env(), status);
  result["handle"] = Napi::Number::New(info.Env(), static_cast<double>(number));
  return result;
}

// getToNowhere(): the statuses of gets without a place for the handle
Napi::Value GetToNowhere(Info info) {
  auto statuses = Napi::Array::New(info.Env());
  statuses[0u] = StatusText(info.Env(), nanotally_get_counter("x", nullptr, 0, nullptr, nullptr));
  statuses[1u] = StatusText(info.Env(), nanotally_get_gauge("x", nullptr, 0, nullptr, nullptr));
  statuses[2u] = StatusText(info.Env(), nanotally_get_histogram("x", nullptr, 0, nullptr, nullptr));
  return statuses;
}

// release(handle); NULL is a handle of every type
void Release(Info info) {
  const Handle handle = HandleAt(info[0]);
  nanotally_release_counter(handle.counter);
  nanotally_release_gauge(handle.gauge);
  nanotally_release_histogram(handle.histogram);
}

void Record(const std::string& what, const Handle& handle, double value) {
  if (what == "add")
    nanotally_counter_add(handle.counter, value);
  else if (what == "set")
    nanotally_gauge_set(handle.gauge, value);
  else if (what == "change")
    nanotally_gauge_add(handle.gauge, value);
  else if (what == "observe")
    nanotally_histogram_observe(handle.histogram, value);
}

std::vector<double> Values(const Napi::Value& value) {
  std::vector<double> values;
  const auto array = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i)
    values.push_back(array.Get(i).ToNumber().DoubleValue());
  return values;
}

// record(what, handle, values): on this thread, in order
void RecordHere(Info info) {
  const std::string what = info[0].ToString();
  const Handle handle = HandleAt(info[1]);
  for (const double value : Values(info[2])) Record(what, handle, value);
}

// recordOnOneCpu(what, handle, values): the same by a thread that stays on one CPU; whether it
// could
Napi::Value RecordOnOneCpu(Info info) {
  const std::string what = info[0].ToString();
  const Handle handle = HandleAt(info[1]);
  const auto values = Values(info[2]);
  bool pinned = true;
  std::thread([&] {
#if defined(__linux__)
    cpu_set_t cpu;
    CPU_ZERO(&cpu);
    CPU_SET(sched_getcpu(), &cpu);
    pinned = sched_setaffinity(0, sizeof cpu, &cpu) == 0;
#endif
    for (const double value : values) Record(what, handle, value);
  }).join();
  return Napi::Boolean::New(info.Env(), pinned);
}

// start(threads, what, handle, values, each?): a team. Each thread records the values in turn, over
// and over; `each` times, or until it is stopped.
Napi::Value Start(Info info) {
  const std::uint32_t threads = info[0].ToNumber();
  const std::string what = info[1].ToString();
  const Handle handle = HandleAt(info[2]);
  const auto values = Values(info[3]);
  const std::uint64_t each =
      info[4].IsNumber() ? static_cast<std::uint64_t>(info[4].ToNumber().Int64Value()) : UINT64_MAX;

  const std::lock_guard lock(TheState().mutex);
  Team& team = TheState().teams.emplace_back();
  for (std::uint32_t i = 0; i < threads; ++i) {
    team.threads.emplace_back([&team, what, handle, values, each] {
      for (std::uint64_t n = 0; n < each && !team.stop.load(std::memory_order_relaxed); ++n) {
        Record(what, handle, values[n % values.size()]);
        team.recordings.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  return Napi::Number::New(info.Env(), static_cast<double>(TheState().teams.size() - 1));
}

// recordings(team): so many so far, by all of its threads
Napi::Value Recordings(Info info) {
  return Napi::Number::New(info.Env(), static_cast<double>(TeamAt(info[0]).recordings.load()));
}

// end(team, stop): waits for its threads, which it stops unless told to let them record each of
// theirs; the recordings they made
Napi::Value End(Info info) {
  Team& team = TeamAt(info[0]);
  if (info[1].ToBoolean()) team.stop = true;
  for (std::thread& thread : team.threads) thread.join();
  return Recordings(info);
}

#if !defined(_WIN32)

// What the signal handler below records through, and how often it did.
Handle interrupting;
std::atomic<std::uint64_t> interruptions{0};

void RecordInHandler(int) {
  nanotally_counter_add(interrupting.counter, 1);
  nanotally_gauge_add(interrupting.gauge, 1);
  nanotally_histogram_observe(interrupting.histogram, 1);
  nanotally_counter_add(nullptr, 1);
  interruptions.fetch_add(1);
}

// interrupt(counter, gauge, histogram, times): a thread gets and releases "interrupted_total", and
// records through all handles and NULL, over and over; as often as told a signal interrupts it,
// whose handler does the latter too. How often the thread recorded.
Napi::Value Interrupt(Info info) {
  interrupting = {HandleAt(info[0]).counter, HandleAt(info[1]).gauge, HandleAt(info[2]).histogram};
  const std::uint32_t times = info[3].ToNumber();
  struct sigaction action {};
  action.sa_handler = RecordInHandler;
  sigaction(SIGUSR2, &action, nullptr);

  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> recordings{0};
  std::thread thread([&] {
    while (!stop) {
      nanotally_counter* again = nullptr;
      nanotally_get_counter("interrupted_total", nullptr, 0, nullptr, &again);
      nanotally_release_counter(again);
      nanotally_counter_add(interrupting.counter, 1);
      nanotally_gauge_add(interrupting.gauge, 1);
      nanotally_histogram_observe(interrupting.histogram, 1);
      nanotally_counter_add(nullptr, 1);
      recordings.fetch_add(1);
    }
  });
  for (std::uint64_t done = interruptions, i = 0; i < times; ++i) {
    pthread_kill(thread.native_handle(), SIGUSR2);
    while (interruptions == done + i) std::this_thread::yield();
  }
  stop = true;
  thread.join();
  return Napi::Number::New(info.Env(), static_cast<double>(recordings.load()));
}

#endif

// region(name, events: string[] | null): { status, address }; the address is the handle, in a
// BigInt
Napi::Value Region(Info info) {
  const auto name = TextOf(info[0]);
  nanotally_region_options options = NANOTALLY_REGION_OPTIONS_INIT;
  std::vector<std::string> texts;
  std::vector<const char*> events;
  if (info[1].IsArray()) {
    const auto names = info[1].As<Napi::Array>();
    for (std::uint32_t i = 0; i < names.Length(); ++i) texts.push_back(names.Get(i).ToString());
    for (const std::string& text : texts) events.push_back(text.c_str());
    events.push_back(nullptr);  // no event is not the same as no events
    options.events = events.data();
    options.event_count = texts.size();
  }
  nanotally_region* region = nullptr;
  const nanotally_status status = nanotally_get_region(PointerTo(name), &options, &region);
  auto result = Napi::Object::New(info.Env());
  result["status"] = StatusText(info.Env(), status);
  result["address"] = Napi::BigInt::New(
      info.Env(), static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(region)));
  return result;
}

nanotally_region* RegionAt(const Napi::Value& address) {
  bool lossless = false;
  return reinterpret_cast<nanotally_region*>(
      static_cast<std::uintptr_t>(address.As<Napi::BigInt>().Uint64Value(&lossless)));
}

// runRegion(address, threads, each): as many runs on each of so many new threads
void RunRegion(Info info) {
  nanotally_region* const region = RegionAt(info[0]);
  const std::uint32_t each = info[2].ToNumber();
  std::vector<std::thread> threads;
  for (std::uint32_t i = info[1].ToNumber().Uint32Value(); i > 0; --i) {
    threads.emplace_back([region, each] {
      for (std::uint32_t run = 0; run < each; ++run) {
        nanotally_region_begin(region);
        nanotally_region_end(region);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// aroundRegion(address, fn): a run on this thread in which JavaScript is called
void AroundRegion(Info info) {
  nanotally_region_begin(RegionAt(info[0]));
  info[1].As<Napi::Function>().Call({});
  nanotally_region_end(RegionAt(info[0]));
}

// releaseRegion(address)
void ReleaseRegion(Info info) { nanotally_release_region(RegionAt(info[0])); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports["attach"] = Napi::Function::New(env, Attach);
  exports["attachNoTable"] = Napi::Function::New(env, AttachNoTable);
  exports["external"] = Napi::Function::New(env, External);
  exports["get"] = Napi::Function::New(env, Get);
  exports["getToNowhere"] = Napi::Function::New(env, GetToNowhere);
  exports["release"] = Napi::Function::New(env, Release);
  exports["region"] = Napi::Function::New(env, Region);
  exports["runRegion"] = Napi::Function::New(env, RunRegion);
  exports["aroundRegion"] = Napi::Function::New(env, AroundRegion);
  exports["releaseRegion"] = Napi::Function::New(env, ReleaseRegion);
  exports["record"] = Napi::Function::New(env, RecordHere);
  exports["recordOnOneCpu"] = Napi::Function::New(env, RecordOnOneCpu);
  exports["start"] = Napi::Function::New(env, Start);
  exports["recordings"] = Napi::Function::New(env, Recordings);
#if !defined(_WIN32)
  exports["interrupt"] = Napi::Function::New(env, Interrupt);
#endif
  exports["end"] = Napi::Function::New(env, End);
  return exports;
}

}  // namespace

NODE_API_MODULE(recorder, Init)
