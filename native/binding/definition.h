// From lib's plain definition objects to core's definitions.
#pragma once

#include <napi.h>

#include "core/derived_gauge.h"
#include "core/registry.h"

namespace nanotally {

// lib has validated the contents; shapes that it never sends throw StatusError(kInvalidArgument).
MetricDefinition ReadMetricDefinition(const Napi::Object& from);
DerivedDefinition ReadDerivedDefinition(const Napi::Object& from, const Registry& registry);

std::vector<std::string> ReadStrings(const Napi::Value& from);
std::vector<MetricId> ReadIds(const Napi::Value& from);

}  // namespace nanotally
