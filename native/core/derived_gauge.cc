// Evaluation of derived gauges over merged values.
#include "core/derived_gauge.h"

#include <algorithm>
#include <set>

#include "core/label_text.h"

namespace nanotally {
namespace {

bool Matches(std::string_view labels, const Operand& operand) {
  return std::all_of(operand.where.begin(), operand.where.end(), [&](const auto& pair) {
    return FindLabel(labels, pair.first) == pair.second;
  });
}

// The part of `labels` that a group is named by. Values are escaped already.
std::string GroupText(std::string_view labels, std::span<const std::string> names) {
  std::string text;
  for (const std::string& name : names) {
    const std::string_view value = FindLabel(labels, name);
    if (!value.empty()) AppendEscapedLabel(text, name, value);
  }
  return text;
}

}  // namespace

DerivedGauge::Sums DerivedGauge::SumOperands(std::span<const Operand> operands,
                                             std::span<const MetricSnapshot> metrics) const {
  Sums sums;
  std::map<std::string, std::size_t, std::less<>>
      operands_of;  // group -> how many it has series of
  for (const Operand& operand : operands) {
    const auto found = std::find_if(metrics.begin(), metrics.end(),
                                    [&](const auto& m) { return m.metric == operand.metric; });
    if (found == metrics.end()) continue;
    std::set<std::string> groups;
    for (std::size_t i = 0; i < found->series.size(); ++i) {
      const std::string_view labels = found->series[i].labels;
      if (!Matches(labels, operand)) continue;
      double value = 0;
      switch (operand.part) {
        case OperandPart::kValue:
          value = found->values[i];
          break;
        case OperandPart::kCount:
          value = found->histograms[i].Count();
          break;
        case OperandPart::kSum:
          value = found->histograms[i].sum;
          break;
      }
      std::string group = GroupText(labels, definition_.labels);
      sums[group].Add(operand.minus ? -value : value);
      if (definition_.needs_all) groups.insert(std::move(group));
    }
    for (const std::string& group : groups) ++operands_of[group];
  }
  if (definition_.needs_all) {
    std::erase_if(sums, [&](const auto& sum) {
      const auto found = operands_of.find(sum.first);
      return found == operands_of.end() || found->second < operands.size();
    });
  }
  return sums;
}

std::uint64_t DerivedGauge::Samples() const {
  const std::lock_guard lock(history_mutex_);
  return samples_;
}

ComputedFamily DerivedGauge::Evaluate(std::span<const MetricSnapshot> metrics,
                                      Clock::time_point now, std::uint64_t samples) const {
  const Sums of = SumOperands(definition_.of, metrics);
  return {definition_.name, definition_.help, definition_.unit, MetricType::kGauge,
          definition_.IsRate() ? Rate(of, now, samples)
                               : Ratio(of, SumOperands(definition_.to, metrics))};
}

std::vector<ComputedSample> DerivedGauge::Ratio(const Sums& of, const Sums& to) const {
  std::vector<ComputedSample> values;
  for (const auto& [labels, denominator] : to) {
    if (denominator.Rounded() == 0) continue;
    const auto numerator = of.find(labels);
    if (definition_.needs_all && numerator == of.end()) continue;
    const double value = numerator == of.end() ? 0 : numerator->second.Rounded();
    if (definition_.needs_all && value < 0) continue;
    values.push_back({labels, value * definition_.scale / denominator.Rounded()});
  }
  return values;
}

std::vector<ComputedSample> DerivedGauge::Rate(const Sums& sums, Clock::time_point now,
                                               std::uint64_t samples) const {
  const std::lock_guard lock(history_mutex_);
  const auto past = std::find_if(history_.begin(), history_.end(), [&](const Past& p) {
    return p.number < samples && p.time >= now - definition_.window && p.time < now;
  });
  std::vector<ComputedSample> values;
  if (past == history_.end()) return values;
  const double seconds = std::chrono::duration<double>(now - past->time).count();
  const bool is_total =
      std::all_of(definition_.of.begin(), definition_.of.end(), [](const auto& o) {
        const bool is_counted =
            o.part == OperandPart::kCount || o.metric->definition().type == MetricType::kCounter;
        return is_counted && !o.minus;
      });
  for (const auto& [labels, sum] : sums) {
    // A group that was not there then has grown from 0.
    const auto before = past->sums.find(labels);
    const double growth =
        sum.Rounded() - (before == past->sums.end() ? 0 : before->second.Rounded());
    // What only grows fell because a series of the group ended or was reset.
    values.push_back(
        {labels, (is_total ? std::max(growth, 0.0) : growth) * definition_.scale / seconds});
  }
  return values;
}

bool DerivedGauge::IsSampleDue(Clock::time_point now) const {
  if (!definition_.IsRate()) return false;
  const std::lock_guard lock(history_mutex_);
  return history_.empty() || now - history_.back().time >= definition_.window / kSamples;
}

void DerivedGauge::Sample(std::span<const MetricSnapshot> metrics, Clock::time_point now) {
  Sums sums = SumOperands(definition_.of, metrics);
  const std::lock_guard lock(history_mutex_);
  history_.push_back({samples_++, now, std::move(sums)});
  while (history_.size() > 1 && history_.front().time < now - definition_.window)
    history_.pop_front();
}

}  // namespace nanotally
