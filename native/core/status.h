// How fallible core functions report: a status with a code that is stable for users, or a value.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace nanotally {

enum class ErrorCode {
  kOk,
  kMetricConflict,     // a name is taken by another definition, or by a sample of another family
  kMetricRemoved,      // the metric was removed from its registry
  kRegistryClosed,     // the registry was closed
  kUnknownRegistry,    // no registry has that id
  kOutOfMemory,        // no pages for another chunk
  kOutOfCells,         // the registry's cell addresses are used up
  kHistogramMismatch,  // two histograms whose buckets cannot be added
  kInvalidArgument,    // an argument that lib/ never sends
};

// The `code` that users see, such as "ERR_NANOTALLY_METRIC_CONFLICT".
constexpr const char* ErrorName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk:
      return "";
    case ErrorCode::kMetricConflict:
      return "ERR_NANOTALLY_METRIC_CONFLICT";
    case ErrorCode::kMetricRemoved:
      return "ERR_NANOTALLY_METRIC_REMOVED";
    case ErrorCode::kRegistryClosed:
      return "ERR_NANOTALLY_REGISTRY_CLOSED";
    case ErrorCode::kUnknownRegistry:
      return "ERR_NANOTALLY_UNKNOWN_REGISTRY";
    case ErrorCode::kOutOfMemory:
      return "ERR_NANOTALLY_OUT_OF_MEMORY";
    case ErrorCode::kOutOfCells:
      return "ERR_NANOTALLY_OUT_OF_CELLS";
    case ErrorCode::kHistogramMismatch:
      return "ERR_NANOTALLY_HISTOGRAM_MISMATCH";
    case ErrorCode::kInvalidArgument:
      return "ERR_NANOTALLY_INVALID_ARGUMENT";
  }
  return "";
}

struct [[nodiscard]] Status {
  ErrorCode code = ErrorCode::kOk;
  std::string message;
  [[nodiscard]] bool ok() const { return code == ErrorCode::kOk; }
};

inline Status MetricRemoved() {
  return {ErrorCode::kMetricRemoved, "the metric was removed from its registry"};
}

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::move(value)) {}  // NOLINT(google-explicit-constructor): reads as a return
  Result(Status status)
      : state_(std::move(status)) {}  // NOLINT(google-explicit-constructor): reads as a return

  [[nodiscard]] bool ok() const { return std::holds_alternative<T>(state_); }
  T& value() { return std::get<T>(state_); }
  const T& value() const { return std::get<T>(state_); }
  const Status& status() const { return std::get<Status>(state_); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace nanotally
