// What is read of the machines in native/test/machines: all of it, as text, against what is
// expected.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "os/topology.h"
#include "test/support/machine_files.h"

namespace nanotally {
namespace {

std::string Text(const CpuList& list) {
  std::string text;
  for (std::size_t i = 0; i < list.size();) {
    std::size_t last = i;
    while (last + 1 < list.size() && list[last + 1] == list[last] + 1) ++last;
    if (i > 0) text += ',';
    text += std::to_string(list[i]);
    if (last > i) text += '-' + std::to_string(list[last]);
    i = last + 1;
  }
  return text.empty() ? "none" : text;
}

template <class Number>
std::string Text(const std::optional<Number>& number) {
  return number ? std::to_string(*number) : "?";
}

// Alike things in one line, in the order of the first of each.
class Groups {
 public:
  std::string& operator[](const std::string& key) {
    if (!members_.contains(key)) order_.push_back(key);
    return members_[key];
  }
  void Print(std::ostream& out) const {
    for (const std::string& key : order_) out << key << ":" << members_.at(key) << "\n";
  }

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::string> members_;
};

std::string Describe(const Topology& topology) {
  std::ostringstream out;
  for (const NumaNode& node : topology.nodes) {
    out << "node " << node.number << ": CPUs " << Text(node.cpus) << ", " << Text(node.memory_bytes)
        << " bytes, " << Text(node.free_bytes) << " free, distances";
    for (const std::uint32_t distance : node.distances) out << " " << distance;
    out << (node.is_allowed ? "\n" : ", not allowed\n");
  }
  Groups cpus;
  Groups cores;
  for (const CpuPlace& cpu : topology.cpus) {
    if (!cpu.is_online) {
      cpus["offline"] += " " + std::to_string(cpu.number);
      continue;
    }
    const std::string place = "node " + Text(cpu.node) + ", package " + Text(cpu.package) +
                              ", die " + Text(cpu.die) + (cpu.kind.empty() ? "" : ", ") + cpu.kind;
    cpus[place + (cpu.is_allowed ? "" : ", not allowed")] += " " + std::to_string(cpu.number);
    if (cpu.number == cpu.siblings.front())
      cores["cores of package " + Text(cpu.package) + ", die " + Text(cpu.die)] +=
          " " + Text(cpu.core) + "=" + Text(cpu.siblings);
  }
  cpus.Print(out);
  cores.Print(out);
  Groups caches;
  for (const Cache& cache : topology.caches) {
    caches["L" + std::to_string(cache.level) + " " + cache.type + ", " + Text(cache.bytes) +
           " bytes, lines of " + Text(cache.line_bytes) + ", " + Text(cache.ways) + " ways"] +=
        " " + Text(cache.cpus);
  }
  caches.Print(out);
  if (topology.affinity) out << "affinity: " << Text(*topology.affinity) << "\n";
  if (topology.cpuset) out << "cpuset: " << Text(*topology.cpuset) << "\n";
  if (topology.cpu_quota) out << "quota: " << *topology.cpu_quota << "\n";
  return out.str();
}

TEST(MachinesTest, AreReadAsExpected) {
  if (!std::filesystem::exists(NANOTALLY_TEST_MACHINES))
    GTEST_SKIP() << "the machines are not here: this runs in a guest";
  int machines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(NANOTALLY_TEST_MACHINES)) {
    if (entry.path().extension() != ".machine") continue;
    const std::string name = entry.path().stem().string();
    const FileTree tree(UnpackMachine(MachineText(name + ".machine")));
    const Topology topology = ReadTopology(tree.Root());
    EXPECT_EQ(topology.source, TopologySource::kSysfs) << name;
    EXPECT_EQ(Describe(topology), MachineText(name + ".expected")) << name;
    ++machines;
  }
  EXPECT_GE(machines, 9);
}

}  // namespace
}  // namespace nanotally
