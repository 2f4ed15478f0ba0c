// Parsing formats, events and their units.
#include "os/pmu_files.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "os/cpu_list.h"
#include "os/kernel_text.h"

#if __has_include(<dirent.h>)
#include <dirent.h>
#endif

namespace nanotally {
namespace {

constexpr unsigned kWordBits = 64;

// The names in a folder, ascending; none where it is not there.
std::vector<std::string> ListFolder(const std::string& path) {
  std::vector<std::string> names;
#if __has_include(<dirent.h>)
  DIR* const folder = opendir(path.c_str());
  if (folder == nullptr) return names;
  try {
    while (const dirent* entry = readdir(folder))
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  } catch (...) {
    closedir(folder);
    throw;
  }
  closedir(folder);
#else
  static_cast<void>(path);
#endif
  std::ranges::sort(names);
  return names;
}

std::string ReadLine(const std::string& path) {
  const auto text = ReadKernelFile(path);
  if (!text) return {};
  std::string_view rest = *text;
  return std::string(TakeLine(rest));
}

// Decimal, or hexadecimal behind 0x.
std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, base);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

int WordOf(std::string_view name) {
  if (name == "config") return 0;
  if (name == "config1") return 1;
  return name == "config2" ? 2 : -1;
}

// "config:0-7,21"; nothing where it is malformed, or of a word that is not known here.
std::vector<PmuBits> ParseFormat(std::string_view text) {
  std::vector<PmuBits> runs;
  const int word = WordOf(TakeUntil(text, ':'));
  if (word < 0) return runs;
  while (!text.empty()) {
    std::string_view range = TakeUntil(text, ',');
    const auto first = ParseNumber(TakeUntil(range, '-'));
    const auto last = range.empty() ? first : ParseNumber(range);
    if (!first || !last || *first > *last || *last >= kWordBits) return {};
    runs.push_back({word, static_cast<unsigned>(*first), static_cast<unsigned>(*last)});
  }
  return runs;
}

// "6.103515625e-5" and "MiB". A scale is a decimal fraction, mostly with an exponent.
std::optional<double> BytesOf(std::string_view scale, std::string_view unit) {
  double factor = 0;
  if (unit == "Bytes")
    factor = 1;
  else if (unit == "MiB")
    factor = 1 << 20;
  else if (unit == "MB")
    factor = 1e6;
  else
    return std::nullopt;
  std::string_view rest = scale;
  const std::string_view fraction = TakeUntil(rest, 'e');
  const Reading mantissa = ParseFraction(fraction);
  if (!mantissa) return std::nullopt;
  int exponent = 0;
  if (fraction.size() < scale.size()) {
    if (rest.starts_with('+')) rest.remove_prefix(1);
    const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (parsed.ec != std::errc() || parsed.ptr != rest.data() + rest.size()) return std::nullopt;
  }
  const double bytes = *mantissa * std::pow(10, exponent) * factor;
  // A scale of so many digits means a whole number, such as 64.
  const double whole = std::round(bytes);
  return whole > 0 && std::abs(bytes - whole) < 1e-6 ? whole : bytes;
}

std::optional<Pmu> ReadPmu(const std::string& folder, const std::string& name) {
  const Reading type = ReadCount(folder + "/type");
  if (!type) return std::nullopt;
  Pmu pmu;
  pmu.name = name;
  pmu.type = static_cast<std::uint32_t>(*type);
  for (const std::string& field : ListFolder(folder + "/format")) {
    auto runs = ParseFormat(ReadLine(folder + "/format/" + field));
    if (!runs.empty()) pmu.fields.emplace(field, std::move(runs));
  }
  const std::string events = folder + "/events/";
  for (const std::string& event : ListFolder(events)) {
    if (event.find('.') != std::string::npos) continue;  // .scale and .unit
    ListedPmuEvent listed;
    listed.terms = ReadLine(events + event);
    listed.bytes = BytesOf(ReadLine(events + event + ".scale"), ReadLine(events + event + ".unit"));
    if (!listed.terms.empty()) pmu.events.emplace(event, std::move(listed));
  }
  pmu.cpus = ReadCpuList(folder + "/cpumask").value_or(CpuList{});
  pmu.is_core = name == "cpu" || ReadKernelFile(folder + "/cpus").has_value();
  return pmu;
}

// False where the value does not fit.
bool PutField(const std::vector<PmuBits>& runs, std::uint64_t value, PmuConfig& config) {
  for (const PmuBits& run : runs) {
    const unsigned bits = run.last - run.first + 1;
    const std::uint64_t mask =
        bits == kWordBits ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    config.words[run.word] |= (value & mask) << run.first;
    value = bits == kWordBits ? 0 : value >> bits;
  }
  return value == 0;
}

}  // namespace

std::vector<Pmu> ReadPmus(const std::string& root) {
  const std::string folder = root + "/sys/bus/event_source/devices";
  std::vector<Pmu> pmus;
  for (const std::string& name : ListFolder(folder))
    if (auto pmu = ReadPmu(folder + "/" + name, name)) pmus.push_back(std::move(*pmu));
  return pmus;
}

std::optional<PmuConfig> EncodePmuTerms(const Pmu& pmu, std::string_view terms) {
  PmuConfig config;
  while (!terms.empty()) {
    std::string_view value = TakeUntil(terms, ',');
    const bool has_value = value.find('=') != std::string_view::npos;
    const std::string_view name = TakeUntil(value, '=');
    const auto number = has_value ? ParseNumber(value) : 1;
    if (!number) return std::nullopt;
    if (const int word = WordOf(name); word >= 0) {
      config.words[word] |= *number;
      continue;
    }
    const auto field = pmu.fields.find(name);
    if (field == pmu.fields.end() || !PutField(field->second, *number, config)) return std::nullopt;
  }
  return config;
}

}  // namespace nanotally
