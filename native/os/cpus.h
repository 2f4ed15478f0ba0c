// How many CPUs there may ever be: what per-CPU cells need to know.
#pragma once

#include <cstdint>
#include <string>

namespace nanotally {

class Cpus {
 public:
  // Of this machine, read once, never destroyed. Any thread.
  static const Cpus& OfThisMachine();

  // Reads below `sysfs_root` ("/sys"); where nothing is there, the CPUs are those that are online.
  explicit Cpus(const std::string& sysfs_root);

  // CPU numbers are below this, plugged in or not. At least 1.
  [[nodiscard]] std::uint32_t Possible() const { return possible_; }

 private:
  std::uint32_t possible_;
};

}  // namespace nanotally
