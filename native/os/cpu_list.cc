// Parsing.
#include "os/cpu_list.h"

#include <algorithm>
#include <charconv>

#include "os/kernel_text.h"

namespace nanotally {
namespace {

// Far more than any kernel is built for (NR_CPUS is at most 8192): keeps a nonsensical file from
// asking for all memory.
constexpr std::uint32_t kMaxNumber = 1 << 16;

}  // namespace

std::optional<CpuList> ParseCpuList(std::string_view list) {
  CpuList numbers;
  const char* at = list.data();
  const char* const end = at + list.size();
  while (at != end) {
    std::uint32_t first = 0;
    auto read = std::from_chars(at, end, first);
    if (read.ec != std::errc()) return std::nullopt;
    std::uint32_t last = first;
    if (read.ptr != end && *read.ptr == '-') read = std::from_chars(read.ptr + 1, end, last);
    if (read.ec != std::errc() || last < first || last >= kMaxNumber) return std::nullopt;
    // The kernel writes them ascending; binary searches rely on it.
    if (!numbers.empty() && first <= numbers.back()) return std::nullopt;
    for (std::uint32_t number = first; number <= last; ++number) numbers.push_back(number);
    at = read.ptr;
    // A comma announces another number.
    if (at != end && (*at++ != ',' || at == end)) return std::nullopt;
  }
  return numbers;
}

std::optional<CpuList> ReadCpuList(const std::string& path) {
  const auto text = ReadKernelFile(path);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  return ParseCpuList(TakeLine(rest));
}

bool Contains(const CpuList& list, std::uint32_t number) {
  return std::binary_search(list.begin(), list.end(), number);
}

}  // namespace nanotally
