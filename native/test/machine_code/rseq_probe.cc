// Compiled alone by test/native/disassembly.test.ts, which reads the machine code of the sequence.
#include "os/rseq.h"

namespace nanotally {

PerCpuAdd ProbeAdd(const std::atomic<double*>& live, double* cell, double amount,
                   std::uint32_t cpus) noexcept {
  return Rseq::Add(live, cell, amount, cpus);
}

}  // namespace nanotally
