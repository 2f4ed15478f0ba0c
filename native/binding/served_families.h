// What a registry that is served tells of those who record: stalled threads, the age of what their
// collect callbacks set, and what a recording costs.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "binding/event_loops.h"
#include "core/family_source.h"

namespace nanotally {

class Process;

class ServedFamilies final : public FamilySource {
 public:
  // Of the registry with that id. The process outlives it.
  ServedFamilies(Process& process, std::uint32_t registry)
      : process_(process), registry_(registry) {}

  [[nodiscard]] std::span<const std::string_view> Names() const override;
  void Read(const NameFilter& filter, std::vector<ComputedFamily>& families) override;

 private:
  Process& process_;
  const std::uint32_t registry_;
};

// The cost of one recording as it was last measured in this process, in seconds. Any thread.
class RecordCost {
 public:
  // relaxed: each is a number by itself.
  std::atomic<double> counter{0};    // 0: not measured
  std::atomic<double> histogram{0};  // likewise
};

}  // namespace nanotally
