// JSON, family by family. RFC 8259; what its numbers cannot tell (section 6) are strings: "NaN",
// "+Inf", "-Inf".
#include "render/json.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/histogram_math.h"
#include "render/families.h"
#include "render/labels.h"
#include "render/number.h"

namespace nanotally {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 3> kQuantiles = {
    {{"0.5", 0.5}, {"0.9", 0.9}, {"0.99", 0.99}}};

std::string_view TypeName(const MetricDefinition& definition) {
  if (definition.type == MetricType::kCounter) return "counter";
  if (definition.type == MetricType::kHistogram) return "histogram";
  if (definition.gauge_kind == GaugeKind::kInfo) return "info";
  return definition.gauge_kind == GaugeKind::kStateSet ? "stateset" : "gauge";
}

bool Equal(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool Equal(const HistogramValue& a, const HistogramValue& b) {
  return Equal(a.sum, b.sum) && a.nan == b.nan && a.zero == b.zero &&
         a.positive_infinity == b.positive_infinity && a.negative_infinity == b.negative_infinity &&
         a.explicit_counts == b.explicit_counts &&
         std::equal(a.buckets.begin(), a.buckets.end(), b.buckets.begin(), b.buckets.end(),
                    [](const BucketCount& x, const BucketCount& y) {
                      return x.key == y.key && x.count == y.count;
                    });
}

class Json {
 public:
  explicit Json(std::string& text) : text_(text) {}

  void Raw(std::string_view raw) { text_ += raw; }

  void String(std::string_view value) {
    text_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') {
        text_ += '\\';
        text_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        text_ += "\\u00";
        text_ += kDigits[static_cast<unsigned char>(c) >> 4];
        text_ += kDigits[c & 15];
      } else {
        text_ += c;
      }
    }
    text_ += '"';
  }

  void Number(double value) {
    if (std::isfinite(value)) {
      AppendNumber(text_, value);
    } else {
      text_ += '"';
      AppendNumber(text_, value);
      text_ += '"';
    }
  }

  // A comma before each element but the first since `first` was set.
  void Separate(bool& first) {
    if (!first) text_ += ',';
    first = false;
  }

  void Labels(std::string_view labels) {
    text_ += "{";
    for (bool first = true; !labels.empty();) {
      Separate(first);
      const LabelView label = TakeLabel(labels);
      String(label.is_quoted ? Unescape(label.name) : std::string(label.name));
      text_ += ':';
      String(Unescape(label.value));
    }
    text_ += "}";
  }

  void Histogram(HistogramData&& histogram) {
    Raw("\"count\":");
    Number(histogram.value.Count());
    Raw(",\"sum\":");
    Number(histogram.value.sum);
    Raw(",\"quantiles\":{");
    if (histogram.value.Count() > 0) {
      bool first = true;
      for (const auto& [name, q] : kQuantiles) {
        Separate(first);
        String(name);
        Raw(":");
        Number(Quantile(histogram, q));
      }
    }
    Raw("},\"buckets\":[");
    bool first = true;
    for (const BucketRange& range : BucketRanges(histogram)) {
      if (range.count == 0) continue;
      Separate(first);
      Raw("[");
      Number(range.lower);
      Raw(",");
      Number(range.upper);
      Raw(",");
      Number(range.count);
      Raw("]");
    }
    Raw("]");
  }

 private:
  std::string& text_;
};

// The families of a snapshot, or what has changed in them.
class Document {
 public:
  Document(double unix_seconds, std::string& text) : json_(text) {
    json_.Raw("{\"time\":");
    json_.Number(unix_seconds);
    json_.Raw(",\"families\":[");
  }

  // `is_told(i)`: whether the family's series i is. A family of which no series is told is left out
  // unless `even_if_empty`.
  template <typename IsTold>
  void Append(const MetricSnapshot& family, bool even_if_empty, IsTold&& is_told) {
    const MetricDefinition& definition = family.metric->definition();
    Begin(definition.name, TypeName(definition), definition.unit, definition.help, even_if_empty);
    for (std::size_t i = 0; i < family.series.size(); ++i) {
      if (!is_told(i)) continue;
      BeginSeries(family.series[i].labels);
      if (definition.type == MetricType::kHistogram) {
        json_.Histogram({definition.schema, definition.bounds, family.histograms[i]});
      } else {
        json_.Raw("\"value\":");
        json_.Number(family.values[i]);
      }
      json_.Raw("}");
    }
    End();
  }

  template <typename IsTold>
  void Append(const ComputedFamily& family, bool even_if_empty, IsTold&& is_told) {
    Begin(family.name, family.type == MetricType::kCounter ? "counter" : "gauge", family.unit,
          family.help, even_if_empty);
    for (const ComputedSample& sample : family.samples) {
      if (!is_told(sample)) continue;
      BeginSeries(sample.labels);
      json_.Raw("\"value\":");
      json_.Number(sample.value);
      json_.Raw("}");
    }
    End();
  }

  void BeginEnded() {
    json_.Raw("],\"ended\":[");
    first_ended_ = true;
  }
  void AppendEnded(std::string_view name, std::string_view labels) {
    json_.Separate(first_ended_);
    json_.Raw("{\"name\":");
    json_.String(name);
    json_.Raw(",\"labels\":");
    json_.Labels(labels);
    json_.Raw("}");
  }

  void Finish() { json_.Raw("]}"); }

 private:
  void Begin(std::string_view name, std::string_view type, std::string_view unit,
             std::string_view help, bool even_if_empty) {
    head_ = {name, type, unit, help};
    begun_ = false;
    if (even_if_empty) WriteHead();
  }

  void WriteHead() {
    json_.Separate(first_family_);
    json_.Raw("{\"name\":");
    json_.String(head_.name);
    json_.Raw(",\"type\":");
    json_.String(head_.type);
    json_.Raw(",\"unit\":");
    json_.String(head_.unit);
    json_.Raw(",\"help\":");
    json_.String(head_.help);
    json_.Raw(",\"series\":[");
    begun_ = true;
    first_series_ = true;
  }

  void BeginSeries(std::string_view labels) {
    if (!begun_) WriteHead();
    json_.Separate(first_series_);
    json_.Raw("{\"labels\":");
    json_.Labels(labels);
    json_.Raw(",");
  }

  void End() {
    if (begun_) json_.Raw("]}");
  }

  struct Head {
    std::string_view name;
    std::string_view type;
    std::string_view unit;
    std::string_view help;
  };

  Json json_;
  Head head_;
  bool begun_ = false;
  bool first_family_ = true;
  bool first_series_ = true;
  bool first_ended_ = true;
};

// A series of an earlier snapshot. A histogram has a value of its own.
struct EarlierValue {
  double number = 0;
  const HistogramValue* histogram = nullptr;
  bool is_there_still = false;
};

bool Equal(const EarlierValue& a, const EarlierValue& b) {
  if (a.histogram == nullptr || b.histogram == nullptr)
    return a.histogram == b.histogram && Equal(a.number, b.number);
  return Equal(*a.histogram, *b.histogram);
}

EarlierValue ValueAt(const MetricSnapshot& family, std::size_t i) {
  if (family.metric->definition().type == MetricType::kHistogram) return {0, &family.histograms[i]};
  return {family.values[i]};
}

// By label text: a series that ended and came again in between is one that changed, at most.
using EarlierFamily = std::map<std::string, EarlierValue, std::less<>>;
using EarlierFamilies = std::map<std::string, EarlierFamily, std::less<>>;

EarlierFamilies ReadEarlier(const Snapshot& snapshot) {
  EarlierFamilies families;
  ForEachFamily(
      snapshot,
      [&](const MetricSnapshot& metric) {
        EarlierFamily& family = families[metric.metric->name()];
        for (std::size_t i = 0; i < metric.series.size(); ++i)
          family.emplace(metric.series[i].labels, ValueAt(metric, i));
      },
      [&](const ComputedFamily& computed) {
        EarlierFamily& family = families[computed.name];
        for (const ComputedSample& sample : computed.samples)
          family.emplace(sample.labels, EarlierValue{sample.value});
      });
  return families;
}

// Whether the series has changed. Notes that it is there still.
bool HasChanged(EarlierFamily* family, std::string_view labels, const EarlierValue& value) {
  if (family == nullptr) return true;
  const auto found = family->find(labels);
  if (found == family->end()) return true;
  found->second.is_there_still = true;
  return !Equal(found->second, value);
}

}  // namespace

void RenderJson(const Snapshot& snapshot, double unix_seconds, std::string& json) {
  Document document(unix_seconds, json);
  const auto append = [&](const auto& family) {
    document.Append(family, true, [](const auto&) { return true; });
  };
  ForEachFamily(snapshot, append, append);
  document.Finish();
}

void RenderJsonChanges(const Snapshot& earlier_snapshot, const Snapshot& snapshot,
                       double unix_seconds, std::string& json) {
  EarlierFamilies earlier = ReadEarlier(earlier_snapshot);
  const auto find = [&](const std::string& name) {
    const auto found = earlier.find(name);
    return found == earlier.end() ? nullptr : &found->second;
  };
  Document document(unix_seconds, json);
  ForEachFamily(
      snapshot,
      [&](const MetricSnapshot& family) {
        EarlierFamily* before = find(family.metric->name());
        document.Append(family, before == nullptr, [&](std::size_t i) {
          return HasChanged(before, family.series[i].labels, ValueAt(family, i));
        });
      },
      [&](const ComputedFamily& family) {
        EarlierFamily* before = find(family.name);
        document.Append(family, before == nullptr, [&](const ComputedSample& sample) {
          return HasChanged(before, sample.labels, {sample.value});
        });
      });
  document.BeginEnded();
  for (const auto& [name, family] : earlier) {
    for (const auto& [labels, value] : family) {
      if (!value.is_there_still) document.AppendEnded(name, labels);
    }
  }
  document.Finish();
}

}  // namespace nanotally
