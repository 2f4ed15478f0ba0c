// From lib's plain definition objects to core's definitions.
#pragma once

#include <napi.h>

#include "core/derived_gauge.h"
#include "core/registry.h"

namespace nanotally {

// lib has validated the contents; shapes that it never sends throw StatusError(kInvalidArgument).
MetricDefinition ReadMetricDefinition(const Napi::Object& from);
DerivedDefinition ReadDerivedDefinition(const Napi::Object& from, const Registry& registry);

std::uint32_t ReadIndex(const Napi::Value& from);
std::vector<std::string> ReadStrings(const Napi::Value& from);
std::vector<std::uint64_t> ReadEpochs(const Napi::Value& from);
// As lib/native.ts types them.
Napi::Array WriteRemovals(Napi::Env env, std::span<const Removal> removals);

}  // namespace nanotally
