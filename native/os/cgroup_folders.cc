// Matching the process's groups with what is mounted.
#include "os/cgroup_folders.h"

#include <cstddef>
#include <utility>

#include "os/kernel_text.h"

namespace nanotally {
namespace {

constexpr std::size_t kMaxLevels = 64;

bool HasItem(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    if (TakeUntil(list, ',') == item) return true;
  }
  return false;
}

// mountinfo writes blanks and backslashes as \040 and the like.
std::string Unescape(std::string_view text) {
  const auto is_octal = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(i + 1) && is_octal(i + 2) &&
        is_octal(i + 3)) {
      const int code = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      plain += static_cast<char>(code);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

struct Mount {
  std::string group;  // that is mounted
  std::string point;
  bool is_v2;
  std::string_view options;  // v1: its controllers are among them
};

std::vector<Mount> CgroupMounts(std::string_view mountinfo) {
  std::vector<Mount> mounts;
  while (!mountinfo.empty()) {
    std::string_view line = TakeLine(mountinfo);
    for (int i = 0; i < 3; ++i) TakeWord(line);  // two ids, the device
    const std::string_view group = TakeWord(line);
    const std::string_view point = TakeWord(line);
    // Options and a varying number of tags, ended by a hyphen.
    while (!line.empty() && TakeWord(line) != "-") {
    }
    const std::string_view type = TakeWord(line);
    if (type != "cgroup" && type != "cgroup2") continue;
    TakeWord(line);  // the source
    mounts.push_back({Unescape(group), Unescape(point), type == "cgroup2", TakeWord(line)});
  }
  return mounts;
}

// What follows `top` in the path `group`, with its slash; nothing when it is not below.
std::optional<std::string_view> Below(std::string_view top, std::string_view group) {
  if (top == "/") top = "";
  if (!group.starts_with(top)) return std::nullopt;
  std::string_view rest = group.substr(top.size());
  if (rest == "/") rest = "";
  if (!rest.empty() && rest.front() != '/') return std::nullopt;
  // A group outside the process's cgroup namespace, cgroup_namespaces(7): no folder leads there.
  const bool is_outside = rest == "/.." || rest.starts_with("/../");
  return is_outside ? std::nullopt : std::optional(rest);
}

struct Group {
  bool is_v2;
  std::string_view path;
};

// v1's group for a controller, else v2's.
std::optional<Group> GroupOf(std::string_view groups, std::string_view controller) {
  std::optional<Group> unified;
  while (!groups.empty()) {
    std::string_view path = TakeLine(groups);
    const std::string_view hierarchy = TakeUntil(path, ':');
    const std::string_view controllers = TakeUntil(path, ':');
    if (HasItem(controllers, controller)) return Group{false, path};
    if (hierarchy == "0" && controllers.empty()) unified = Group{true, path};
  }
  return unified;
}

// The empty controller is v2's hierarchy, whatever controllers it has.
std::optional<CgroupFolder> Find(std::string_view groups, const std::vector<Mount>& mounts,
                                 std::string_view controller) {
  const auto group = GroupOf(groups, controller);
  if (!group) return std::nullopt;
  for (const Mount& mount : mounts) {
    if (mount.is_v2 != group->is_v2) continue;
    if (!mount.is_v2 && !HasItem(mount.options, controller)) continue;
    if (const auto below = Below(mount.group, group->path))
      return CgroupFolder{mount.is_v2, mount.point + std::string(*below), mount.point};
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> CgroupFolder::Levels() const {
  std::vector<std::string> levels{own};
  while (levels.back().size() > top.size() && levels.size() < kMaxLevels)
    levels.push_back(levels.back().substr(0, levels.back().rfind('/')));
  return levels;
}

CgroupFolders FindCgroupFolders(std::string_view cgroup, std::string_view mountinfo) {
  const std::vector<Mount> mounts = CgroupMounts(mountinfo);
  CgroupFolders folders;
  folders.memory = Find(cgroup, mounts, "memory");
  folders.cpu = Find(cgroup, mounts, "cpu");
  folders.cpu_usage = Find(cgroup, mounts, "cpuacct");
  folders.cpuset = Find(cgroup, mounts, "cpuset");
  folders.pids = Find(cgroup, mounts, "pids");
  folders.unified = Find(cgroup, mounts, "");
  return folders;
}

CgroupFolders CgroupLocator::Locate() {
  const auto groups = ReadKernelFile(root_ + "/proc/self/cgroup");
  if (!groups) return {};
  const std::lock_guard lock(mutex_);
  if (groups_ == groups) return folders_;
  const auto mounts = ReadKernelFile(root_ + "/proc/self/mountinfo");
  if (!mounts) return {};
  CgroupFolders found = FindCgroupFolders(*groups, *mounts);
  for (auto* folder :
       {&found.memory, &found.cpu, &found.cpu_usage, &found.cpuset, &found.pids, &found.unified}) {
    if (!*folder) continue;
    (*folder)->own.insert(0, root_);
    (*folder)->top.insert(0, root_);
  }
  // Only the root has no type. Its pressure is the system's.
  if (found.unified && !ReadKernelFile(found.unified->own + "/cgroup.type")) found.unified.reset();
  folders_ = std::move(found);
  groups_ = groups;
  return folders_;
}

}  // namespace nanotally
