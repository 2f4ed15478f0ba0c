// Reading a sysfs list. Where there is no sysfs, the C++ library says how many CPUs there are.
#include "os/cpus.h"

#include <algorithm>
#include <thread>

#include "os/cpu_list.h"

namespace nanotally {

const Cpus& Cpus::OfThisMachine() {
  static const auto* const cpus = new Cpus("/sys");
  return *cpus;
}

Cpus::Cpus(const std::string& sysfs_root) {
  const auto possible =
      ReadCpuList(sysfs_root + "/devices/system/cpu/possible").value_or(CpuList{});
  const std::uint32_t online = std::thread::hardware_concurrency();
  possible_ = possible.empty() ? std::max(online, 1u) : possible.back() + 1;
}

}  // namespace nanotally
