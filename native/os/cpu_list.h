// The kernel's lists of CPUs and of nodes, such as "0-3,8,10-11" (Documentation/admin-guide/
// cputopology.rst). Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nanotally {

using CpuList = std::vector<std::uint32_t>;  // ascending

// Nothing when it is malformed. An empty list is one: a node without CPUs has it.
[[nodiscard]] std::optional<CpuList> ParseCpuList(std::string_view list);

// Of a file's first line; nothing where there is no such file either.
[[nodiscard]] std::optional<CpuList> ReadCpuList(const std::string& path);

[[nodiscard]] bool Contains(const CpuList& list, std::uint32_t number);

}  // namespace nanotally
