// Tables of families: each row ties a name to the members of what was read that are its samples.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/label_text.h"
#include "core/name_filter.h"
#include "core/snapshot.h"

namespace nanotally {

// What a family is, whatever it is read from.
struct FamilyHead {
  std::string_view name;
  MetricType type;
  std::string_view unit;
  // All that its samples have, with commas in between. The last one is told apart by the row's
  // samples where these have values for it.
  std::string_view labels;
  std::string_view help;
};

// A member of T that is a sample, and the value of the family's last label that it stands for;
// empty: the last label is, like those before it, given with what was read.
template <typename T>
struct FamilySample {
  std::string_view label_value;
  std::optional<double> T::*value;
};

template <typename T>
struct FamilyRow {
  FamilyHead head;
  std::array<FamilySample<T>, 5> samples;  // those that are needed, then null ones
};

// The families of a table that a filter selects, while their samples are put together.
template <typename T>
class FamilyGroup {
 public:
  FamilyGroup(std::span<const FamilyRow<T>> table, const NameFilter& filter) {
    for (const FamilyRow<T>& row : table) {
      if (filter.Selects(row.head.name, row.head.type)) selected_.push_back({&row, {}});
    }
  }

  [[nodiscard]] bool IsEmpty() const { return selected_.empty(); }

  // A sample for each member that is present. `labels` is the text of the labels that are given.
  void Add(const T& read, const std::string& labels = {}) {
    for (Selected& selected : selected_) {
      for (const FamilySample<T>& sample : selected.row->samples) {
        if (sample.value == nullptr || !(read.*sample.value)) continue;
        std::string text = labels;
        if (!sample.label_value.empty())
          AppendLabel(text, LastLabel(selected.row->head), sample.label_value);
        selected.samples.push_back({std::move(text), *(read.*sample.value)});
      }
    }
  }

  // Appends the families that have samples.
  void MoveTo(std::vector<ComputedFamily>& families) {
    for (Selected& selected : selected_) {
      if (selected.samples.empty()) continue;
      const FamilyHead& head = selected.row->head;
      families.push_back({std::string(head.name), std::string(head.help), std::string(head.unit),
                          head.type, std::move(selected.samples)});
    }
  }

 private:
  struct Selected {
    const FamilyRow<T>* row;
    std::vector<ComputedSample> samples;
  };

  static std::string_view LastLabel(const FamilyHead& head) {
    return head.labels.substr(head.labels.rfind(',') + 1);
  }

  std::vector<Selected> selected_;
};

}  // namespace nanotally
