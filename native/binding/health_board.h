// The results of health checks, where every thread finds them: a check runs on the thread that
// registered it, and its result is read while that thread is stalled.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "binding/event_loops.h"
#include "runtime/health.h"

namespace nanotally {

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
