// The merge lock: shared among readers, exclusive for writers, and a stream of readers does not
// starve a writer.
//
// Replayed: every order of lock steps of two readers and a writer. Not replayed: what happens
// inside the C library's locks; the storm runs those for real.
#include "core/merge_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "test/support/schedule.h"

namespace nanotally {
namespace {

struct State {
  MergeLock lock;
  int readers = 0;
  int writers = 0;
};

TEST(MergeLock, ExcludesAndShares) {
  int most_readers = 0;
  Explore(3, [&] {
    const auto state = std::make_shared<State>();
    const auto reader = [state, &most_readers] {
      const auto lock = state->lock.Shared();
      most_readers = std::max(most_readers, ++state->readers);
      EXPECT_EQ(state->writers, 0);
      Step();
      --state->readers;
    };
    const auto writer = [state] {
      const auto lock = state->lock.Exclusive();
      EXPECT_EQ(++state->writers, 1);
      EXPECT_EQ(state->readers, 0);
      Step();
      --state->writers;
    };
    return Scenario{{{"reader", reader}, {"writer", writer}, {"other writer", writer}}};
  });
  Explore(3, [&] {
    const auto state = std::make_shared<State>();
    const auto reader = [state, &most_readers] {
      const auto lock = state->lock.Shared();
      most_readers = std::max(most_readers, ++state->readers);
      Step();
      --state->readers;
    };
    return Scenario{{{"reader", reader}, {"other reader", reader}}};
  });
  EXPECT_EQ(most_readers, 2);
}

// A writer that waits for the readers inside is overtaken by none that comes later: so it waits for
// those that were there, however many keep coming.
TEST(MergeLock, NoReaderOvertakesAWriterThatWaitsForReaders) {
  int waited = 0;
  const Explored explored = Explore(3, [&] {
    const auto state = std::make_shared<State>();
    const auto stream = [state, &waited] {
      for (int i = 0; i < 2; ++i) {
        const auto lock = state->lock.Shared();
        EXPECT_FALSE(Schedule::Current()->IsWaiting("writer", "write")) << "overtaken";
        Step();
        waited += Schedule::Current()->IsWaiting("writer", "write") ? 1 : 0;
      }
    };
    const auto writer = [state] { const auto lock = state->lock.Exclusive(); };
    return Scenario{{{"reader", stream}, {"other reader", stream}, {"writer", writer}}};
  });
  EXPECT_GT(explored.schedules, 100u);
  EXPECT_GT(waited, 100) << "the writer did have to wait";
}

// Four threads that read all the time, overlapping, until a writer has got through a hundred times.
// A lock that prefers readers does not end.
TEST(MergeLock, AWriterGetsThroughAStreamOfReaders) {
  MergeLock lock;
  long value = 0;  // guarded by the lock: ThreadSanitizer sees whether it is
  std::atomic<int> readers{0};
  std::atomic<bool> done{false};
  std::atomic<long> reads{0};
  std::vector<std::thread> stream;
  for (int i = 0; i < 4; ++i) {
    stream.emplace_back([&] {
      long last = 0;
      while (!done) {
        const auto shared = lock.Shared();
        ++readers;
        EXPECT_GE(value, last);
        last = value;
        std::this_thread::yield();  // inside, so that others come in meanwhile
        --readers;
        ++reads;
      }
    });
  }
  while (reads < 100) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) {
    const auto exclusive = lock.Exclusive();
    EXPECT_EQ(readers, 0);
    ++value;
  }
  done = true;
  for (std::thread& reader : stream) reader.join();
  EXPECT_EQ(value, 100);
}

}  // namespace
}  // namespace nanotally
