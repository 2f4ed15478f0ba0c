// Where the control groups are that the process is in: cgroup v2, v1, or both at once (systemd's
// hybrid mode), as proc_pid_cgroup(5) and proc_pid_mountinfo(5) tell it.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nanotally {

// The process's own group of one hierarchy.
struct CgroupFolder {
  bool is_v2;
  std::string own;  // without a slash at its end
  std::string top;  // its ancestor that is mounted: of those above nothing is known

  // The own group and then its ancestors up to the top, at most 64: limits hold for all below them.
  [[nodiscard]] std::vector<std::string> Levels() const;
};

// Nothing: the kernel has no such controller, or its hierarchy is not mounted where this process
// sees it.
struct CgroupFolders {
  std::optional<CgroupFolder> memory;
  std::optional<CgroupFolder> cpu;
  std::optional<CgroupFolder> cpu_usage;  // v1's cpuacct
  std::optional<CgroupFolder> cpuset;
  std::optional<CgroupFolder> pids;
  std::optional<CgroupFolder> unified;  // v2's, which alone knows pressure
};

// From the texts of /proc/self/cgroup and /proc/self/mountinfo.
[[nodiscard]] CgroupFolders FindCgroupFolders(std::string_view cgroup, std::string_view mountinfo);

// Any thread, several at once.
class CgroupLocator {
 public:
  explicit CgroupLocator(std::string root) : root_(std::move(root)) {}

  // Reads the list of groups; the list of mounts, which may be long, only when the groups are
  // others than the last time. Folders are below the root. Throws std::bad_alloc.
  [[nodiscard]] CgroupFolders Locate();

 private:
  const std::string root_;
  std::mutex mutex_;
  std::optional<std::string> groups_;
  CgroupFolders folders_;
};

}  // namespace nanotally
