// Posting and reading results.
#include "binding/health_board.h"

#include <utility>

namespace nanotally {

void HealthBoard::Post(HealthResult result, const std::string& thread,
                       LoopClock::time_point believed_until) {
  const std::lock_guard lock(mutex_);
  std::string name = result.name;
  posted_.insert_or_assign(std::move(name), Posted{std::move(result), thread, believed_until});
}

void HealthBoard::Withdraw(const std::string& name) {
  const std::lock_guard lock(mutex_);
  posted_.erase(name);
}

std::vector<HealthResult> HealthBoard::Read(LoopClock::time_point now) const {
  const std::lock_guard lock(mutex_);
  std::vector<HealthResult> results;
  for (const auto& [name, posted] : posted_) {
    HealthResult& result = results.emplace_back(posted.result);
    if (now <= posted.believed_until) continue;
    result.health = Health::kUnhealthy;
    result.message = "did not run when it was due: is the thread " + posted.thread + " stalled?";
  }
  return results;
}

}  // namespace nanotally
