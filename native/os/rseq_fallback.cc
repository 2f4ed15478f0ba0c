// No restartable sequences here.
#include "os/rseq.h"

namespace nanotally {

std::atomic<std::uint64_t> Rseq::aborts_{0};
std::ptrdiff_t Rseq::offset_ = 0;

bool Rseq::IsAvailable() noexcept { return false; }
bool Rseq::CanFence() noexcept { return false; }
bool Rseq::Fence() noexcept { return false; }

}  // namespace nanotally
