// What /sys/devices/system tells of CPUs, caches and nodes: Documentation/ABI/stable/
// sysfs-devices-system-cpu, sysfs-devices-node, and admin-guide/cputopology.rst.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/kernel_text.h"
#include "os/topology.h"

namespace nanotally {

// Nothing for nonsense: no machine has more than 2^53 bytes.
[[nodiscard]] std::optional<std::uint64_t> WholeBytes(Reading bytes);

// All that are present, ascending; none where there is no sysfs. Of `node` and `is_allowed` nothing
// is known here.
[[nodiscard]] std::vector<CpuPlace> ReadCpuPlaces(const std::string& root);

// Of the CPUs that are online, each cache once.
[[nodiscard]] std::vector<Cache> ReadCaches(const std::string& root,
                                            const std::vector<CpuPlace>& cpus);

// Those online, ascending; none where the kernel knows no nodes.
[[nodiscard]] std::vector<NumaNode> ReadNodes(const std::string& root);

}  // namespace nanotally
