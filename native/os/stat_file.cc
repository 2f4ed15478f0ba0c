// Finding a field behind the program's name.
#include "os/stat_file.h"

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

namespace nanotally {

Reading StatField(std::string_view text, int number, double unit) {
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(name_end + 1);
  std::string_view line = TakeLine(rest);
  for (int skipped = 3; skipped < number; ++skipped) TakeWord(line);
  return ParseCount(TakeWord(line), unit);
}

double TickSeconds() noexcept {
#if __has_include(<unistd.h>)
  static const long ticks = sysconf(_SC_CLK_TCK);
  return ticks > 0 ? 1.0 / static_cast<double>(ticks) : 0;
#else
  return 0;
#endif
}

}  // namespace nanotally
