// Prometheus text exposition format 0.0.4.
// Source: prometheus.io/docs/instrumenting/exposition_formats, "Text-based format".
#pragma once

#include <string>

#include "core/snapshot.h"

namespace nanotally {

inline constexpr const char* kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

// Appends the whole exposition. Takes no lock; may throw std::bad_alloc.
void RenderText(const Snapshot& snapshot, std::string& text);

}  // namespace nanotally
