// The formats that a snapshot can be rendered in, and rendering it.
#pragma once

#include <cstdint>
#include <string>

#include "core/snapshot.h"

namespace nanotally {

enum class Format : std::uint8_t {
  kText004,         // Prometheus text format 0.0.4
  kText100,         // the same, with quoted names
  kOpenMetrics001,  // OpenMetrics as Prometheus asked for it before 1.0.0; our text is the same
  kOpenMetrics100,
  kProtobuf,  // io.prometheus.client.MetricFamily messages, each after its length
};

// What becomes of names that are not legacy names:
// prometheus.io/docs/instrumenting/escaping_schemes
enum class Escaping : std::uint8_t { kAllowUtf8, kUnderscores, kDots, kValues };

struct Exposition {
  Format format = Format::kText004;
  Escaping escaping = Escaping::kUnderscores;

  bool operator==(const Exposition&) const = default;
};

// With the `escaping` that was chosen, as Prometheus' own library for Go has it (prometheus/common,
// expfmt).
[[nodiscard]] std::string ContentType(Exposition exposition);

// Appends the whole exposition: the families that the snapshot's filter selects. Takes no lock; may
// throw std::bad_alloc.
//
// Names that become equal by escaping appear as often as there are, as client_golang has it: a
// server that cannot take UTF-8 names then sees the family twice.
void Render(const Snapshot& snapshot, Exposition exposition, std::string& body);

}  // namespace nanotally
