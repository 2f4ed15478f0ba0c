// Must be reported by ThreadSanitizer: two threads add to one int with nothing between them.
#include <cstdio>
#include <thread>

namespace {
int shared = 0;

void Add() {
  for (int i = 0; i < 100'000; ++i) ++shared;
}
}  // namespace

int main() {
  std::thread other(Add);
  Add();
  other.join();
  std::printf("survived its fault: %d\n", shared);
  return 0;
}
