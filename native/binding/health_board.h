// The results of health checks, where every thread finds them: a check runs on the thread that
// registered it, and its result is read while that thread is stalled.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "binding/event_loops.h"
#include "runtime/health.h"

namespace nanotally {

// Any thread.
class HealthBoard {
 public:
  // A place for the results of one check of the thread, which takes it until it is closed. Several
  // may be of one name: of several threads, or of instances of the package in one.
  [[nodiscard]] std::uint32_t Open(std::string thread);
  // Puts up a result in place of the last one. It is believed until `believed_until`: by then there
  // is to be a newer one, or the thread does not run the check. Nothing happens where the place was
  // closed.
  void Post(std::uint32_t place, HealthResult result, LoopClock::time_point believed_until);
  void Close(std::uint32_t place);
  // Ascending by name. Of several checks with one name, the worst.
  [[nodiscard]] std::vector<HealthResult> Read(LoopClock::time_point now) const;

 private:
  struct Place {
    std::string thread;
    std::optional<HealthResult> result;
    LoopClock::time_point believed_until;
  };

  mutable std::mutex mutex_;
  std::map<std::uint32_t, Place> places_;
  std::uint32_t next_ = 0;
};

}  // namespace nanotally
