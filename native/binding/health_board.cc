// Posting and reading results.
#include "binding/health_board.h"

#include <utility>

namespace nanotally {
namespace {

// What cannot be checked counts for less than any result.
int Severity(Health health) {
  return health == Health::kUnavailable ? -1 : static_cast<int>(health);
}

}  // namespace

void HealthBoard::Post(HealthResult result, const std::string& thread,
                       LoopClock::time_point believed_until) {
  const std::lock_guard lock(mutex_);
  std::pair key(result.name, thread);
  posted_.insert_or_assign(std::move(key), Posted{std::move(result), believed_until});
}

void HealthBoard::Withdraw(const std::string& name, const std::string& thread) {
  const std::lock_guard lock(mutex_);
  posted_.erase({name, thread});
}

std::vector<HealthResult> HealthBoard::Read(LoopClock::time_point now) const {
  const std::lock_guard lock(mutex_);
  std::vector<HealthResult> results;
  for (const auto& [key, posted] : posted_) {
    HealthResult result = posted.result;
    if (now > posted.believed_until) {
      result.health = Health::kUnhealthy;
      result.message = "did not run when it was due: is the thread " + key.second + " stalled?";
    }
    if (results.empty() || results.back().name != result.name) {
      results.push_back(std::move(result));
    } else if (Severity(result.health) > Severity(results.back().health)) {
      results.back() = std::move(result);
    }
  }
  return results;
}

}  // namespace nanotally
