// libnuma, numa(3), where it is installed: loaded at run time, never linked to.
#pragma once

#include <vector>

#include "os/topology.h"

namespace nanotally {

class NumaLibrary {
 public:
  virtual ~NumaLibrary() = default;

  // The nodes of this machine, as ReadNodes() gives them. None: it says that there is no NUMA here,
  // or it failed. Which nodes there are and how far apart it has read when it was loaded.
  [[nodiscard]] virtual std::vector<NumaNode> Nodes() const = 0;
};

// Null where it is not installed, or is older than its version 2. Loaded at the first call and
// kept: it is never unloaded. Any thread.
[[nodiscard]] const NumaLibrary* LoadNumaLibrary();

}  // namespace nanotally
