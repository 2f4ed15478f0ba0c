// libnuma by dlopen(3). Its own header need not be there to build: what is used of it is declared
// here, as numa.h of 2.0 (its ABI libnuma_1.2) does.
#include <dlfcn.h>

#include <mutex>

#include "os/libnuma.h"

namespace nanotally {
namespace {

struct Bitmask;  // opaque

class LoadedLibrary final : public NumaLibrary {
 public:
  // False where a symbol is missing.
  bool Find(void* library) {
    Resolve(library, "numa_node_to_cpu_update", forget_cpus_);  // newer ones have it
    return Resolve(library, "numa_available", available_) &&
           Resolve(library, "numa_max_node", max_node_) &&
           Resolve(library, "numa_distance", distance_) &&
           Resolve(library, "numa_node_size64", node_size_) &&
           Resolve(library, "numa_node_to_cpus", node_to_cpus_) &&
           Resolve(library, "numa_allocate_cpumask", allocate_cpumask_) &&
           Resolve(library, "numa_bitmask_free", bitmask_free_) &&
           Resolve(library, "numa_bitmask_isbitset", is_bit_set_) &&
           Resolve(library, "numa_bitmask_nbytes", bitmask_bytes_) &&
           Resolve(library, "numa_nodes_ptr", nodes_);
  }

  std::vector<NumaNode> Nodes() const override {
    // numa_node_to_cpus() fills a cache of its own, without a lock.
    const std::lock_guard lock(mutex_);
    std::vector<NumaNode> nodes;
    if (available_() < 0 || *nodes_ == nullptr) return nodes;
    const int last = max_node_();
    for (int number = 0; number <= last; ++number) {
      if (is_bit_set_(*nodes_, static_cast<unsigned>(number)) == 0) continue;
      nodes.push_back(ReadNode(number));
    }
    for (NumaNode& node : nodes) ReadDistances(node, nodes);
    return nodes;
  }

 private:
  template <class Symbol>
  static bool Resolve(void* library, const char* name, Symbol& symbol) {
    symbol = reinterpret_cast<Symbol>(dlsym(library, name));
    return symbol != nullptr;
  }

  NumaNode ReadNode(int number) const {
    NumaNode node;
    node.number = static_cast<std::uint32_t>(number);
    long long free_bytes = -1;
    const long long bytes = node_size_(number, &free_bytes);
    if (bytes >= 0) node.memory_bytes = static_cast<std::uint64_t>(bytes);
    if (bytes >= 0 && free_bytes >= 0) node.free_bytes = static_cast<std::uint64_t>(free_bytes);
    if (Bitmask* const cpus = allocate_cpumask_()) {
      // It keeps what it read first, though CPUs come and go. Told so, it reads those of the next
      // node that it is asked for anew, and of no other.
      if (forget_cpus_ != nullptr) forget_cpus_();
      if (node_to_cpus_(number, cpus) == 0) {
        const unsigned bits = bitmask_bytes_(cpus) * 8;
        for (unsigned cpu = 0; cpu < bits; ++cpu) {
          if (is_bit_set_(cpus, cpu) != 0) node.cpus.push_back(cpu);
        }
      }
      bitmask_free_(cpus);
    }
    return node;
  }

  void ReadDistances(NumaNode& node, const std::vector<NumaNode>& nodes) const {
    for (const NumaNode& other : nodes) {
      const int distance = distance_(static_cast<int>(node.number), static_cast<int>(other.number));
      if (distance <= 0) return node.distances.clear();  // 0: it cannot tell
      node.distances.push_back(static_cast<std::uint32_t>(distance));
    }
  }

  int (*available_)() = nullptr;
  int (*max_node_)() = nullptr;
  int (*distance_)(int, int) = nullptr;
  long long (*node_size_)(int, long long*) = nullptr;
  int (*node_to_cpus_)(int, Bitmask*) = nullptr;
  Bitmask* (*allocate_cpumask_)() = nullptr;
  void (*bitmask_free_)(Bitmask*) = nullptr;
  int (*is_bit_set_)(const Bitmask*, unsigned) = nullptr;
  unsigned (*bitmask_bytes_)(Bitmask*) = nullptr;
  void (*forget_cpus_)() = nullptr;  // null in older ones
  Bitmask* const* nodes_ = nullptr;  // those that are configured, allowed or not
  mutable std::mutex mutex_;
};

}  // namespace

const NumaLibrary* LoadNumaLibrary() {
  static const NumaLibrary* const loaded = []() -> const NumaLibrary* {
    void* const library = dlopen("libnuma.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return nullptr;
    auto* const found = new LoadedLibrary();
    if (found->Find(library)) return found;
    delete found;
    return nullptr;
  }();
  return loaded;
}

}  // namespace nanotally
