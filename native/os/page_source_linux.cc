// Anonymous pages by mmap(2).
#include <sys/mman.h>

#include "os/page_source_os.h"

namespace nanotally {

void* OsPageSource::Allocate(std::size_t bytes) noexcept {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void OsPageSource::Free(void* memory, std::size_t bytes) noexcept { munmap(memory, bytes); }

}  // namespace nanotally
