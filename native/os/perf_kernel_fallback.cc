// No perf events here.
#include <cerrno>

#include "os/perf_kernel.h"

namespace nanotally {
namespace {

class NoPerfKernel final : public PerfKernel {
 public:
  [[nodiscard]] bool IsLinux() const noexcept override { return false; }
  int Open(const PerfAttributes&, int, int, int) noexcept override { return -ENOSYS; }
  std::ptrdiff_t Read(int, std::span<std::uint64_t>) noexcept override { return -ENOSYS; }
  void Close(int) noexcept override {}
  const PerfPage* Map(int) noexcept override { return nullptr; }
  void Unmap(const PerfPage*) noexcept override {}
  [[nodiscard]] std::uint64_t ReadCounter(std::uint32_t) noexcept override { return 0; }
  [[nodiscard]] std::uint64_t ReadClock() noexcept override { return 0; }
};

}  // namespace

PerfKernel& PerfKernel::OfThisMachine() {
  static auto* const kernel = new NoPerfKernel;
  return *kernel;
}

}  // namespace nanotally
