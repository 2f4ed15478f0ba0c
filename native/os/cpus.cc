// Reading sysfs lists. Where there is no sysfs, the C++ library says how many CPUs there are.
#include "os/cpus.h"

#include <charconv>
#include <fstream>
#include <thread>

namespace nanotally {
namespace {

// Far more than any kernel is built for (NR_CPUS is at most 8192): keeps a nonsensical file from
// asking for all memory.
constexpr std::uint32_t kMaxNumber = 1 << 16;

std::vector<std::uint32_t> ReadList(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return Cpus::ParseList(line);
}

}  // namespace

const Cpus& Cpus::OfThisMachine() {
  static const auto* const cpus = new Cpus("/sys");
  return *cpus;
}

std::vector<std::uint32_t> Cpus::ParseList(const std::string& list) {
  std::vector<std::uint32_t> numbers;
  const char* at = list.data();
  const char* const end = at + list.size();
  while (at != end) {
    std::uint32_t first = 0;
    auto read = std::from_chars(at, end, first);
    if (read.ec != std::errc()) return {};
    std::uint32_t last = first;
    if (read.ptr != end && *read.ptr == '-') read = std::from_chars(read.ptr + 1, end, last);
    if (read.ec != std::errc() || last < first || last >= kMaxNumber) return {};
    for (std::uint32_t number = first; number <= last; ++number) numbers.push_back(number);
    at = read.ptr;
    if (at != end && *at++ != ',') return {};
  }
  return numbers;
}

Cpus::Cpus(const std::string& sysfs_root) {
  const auto possible = ReadList(sysfs_root + "/devices/system/cpu/possible");
  const std::uint32_t online = std::thread::hardware_concurrency();
  node_.assign(possible.empty() ? (online > 0 ? online : 1) : possible.back() + 1, -1);

  const std::string nodes = sysfs_root + "/devices/system/node/";
  const auto online_nodes = ReadList(nodes + "online");
  if (online_nodes.size() < 2) return;
  for (const std::uint32_t node : online_nodes) {
    for (const std::uint32_t cpu : ReadList(nodes + "node" + std::to_string(node) + "/cpulist")) {
      if (cpu < node_.size()) node_[cpu] = static_cast<int>(node);
    }
  }
}

}  // namespace nanotally
