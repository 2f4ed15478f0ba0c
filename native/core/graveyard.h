// What was removed and may not be used anew yet: which recorders have still to let go of it.
//
// A recorder (an environment, or all native threads) that holds handles of a series may write its
// cells. So a removed series waits for every recorder that held it at its removal, until it
// acknowledges or ends, and then for the snapshots that may name it (core/epochs.h). A removed
// metric waits for all recorders.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/metric.h"

namespace nanotally {

struct Grave {
  std::shared_ptr<Metric> metric;
  std::optional<std::uint32_t> series;  // none: the whole metric
  std::uint64_t epoch = 0;              // of the removal, each its own
  std::uint32_t waiting = 0;            // recorders that have yet to acknowledge
};

// Guarded by the registry's registration mutex. Recorders are told apart by their shards' ordinals.
class Graveyard {
 public:
  // `pins`: while the recorder holds a series, that does not expire.
  void AddRecorder(std::uint32_t ordinal, bool pins);
  // It holds nothing any more, and nobody waits for it.
  void RemoveRecorder(std::uint32_t ordinal);

  // The recorder has handles of the series, or not any more. Idempotent; Hold tells whether it had
  // none before.
  bool Hold(std::uint32_t ordinal, const std::shared_ptr<Metric>& metric, std::uint32_t series);
  void LetGo(std::uint32_t ordinal, MetricId metric, std::uint32_t series);
  [[nodiscard]] bool Holds(std::uint32_t ordinal, MetricId metric, std::uint32_t series) const;

  void Bury(std::shared_ptr<Metric> metric, std::optional<std::uint32_t> series,
            std::uint64_t epoch);

  // What the recorder has yet to acknowledge, in the order of removal.
  [[nodiscard]] std::vector<std::shared_ptr<const Grave>> Pending(std::uint32_t ordinal);
  void Acknowledge(std::uint32_t ordinal, std::span<const std::uint64_t> epochs);

  // Asks every recorder that holds the series to let go of it if it can.
  void AskToLetGo(const std::shared_ptr<Metric>& metric, std::uint32_t series);
  // What the recorder was asked since the last call.
  [[nodiscard]] std::vector<Grave> TakeAsked(std::uint32_t ordinal);

  // Whether some recorder has something to do that it was not told of; it counts as told then.
  [[nodiscard]] bool TakeNews();

  // Takes out the graves that nobody has to acknowledge and that are of `oldest` or an earlier
  // epoch.
  [[nodiscard]] std::vector<Grave> TakeFree(std::uint64_t oldest);
  [[nodiscard]] bool HasFree(std::uint64_t oldest) const {
    return !unclaimed_.empty() && unclaimed_.begin()->first <= oldest;
  }

 private:
  struct Holding {
    std::shared_ptr<Metric> metric;
    std::vector<bool> series;  // by index
  };
  struct Recorder {
    bool pins = false;
    bool told = true;
    std::unordered_map<MetricId, Holding> holds;
    std::map<std::uint64_t, std::shared_ptr<Grave>> removals;
    // [metric, series], so that one who does not answer is not asked ever more.
    std::map<std::pair<MetricId, std::uint32_t>, Grave> asked;
  };

  void Settle(Grave& grave);

  std::map<std::uint32_t, Recorder> recorders_;
  std::map<std::uint64_t, Grave> unclaimed_;  // acknowledged by all
};

}  // namespace nanotally
