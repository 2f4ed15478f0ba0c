// Reading and cutting.
#include "os/kernel_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>

namespace nanotally {
namespace {

// Most files are shorter, and then read in one call and a second that finds the end.
constexpr std::size_t kFirstRead = 4096;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// Closed in programs that are started meanwhile, on other threads.
#if defined(_WIN32)
constexpr const char* kReadOnly = "rb";
#else
constexpr const char* kReadOnly = "rbe";
#endif

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

std::optional<std::string> ReadKernelFile(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), kReadOnly));
  if (file == nullptr) return std::nullopt;
  std::setvbuf(file.get(), nullptr, _IONBF, 0);
  std::string text;
  for (std::size_t room = kFirstRead; text.size() < kMaxFileBytes; room = text.size()) {
    const std::size_t had = text.size();
    text.resize(std::min(had + room, kMaxFileBytes));
    text.resize(had + std::fread(text.data() + had, 1, text.size() - had, file.get()));
    if (std::ferror(file.get()) != 0) return std::nullopt;
    if (std::feof(file.get()) != 0) return text;
  }
  text.resize(text.rfind('\n') + 1);
  return text;
}

std::string_view TakeUntil(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

std::string_view TakeLine(std::string_view& text) { return TakeUntil(text, '\n'); }

std::string_view TakeWord(std::string_view& line) {
  const char* const begin = std::find_if_not(line.begin(), line.end(), IsBlank);
  const char* const end = std::find_if(begin, line.end(), IsBlank);
  const std::string_view word = line.substr(begin - line.begin(), end - begin);
  line.remove_prefix(end - line.begin());
  return word;
}

Reading ParseCount(std::string_view word, double unit) {
  std::uint64_t count = 0;
  const char* const end = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), end, count);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  // Divided by a whole number: 1e-6 is no double, and its multiples would be off by an ulp.
  const auto value = static_cast<double>(count);
  return unit < 1 ? value / std::round(1 / unit) : value * unit;
}

Reading ParseCount(std::string_view word) { return ParseCount(word, 1); }

// By hand: std::from_chars of doubles is newer than the C++ libraries of some systems.
Reading ParseFraction(std::string_view word) {
  const std::size_t point = word.find('.');
  const Reading whole = ParseCount(word.substr(0, point));
  if (!whole || point == std::string_view::npos) return whole;
  const std::string_view digits = word.substr(point + 1);
  const Reading rest = ParseCount(digits);
  if (!rest) return std::nullopt;
  double unit = 1;
  for (std::size_t i = 0; i < digits.size(); ++i) unit *= 10;
  return *whole + *rest / unit;
}

Reading FindCount(std::string_view text, std::string_view key, double unit) {
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (TakeWord(line) == key) return ParseCount(TakeWord(line), unit);
  }
  return std::nullopt;
}

Reading ReadCount(const std::string& path, double unit) {
  const auto text = ReadKernelFile(path);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  return ParseCount(TakeLine(rest), unit);
}

}  // namespace nanotally
