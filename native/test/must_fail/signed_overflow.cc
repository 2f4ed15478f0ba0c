// Must be reported by UndefinedBehaviorSanitizer: one more than the largest int.
#include <cstdio>
#include <limits>

int main() {
  // volatile: the compiler would compute a plain constant itself.
  volatile int value = std::numeric_limits<int>::max();
  value = value + 1;
  std::printf("survived its fault: %d\n", value);
  return 0;
}
