// Lines such as "some avg10=0.79 avg60=0.53 avg300=2.91 total=15461428665".
#include "os/pressure_files.h"

namespace nanotally {
namespace {

constexpr double kMicrosecond = 1e-6;

void ParseStalls(std::string_view line, Reading& seconds, Reading& ratio) {
  while (!line.empty()) {
    std::string_view value = TakeWord(line);
    const std::string_view key = TakeUntil(value, '=');
    if (key == "total") seconds = ParseCount(value, kMicrosecond);
    if (key != "avg10") continue;
    if (const Reading percent = ParseFraction(value)) ratio = *percent / 100;
  }
}

}  // namespace

Pressure ReadPressure(const std::string& path) {
  Pressure pressure;
  const auto text = ReadKernelFile(path);
  if (!text) return pressure;
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view line = TakeLine(rest);
    const std::string_view kind = TakeWord(line);
    if (kind == "some") ParseStalls(line, pressure.some_seconds, pressure.some_ratio);
    if (kind == "full") ParseStalls(line, pressure.full_seconds, pressure.full_ratio);
  }
  return pressure;
}

}  // namespace nanotally
