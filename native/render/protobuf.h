// Prometheus' protobuf format: io.prometheus.client.MetricFamily messages, each after its length.
// Source: github.com/prometheus/client_model, io/prometheus/client/metrics.proto.
//
// Exponential histograms are native ones, with classic buckets beside them for servers that do not
// want native ones; histograms with explicit buckets are classic alone. Info and state set are
// gauges. A family without samples is left out, as there is nothing to be said of it.
#pragma once

#include <string>

#include "core/snapshot.h"
#include "render/exposition.h"

namespace nanotally {

// Appends the whole exposition.
void RenderProtobuf(const Snapshot& snapshot, Escaping escaping, std::string& body);

}  // namespace nanotally
