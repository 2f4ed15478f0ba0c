// Since when the series of a metric have not been recorded into.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace nanotally {

using Clock = std::chrono::steady_clock;

// Activity is whatever number grows when a series is recorded into: all that a counter or, counted,
// a histogram was ever given, whatever was reset, or the stamp of a gauge. Guarded by the
// registry's registration mutex. 24 bytes per series, once a metric is looked at.
class IdleWatch {
 public:
  // Looked at so often in the time after which a series is idle, and no more often than the
  // registry ticks.
  static constexpr int kLooks = 4;

  [[nodiscard]] bool IsDue(Clock::time_point now, std::chrono::milliseconds timeout) {
    if (now < next_) return false;
    next_ = now + timeout / kLooks;
    return true;
  }

  // The slot's series begins, or was asked for.
  void Restart(std::uint32_t series) {
    if (series < seen_.size()) seen_[series] = {};
  }

  // Notes the activity read at `now`; whether it has grown. It falls when a gauge's latest writer
  // ends, which is no recording.
  bool Look(std::uint32_t series, double activity, Clock::time_point now) {
    if (series >= seen_.size()) seen_.resize(series + 1);
    Seen& seen = seen_[series];
    const bool has_grown = !(activity <= seen.activity);
    if (has_grown) {
      seen = {activity, now, false};
    } else {
      seen.activity = activity;
    }
    return has_grown;
  }
  [[nodiscard]] Clock::duration IdleFor(std::uint32_t series, Clock::time_point now) const {
    return now - seen_[series].since;
  }

  // Whether nobody held the series at the last look either, so that what was read after it is all
  // that was ever recorded. Notes it for the next.
  bool WasGivenUp(std::uint32_t series) { return std::exchange(seen_[series].given_up, true); }

 private:
  struct Seen {
    double activity = std::numeric_limits<double>::quiet_NaN();  // anything is more
    Clock::time_point since;
    bool given_up = false;
  };

  Clock::time_point next_;
  std::vector<Seen> seen_;  // [series]
};

}  // namespace nanotally
