// Prometheus text format, versions 0.0.4 and 1.0.0. The same text but for names that are no legacy
// names, which 1.0.0 may quote.
// Source: prometheus.io/docs/instrumenting/exposition_formats, "Text-based format".
#pragma once

#include <string>

#include "core/snapshot.h"
#include "render/exposition.h"

namespace nanotally {

// Appends the whole exposition.
void RenderTextPlain(const Snapshot& snapshot, Escaping escaping, std::string& text);

}  // namespace nanotally
