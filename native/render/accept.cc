// A bounded parser of the header, and the choice.
#include "render/accept.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <vector>

#include "render/name_escaping.h"

namespace nanotally {
namespace {

// In the order of preference where the header says nothing.
struct FormatType {
  Format format;
  std::string_view type;
  std::string_view subtype;
  std::string_view version;  // empty for protobuf
};
constexpr std::array<FormatType, 5> kFormats = {{
    {Format::kText004, "text", "plain", "0.0.4"},
    {Format::kText100, "text", "plain", "1.0.0"},
    {Format::kOpenMetrics001, "application", "openmetrics-text", "0.0.1"},
    {Format::kOpenMetrics100, "application", "openmetrics-text", "1.0.0"},
    {Format::kProtobuf, "application", "vnd.google.protobuf", ""},
}};
constexpr std::array<Escaping, 4> kPreferredEscapings = {
    Escaping::kUnderscores, Escaping::kAllowUtf8, Escaping::kDots, Escaping::kValues};

struct Range {
  std::string_view type;
  std::string_view subtype;
  std::optional<std::string_view> version;
  std::optional<std::string_view> proto;
  std::optional<std::string_view> encoding;
  std::optional<std::string_view> charset;
  std::optional<Escaping> escaping;
  int weight = 1000;  // q in thousandths
};

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes off what comes before the next `separator` outside of double quotes.
std::string_view TakePart(std::string_view& text, char separator) {
  bool is_quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (is_quoted || text[end] != separator); ++end) {
    if (text[end] == '"') is_quoted = !is_quoted;
    if (is_quoted && text[end] == '\\') ++end;
  }
  end = std::min(end, text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return Trim(part);
}

// "1", "0.25", ".2": thousandths; nothing for what is no weight.
std::optional<int> ReadWeight(std::string_view text) {
  int weight = 0;
  int place = 1000;
  bool has_digit = false;
  bool is_fraction = false;
  for (const char c : text) {
    if (c == '.' && !is_fraction) {
      is_fraction = true;
      place = 100;
    } else if (c >= '0' && c <= '9' && (is_fraction || !has_digit)) {
      weight += (c - '0') * place;
      if (is_fraction) place /= 10;
      has_digit = true;
    } else {
      return std::nullopt;
    }
  }
  if (!has_digit || weight > 1000) return std::nullopt;
  return weight;
}

bool ReadParameter(std::string_view parameter, Range& range) {
  const std::size_t equals = parameter.find('=');
  if (equals == std::string_view::npos) return true;
  const std::string_view name = Trim(parameter.substr(0, equals));
  std::string_view value = Trim(parameter.substr(equals + 1));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  if (EqualsIgnoringCase(name, "q")) {
    const auto weight = ReadWeight(value);
    if (weight) range.weight = *weight;
    return weight.has_value();
  }
  if (EqualsIgnoringCase(name, "version")) range.version = value;
  if (EqualsIgnoringCase(name, "proto")) range.proto = value;
  if (EqualsIgnoringCase(name, "encoding")) range.encoding = value;
  if (EqualsIgnoringCase(name, "charset")) range.charset = value;
  if (EqualsIgnoringCase(name, "escaping")) range.escaping = FindEscaping(value);
  return true;
}

std::optional<Range> ReadRange(std::string_view element) {
  const std::string_view media = TakePart(element, ';');
  const std::size_t slash = media.find('/');
  Range range;
  range.type = media.substr(0, slash);
  range.subtype = slash == std::string_view::npos ? "*" : media.substr(slash + 1);
  if (range.type.empty() || range.subtype.empty()) return std::nullopt;
  if (range.type == "*" && range.subtype != "*") return std::nullopt;
  while (!element.empty()) {
    if (!ReadParameter(TakePart(element, ';'), range)) return std::nullopt;
  }
  return range;
}

std::vector<Range> ReadRanges(std::string_view header) {
  std::vector<Range> ranges;
  header = header.substr(0, kMaxAcceptBytes);
  while (!header.empty()) {
    if (const auto range = ReadRange(TakePart(header, ','))) ranges.push_back(*range);
  }
  return ranges;
}

constexpr int kNoMatch = -1;
constexpr int kAnyType = 0;
constexpr int kAnySubtype = 1;
constexpr int kNamed = 2;  // and 1 more for each parameter

// How specifically the range speaks of the offer.
int Match(const Range& range, const FormatType& offer, Escaping escaping) {
  const bool is_named = range.subtype != "*";
  if (range.type != "*" && !EqualsIgnoringCase(range.type, offer.type)) return kNoMatch;
  if (is_named && !EqualsIgnoringCase(range.subtype, offer.subtype)) return kNoMatch;
  int specificity = is_named ? kNamed : range.type == "*" ? kAnyType : kAnySubtype;
  const auto require = [&](const std::optional<std::string_view>& parameter, bool is_equal) {
    if (parameter) specificity = is_equal && specificity != kNoMatch ? specificity + 1 : kNoMatch;
  };
  if (is_named) {
    require(range.version, range.version == offer.version);
    require(range.proto, range.proto == "io.prometheus.client.MetricFamily");
    require(range.encoding, range.encoding == "delimited");
    require(range.charset, EqualsIgnoringCase(range.charset.value_or(""), "utf-8"));
  }
  if (range.escaping && specificity != kNoMatch)
    return *range.escaping == escaping ? specificity + 1 : kNoMatch;
  return specificity;
}

}  // namespace

Exposition Negotiate(std::string_view accept) {
  const std::vector<Range> ranges = ReadRanges(accept);
  Exposition best;
  // weight, named rather than by wildcard, and position, negative; then the first that was looked
  // at
  std::tuple<int, int, int> best_rank{0, 0, 0};
  for (const FormatType& offer : kFormats) {
    for (const Escaping escaping : kPreferredEscapings) {
      int specificity = kNoMatch;
      std::size_t position = 0;
      for (std::size_t i = 0; i < ranges.size(); ++i) {
        const int match = Match(ranges[i], offer, escaping);
        if (match <= specificity) continue;
        specificity = match;
        position = i;
      }
      if (specificity == kNoMatch || ranges[position].weight == 0) continue;
      const std::tuple<int, int, int> rank{ranges[position].weight, std::min(specificity, kNamed),
                                           -static_cast<int>(position)};
      if (rank <= best_rank) continue;
      best_rank = rank;
      best = {offer.format, escaping};
    }
  }
  return best;
}

}  // namespace nanotally
