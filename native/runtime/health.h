// What a health check comes to, and how a reading becomes that.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

namespace nanotally {

// kUnavailable: the check cannot be made here. It is neither good nor bad.
enum class Health : std::uint8_t { kHealthy, kDegraded, kUnhealthy, kUnavailable };
inline constexpr std::array<const char*, 4> kHealthNames = {"healthy", "degraded", "unhealthy",
                                                            "unavailable"};

struct HealthResult {
  std::string name;
  Health health = Health::kUnavailable;
  std::string message;
  bool critical = false;
  std::uint32_t consecutive_failures = 0;
  double duration_seconds = 0;
  double last_run_unix_seconds = 0;  // 0: it is no run of its own
};

// Above `degraded` and above `unhealthy`.
struct HealthLimits {
  double degraded;
  double unhealthy;
};

inline HealthResult Judge(const char* name, double value, HealthLimits limits,
                          std::string message) {
  HealthResult result;
  result.name = name;
  result.health = value > limits.unhealthy  ? Health::kUnhealthy
                  : value > limits.degraded ? Health::kDegraded
                                            : Health::kHealthy;
  result.message = std::move(message);
  return result;
}

inline HealthResult Unavailable(const char* name, const char* why) {
  HealthResult result;
  result.name = name;
  result.message = why;
  return result;
}

// A number for people. `format` has one %f.
inline std::string Printed(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace nanotally
