// The built-in checks.
#include "binding/system_health.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "binding/process.h"
#include "runtime/memory_health.h"
#include "runtime/numa_metrics.h"

namespace nanotally {
namespace {

// A scrape that waits longer than this is late to most time-outs.
constexpr HealthLimits kStallSeconds = {1, 10};
// A turn that long is felt by every request that waits for it.
constexpr HealthLimits kLagSeconds = {0.1, 1};
constexpr HealthLimits kPoolWaitSeconds = {0.1, 5};
// Prometheus scrapes every 15 to 60 s, and looks back 5 minutes.
constexpr HealthLimits kScrapeAgeSeconds = {300, std::numeric_limits<double>::infinity()};
constexpr std::chrono::minutes kRecently{5};

// A worker may well compute for a minute; a main thread that stands serves nobody.
HealthResult AssessEventLoops(Process& process, LoopClock::time_point now) {
  const char* const name = "event_loops";
  const auto loops = process.loops().Read(now);
  if (loops.empty()) return Unavailable(name, "this runtime has no libuv");
  HealthResult result = Judge(name, 0, kStallSeconds, "");
  result.critical = true;
  for (const LoopReading& loop : loops) {
    const double stalled = std::chrono::duration<double>(loop.stalled).count();
    if (stalled <= kStallSeconds.degraded) continue;
    if (!result.message.empty()) result.message += ", ";
    result.message += "thread " + loop.thread + " is held for " + Printed("%.1f s", stalled);
    const bool is_main = loop.thread == "main";
    result.health = is_main && stalled > kStallSeconds.unhealthy
                        ? Health::kUnhealthy
                        : std::max(result.health, Health::kDegraded);
  }
  if (result.message.empty()) result.message = std::to_string(loops.size()) + " event loops turn";
  return result;
}

HealthResult AssessEventLoopDelay(Process& process, const Registry& registry) {
  const char* const name = "event_loop_delay";
  const auto slowest = process.SlowestLoop(registry);
  if (!slowest)
    return Unavailable(name, "collectRuntimeMetrics() is not called, or no turn was measured yet");
  return Judge(name, slowest->second, kLagSeconds,
               "99 % of the turns of thread " + slowest->first + " take less than " +
                   Printed("%.3f s", slowest->second));
}

HealthResult AssessThreadPool(Process& process, LoopClock::time_point now) {
  const char* const name = "thread_pool";
  if (!process.pool_probe().IsProbing())
    return Unavailable(name, "collectRuntimeMetrics() is not called");
  const auto probe = process.pool_probe().Waiting(now);
  if (!probe) return Unavailable(name, "the pool was not probed yet");
  const double waiting = std::chrono::duration<double>(*probe).count();
  return Judge(name, waiting, kPoolWaitSeconds,
               waiting > kPoolWaitSeconds.degraded
                   ? "no thread of libuv's pool is free for " + Printed("%.1f s", waiting)
                   : "libuv's pool has a free thread");
}

HealthResult AssessScrapeAge(const Registry& registry, LoopClock::time_point now) {
  const char* const name = "scrape_age";
  const auto last = registry.LastScrape();
  if (!last) return Unavailable(name, "nothing has scraped yet");
  const double age = std::chrono::duration<double>(now - *last).count();
  return Judge(name, age, kScrapeAgeSeconds, "last scraped " + Printed("%.0f s", age) + " ago");
}

}  // namespace

HealthResult SystemHealth::Rejections(LoopClock::time_point now) {
  const std::uint64_t rejected = registry_.Rejected();
  const std::lock_guard lock(mutex_);
  if (rejected > rejected_) rejected_at_ = now;
  rejected_ = rejected;
  const bool are_recent =
      rejected_at_ != LoopClock::time_point::min() && now - rejected_at_ < kRecently;
  HealthResult result;
  result.name = "rejected_recordings";
  result.health = are_recent ? Health::kDegraded : Health::kHealthy;
  result.message = are_recent
                       ? "recordings were dropped within 5 minutes, " + std::to_string(rejected) +
                             " in all: nanotally_rejected_total says which"
                       : "no recording was dropped within 5 minutes";
  return result;
}

std::vector<HealthResult> SystemHealth::Assess() {
  const auto now = LoopClock::now();
  std::optional<CgroupMemory> memory;
  if (const auto folder = cgroup_.Locate().memory) memory = ReadCgroupMemory(*folder);
  return {AssessCgroupMemory(memory),
          AssessEventLoopDelay(process_, registry_),
          AssessEventLoops(process_, now),
          AssessMemoryPressure(ReadPressure("/proc/pressure/memory")),
          AssessNumaImbalance(ReadNodeUse("", ReadNumaNodes(""))),
          Rejections(now),
          AssessScrapeAge(registry_, now),
          AssessThreadPool(process_, now)};
}

}  // namespace nanotally
