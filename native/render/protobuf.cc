// MetricFamily messages; the field numbers are metrics.proto's.
#include "render/protobuf.h"

#include <cmath>
#include <cstdint>
#include <string_view>

#include "render/classic_buckets.h"
#include "render/families.h"
#include "render/labels.h"
#include "render/name_escaping.h"
#include "render/sparse_histogram.h"
#include "render/wire.h"

namespace nanotally {
namespace {

// enum MetricType
constexpr std::uint64_t kCounter = 0;
constexpr std::uint64_t kGauge = 1;
constexpr std::uint64_t kHistogram = 4;

std::uint64_t TypeNumber(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return kCounter;
    case MetricType::kGauge:
      return kGauge;
    case MetricType::kHistogram:
      break;
  }
  return kHistogram;
}

class Protobuf {
 public:
  Protobuf(Escaping escaping, std::string& body) : escaping_(escaping), wire_(body) {}

  void Append(const MetricSnapshot& snapshot) {
    if (snapshot.series.empty()) return;
    const MetricDefinition& definition = snapshot.metric->definition();
    wire_.Delimited([&] {
      AppendHead(definition.name, definition.help, definition.type, definition.unit);
      if (definition.type == MetricType::kHistogram) {
        AppendHistograms(snapshot);
      } else {
        AppendValues(snapshot);
      }
    });
  }

  void Append(const ComputedFamily& family) {
    if (family.samples.empty()) return;
    wire_.Delimited([&] {
      AppendHead(family.name, family.help, family.type, family.unit);
      for (const ComputedSample& sample : family.samples) {
        AppendMetric(sample.labels, [&] { AppendValue(family.type, sample.value, nullptr); });
      }
    });
  }

 private:
  // message MetricFamily, but for its metrics
  void AppendHead(std::string_view name, std::string_view help, MetricType type,
                  std::string_view unit) {
    wire_.String(1, EscapeName(name, NameKind::kMetric, escaping_));
    wire_.String(2, help);
    wire_.Uint(3, TypeNumber(type));
    if (!unit.empty()) wire_.String(5, unit);
  }

  // message Metric, whose value `fill` appends
  template <typename Fill>
  void AppendMetric(std::string_view labels, Fill&& fill) {
    wire_.Message(4, [&] {
      while (!labels.empty()) AppendLabelPair(TakeLabel(labels));
      fill();
    });
  }

  void AppendLabelPair(const LabelView& label) {
    wire_.Message(1, [&] {
      if (label.is_quoted) {
        wire_.String(1, EscapeName(Unescape(label.name), NameKind::kLabel, escaping_));
      } else {
        wire_.String(1, label.name);
      }
      if (label.value.find('\\') == std::string_view::npos) {
        wire_.String(2, label.value);
      } else {
        wire_.String(2, Unescape(label.value));
      }
    });
  }

  void AppendValues(const MetricSnapshot& snapshot) {
    const MetricType type = snapshot.metric->definition().type;
    for (std::size_t i = 0; i < snapshot.values.size(); ++i) {
      const SeriesView& series = snapshot.series[i];
      AppendMetric(series.labels, [&] { AppendValue(type, snapshot.values[i], &series.created); });
    }
  }

  // message Counter or Gauge. `created` may be nullptr.
  void AppendValue(MetricType type, double value, const double* created) {
    const bool is_counter = type == MetricType::kCounter;
    wire_.Message(is_counter ? 3 : 2, [&] {
      wire_.Double(1, value);
      if (is_counter && created != nullptr) AppendTimestamp(3, *created);
    });
  }

  void AppendHistograms(const MetricSnapshot& snapshot) {
    ClassicView classic(snapshot);
    for (std::size_t i = 0; i < snapshot.histograms.size(); ++i) {
      const HistogramValue& value = snapshot.histograms[i];
      const SeriesView& series = snapshot.series[i];
      AppendMetric(series.labels, [&] {
        wire_.Message(7, [&] {
          wire_.Uint(1, static_cast<std::uint64_t>(value.Count()));
          wire_.Double(2, value.sum);
          AppendClassicBuckets(classic, value);
          if (snapshot.metric->IsExponential())
            AppendNative(MakeSparseHistogram(value, snapshot.metric->mapping().schema()));
          AppendTimestamp(15, series.created);
          if (snapshot.metric->IsExponential()) {
            for (const Exemplar& exemplar : value.exemplars) AppendExemplar(16, exemplar);
          }
        });
      });
    }
  }

  // message Bucket
  void AppendClassicBuckets(ClassicView& classic, const HistogramValue& value) {
    const auto counts = classic.Counts(value);
    const auto exemplars = classic.Exemplars(value);
    for (std::size_t b = 0; b < counts.size(); ++b) {
      wire_.Message(3, [&] {
        wire_.Uint(1, static_cast<std::uint64_t>(counts[b]));
        wire_.Double(2, classic.bounds()[b]);
        if (!exemplars.empty() && exemplars[b] != nullptr) AppendExemplar(3, *exemplars[b]);
      });
    }
  }

  // The zero threshold is told even when nothing was observed: older servers know a native
  // histogram by it.
  void AppendNative(const SparseHistogram& native) {
    wire_.Sint(5, native.schema);
    wire_.Double(6, kZeroThreshold);
    wire_.Uint(7, native.zero_count);
    AppendSparseBuckets(9, native.negative);
    AppendSparseBuckets(12, native.positive);
  }

  // The spans, and in the next field the deltas.
  void AppendSparseBuckets(std::uint32_t field, const SparseBuckets& buckets) {
    for (const BucketSpan& span : buckets.spans) {
      wire_.Message(field, [&] {
        wire_.Sint(1, span.offset);
        wire_.Uint(2, span.length);
      });
    }
    wire_.PackedSints(field + 1, buckets.deltas);
  }

  // message Exemplar
  void AppendExemplar(std::uint32_t field, const Exemplar& exemplar) {
    wire_.Message(field, [&] {
      AppendExemplarLabel("trace_id", exemplar.trace_id);
      AppendExemplarLabel("span_id", exemplar.span_id);
      wire_.Double(2, exemplar.value);
      AppendTimestamp(3, exemplar.unix_seconds);
    });
  }

  void AppendExemplarLabel(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    wire_.Message(1, [&] {
      wire_.String(1, name);
      wire_.String(2, value);
    });
  }

  // google.protobuf.Timestamp, to the millisecond, which is what servers keep
  void AppendTimestamp(std::uint32_t field, double unix_seconds) {
    const auto milliseconds = static_cast<std::int64_t>(std::llround(unix_seconds * 1000));
    wire_.Message(field, [&] {
      wire_.Uint(1, static_cast<std::uint64_t>(milliseconds / 1000));
      wire_.Uint(2, static_cast<std::uint64_t>(milliseconds % 1000 * 1'000'000));
    });
  }

  const Escaping escaping_;
  WireWriter wire_;
};

}  // namespace

void RenderProtobuf(const Snapshot& snapshot, Escaping escaping, std::string& body) {
  Protobuf protobuf(escaping, body);
  ForEachFamily(
      snapshot, [&](const MetricSnapshot& metric) { protobuf.Append(metric); },
      [&](const ComputedFamily& family) { protobuf.Append(family); });
}

}  // namespace nanotally
