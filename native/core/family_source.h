// Families that are read when a snapshot is taken, not recorded.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/name_filter.h"
#include "core/snapshot.h"

namespace nanotally {

// Any thread, several at once.
class FamilySource {
 public:
  FamilySource() = default;
  FamilySource(const FamilySource&) = delete;
  FamilySource& operator=(const FamilySource&) = delete;
  virtual ~FamilySource() = default;
  // All that it may ever tell: users may not define these.
  [[nodiscard]] virtual std::span<const std::string_view> Names() const = 0;
  // Appends the families that the filter selects, those alone that have samples. The registry holds
  // no lock meanwhile. Throws std::bad_alloc.
  virtual void Read(const NameFilter& filter, std::vector<ComputedFamily>& families) = 0;
};

}  // namespace nanotally
