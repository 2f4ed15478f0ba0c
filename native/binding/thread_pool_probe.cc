// Probing libuv's thread pool.
#include "binding/thread_pool_probe.h"

#include <algorithm>
#include <cstdlib>

namespace nanotally {
namespace {

constexpr std::chrono::milliseconds kPeriod{1000};
constexpr int kDefaultThreads = 4;
constexpr int kMostThreads = 1024;

int ReadPoolThreads() {
  const char* size = std::getenv("UV_THREADPOOL_SIZE");
  if (size == nullptr) return kDefaultThreads;
  const int threads = std::atoi(size);  // as libuv reads it
  if (threads == 0) return 1;
  return threads < 0 || threads > kMostThreads ? kMostThreads : threads;
}

}  // namespace

void ThreadPoolProbe::Tick(LoopClock::time_point now) {
  // Takes a served request back; there is nothing else that could hold it up.
  if (is_out_) uv_run(&loop_, UV_RUN_NOWAIT);
  if (is_out_ || now < next_) return;
  // Held until the pool has the request: once nobody listens the pool may be shut down.
  const std::lock_guard lock(mutex_);
  if (!listeners_.empty()) QueueLockHeld(now);
}

void ThreadPoolProbe::QueueLockHeld(LoopClock::time_point now) {
  next_ = now + kPeriod;
  // Without descriptors for it there is no loop yet; the next period may have some.
  if (!has_loop_ && uv_loop_init(&loop_) != 0) return;
  has_loop_ = true;
  queued_ = LoopClock::now();
  has_probed_ = true;
  is_waiting_ = true;
  is_out_ = true;
  work_.data = this;
  // It fails for a missing callback alone.
  uv_queue_work(
      &loop_, &work_, [](uv_work_t* work) { static_cast<ThreadPoolProbe*>(work->data)->Served(); },
      [](uv_work_t* work, int) { static_cast<ThreadPoolProbe*>(work->data)->is_out_ = false; });
}

// On a thread of the pool.
void ThreadPoolProbe::Served() {
  const auto now = LoopClock::now();
  const std::lock_guard lock(mutex_);
  is_waiting_ = false;
  const double seconds = std::chrono::duration<double>(now - queued_).count();
  for (const auto& [owner, on_wait] : listeners_) on_wait(seconds);
}

void ThreadPoolProbe::Listen(const void* owner, std::function<void(double seconds)> on_wait) {
  const std::lock_guard lock(mutex_);
  if (!pool_threads_) pool_threads_ = ReadPoolThreads();
  listeners_.emplace_back(owner, std::move(on_wait));
}

void ThreadPoolProbe::StopListening(const void* owner) {
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [&](const auto& one) { return one.first == owner; });
  // What is out goes on waiting, and tells of it to who listens next.
  if (listeners_.empty()) has_probed_ = is_waiting_;
}

bool ThreadPoolProbe::IsProbing() const {
  const std::lock_guard lock(mutex_);
  return !listeners_.empty();
}

std::optional<int> ThreadPoolProbe::PoolThreads() const {
  const std::lock_guard lock(mutex_);
  return pool_threads_;
}

std::optional<std::chrono::nanoseconds> ThreadPoolProbe::Waiting(LoopClock::time_point now) const {
  const std::lock_guard lock(mutex_);
  if (!has_probed_) return std::nullopt;
  if (!is_waiting_) return std::chrono::nanoseconds(0);
  return std::max(now - queued_, LoopClock::duration(0));
}

}  // namespace nanotally
