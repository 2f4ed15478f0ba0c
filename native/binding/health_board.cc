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

std::uint32_t HealthBoard::Open(std::string thread) {
  const std::lock_guard lock(mutex_);
  places_[next_].thread = std::move(thread);
  return next_++;
}

void HealthBoard::Post(std::uint32_t place, HealthResult result,
                       LoopClock::time_point believed_until) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(place);
  if (found == places_.end()) return;
  found->second.result = std::move(result);
  found->second.believed_until = believed_until;
}

void HealthBoard::Close(std::uint32_t place) {
  const std::lock_guard lock(mutex_);
  places_.erase(place);
}

std::vector<HealthResult> HealthBoard::Read(LoopClock::time_point now) const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, HealthResult> worst;
  for (const auto& [number, place] : places_) {
    if (!place.result) continue;
    HealthResult result = *place.result;
    if (now > place.believed_until) {
      result.health = Health::kUnhealthy;
      result.message = "did not run when it was due: is the thread " + place.thread + " stalled?";
    }
    const auto [found, is_first] = worst.try_emplace(result.name, result);
    if (!is_first && Severity(result.health) > Severity(found->second.health))
      found->second = std::move(result);
  }
  std::vector<HealthResult> results;
  for (auto& [name, result] : worst) results.push_back(std::move(result));
  return results;
}

}  // namespace nanotally
