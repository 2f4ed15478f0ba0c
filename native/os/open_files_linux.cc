// Counting by stat(2) or poll(2).
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "os/open_files.h"

namespace nanotally {
namespace {

// poll(2) refuses more than the soft limit at once (EINVAL), which may be below what is open.
constexpr int kMaxPolled = 1024;
// Tables are as large as fs.nr_open allows, 2^20 by default. What says more is not believed.
constexpr double kMaxSlots = 1 << 22;

}  // namespace

Reading CountOpenFilesBySize(const std::string& root) {
  struct stat status;
  if (stat((root + "/proc/self/fd").c_str(), &status) != 0 || status.st_size == 0)
    return std::nullopt;
  return static_cast<double>(status.st_size);
}

Reading CountOpenFilesByPoll(Reading slots) {
  if (!slots || *slots > kMaxSlots) return std::nullopt;
  const int end = static_cast<int>(*slots);
  const int step =
      static_cast<int>(std::min<double>(kMaxPolled, MaxOpenFiles().value_or(kMaxPolled)));
  if (step == 0) return std::nullopt;
  std::vector<pollfd> polled(step);
  int open = 0;
  for (int first = 0; first < end; first += step) {
    const int count = std::min(step, end - first);
    for (int i = 0; i < count; ++i) polled[i] = {first + i, 0, 0};
    if (poll(polled.data(), static_cast<nfds_t>(count), 0) < 0) return std::nullopt;
    open +=
        static_cast<int>(std::count_if(polled.begin(), polled.begin() + count, [](const pollfd& p) {
          return (p.revents & POLLNVAL) == 0;
        }));
  }
  return open;
}

Reading MaxOpenFiles() noexcept {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace nanotally
