// The results of all health checks as families.
#pragma once

#include <vector>

#include "binding/health_board.h"
#include "binding/system_health.h"
#include "core/family_source.h"
#include "core/registry.h"

namespace nanotally {

class Process;

// The registry owns this. Any thread.
class HealthFamilies final : public FamilySource {
 public:
  HealthFamilies(Process& process, const Registry& registry)
      : process_(process), system_(process, registry) {}

  // The built-in checks, then those on the process's board.
  [[nodiscard]] std::vector<HealthResult> Results();

  [[nodiscard]] std::span<const std::string_view> Names() const override;
  void Read(const NameFilter& filter, std::vector<ComputedFamily>& families) override;

 private:
  Process& process_;
  SystemHealth system_;
};

}  // namespace nanotally
