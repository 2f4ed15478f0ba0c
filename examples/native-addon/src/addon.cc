// The search, on threads of its own or on libuv's pool, and its way into JavaScript.
#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "cosine.h"
#include "metrics.h"

namespace {

using Clock = std::chrono::steady_clock;

// Compares `query` with `count` vectors. Any thread: none of the recordings locks, allocates or
// makes a system call, but the region, which reads the thread's counters.
void Search(const float* query, const float* vectors, std::size_t count, float* cosines) {
  nanotally_gauge_add(metrics.threads, 1);
  const Clock::time_point start = Clock::now();
  nanotally_region_begin(metrics.search);
  for (std::size_t i = 0; i < count; ++i) {
    cosines[i] = Cosine(query, vectors + i * kFloats);
    nanotally_counter_add(metrics.calls, 1);
  }
  nanotally_region_end(metrics.search);
  const std::chrono::duration<double> took = Clock::now() - start;
  nanotally_histogram_observe(metrics.seconds, took.count());
  nanotally_gauge_add(metrics.threads, -1);
}

// The arguments (query: Float32Array, vectors: Float32Array, ...), kept while a thread reads them.
struct Task {
  explicit Task(const Napi::CallbackInfo& info)
      : query(Floats(info, 0)), vectors(Floats(info, 1)), count(vectors.ElementLength() / kFloats) {
    if (query.ElementLength() != kFloats || vectors.ElementLength() % kFloats != 0)
      throw Napi::RangeError::New(info.Env(),
                                  "vectors have " + std::to_string(kFloats) + " floats");
  }

  static Napi::Float32Array Floats(const Napi::CallbackInfo& info, std::size_t index) {
    if (!info[index].IsTypedArray() ||
        info[index].As<Napi::TypedArray>().TypedArrayType() != napi_float32_array)
      throw Napi::TypeError::New(info.Env(), "expected a Float32Array");
    return info[index].As<Napi::Float32Array>();
  }

  Napi::Float32Array query, vectors;
  std::size_t count;
};

// search(query, vectors, threads): Float32Array of cosines. This thread waits for the others.
Napi::Value SearchOnThreads(const Napi::CallbackInfo& info) {
  const Task task(info);
  const std::size_t threads = std::clamp(info[2].ToNumber().Int32Value(), 1, 64);
  auto cosines = Napi::Float32Array::New(info.Env(), task.count);
  const float *query = task.query.Data(), *vectors = task.vectors.Data();
  float* out = cosines.Data();

  std::vector<std::thread> team;
  for (std::size_t i = 0; i < threads; ++i) {
    const std::size_t begin = task.count * i / threads, end = task.count * (i + 1) / threads;
    team.emplace_back([=] { Search(query, vectors + begin * kFloats, end - begin, out + begin); });
  }
  for (std::thread& thread : team) thread.join();
  return cosines;
}

class PoolSearch : public Napi::AsyncWorker {
 public:
  PoolSearch(Napi::Env env, const Task& task)
      : AsyncWorker(env),
        promise_(Napi::Promise::Deferred::New(env)),
        cosines_(Napi::Persistent(Napi::Float32Array::New(env, task.count))),
        held_{Napi::Persistent(task.query), Napi::Persistent(task.vectors)},
        search_([query = task.query.Data(), vectors = task.vectors.Data(), count = task.count,
                 out = cosines_.Value().Data()] { Search(query, vectors, count, out); }) {}

  Napi::Promise Start() {
    Queue();
    return promise_.Promise();
  }

 private:
  void Execute() override { search_(); }
  void OnOK() override { promise_.Resolve(cosines_.Value()); }
  void OnError(const Napi::Error& error) override { promise_.Reject(error.Value()); }

  const Napi::Promise::Deferred promise_;
  Napi::Reference<Napi::Float32Array> cosines_;
  Napi::Reference<Napi::Float32Array> held_[2];
  const std::function<void()> search_;
};

// searchAsync(query, vectors): a promise of the same, by one thread of libuv's pool.
Napi::Value SearchOnPool(const Napi::CallbackInfo& info) {
  return (new PoolSearch(info.Env(), Task(info)))->Start();  // it deletes itself when it is done
}

void AttachFromJs(const Napi::CallbackInfo& info) {
  const nanotally_status status = Attach(info[0]);
  if (status != NANOTALLY_OK)
    throw Napi::Error::New(info.Env(), "nanotally_status " + std::to_string(status));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports["attach"] = Napi::Function::New(env, AttachFromJs);
  exports["search"] = Napi::Function::New(env, SearchOnThreads);
  exports["searchAsync"] = Napi::Function::New(env, SearchOnPool);
  exports["isa"] = Napi::String::New(env, Isa());
  return exports;
}

}  // namespace

NODE_API_MODULE(cosine, Init)
