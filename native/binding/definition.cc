// Reading definition objects.
#include "binding/definition.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "binding/guard.h"
#include "core/label_text.h"

namespace nanotally {
namespace {

[[noreturn]] void Refuse(const std::string& what) {
  throw StatusError({ErrorCode::kInvalidArgument, "definition: " + what});
}

std::string ReadString(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  if (!value.IsString()) Refuse(std::string(key) + " is not a string");
  return value.As<Napi::String>().Utf8Value();
}

std::uint32_t ReadNumber(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  if (!value.IsNumber()) Refuse(std::string(key) + " is not a number");
  return value.As<Napi::Number>().Uint32Value();
}

// The position of from[key] among `names`, as an enumerator.
template <typename Enum, std::size_t kSize>
Enum ReadEnum(const Napi::Object& from, const char* key,
              const std::array<std::string_view, kSize>& names) {
  const std::string name = ReadString(from, key);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) Refuse(std::string(key) + " is " + name);
  return static_cast<Enum>(found - names.begin());
}

constexpr std::array<std::string_view, 3> kTypes = {"counter", "gauge", "histogram"};
constexpr std::array<std::string_view, 5> kAggregates = {"sum", "last", "min", "max", "average"};
constexpr std::array<std::string_view, 3> kExitRules = {"default", "keep", "drop"};
constexpr std::array<std::string_view, 3> kGaugeKinds = {"gauge", "info", "stateset"};
constexpr std::array<std::string_view, 3> kParts = {"value", "count", "sum"};

std::vector<Operand> ReadOperands(const Napi::Value& from, const Registry& registry) {
  std::vector<Operand> operands;
  const auto array = from.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const auto object = array.Get(i).As<Napi::Object>();
    Operand operand;
    operand.metric = registry.Find(ReadNumber(object, "metric"));
    if (operand.metric == nullptr)
      throw StatusError({ErrorCode::kMetricRemoved, "an operand was removed from its registry"});
    operand.part = ReadEnum<OperandPart>(object, "part", kParts);
    if ((operand.part == OperandPart::kValue) ==
        (operand.metric->definition().type == MetricType::kHistogram)) {
      Refuse("the part of an operand does not fit its type");
    }
    operand.minus = object.Get("minus").ToBoolean();
    const auto names = ReadStrings(object.Get("whereNames"));
    const auto values = ReadStrings(object.Get("whereValues"));
    for (std::size_t w = 0; w < names.size() && w < values.size(); ++w) {
      std::string text;
      AppendLabel(text, names[w], values[w]);
      operand.where.emplace_back(names[w], FindLabel(text, names[w]));
    }
    operands.push_back(std::move(operand));
  }
  return operands;
}

std::vector<double> ReadBounds(const Napi::Value& from) {
  if (!from.IsArray()) Refuse("bounds are no array");
  const auto array = from.As<Napi::Array>();
  if (array.Length() > ExplicitCells::kMaxBounds) Refuse("too many buckets");
  std::vector<double> bounds;
  for (std::uint32_t i = 0; i < array.Length(); ++i)
    bounds.push_back(array.Get(i).As<Napi::Number>().DoubleValue());
  return bounds;
}

int ReadSchema(const Napi::Value& from) {
  const int schema = from.As<Napi::Number>().Int32Value();
  if (schema < kMinSchema || schema > kMaxSchema) Refuse("no such schema");
  return schema;
}

}  // namespace

std::uint32_t ReadIndex(const Napi::Value& from) { return from.As<Napi::Number>().Uint32Value(); }

std::vector<std::string> ReadStrings(const Napi::Value& from) {
  if (!from.IsArray()) Refuse("not an array of strings");
  const auto array = from.As<Napi::Array>();
  std::vector<std::string> strings;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value value = array.Get(i);
    if (!value.IsString()) Refuse("not a string");
    strings.push_back(value.As<Napi::String>().Utf8Value());
  }
  return strings;
}

std::vector<std::uint64_t> ReadEpochs(const Napi::Value& from) {
  if (!from.IsArray()) Refuse("not an array of epochs");
  const auto array = from.As<Napi::Array>();
  std::vector<std::uint64_t> epochs;
  for (std::uint32_t i = 0; i < array.Length(); ++i)
    epochs.push_back(static_cast<std::uint64_t>(array.Get(i).As<Napi::Number>().Int64Value()));
  return epochs;
}

Napi::Array WriteRemovals(Napi::Env env, std::span<const Removal> removals) {
  const auto array = Napi::Array::New(env, removals.size());
  for (std::uint32_t i = 0; i < removals.size(); ++i) {
    const Removal& removal = removals[i];
    auto object = Napi::Object::New(env);
    object.Set("epoch", static_cast<double>(removal.epoch));
    object.Set("metric", removal.metric);
    object.Set("series", removal.series ? static_cast<double>(*removal.series) : -1);
    const auto values = Napi::Array::New(env, removal.values.size());
    for (std::uint32_t v = 0; v < removal.values.size(); ++v) values.Set(v, removal.values[v]);
    object.Set("values", values);
    array.Set(i, object);
  }
  return array;
}

MetricDefinition ReadMetricDefinition(const Napi::Object& from) {
  MetricDefinition definition;
  definition.name = ReadString(from, "name");
  definition.help = ReadString(from, "help");
  definition.unit = ReadString(from, "unit");
  definition.type = ReadEnum<MetricType>(from, "type", kTypes);
  definition.labels = ReadStrings(from.Get("labels"));
  definition.optional_labels = ReadNumber(from, "optionalCount");
  definition.max_series = ReadNumber(from, "maxSeries");
  if (from.Has("idleTimeoutMs"))
    definition.idle_timeout = std::chrono::milliseconds(ReadNumber(from, "idleTimeoutMs"));
  if (definition.type == MetricType::kGauge) {
    definition.aggregate = ReadEnum<Aggregate>(from, "aggregate", kAggregates);
    definition.on_exit = ReadEnum<OnExit>(from, "onExit", kExitRules);
    if (from.Has("kind")) definition.gauge_kind = ReadEnum<GaugeKind>(from, "kind", kGaugeKinds);
  }
  if (definition.type != MetricType::kHistogram) return definition;

  if (from.Has("bounds")) {
    definition.bounds = ReadBounds(from.Get("bounds"));
  } else {
    definition.schema = ReadSchema(from.Get("schema"));
    if (from.Has("classicSchema"))
      definition.classic_schema = ReadSchema(from.Get("classicSchema"));
    if (from.Has("classicBounds"))
      definition.classic_bounds = ReadBounds(from.Get("classicBounds"));
  }
  return definition;
}

DerivedDefinition ReadDerivedDefinition(const Napi::Object& from, const Registry& registry) {
  DerivedDefinition definition;
  definition.name = ReadString(from, "name");
  definition.help = ReadString(from, "help");
  definition.unit = ReadString(from, "unit");
  definition.labels = ReadStrings(from.Get("labels"));
  definition.of = ReadOperands(from.Get("of"), registry);
  definition.to = ReadOperands(from.Get("to"), registry);
  definition.window = std::chrono::milliseconds(ReadNumber(from, "windowMs"));
  definition.scale = from.Get("scale").As<Napi::Number>().DoubleValue();
  return definition;
}

}  // namespace nanotally
