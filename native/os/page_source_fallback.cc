// Aligned heap memory, where there is no mmap.
#include <cstring>
#include <new>

#include "os/page_source_os.h"

namespace nanotally {
namespace {

constexpr std::align_val_t kAlignment{64};

}  // namespace

void* OsPageSource::Allocate(std::size_t bytes) noexcept {
  void* memory = ::operator new(bytes, kAlignment, std::nothrow);
  if (memory != nullptr) std::memset(memory, 0, bytes);
  return memory;
}

void OsPageSource::Free(void* memory, std::size_t) noexcept {
  ::operator delete(memory, kAlignment);
}

void OsPageSource::PlaceNear(void*, std::size_t, std::uint32_t) noexcept {}

void OsPageSource::PlaceNearCaller(void*, std::size_t) noexcept {}

bool OsPageSource::MoveToNode(void*, std::size_t, int) noexcept { return false; }

}  // namespace nanotally
