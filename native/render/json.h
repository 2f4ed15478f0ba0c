// A snapshot as JSON, for programs and pages that draw it: every series with its value, histograms
// with their buckets and quantiles. docs/exporter.md says what is in it.
#pragma once

#include <string>
#include <string_view>

#include "core/snapshot.h"

namespace nanotally {

inline constexpr std::string_view kJsonContentType = "application/json";

// Both append one object without line feeds. Take no lock; may throw std::bad_alloc.
// `unix_seconds`: when the snapshot was taken.

void RenderJson(const Snapshot& snapshot, double unix_seconds, std::string& json);

// The series that have changed since an earlier snapshot of the same registry, whole and with their
// families' members, and in "ended" those that are there no more.
void RenderJsonChanges(const Snapshot& earlier, const Snapshot& snapshot, double unix_seconds,
                       std::string& json);

}  // namespace nanotally
