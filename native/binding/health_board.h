// The results of health checks, where every thread finds them: a check runs on the thread that
// registered it, and its result is read while that thread is stalled.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "binding/event_loops.h"

namespace nanotally {

// kUnavailable: the check cannot be made here. It is neither good nor bad.
enum class Health : std::uint8_t { kHealthy, kDegraded, kUnhealthy, kUnavailable };
inline constexpr std::array<const char*, 4> kHealthNames = {"healthy", "degraded", "unhealthy",
                                                            "unavailable"};

struct HealthResult {
  std::string name;
  Health health = Health::kUnavailable;
  std::string message;
  bool critical = false;
  std::uint32_t consecutive_failures = 0;
  double duration_seconds = 0;
  double last_run_unix_seconds = 0;
};

// Any thread.
class HealthBoard {
 public:
  // Puts up a result in place of the thread's last one with its name. It is believed until
  // `believed_until`: by then there is to be a newer one, or the thread does not run the check.
  void Post(HealthResult result, const std::string& thread, LoopClock::time_point believed_until);
  void Withdraw(const std::string& name, const std::string& thread);
  // Ascending by name. Of several threads' checks with one name, the worst.
  [[nodiscard]] std::vector<HealthResult> Read(LoopClock::time_point now) const;

 private:
  struct Posted {
    HealthResult result;
    LoopClock::time_point believed_until;
  };

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Posted> posted_;  // by name and thread
};

}  // namespace nanotally
