// Must be reported by LeakSanitizer as the process ends: memory that nothing points to.
#include <cstdint>
#include <cstdio>

namespace {
// Several blocks, from a frame of their own: an address left behind on the stack counts as a live
// pointer to LeakSanitizer.
[[gnu::noinline]] std::uintptr_t Leak() {
  std::uintptr_t mixed = 0;
  for (int i = 0; i < 64; ++i) mixed ^= reinterpret_cast<std::uintptr_t>(new int[16]);
  return mixed;
}
}  // namespace

int main() {
  // Printing it keeps the compiler from leaving the allocations out. The fault is reported after
  // main has returned.
  std::printf("leaked: %jx\n", static_cast<std::uintmax_t>(Leak()));
  return 0;
}
