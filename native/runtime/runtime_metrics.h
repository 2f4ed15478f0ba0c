// What the process tells of itself through the operating system: the families of
// docs/runtime-metrics.md, read when a snapshot is taken. What the system does not tell is absent.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/family_source.h"
#include "os/allocator.h"
#include "os/cgroup_folders.h"
#include "runtime/family_table.h"

namespace nanotally {

// A thread to tell of, by the system's number for it. Names differ.
struct ThreadName {
  std::string name;
  int tid;
};

// What the runtime itself reads on every system. Absent is what it cannot.
struct PortableReadings {
  std::optional<double> user_seconds;
  std::optional<double> system_seconds;
  std::optional<double> resident_bytes;
};

// Any thread, several at once. Keeps no file open.
class RuntimeMetrics final : public FamilySource {
 public:
  // Called by each Read that wants it, on its thread.
  using Threads = std::function<std::vector<ThreadName>()>;

  // Likewise, where this system's own files or calls do not tell it.
  using Portable = std::function<PortableReadings()>;

  // `root` is what all paths are below: "" for this machine, a folder of recorded files in tests.
  explicit RuntimeMetrics(
      Threads threads, std::string root = {},
      Portable portable = [] { return PortableReadings(); });

  // Ascending.
  [[nodiscard]] std::span<const std::string_view> Names() const override;
  // What the filter does not select is not read; no file is read twice. Ascending by name. Takes
  // about 1/4 ms for all; blocks only for the kernel and, for malloc's statistics, for another
  // reader.
  void Read(const NameFilter& filter, std::vector<ComputedFamily>& families) override;

  // What Names() names, in that order.
  [[nodiscard]] static const std::vector<FamilyHead>& Heads();

 private:
  void ReadProcess(const NameFilter& filter, std::vector<ComputedFamily>& families);
  void ReadThreads(const NameFilter& filter, std::vector<ComputedFamily>& families);
  void ReadNetwork(const NameFilter& filter, std::vector<ComputedFamily>& families);
  void ReadCgroup(const NameFilter& filter, std::vector<ComputedFamily>& families);

  const Threads threads_;
  const Portable portable_;
  const std::string root_;
  // Found once: reckoned from a clock that may be set, it would wander.
  const std::optional<double> start_;
  CgroupLocator cgroup_;
  Allocator allocator_;
};

}  // namespace nanotally
