// The heartbeat of event loops.
#include "binding/event_loops.h"

#include <algorithm>

#include "os/thread_id.h"

namespace nanotally {

using std::chrono::nanoseconds;

namespace {

constexpr std::chrono::seconds kUtilizationWindow{10};
constexpr std::chrono::seconds kUtilizationStep{1};

}  // namespace

EventLoop::EventLoop(uv_loop_t* loop)
    : loop_(loop),
      joined_ns_(uv_hrtime()),
      idle_before_ns_(uv_metrics_idle_time(loop)),
      thread_id_(ThreadId()),
      seen_idle_ns_(idle_before_ns_),
      moved_(LoopClock::now()),
      samples_{{moved_, idle_before_ns_}} {
  // Node does so itself; without it a loop that waits would look like one that is held.
  uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
  // Neither of these two can fail.
  uv_prepare_init(loop, &prepare_);
  uv_prepare_start(&prepare_, &EventLoop::Turned);
  prepare_.data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(&prepare_));
}

void EventLoop::Measure(NativeHistogram& turns) {
  if (measured_.empty()) {
    last_ns_ = uv_hrtime();
    last_idle_ns_ = uv_metrics_idle_time(loop_);
  }
  measured_.push_back(&turns);
}

void EventLoop::StopMeasuring(const NativeHistogram& turns) {
  measured_.erase(std::find(measured_.begin(), measured_.end(), &turns));
}

void EventLoop::Turned(uv_prepare_t* prepare) { static_cast<EventLoop*>(prepare->data)->Turned(); }

void EventLoop::Turned() {
  turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  handles_.store(loop_->active_handles, std::memory_order_relaxed);
  requests_.store(loop_->active_reqs.count, std::memory_order_relaxed);
  if (measured_.empty()) return;
  const std::uint64_t now = uv_hrtime();
  const std::uint64_t idle = uv_metrics_idle_time(loop_);
  const std::uint64_t turn = (now - last_ns_) - (idle - last_idle_ns_);
  last_ns_ = now;
  last_idle_ns_ = idle;
  for (NativeHistogram* turns : measured_) turns->Observe(static_cast<double>(turn) / 1e9);
}

std::shared_ptr<EventLoop> EventLoops::Join(uv_loop_t* loop, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(loops_.begin(), loops_.end(),
                                  [&](const auto& one) { return one->loop_ == loop; });
  const auto& joined =
      found != loops_.end() ? *found : loops_.emplace_back(std::make_shared<EventLoop>(loop));
  if (joined->joined_++ == 0) joined->name_ = name;
  return joined;
}

void EventLoops::Leave(const std::shared_ptr<EventLoop>& loop) {
  {
    // Whoever holds the mutex may be reading of the loop.
    const std::lock_guard lock(mutex_);
    if (--loop->joined_ > 0) return;
    std::erase(loops_, loop);
  }
  // The handle is the loop's until it was closed, which the loop does when it runs next.
  loop->prepare_.data = new std::shared_ptr<EventLoop>(loop);
  uv_prepare_stop(&loop->prepare_);
  uv_close(reinterpret_cast<uv_handle_t*>(&loop->prepare_), [](uv_handle_t* handle) {
    delete static_cast<std::shared_ptr<EventLoop>*>(handle->data);
  });
}

void EventLoops::LookLockHeld(LoopClock::time_point now) {
  for (const auto& loop : loops_) {
    const std::uint64_t turns = loop->turns_.load(std::memory_order_relaxed);
    const std::uint64_t idle = uv_metrics_idle_time(loop->loop_);
    if (turns != loop->seen_turns_ || idle != loop->seen_idle_ns_) loop->moved_ = now;
    loop->seen_turns_ = turns;
    loop->seen_idle_ns_ = idle;
  }
}

// Of the last ten seconds or a little more, as far as it has been looked at for so long.
double EventLoop::UtilizationLockHeld(LoopClock::time_point now) {
  while (samples_.size() > 1 && now - samples_[1].at >= kUtilizationWindow) samples_.pop_front();
  const Sample& from = samples_.front();
  const double elapsed = std::chrono::duration<double>(now - from.at).count();
  const double idle = static_cast<double>(seen_idle_ns_ - from.idle_ns) / 1e9;
  const double share = elapsed > 0 ? 1 - idle / elapsed : 0;
  if (now - samples_.back().at >= kUtilizationStep) samples_.push_back({now, seen_idle_ns_});
  return std::clamp(share, 0.0, 1.0);
}

void EventLoops::Look(LoopClock::time_point now) {
  const std::lock_guard lock(mutex_);
  LookLockHeld(now);
}

std::vector<ThreadName> EventLoops::Threads() {
  const std::lock_guard lock(mutex_);
  std::vector<ThreadName> threads;
  for (const auto& loop : loops_) {
    if (loop->thread_id_ != 0) threads.push_back({loop->name_, loop->thread_id_});
  }
  return threads;
}

std::vector<LoopReading> EventLoops::Read(LoopClock::time_point now) {
  const std::lock_guard lock(mutex_);
  LookLockHeld(now);
  std::vector<LoopReading> readings;
  for (const auto& loop : loops_) {
    LoopReading& reading = readings.emplace_back();
    reading.thread = loop->name_;
    reading.stalled = std::max(now - loop->moved_, LoopClock::duration(0));
    reading.idle = nanoseconds(loop->seen_idle_ns_ - loop->idle_before_ns_);
    reading.active =
        std::max(nanoseconds(uv_hrtime() - loop->joined_ns_) - reading.idle, nanoseconds(0));
    reading.utilization = loop->UtilizationLockHeld(now);
    reading.handles = loop->handles_.load(std::memory_order_relaxed);
    reading.requests = loop->requests_.load(std::memory_order_relaxed);
  }
  return readings;
}

}  // namespace nanotally
