#include "metrics.h"

#include <span>

namespace engram {

std::array<PoolMetrics, kPoolTypes> pool_metrics;

namespace {

// Of these a series is made with its first recording: most indexes have two layers or three.
std::array<std::array<Handle<nanotally_histogram>, kLayers>, kQueryTypes> hops;
// [prefetched]
std::array<Handle<nanotally_counter>, 2> near_edges, far_edges;
Handle<nanotally_gauge> raw_bytes, encoded_bytes;
// [aligned]
std::array<Handle<nanotally_counter>, 2> checked_allocations;

std::atomic<bool> attached{false};

// A family's definition where JavaScript has not made it: as the catalogs have it.
struct Family {
  const char *name, *help, *unit;
};
constexpr Family kHops = {
    "engram_hnsw_traversal_hops",
    "Nodes that a search moved to in a layer of the index; layer 0 has all nodes.", nullptr};
constexpr Family kNearEdges = {"engram_hnsw_near_edges_total",
                               "Edges that searches followed to a node that lies near in memory.",
                               nullptr};
constexpr Family kFarEdges = {
    "engram_hnsw_far_edges_total",
    "Edges that searches followed to a node that lies elsewhere in memory.", nullptr};
constexpr Family kRawBytes = {"engram_graph_edge_raw_bytes",
                              "Memory that the edges of the graph would take as plain integers.",
                              "bytes"};
constexpr Family kEncodedBytes = {"engram_graph_edge_encoded_bytes",
                                  "Memory that the edges of the graph take as they are encoded.",
                                  "bytes"};
constexpr Family kAllocatedBytes = {"engram_memory_pool_allocated_bytes_total",
                                    "Bytes that were allocated from pools.", "bytes"};
constexpr Family kFreedBytes = {"engram_memory_pool_freed_bytes_total",
                                "Bytes that were given back to pools.", "bytes"};
constexpr Family kCapacity = {"engram_memory_pool_capacity_bytes",
                              "Bytes that pools have room for.", "bytes"};
constexpr Family kFragmented = {"engram_memory_pool_fragmented_bytes",
                                "Bytes of pools that fragmentation makes useless for now: free "
                                "ones outside of the largest free "
                                "block, or, where blocks have size classes, the rests of blocks "
                                "and the free blocks of slabs in "
                                "use.",
                                "bytes"};
constexpr Family kFragmentable = {
    "engram_memory_pool_fragmentable_bytes",
    "Bytes of pools that could be fragmented: all free ones, or, where blocks have size classes, "
    "those of the slabs in use.",
    "bytes"};
constexpr Family kChecked = {
    "engram_checked_allocations_total",
    "Allocations whose address was checked, by whether it is a multiple of the alignment.",
    nullptr};

using Labels = std::span<const nanotally_label>;

nanotally_options OptionsOf(const Family& family) noexcept {
  nanotally_options options = NANOTALLY_OPTIONS_INIT;
  options.help = family.help;
  options.unit = family.unit;
  return options;
}

// The handles are kept for good: nobody removes these metrics, so they need no release.
nanotally_status Bind(const Family& family, Labels labels, Handle<nanotally_counter>& handle) {
  const nanotally_options options = OptionsOf(family);
  nanotally_counter* found = nullptr;
  const nanotally_status status =
      nanotally_get_counter(family.name, labels.data(), labels.size(), &options, &found);
  if (status == NANOTALLY_OK) handle.Set(found);
  return status;
}

nanotally_status Bind(const Family& family, Labels labels, Handle<nanotally_gauge>& handle) {
  const nanotally_options options = OptionsOf(family);
  nanotally_gauge* found = nullptr;
  const nanotally_status status =
      nanotally_get_gauge(family.name, labels.data(), labels.size(), &options, &found);
  if (status == NANOTALLY_OK) handle.Set(found);
  return status;
}

nanotally_histogram* HopsOf(QueryType type, int layer) noexcept {
  Handle<nanotally_histogram>& handle = hops[type][layer];
  if (nanotally_histogram* known = handle.Get(); known != nullptr) return known;
  const char number[] = {static_cast<char>('0' + layer), '\0'};
  const nanotally_label labels[] = {{"query_type", kQueryTypeNames[type]}, {"layer", number}};
  const nanotally_options options = OptionsOf(kHops);
  nanotally_histogram* found = nullptr;
  // Two threads that both come here get the same pointer. A failure is none for this series alone:
  // Attach has tried the family.
  if (nanotally_get_histogram(kHops.name, labels, 2, &options, &found) == NANOTALLY_OK)
    handle.Set(found);
  return found;
}

nanotally_status BindAll() {
  nanotally_status status = NANOTALLY_OK;
  const auto bind = [&status](const Family& family, Labels labels, auto& handle) {
    const nanotally_status one = Bind(family, labels, handle);
    if (status == NANOTALLY_OK) status = one;
  };
  for (const bool prefetched : {false, true}) {
    const nanotally_label labels[] = {{"traversal_pattern", "bf"},
                                      {"prefetch", prefetched ? "enabled" : "disabled"}};
    bind(kNearEdges, labels, near_edges[prefetched]);
    bind(kFarEdges, labels, far_edges[prefetched]);
  }
  const nanotally_label delta[] = {{"encoding", "delta"}};
  bind(kRawBytes, delta, raw_bytes);
  bind(kEncodedBytes, delta, encoded_bytes);
  for (int type = 0; type < kPoolTypes; ++type) {
    const nanotally_label pool[] = {{"pool_type", kPoolTypeNames[type]}};
    PoolMetrics& metrics = pool_metrics[type];
    bind(kAllocatedBytes, pool, metrics.allocated_bytes);
    bind(kFreedBytes, pool, metrics.freed_bytes);
    bind(kCapacity, pool, metrics.capacity);
    bind(kFragmented, pool, metrics.fragmented);
    bind(kFragmentable, pool, metrics.fragmentable);
  }
  for (const bool aligned : {false, true}) {
    const nanotally_label labels[] = {{"alignment", "64_byte"},
                                      {"aligned", aligned ? "true" : "false"}};
    bind(kChecked, labels, checked_allocations[aligned]);
  }
  if (status == NANOTALLY_OK && HopsOf(kSimilarity, 0) == nullptr) status = NANOTALLY_CONFLICT;
  return status;
}

// A recording through NULL would be counted as lost.
void Add(const Handle<nanotally_counter>& handle, double amount) noexcept {
  if (nanotally_counter* counter = handle.Get(); counter != nullptr)
    nanotally_counter_add(counter, amount);
}

void Set(const Handle<nanotally_gauge>& handle, double value) noexcept {
  if (nanotally_gauge* gauge = handle.Get(); gauge != nullptr) nanotally_gauge_set(gauge, value);
}

}  // namespace

void RecordSearch(QueryType type, const Trace& trace) noexcept {
  // relaxed: a search that comes at this moment is recorded or not.
  if (!attached.load(std::memory_order_relaxed)) return;
  for (int layer = 0; layer < trace.layers; ++layer) {
    if (nanotally_histogram* histogram = HopsOf(type, layer); histogram != nullptr)
      nanotally_histogram_observe(histogram, trace.hops[layer]);
  }
  Add(near_edges[trace.prefetched], static_cast<double>(trace.near));
  Add(far_edges[trace.prefetched], static_cast<double>(trace.far));
}

void RecordEdgeBytes(double raw, double encoded) noexcept {
  if (nanotally_gauge* gauge = raw_bytes.Get(); gauge != nullptr) nanotally_gauge_add(gauge, raw);
  if (nanotally_gauge* gauge = encoded_bytes.Get(); gauge != nullptr)
    nanotally_gauge_add(gauge, encoded);
}

void RecordAllocation(const PoolMetrics& metrics, std::uint64_t bytes, bool aligned) noexcept {
  Add(metrics.allocated_bytes, static_cast<double>(bytes));
  Add(checked_allocations[aligned], 1);
}

void RecordFree(const PoolMetrics& metrics, std::uint64_t bytes) noexcept {
  Add(metrics.freed_bytes, static_cast<double>(bytes));
}

void RecordCapacity(const PoolMetrics& metrics, std::uint64_t bytes) noexcept {
  Set(metrics.capacity, static_cast<double>(bytes));
}

void RecordFragmentation(const PoolMetrics& metrics, std::uint64_t fragmented,
                         std::uint64_t fragmentable) noexcept {
  Set(metrics.fragmented, static_cast<double>(fragmented));
  Set(metrics.fragmentable, static_cast<double>(fragmentable));
}

nanotally_status Attach(Napi::Value native_interface) {
  const nanotally_status status = nanotally_attach(native_interface.Env(), native_interface);
  if (status != NANOTALLY_OK) return status;
  static const nanotally_status bound = [] {
    const nanotally_status all = BindAll();
    attached.store(true, std::memory_order_relaxed);
    return all;
  }();
  return bound;
}

}  // namespace engram
