// Must be reported by AddressSanitizer: a read of memory that was given back.
#include <cstdio>
#include <memory>

int main() {
  auto owner = std::make_unique<int>(7);
  // volatile: the compiler would see through a plain pointer and refuse to build this.
  int* volatile stale = owner.get();
  owner.reset();
  const int read = *stale;
  std::printf("survived its fault: %d\n", read);
  return 0;
}
