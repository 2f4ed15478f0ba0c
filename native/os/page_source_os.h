// The operating system's page source: anonymous memory, for any thread.
#pragma once

#include "core/page_source.h"

namespace nanotally {

// On Linux pages land on the NUMA node of the thread that first touches them (the kernel's default
// policy).
class OsPageSource final : public PageSource {
 public:
  [[nodiscard]] void* Allocate(std::size_t bytes) noexcept override;
  void Free(void* memory, std::size_t bytes) noexcept override;
};

}  // namespace nanotally
