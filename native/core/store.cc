// Opening, finding and closing registries.
#include "core/store.h"

namespace nanotally {

std::shared_ptr<Registry> Store::MakeLockHeld(const std::string& name) {
  const std::uint32_t id = next_id_++;
  auto registry = std::make_shared<Registry>(arena_, id, name);
  registries_.emplace(id, registry);
  return registry;
}

std::shared_ptr<Registry> Store::Open(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_name_.find(name); found != by_name_.end())
    return registries_.at(found->second);
  auto registry = MakeLockHeld(name);
  by_name_.emplace(name, registry->id());
  return registry;
}

std::shared_ptr<Registry> Store::OpenPrivate() {
  const std::lock_guard lock(mutex_);
  return MakeLockHeld("");
}

std::shared_ptr<Registry> Store::Find(std::uint32_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = registries_.find(id);
  return found == registries_.end() ? nullptr : found->second;
}

void Store::Close(Registry& registry) {
  registry.Close();
  const std::lock_guard lock(mutex_);
  if (const auto named = by_name_.find(registry.name());
      named != by_name_.end() && named->second == registry.id()) {
    by_name_.erase(named);
  }
  registries_.erase(registry.id());
}

std::vector<std::uint32_t> Store::Tick(Clock::time_point now) {
  std::vector<std::shared_ptr<Registry>> registries;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, registry] : registries_) registries.push_back(registry);
  }
  std::vector<std::uint32_t> news;
  for (const auto& registry : registries) {
    if (registry->Tick(now)) news.push_back(registry->id());
  }
  return news;
}

}  // namespace nanotally
