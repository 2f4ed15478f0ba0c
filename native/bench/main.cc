// The native benches: google-benchmark without Node. The suite bench/native runs one benchmark a
// process; by hand, all of them or those that match:
//   build/native-bench/native_bench --benchmark_filter=counter
// It fails where a benchmark did not record what it says it timed, and where none ran.
#include <cstdio>
#include <vector>

#include "bench/bench.h"

namespace nanotally::bench {
namespace {

std::vector<Proof>& Proofs() {
  static std::vector<Proof> proofs;
  return proofs;
}

bool Prove() {
  std::size_t proven = 0;
  for (const Proof& proof : Proofs()) {
    const auto recorded = static_cast<double>(proof.recorded->load());
    if (recorded == 0) continue;
    if (!proof.check(recorded)) {
      std::fprintf(stderr, "%s recorded %.0f times, and that is not what is there\n",
                   proof.name.c_str(), recorded);
      return false;
    }
    ++proven;
  }
  if (proven == 0) std::fprintf(stderr, "no benchmark ran\n");
  return proven > 0;
}

}  // namespace

void AddProof(Proof proof) { Proofs().push_back(std::move(proof)); }

}  // namespace nanotally::bench

int main(int argc, char** argv) {
  namespace bench = nanotally::bench;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("rseq", nanotally::Rseq::IsAvailable() ? "yes" : "no");
  bench::RegisterRecording();
  bench::RegisterReading();
  bench::RegisterRuntime();
  benchmark::RunSpecifiedBenchmarks();
  return bench::Prove() ? 0 : 1;
}
