// How metrics and series end, and how their cells are used anew; told at the head of registry.h.
#include <chrono>
#include <utility>

#include "core/label_text.h"
#include "core/merge.h"
#include "core/registry.h"
#include "core/unix_time.h"

namespace nanotally {
namespace {

Removal RemovalOf(const Grave& grave) {
  Removal removal{grave.epoch, grave.metric->id(), grave.series, {}};
  if (!grave.series) return removal;
  const Series& series = grave.metric->series()[*grave.series];
  if (series.labels == kOverflowLabels) return removal;
  for (const std::string& name : grave.metric->definition().labels)
    removal.values.push_back(LabelValue(series.labels, name));
  return removal;
}

}  // namespace

void Registry::BuryLockHeld(std::shared_ptr<Metric> metric) {
  metric->MarkRemoved();
  by_id_.erase(metric->id());
  graveyard_.Bury(std::move(metric), std::nullopt, epochs_->Advance());
}

void Registry::EndSeriesLockHeld(const std::shared_ptr<Metric>& metric, std::uint32_t series,
                                 SeriesState to) {
  metric->TakeOut(series, to);
  graveyard_.Bury(metric, series, epochs_->Advance());
}

bool Registry::Remove(const std::string& name) {
  {
    const std::lock_guard lock(registration_);
    if (derived_.erase(name) > 0) return true;
    const auto found = metrics_.find(name);
    if (found == metrics_.end()) return false;
    BuryLockHeld(std::move(found->second));
    metrics_.erase(found);
  }
  TellRemoved();
  return true;
}

void Registry::Close() {
  {
    const std::lock_guard lock(registration_);
    closed_.store(true, std::memory_order_release);
    for (auto& [name, metric] : metrics_) BuryLockHeld(std::move(metric));
    metrics_.clear();
    derived_.clear();
    sources_.clear();
  }
  TellRemoved();
}

Result<bool> Registry::RemoveSeries(MetricId id, std::span<const std::string> values) {
  {
    const std::lock_guard lock(registration_);
    const auto metric = FindLockHeld(id);
    if (metric == nullptr) return MetricRemoved();
    const auto series = metric->Find(values);
    if (!series) return false;
    EndSeriesLockHeld(metric, *series, SeriesState::kRemoved);
  }
  TellRemoved();
  return true;
}

Result<std::size_t> Registry::Clear(MetricId id) {
  std::size_t ended = 0;
  {
    const std::lock_guard lock(registration_);
    const auto metric = FindLockHeld(id);
    if (metric == nullptr) return MetricRemoved();
    for (const std::uint32_t series : metric->Indices()) {
      EndSeriesLockHeld(metric, series, SeriesState::kRemoved);
      ++ended;
    }
  }
  TellRemoved();
  return ended;
}

Status Registry::Reset(MetricId id) {
  const auto metric = Find(id);
  if (metric == nullptr) return MetricRemoved();
  const auto pin = epochs_->Pin();
  // Not removed when the pin was there, so its cells are its own for as long as that is.
  if (metric->IsRemoved()) return MetricRemoved();
  const double tick = [&] {
    const std::lock_guard lock(tick_mutex_);
    return tick_;
  }();
  // What is recorded into a gauge from now on has a later stamp.
  AdvanceTick(true);
  const auto lock = merge_.Exclusive();
  const double created = UnixSeconds();
  metric->ForEachSeries([&](std::uint32_t index, const Series& series) {
    ResetSeries(*metric, series, shards_, tick, remainders_);
    metric->SetCreated(index, created);
    metric->ClearExemplars(index);
  });
  return {};
}

void Registry::TellRemoved() {
  Reclaim();  // no recorder may have held it
  const auto listener = [&] {
    const std::lock_guard lock(registration_);
    return on_removal_;
  }();
  if (listener) listener();
}

void Registry::OnRemoval(std::function<void()> listener) {
  const std::lock_guard lock(registration_);
  on_removal_ = std::move(listener);
}

std::vector<Removal> Registry::PendingRemovals(const Shard& shard) {
  const std::lock_guard lock(registration_);
  std::vector<Removal> removals;
  for (const auto& grave : graveyard_.Pending(shard.ordinal()))
    removals.push_back(RemovalOf(*grave));
  return removals;
}

std::vector<Removal> Registry::TakeIdle(const Shard& shard) {
  const std::lock_guard lock(registration_);
  std::vector<Removal> idle;
  for (const Grave& asked : graveyard_.TakeAsked(shard.ordinal())) {
    const auto& [metric, series, epoch, waiting] = asked;
    // It may have been recorded into, removed, and its slot used anew, since it was asked for.
    if (!metric->IsRemoved() && metric->series()[*series].Is(SeriesState::kIdle) &&
        graveyard_.Holds(shard.ordinal(), metric->id(), *series))
      idle.push_back(RemovalOf(asked));
  }
  return idle;
}

void Registry::LetGo(Shard& shard, MetricId metric, std::uint32_t series) {
  const std::lock_guard lock(registration_);
  graveyard_.LetGo(shard.ordinal(), metric, series);
}

void Registry::Acknowledge(Shard& shard, std::span<const std::uint64_t> epochs) {
  {
    const std::lock_guard lock(registration_);
    graveyard_.Acknowledge(shard.ordinal(), epochs);
  }
  Reclaim();
}

// Uses anew what nobody can write or name any more.
void Registry::Reclaim() {
  std::vector<Grave> free;
  {
    const std::lock_guard lock(registration_);
    free = graveyard_.TakeFree(epochs_->Oldest());
  }
  if (free.empty()) return;
  {
    const auto lock = merge_.Exclusive();
    for (const auto& [metric, index, epoch, waiting] : free) {
      if (index) {
        const Series& series = metric->series()[*index];
        if (series.Is(SeriesState::kExpired)) {
          ExpireSeries(*metric, series, shards_, remainders_);
          metric->SetState(*index, SeriesState::kRemoved);
        }
        ClearSeries(*metric, series, shards_, remainders_);
      } else {
        metric->ForEachSeries([&, m = metric.get()](std::uint32_t, const Series& series) {
          ClearSeries(*m, series, shards_, remainders_);
        });
      }
    }
  }
  const std::lock_guard lock(registration_);
  for (const auto& [metric, index, epoch, waiting] : free) {
    if (index) {
      metric->Free(*index, cells_);
    } else {
      metric->ForEachSeries([&, m = metric.get()](std::uint32_t, const Series& series) {
        m->ForEachRangeOf(
            series, [&](CellAddress address, std::uint32_t cells) { cells_.Free(address, cells); });
      });
    }
  }
}

// One look at a metric's series. The caller has pinned the epoch, so that no slot is used anew
// between reading the cells and what follows from it.
void Registry::WatchIdle(const std::shared_ptr<Metric>& metric, Clock::time_point now) {
  const auto timeout = metric->definition().idle_timeout;
  if (timeout.count() == 0) return;
  {
    const std::lock_guard lock(registration_);
    if (!metric->idle_watch().IsDue(now, timeout)) return;
  }
  struct Activity {
    std::uint32_t series;
    double value;
  };
  std::vector<Activity> activities;
  {
    const auto lock = merge_.Shared();
    metric->ForEachSeries([&](std::uint32_t index, const Series& series) {
      activities.push_back({index, ActivityOf(*metric, series, shards_, remainders_)});
    });
  }
  const std::lock_guard lock(registration_);
  if (metric->IsRemoved()) return;
  IdleWatch& watch = metric->idle_watch();
  for (const auto& [index, activity] : activities) {
    const Series& series = metric->series()[index];
    const bool is_live = series.Is(SeriesState::kLive);
    if ((!is_live && !series.Is(SeriesState::kIdle)) || metric->IsOverflow(index)) continue;
    if (watch.Look(index, activity, now)) {
      if (!is_live) metric->SetState(index, SeriesState::kLive);
    } else if (is_live) {
      if (series.is_pinned || watch.IdleFor(index, now) < timeout) continue;
      metric->SetState(index, SeriesState::kIdle);
      graveyard_.AskToLetGo(metric, index);
    } else if (series.holders == 0 && watch.WasGivenUp(index)) {
      EndSeriesLockHeld(metric, index, SeriesState::kExpired);
    }
  }
}

}  // namespace nanotally
