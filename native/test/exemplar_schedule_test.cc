// An exemplar slot in every order of its atomic steps (up to a number of preemptions): the code of
// core/exemplar_slot.h over atomics that let another thread run before each step. Memory is
// sequentially consistent here; native/model/exemplar_slot.pml reorders it.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <set>
#include <string>

#include "core/exemplar_slot.h"
#include "test/support/exemplars.h"
#include "test/support/schedule.h"

namespace nanotally {
namespace {

template <typename T>
class SteppingAtomic {
 public:
  SteppingAtomic() = default;
  SteppingAtomic(T value) : value_(value) {}  // NOLINT(google-explicit-constructor): as std::atomic

  T load(std::memory_order order) const noexcept {
    Step();
    return value_.load(order);
  }
  void store(T value, std::memory_order order) noexcept {
    Step();
    value_.store(value, order);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure) noexcept {
    Step();
    return value_.compare_exchange_strong(expected, desired, success, failure);
  }

 private:
  std::atomic<T> value_{};
};

using SteppingSlot = ExemplarSlot<SteppingAtomic>;

// The same words without a sequence: what the slot would be if its protocol did nothing.
class UnguardedSlot {
 public:
  bool TryStore(const StoredExemplar& exemplar) noexcept {
    const auto words = std::bit_cast<std::array<std::uint64_t, 5>>(exemplar);
    for (std::size_t i = 0; i < words.size(); ++i)
      words_[i].store(words[i], std::memory_order_relaxed);
    return true;
  }
  bool TryLoad(StoredExemplar& exemplar) const noexcept {
    std::array<std::uint64_t, 5> words;
    for (std::size_t i = 0; i < words.size(); ++i)
      words[i] = words_[i].load(std::memory_order_relaxed);
    exemplar = std::bit_cast<StoredExemplar>(words);
    return true;
  }

 private:
  std::array<SteppingAtomic<std::uint64_t>, 5> words_{};
};

std::string Shown(bool read, const StoredExemplar& exemplar) {
  if (!read) return "disturbed";
  if (exemplar.value == 0 && exemplar.unix_seconds == 0 && !exemplar.ids.HasTrace()) return "empty";
  return IsWhole(exemplar) ? std::to_string(static_cast<int>(exemplar.value)) : "torn";
}

struct Outcomes {
  std::set<std::string> read;    // by the reader, in any schedule
  std::set<std::string> last;    // what is there when all have ended
  std::set<std::string> stored;  // which writers succeeded
};

// Writers 1 and 2 and a reader meet in one slot.
template <typename Slot>
Outcomes Meet(int preemptions) {
  Outcomes outcomes;
  struct State {
    Slot slot;
    std::array<bool, 2> stored{};
  };
  const Explored explored = Explore(preemptions, [&outcomes] {
    const auto state = std::make_shared<State>();
    Scenario scenario;
    for (std::uint32_t writer = 0; writer < 2; ++writer) {
      scenario.actors.push_back({"writer" + std::to_string(writer + 1), [state, writer] {
                                   state->stored[writer] =
                                       state->slot.TryStore(WholeExemplar(writer + 1));
                                 }});
    }
    scenario.actors.push_back({"reader", [state, &outcomes] {
                                 StoredExemplar exemplar;
                                 const bool read = state->slot.TryLoad(exemplar);
                                 outcomes.read.insert(Shown(read, exemplar));
                               }});
    scenario.check = [state, &outcomes] {
      StoredExemplar exemplar;
      const bool read = state->slot.TryLoad(exemplar);
      const std::string last = Shown(read, exemplar);
      std::string stored;
      for (int writer = 0; writer < 2; ++writer) {
        if (state->stored[static_cast<std::size_t>(writer)]) stored += std::to_string(writer + 1);
      }
      outcomes.last.insert(last);
      outcomes.stored.insert(stored);
      // What a writer was told is what holds; of two, either may be the last.
      if (stored.size() == 1) {
        EXPECT_EQ(last, stored);
      }
    };
    return scenario;
  });
  EXPECT_GT(explored.schedules, 100u);
  return outcomes;
}

TEST(ExemplarSchedule, NoOrderShowsATornExemplar) {
  const Outcomes outcomes = Meet<SteppingSlot>(3);
  EXPECT_EQ(outcomes.read, (std::set<std::string>{"1", "2", "empty", "disturbed"}));
  EXPECT_EQ(outcomes.last, (std::set<std::string>{"1", "2"}));
  EXPECT_EQ(outcomes.stored, (std::set<std::string>{"1", "2", "12"}));
}

TEST(ExemplarSchedule, WithoutTheProtocolSomeOrderDoes) {
  const Outcomes outcomes = Meet<UnguardedSlot>(2);
  EXPECT_TRUE(outcomes.read.contains("torn"));
  EXPECT_TRUE(outcomes.last.contains("torn"));
}

}  // namespace
}  // namespace nanotally
