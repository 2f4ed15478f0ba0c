// The operating system's page source: anonymous memory, for any thread.
#pragma once

#include "core/page_source.h"

namespace nanotally {

// On Linux pages land on the NUMA node of the thread that first touches them (the kernel's default
// policy), or on the node of the CPU that PlaceNear names, as long as that has any.
class OsPageSource final : public PageSource {
 public:
  [[nodiscard]] void* Allocate(std::size_t bytes) noexcept override;
  void Free(void* memory, std::size_t bytes) noexcept override;
  void PlaceNear(void* memory, std::size_t bytes, std::uint32_t cpu) noexcept override;
};

}  // namespace nanotally
