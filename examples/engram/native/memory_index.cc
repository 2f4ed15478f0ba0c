#include "memory_index.h"

#include <algorithm>
#include <chrono>

namespace engram {
namespace {

using Clock = std::chrono::steady_clock;

void AddTo(Trace& total, const Trace& trace) noexcept {
  for (int layer = 0; layer < kLayers; ++layer) total.hops[layer] += trace.hops[layer];
  total.layers = std::max(total.layers, trace.layers);
  total.distances += trace.distances;
  total.near += trace.near;
  total.far += trace.far;
  total.faults += trace.faults;
}

}  // namespace

MemoryIndex::MemoryIndex(const MemoryIndexOptions& options)
    : options_(options), next_seed_(options.hot.seed) {
  hot_ = NewHnsw();
}

MemoryIndex::~MemoryIndex() {
  for (const Segments* segments : {&warm_, &cold_}) {
    for (const auto& segment : *segments)
      RecordEdgeBytes(-static_cast<double>(segment->RawEdgeBytes()),
                      -static_cast<double>(segment->EncodedEdgeBytes()));
  }
}

std::unique_ptr<Hnsw> MemoryIndex::NewHnsw() {
  HnswOptions options = options_.hot;
  options.seed = next_seed_++;
  return std::make_unique<Hnsw>(options);
}

InsertStatus MemoryIndex::Insert(std::uint32_t id, const float* vector, bool& sealed) {
  sealed = false;
  Trace trace;
  InsertStatus status = InsertStatus::kBroken;
  {
    const std::lock_guard turnstile(turnstile_);
    const std::lock_guard lock(mutex_);
    // What a full one could not be sealed for is tried again: there was no memory.
    if (hot_->IsFull()) Seal();
    if (!IsBroken()) status = hot_->Insert(id, vector, trace);
    if (trace.faults > 0) broken_.store(true, std::memory_order_relaxed);
    if (status == InsertStatus::kOk && hot_->IsFull()) {
      Seal();
      sealed = true;
    }
  }
  Note(kInsertion, trace);
  const std::lock_guard lock(books_mutex_);
  switch (status) {
    case InsertStatus::kOk:
      ++books_.inserted;
      break;
    case InsertStatus::kNotUnit:
      ++books_.not_unit;
      break;
    case InsertStatus::kBroken:
      ++books_.broken;
      break;
    case InsertStatus::kNoMemory:
    case InsertStatus::kFull:
      ++books_.no_memory;
      break;
  }
  return status;
}

void MemoryIndex::Seal() {
  auto next = NewHnsw();
  auto segment = std::make_unique<Segment>(*hot_);
  const double raw = static_cast<double>(segment->RawEdgeBytes());
  const double encoded = static_cast<double>(segment->EncodedEdgeBytes());
  warm_.push_back(std::move(segment));
  hot_ = std::move(next);
  RecordEdgeBytes(raw, encoded);
  {
    const std::lock_guard lock(books_mutex_);
    ++books_.seals;
  }
  MakeRoom();
}

void MemoryIndex::MakeRoom() {
  while (warm_.size() > options_.warm_segments) {
    std::unique_ptr<Segment> oldest = std::move(warm_.front());
    warm_.pop_front();
    const bool moved = options_.cold_segments > 0 && oldest->MoveToFile();
    if (moved) cold_.push_back(std::move(oldest));
    const bool drops = !moved || cold_.size() > options_.cold_segments;
    if (drops && moved) {
      oldest = std::move(cold_.front());
      cold_.pop_front();
    }
    const std::lock_guard lock(books_mutex_);
    if (moved) ++books_.to_cold;
    if (!drops) continue;
    ++books_.dropped_segments;
    books_.dropped_vectors += oldest->size();
    RecordEdgeBytes(-static_cast<double>(oldest->RawEdgeBytes()),
                    -static_cast<double>(oldest->EncodedEdgeBytes()));
  }
}

MemoryIndex::Searched MemoryIndex::Search(const float* vector, std::size_t ef, QueryType type,
                                          std::span<Hit> hits) const {
  Searched searched;
  searched.is_unit = IsUnit(vector, options_.hot.dimensions);
  if (!searched.is_unit || hits.empty()) return searched;
  const Query query{vector, options_.hot.dimensions, ActiveKernel()};
  SearchScratch& scratch = ThisThreadsScratch();
  std::array<std::uint64_t, kTiers> graphs{};
  const auto worse = [](const Hit& a, const Hit& b) {
    return a.score != b.score ? a.score > b.score : a.id < b.id;
  };
  ef = std::max(ef, hits.size());

  // Puts what a graph has into `hits`, a heap with the worst on top.
  const auto search = [&](const auto& graph, Tier tier) {
    if (graph.size() == 0) return;
    Trace trace;
    trace.prefetched = tier == kHot;
    graph.Search(query, ef, trace, scratch);
    for (const Candidate& found : scratch.best) {
      const Hit hit{1 - found.distance, graph.IdOf(found.node), tier};
      if (searched.count == hits.size()) {
        // The rest of this graph is no better.
        if (!worse(hit, hits.front())) break;
        std::pop_heap(hits.begin(), hits.end(), worse);
        --searched.count;
      }
      hits[searched.count++] = hit;
      std::push_heap(hits.begin(), hits.begin() + searched.count, worse);
    }
    ++graphs[tier];
    AddTo(searched.total, trace);
    Note(type, trace);
  };
  {
    { const std::lock_guard turnstile(turnstile_); }
    const std::shared_lock lock(mutex_);
    Clock::time_point start = Clock::now();
    const auto lap = [&](Tier tier) {
      const Clock::time_point now = Clock::now();
      searched.seconds[tier] = std::chrono::duration<double>(now - start).count();
      start = now;
    };
    search(*hot_, kHot);
    lap(kHot);
    for (const auto& segment : warm_) search(*segment, kWarm);
    lap(kWarm);
    for (const auto& segment : cold_) search(*segment, kCold);
    lap(kCold);
  }
  std::sort_heap(hits.begin(), hits.begin() + searched.count, worse);
  if (searched.total.faults > 0) broken_.store(true, std::memory_order_relaxed);

  const std::lock_guard lock(books_mutex_);
  ++books_.searches;
  for (int tier = 0; tier < kTiers; ++tier) {
    books_.graphs_searched[tier] += graphs[tier];
    books_.seconds[tier] += searched.seconds[tier];
  }
  for (const Hit& hit : hits.first(searched.count)) ++books_.hits[hit.tier];
  return searched;
}

// Tells the metrics and the books of one traversal: each counts for itself.
void MemoryIndex::Note(QueryType type, const Trace& trace) const noexcept {
  RecordSearch(type, trace);
  const std::lock_guard lock(books_mutex_);
  for (int layer = 0; layer < trace.layers; ++layer) {
    ++books_.hops_count[type][layer];
    books_.hops_sum[type][layer] += trace.hops[layer];
  }
  books_.distances += trace.distances;
  books_.near[trace.prefetched] += trace.near;
  books_.far[trace.prefetched] += trace.far;
  books_.faults += trace.faults;
}

Integrity MemoryIndex::CheckTier(Tier tier) const {
  if (tier == kHot) return hot_->CheckIntegrity();
  Integrity sum;
  for (const auto& segment : tier == kWarm ? warm_ : cold_) sum.Add(segment->CheckIntegrity());
  return sum;
}

std::array<Integrity, kTiers> MemoryIndex::CheckIntegrity() {
  std::array<Integrity, kTiers> found;
  { const std::lock_guard turnstile(turnstile_); }
  const std::shared_lock lock(mutex_);
  for (const Tier tier : {kHot, kWarm, kCold}) {
    found[tier] = CheckTier(tier);
    if (!found[tier].IsSound()) broken_.store(true, std::memory_order_relaxed);
  }
  return found;
}

bool MemoryIndex::Corrupt(Fault fault, std::uint64_t seed) {
  const std::lock_guard turnstile(turnstile_);
  const std::lock_guard lock(mutex_);
  if (fault != Fault::kSegment) return hot_->Corrupt(fault, seed);
  return !warm_.empty() && warm_.back()->Corrupt(seed);
}

MemoryIndex::Repaired MemoryIndex::Repair() {
  Repaired repaired;
  const std::lock_guard turnstile(turnstile_);
  const std::lock_guard lock(mutex_);
  if (!hot_->CheckIntegrity().IsSound()) {
    auto anew = NewHnsw();
    for (std::uint32_t node = 0; node < hot_->size(); ++node) {
      Trace unrecorded;
      const auto status = anew->Insert(hot_->IdOf(node), hot_->VectorOf(node), unrecorded);
      ++(status == InsertStatus::kOk ? repaired.kept : repaired.lost);
    }
    hot_ = std::move(anew);
  }
  for (Segments* segments : {&warm_, &cold_}) {
    for (auto& segment : *segments) {
      if (!segment->CheckIntegrity().IsSound()) RepairSegment(segment, repaired);
    }
    std::erase(*segments, nullptr);
  }
  broken_.store(false, std::memory_order_relaxed);
  return repaired;
}

// Leaves nothing of a segment of which no vector is left.
void MemoryIndex::RepairSegment(std::unique_ptr<Segment>& segment, Repaired& repaired) {
  auto anew = NewHnsw();
  std::vector<float> vector;
  std::uint64_t kept = 0;
  segment->Open();
  for (std::uint32_t node = 0; node < segment->size(); ++node) {
    Trace unrecorded;
    if (segment->Restore(node, vector) &&
        anew->Insert(segment->IdOf(node), vector.data(), unrecorded) == InsertStatus::kOk)
      ++kept;
  }
  repaired.kept += kept;
  repaired.lost += segment->size() - kept;
  std::unique_ptr<Segment> sealed = kept > 0 ? std::make_unique<Segment>(*anew) : nullptr;
  if (sealed != nullptr && segment->IsCold()) sealed->MoveToFile();
  double raw = -static_cast<double>(segment->RawEdgeBytes());
  double encoded = -static_cast<double>(segment->EncodedEdgeBytes());
  if (sealed != nullptr) {
    raw += static_cast<double>(sealed->RawEdgeBytes());
    encoded += static_cast<double>(sealed->EncodedEdgeBytes());
  }
  RecordEdgeBytes(raw, encoded);
  segment = std::move(sealed);
}

std::array<TierContents, kTiers> MemoryIndex::Contents() const {
  std::array<TierContents, kTiers> contents;
  { const std::lock_guard turnstile(turnstile_); }
  const std::shared_lock lock(mutex_);
  contents[kHot] = {1, hot_->size(), hot_->Bytes(), 0, 0, 0};
  for (const Tier tier : {kWarm, kCold}) {
    for (const auto& segment : tier == kWarm ? warm_ : cold_) {
      TierContents& of = contents[tier];
      ++of.segments;
      of.vectors += segment->size();
      of.memory_bytes += segment->MemoryBytes();
      of.file_bytes += segment->FileBytes();
      of.raw_edge_bytes += segment->RawEdgeBytes();
      of.encoded_edge_bytes += segment->EncodedEdgeBytes();
    }
  }
  return contents;
}

MemoryIndexBooks MemoryIndex::Books() const {
  const std::lock_guard lock(books_mutex_);
  return books_;
}

}  // namespace engram
