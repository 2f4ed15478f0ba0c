// Attaching, and getting the handles.
#include "metrics.h"

Metrics metrics;

namespace {

// A metric that does not exist yet is defined by this; one that JavaScript has defined is used.
// The handles are kept for good: nobody removes these metrics, so they need no release.
nanotally_status GetHandles() {
  const nanotally_label labels[] = {{"kernel", "cosine"}};
  nanotally_options options = NANOTALLY_OPTIONS_INIT;

  options.help = "Pairs of vectors that were compared.";
  nanotally_status status =
      nanotally_get_counter("kernel_calls_total", labels, 1, &options, &metrics.calls);
  if (status != NANOTALLY_OK) return status;

  options.help = "Threads that compare now.";
  status = nanotally_get_gauge("kernel_threads", labels, 1, &options, &metrics.threads);
  if (status != NANOTALLY_OK) return status;

  // What is counted by default: instructions, cycles and misses, or what the kernel counts.
  status = nanotally_get_region("search", nullptr, &metrics.search);
  if (status != NANOTALLY_OK) return status;

  options.help = "Time that a thread took for its part of a search.";
  options.unit = "seconds";
  return nanotally_get_histogram("kernel_seconds", labels, 1, &options, &metrics.seconds);
}

}  // namespace

nanotally_status Attach(Napi::Value native_interface) {
  const nanotally_status attached = nanotally_attach(native_interface.Env(), native_interface);
  if (attached != NANOTALLY_OK) return attached;
  // After it the handles are only read, by threads that began later.
  static const nanotally_status got = GetHandles();
  return got;
}
