// Holds, removals and acknowledgements.
#include "core/graveyard.h"

#include <utility>

namespace nanotally {

void Graveyard::AddRecorder(std::uint32_t ordinal, bool pins) { recorders_[ordinal].pins = pins; }

void Graveyard::RemoveRecorder(std::uint32_t ordinal) {
  const auto ended = recorders_.extract(ordinal);
  if (ended.empty()) return;
  for (auto& [id, holding] : ended.mapped().holds) {
    for (std::uint32_t i = 0; i < holding.series.size(); ++i) {
      if (holding.series[i]) holding.metric->RemoveHolder(i, ended.mapped().pins);
    }
  }
  for (auto& [epoch, grave] : ended.mapped().removals) Settle(*grave);
}

bool Graveyard::Hold(std::uint32_t ordinal, const std::shared_ptr<Metric>& metric,
                     std::uint32_t series) {
  const auto recorder = recorders_.find(ordinal);
  if (recorder == recorders_.end()) return false;
  Holding& holding = recorder->second.holds[metric->id()];
  holding.metric = metric;
  if (holding.series.size() <= series) holding.series.resize(series + 1);
  if (holding.series[series]) return false;
  holding.series[series] = true;
  metric->AddHolder(series, recorder->second.pins);
  return true;
}

void Graveyard::LetGo(std::uint32_t ordinal, MetricId metric, std::uint32_t series) {
  if (!Holds(ordinal, metric, series)) return;
  Recorder& recorder = recorders_.at(ordinal);
  Holding& holding = recorder.holds.at(metric);
  holding.series[series] = false;
  holding.metric->RemoveHolder(series, recorder.pins);
}

bool Graveyard::Holds(std::uint32_t ordinal, MetricId metric, std::uint32_t series) const {
  const auto recorder = recorders_.find(ordinal);
  if (recorder == recorders_.end()) return false;
  const auto found = recorder->second.holds.find(metric);
  return found != recorder->second.holds.end() && series < found->second.series.size() &&
         found->second.series[series];
}

void Graveyard::Bury(std::shared_ptr<Metric> metric, std::optional<std::uint32_t> series,
                     std::uint64_t epoch) {
  const MetricId id = metric->id();
  const auto grave = std::make_shared<Grave>(Grave{std::move(metric), series, epoch, 0});
  for (auto& [ordinal, recorder] : recorders_) {
    if (series && !Holds(ordinal, id, *series)) continue;
    if (series) {
      LetGo(ordinal, id, *series);
    } else {
      recorder.holds.erase(id);
    }
    recorder.removals.emplace(epoch, grave);
    recorder.told = false;
    ++grave->waiting;
  }
  if (grave->waiting == 0) unclaimed_.emplace(epoch, *grave);
}

std::vector<std::shared_ptr<const Grave>> Graveyard::Pending(std::uint32_t ordinal) {
  std::vector<std::shared_ptr<const Grave>> pending;
  const auto recorder = recorders_.find(ordinal);
  if (recorder == recorders_.end()) return pending;
  recorder->second.told = true;
  for (const auto& [epoch, grave] : recorder->second.removals) pending.push_back(grave);
  return pending;
}

void Graveyard::Acknowledge(std::uint32_t ordinal, std::span<const std::uint64_t> epochs) {
  const auto recorder = recorders_.find(ordinal);
  if (recorder == recorders_.end()) return;
  for (const std::uint64_t epoch : epochs) {
    if (const auto done = recorder->second.removals.extract(epoch); !done.empty())
      Settle(*done.mapped());
  }
}

void Graveyard::Settle(Grave& grave) {
  if (--grave.waiting == 0) unclaimed_.emplace(grave.epoch, grave);
}

void Graveyard::AskToLetGo(const std::shared_ptr<Metric>& metric, std::uint32_t series) {
  for (auto& [ordinal, recorder] : recorders_) {
    if (!Holds(ordinal, metric->id(), series)) continue;
    recorder.asked.try_emplace({metric->id(), series}, Grave{metric, series, 0, 0});
    recorder.told = false;
  }
}

std::vector<Grave> Graveyard::TakeAsked(std::uint32_t ordinal) {
  std::vector<Grave> taken;
  const auto recorder = recorders_.find(ordinal);
  if (recorder == recorders_.end()) return taken;
  recorder->second.told = true;
  for (auto& [key, asked] : recorder->second.asked) taken.push_back(std::move(asked));
  recorder->second.asked.clear();
  return taken;
}

bool Graveyard::TakeNews() {
  bool news = false;
  for (auto& [ordinal, recorder] : recorders_) {
    news |= !recorder.told;
    recorder.told = true;
  }
  return news;
}

std::vector<Grave> Graveyard::TakeFree(std::uint64_t oldest) {
  std::vector<Grave> free;
  while (HasFree(oldest)) {
    free.push_back(std::move(unclaimed_.begin()->second));
    unclaimed_.erase(unclaimed_.begin());
  }
  return free;
}

}  // namespace nanotally
