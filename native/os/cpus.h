// Which CPUs there may ever be, and the NUMA node of each: what per-CPU cells need to know.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nanotally {

class Cpus {
 public:
  // Of this machine, read once, never destroyed. Any thread.
  static const Cpus& OfThisMachine();

  // Reads the files below `sysfs_root` ("/sys"); what is missing there reads as one CPU, and as no
  // node at all.
  explicit Cpus(const std::string& sysfs_root);

  // CPU numbers are below this, plugged in or not. At least 1.
  [[nodiscard]] std::uint32_t Possible() const { return static_cast<std::uint32_t>(node_.size()); }

  // The NUMA node of a CPU; -1 where it is not known or where there is only one.
  [[nodiscard]] int NodeOf(std::uint32_t cpu) const { return cpu < Possible() ? node_[cpu] : -1; }

  // The numbers in a kernel list such as "0-3,8,10-11"; nothing when it is malformed
  // (Documentation/admin-guide/cputopology.rst).
  [[nodiscard]] static std::vector<std::uint32_t> ParseList(const std::string& list);

 private:
  std::vector<int> node_;  // [Possible()]
};

}  // namespace nanotally
