// The heartbeat of event loops.
#include "binding/event_loops.h"

#include <algorithm>

#include "os/current_cpu.h"
#include "os/thread_id.h"

namespace nanotally {

using std::chrono::nanoseconds;

namespace {

constexpr std::chrono::seconds kUtilizationWindow{10};
constexpr std::chrono::seconds kUtilizationStep{1};
constexpr std::uint64_t kNoteMs = 50;

// Since some moment in the past.
std::int64_t ActiveNs(uv_loop_t* loop) {
  const std::uint64_t now = uv_hrtime();
  return static_cast<std::int64_t>(now - uv_metrics_idle_time(loop));
}

// Whether it waits for events: its idle time then grows with the clock, so both are read until the
// clock has moved.
bool Waits(uv_loop_t* loop) {
  const std::uint64_t idle = uv_metrics_idle_time(loop);
  const std::uint64_t then = uv_hrtime();
  while (uv_hrtime() == then) {
  }
  return uv_metrics_idle_time(loop) != idle;
}

}  // namespace

EventLoop::EventLoop(uv_loop_t* loop, std::unique_ptr<ThreadPlacement> placement)
    : loop_(loop),
      joined_ns_(uv_hrtime()),
      idle_before_ns_(uv_metrics_idle_time(loop)),
      thread_id_(ThreadId()),
      noted_active_ns_(ActiveNs(loop)),
      placement_(std::move(placement)),
      noted_ms_(uv_now(loop)),
      samples_{{LoopClock::now(), idle_before_ns_}} {
  // Node does so itself; without it a loop that waits would look like one that is held.
  uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
  // Neither of these two can fail.
  uv_prepare_init(loop, &prepare_);
  uv_prepare_start(&prepare_, &EventLoop::Turned);
  prepare_.data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(&prepare_));
}

void EventLoop::Measure(NativeHistogram& turns) {
  if (measured_.empty()) noted_active_ns_.store(ActiveNs(loop_), std::memory_order_relaxed);
  measured_.push_back(&turns);
}

void EventLoop::StopMeasuring(const NativeHistogram& turns) {
  measured_.erase(std::find(measured_.begin(), measured_.end(), &turns));
}

void EventLoop::Turned(uv_prepare_t* prepare) { static_cast<EventLoop*>(prepare->data)->Turned(); }

void EventLoop::Turned() {
  handles_.store(loop_->active_handles, std::memory_order_relaxed);
  requests_.store(loop_->active_reqs.count, std::memory_order_relaxed);
  // The loop's time is of when this turn began, before its timers.
  const std::uint64_t now_ms = uv_now(loop_);
  if (now_ms - noted_ms_ >= kNoteMs) {
    noted_ms_ = now_ms;
    placement_->Sample(CurrentCpu());
  } else if (measured_.empty()) {
    return;
  }
  const std::int64_t active = ActiveNs(loop_);
  const std::int64_t turn = active - noted_active_ns_.load(std::memory_order_relaxed);
  noted_active_ns_.store(active, std::memory_order_relaxed);
  for (NativeHistogram* turns : measured_) turns->Observe(static_cast<double>(turn) / 1e9);
}

std::shared_ptr<EventLoop> EventLoops::Join(uv_loop_t* loop, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(loops_.begin(), loops_.end(),
                                  [&](const auto& one) { return one->loop_ == loop; });
  const auto& joined =
      found != loops_.end()
          ? *found
          : loops_.emplace_back(std::make_shared<EventLoop>(loop, make_placement_()));
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

// Of the last ten seconds or a little more, as far as it has been sampled for so long.
double EventLoop::UtilizationLockHeld(LoopClock::time_point now, std::uint64_t idle_ns) const {
  const Sample& from = samples_.front();
  const double elapsed = std::chrono::duration<double>(now - from.at).count();
  const double idle = static_cast<double>(idle_ns - from.idle_ns) / 1e9;
  const double share = elapsed > 0 ? 1 - idle / elapsed : 0;
  return std::clamp(share, 0.0, 1.0);
}

void EventLoops::Sample(LoopClock::time_point now) {
  const std::lock_guard lock(mutex_);
  for (const auto& loop : loops_) {
    auto& samples = loop->samples_;
    const auto since = now - samples.back().at;
    if (since < kUtilizationStep) continue;
    samples.push_back({now, uv_metrics_idle_time(loop->loop_)});
    // Nobody has sampled for long: of that time nothing is told.
    if (since >= kUtilizationWindow) samples.erase(samples.begin(), samples.end() - 1);
    while (samples.size() > 1 && now - samples[1].at >= kUtilizationWindow) samples.pop_front();
  }
}

std::vector<ThreadName> EventLoops::Threads() {
  const std::lock_guard lock(mutex_);
  std::vector<ThreadName> threads;
  for (const auto& loop : loops_) {
    if (loop->thread_id_ != 0) threads.push_back({loop->name_, loop->thread_id_});
  }
  return threads;
}

std::vector<NamedSamples> EventLoops::Placements() {
  const std::lock_guard lock(mutex_);
  std::vector<NamedSamples> placements;
  for (const auto& loop : loops_) placements.push_back({loop->name_, loop->placement_->Read()});
  return placements;
}

std::vector<LoopReading> EventLoops::Read(LoopClock::time_point now) {
  const std::lock_guard lock(mutex_);
  std::vector<LoopReading> readings;
  for (const auto& loop : loops_) {
    LoopReading& reading = readings.emplace_back();
    reading.thread = loop->name_;
    // The note last: a turn that comes meanwhile ends a stall.
    const nanoseconds active(ActiveNs(loop->loop_));
    const nanoseconds noted(loop->noted_active_ns_.load(std::memory_order_relaxed));
    if (!Waits(loop->loop_)) reading.stalled = std::max(active - noted, nanoseconds(0));
    const std::uint64_t idle = uv_metrics_idle_time(loop->loop_);
    loop->told_idle_ = std::max(loop->told_idle_, nanoseconds(idle - loop->idle_before_ns_));
    loop->told_active_ = std::max(loop->told_active_,
                                  nanoseconds(uv_hrtime() - loop->joined_ns_) - loop->told_idle_);
    reading.idle = loop->told_idle_;
    reading.active = loop->told_active_;
    reading.utilization = loop->UtilizationLockHeld(now, idle);
    reading.handles = loop->handles_.load(std::memory_order_relaxed);
    reading.requests = loop->requests_.load(std::memory_order_relaxed);
  }
  return readings;
}

}  // namespace nanotally
