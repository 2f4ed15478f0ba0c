// Machines of native/test/machines, unpacked: the format is told in its README.md.
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "os/cpu_list.h"
#include "os/kernel_text.h"
#include "test/support/file_tree.h"

namespace nanotally {

inline std::string MachineText(const std::string& file) {
  std::ifstream stream(NANOTALLY_TEST_MACHINES "/" + file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

inline FileTree::Files UnpackMachine(std::string_view text) {
  FileTree::Files files;
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (line.empty() || line.front() == '#') continue;
    const std::string path(TakeUntil(line, ':'));
    if (!line.empty()) line.remove_prefix(1);
    std::string content(line);
    for (std::size_t at = 0; (at = content.find("\\n", at)) != std::string::npos;)
      content.replace(at, 2, "\n");
    content += '\n';
    const std::size_t open = path.find('{');
    if (open == std::string::npos) {
      files[path.substr(1)] = content;
      continue;
    }
    const std::size_t close = path.find('}', open);
    const auto numbers = ParseCpuList(std::string_view(path).substr(open + 1, close - open - 1));
    if (!numbers || numbers->empty()) throw std::runtime_error("no list in " + path);
    for (const std::uint32_t number : *numbers)
      files[path.substr(1, open - 1) + std::to_string(number) + path.substr(close + 1)] = content;
  }
  return files;
}

}  // namespace nanotally
