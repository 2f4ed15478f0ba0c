// mallinfo2(3), looked up at run time: glibc has it from 2.33 on.
#include <dlfcn.h>

#include <cstddef>

#include "os/allocator.h"

namespace nanotally {
namespace {

// struct mallinfo2, which older headers do not have. All in bytes but for the counts.
struct MallocInfo {
  std::size_t arena;    // of the heaps
  std::size_t ordblks;  // count of free chunks
  std::size_t smblks;   // count of free chunks of the smallest sizes
  std::size_t hblks;    // count of allocations with pages of their own
  std::size_t hblkhd;   // those
  std::size_t usmblks;
  std::size_t fsmblks;   // free chunks of the smallest sizes, part of fordblks
  std::size_t uordblks;  // of the heaps, used
  std::size_t fordblks;  // of the heaps, free
  std::size_t keepcost;
};
using MallInfo2 = MallocInfo (*)();

// The function, if it is of the library whose allocator the process uses: beside a preloaded one
// glibc's tells of nothing. malloc itself does not show it: in a program that takes its address and
// is not position-independent, as Node's own builds are, that address is the program's.
MallInfo2 Find() noexcept {
  void* const info = dlsym(RTLD_DEFAULT, "mallinfo2");
  void* const allocate = dlsym(RTLD_DEFAULT, "posix_memalign");
  Dl_info of_info;
  Dl_info of_allocate;
  if (info == nullptr || allocate == nullptr) return nullptr;
  if (dladdr(info, &of_info) == 0 || dladdr(allocate, &of_allocate) == 0) return nullptr;
  return of_info.dli_fbase == of_allocate.dli_fbase ? reinterpret_cast<MallInfo2>(info) : nullptr;
}

}  // namespace

AllocatorStatistics WalkAllocator() noexcept {
  static const MallInfo2 mallinfo2 = Find();
  if (mallinfo2 == nullptr) return {};
  const MallocInfo info = mallinfo2();
  return {.used_bytes = static_cast<double>(info.uordblks),
          .free_bytes = static_cast<double>(info.fordblks),
          .mapped_bytes = static_cast<double>(info.hblkhd),
          .free_chunks = static_cast<double>(info.ordblks + info.smblks)};
}

}  // namespace nanotally
