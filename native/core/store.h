// The process-wide store of registries. The binding makes one and never destroys it: native
// threads, late environments and process.exit must find it whole.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/registry.h"

namespace nanotally {

// Any thread.
class Store {
 public:
  explicit Store(PageSource& pages) : arena_(pages) {}

  // The registry of that name, made if missing.
  [[nodiscard]] std::shared_ptr<Registry> Open(const std::string& name);
  // A new registry that no name leads to.
  [[nodiscard]] std::shared_ptr<Registry> OpenPrivate();
  // nullptr when there is none (any more).
  [[nodiscard]] std::shared_ptr<Registry> Find(std::uint32_t id) const;
  // Closes the registry and forgets it; its name may be opened anew.
  void Close(Registry& registry);

  // See Registry::Tick. The ids of registries whose recorders have something to look at.
  std::vector<std::uint32_t> Tick(Clock::time_point now);

  [[nodiscard]] const Arena& arena() const { return arena_; }
  [[nodiscard]] Arena& arena() { return arena_; }

 private:
  std::shared_ptr<Registry> MakeLockHeld(const std::string& name);

  Arena arena_;
  mutable std::mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<Registry>> registries_;
  std::map<std::string, std::uint32_t> by_name_;
  std::uint32_t next_id_ = 1;
};

}  // namespace nanotally
