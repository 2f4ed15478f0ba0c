// Epochs: pins count from the epoch in which they were made, in any order of their ends.
#include "core/epochs.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace nanotally {
namespace {

TEST(Epochs, WithoutPinsNothingIsNamed) {
  const auto epochs = std::make_shared<Epochs>();
  EXPECT_EQ(epochs->Oldest(), Epochs::kNever);
  EXPECT_EQ(epochs->Advance(), 1u);
  EXPECT_EQ(epochs->Advance(), 2u);
  EXPECT_EQ(epochs->Oldest(), Epochs::kNever);
}

TEST(Epochs, APinCoversWhatIsRemovedAfterIt) {
  const auto epochs = std::make_shared<Epochs>();
  const std::uint64_t before = epochs->Advance();
  auto pin = epochs->Pin();
  const std::uint64_t after = epochs->Advance();
  EXPECT_LE(before, epochs->Oldest());
  EXPECT_GT(after, epochs->Oldest());
  pin.reset();
  EXPECT_EQ(epochs->Oldest(), Epochs::kNever);
}

TEST(Epochs, TheOldestPinCountsWhicheverEndsFirst) {
  const auto epochs = std::make_shared<Epochs>();
  std::vector<std::shared_ptr<const void>> pins;
  for (int i = 0; i < 4; ++i) {
    pins.push_back(epochs->Pin());
    pins.push_back(epochs->Pin());  // two of one epoch are two
    static_cast<void>(epochs->Advance());
  }
  EXPECT_EQ(epochs->Oldest(), 0u);
  pins[2].reset();
  pins[0].reset();
  EXPECT_EQ(epochs->Oldest(), 0u);
  pins[1].reset();
  EXPECT_EQ(epochs->Oldest(), 1u);
  const auto copy = pins[3];
  pins[3].reset();
  EXPECT_EQ(epochs->Oldest(), 1u) << "a copy pins on";
}

TEST(Epochs, APinMayOutliveItsRegistry) {
  auto epochs = std::make_shared<Epochs>();
  const std::weak_ptr<Epochs> watched = epochs;
  auto pin = epochs->Pin();
  epochs.reset();
  EXPECT_FALSE(watched.expired());
  pin.reset();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace nanotally
