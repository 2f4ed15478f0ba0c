// A kernel that answers perf_event_open(2) as a test wants it: what is refused, what is counted,
// and mapped pages. It checks what the real one checks of groups and of reads.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <vector>

#include "os/perf_kernel.h"

namespace nanotally {

class FakePerfKernel final : public PerfKernel {
 public:
  struct Event {
    PerfAttributes attributes;
    int pid = 0;
    int cpu = 0;
    int group = 0;
    bool is_open = true;
    std::uint64_t value = 0;
    std::uint64_t enabled = 1000;
    std::uint64_t running = 1000;
    std::unique_ptr<PerfPage> page;
  };
  using Attributes = PerfAttributes;

  bool is_linux = true;
  // 0, or an errno.
  std::function<int(const Attributes& attributes, int pid, int cpu, int group)> refuse;
  std::function<void(Event& event)> opened;   // sets what it counts
  std::function<void(Event& event)> reading;  // before a leader is read
  std::function<std::uint64_t(std::uint32_t index)> counter = [](std::uint32_t) { return 0; };
  std::function<std::uint64_t()> clock = [] { return std::uint64_t{0}; };
  int read_error = 0;
  int reads = 0;
  std::vector<std::unique_ptr<Event>> events;  // by descriptor - kFirst, closed ones, too

  ~FakePerfKernel() override {
    EXPECT_EQ(OpenEvents(), 0) << "descriptors are left open";
    EXPECT_EQ(mapped_, 0u) << "pages are left mapped";
  }

  [[nodiscard]] int OpenEvents() const {
    return static_cast<int>(
        std::ranges::count_if(events, [](const auto& event) { return event->is_open; }));
  }
  [[nodiscard]] Event& At(int descriptor) { return *events.at(descriptor - kFirst); }

  [[nodiscard]] bool IsLinux() const noexcept override { return is_linux; }

  int Open(const PerfAttributes& attributes, int pid, int cpu, int group) noexcept override {
    EXPECT_EQ(attributes.size, 72u);
    if (refuse) {
      if (const int error = refuse(attributes, pid, cpu, group); error != 0) return -error;
    }
    EXPECT_TRUE(group < 0 || (At(group).is_open && At(group).group < 0)) << "no leader";
    auto event = std::make_unique<Event>();
    event->attributes = attributes;
    event->pid = pid;
    event->cpu = cpu;
    event->group = group;
    if (opened) opened(*event);
    events.push_back(std::move(event));
    return kFirst + static_cast<int>(events.size()) - 1;
  }

  std::ptrdiff_t Read(int descriptor, std::span<std::uint64_t> words) noexcept override {
    ++reads;
    if (read_error != 0) return -read_error;
    Event& leader = At(descriptor);
    EXPECT_TRUE(leader.is_open);
    if (reading) reading(leader);
    std::vector<std::uint64_t> answer;
    if ((leader.attributes.read_format & kPerfReadGroup) == 0) {
      answer = {leader.value, leader.enabled, leader.running};
    } else {
      answer = {0, leader.enabled, leader.running, leader.value};
      for (const auto& event : events)
        if (event->is_open && event->group == descriptor) answer.push_back(event->value);
      answer[0] = answer.size() - 3;
    }
    if (answer.size() > words.size()) return -ENOSPC;
    std::ranges::copy(answer, words.begin());
    return static_cast<std::ptrdiff_t>(answer.size() * sizeof answer[0]);
  }

  void Close(int descriptor) noexcept override {
    EXPECT_TRUE(At(descriptor).is_open);
    At(descriptor).is_open = false;
  }

  const PerfPage* Map(int descriptor) noexcept override {
    const PerfPage* page = At(descriptor).page.get();
    if (page != nullptr) ++mapped_;
    return page;
  }
  void Unmap(const PerfPage*) noexcept override { --mapped_; }

  [[nodiscard]] std::uint64_t ReadCounter(std::uint32_t index) noexcept override {
    return counter(index);
  }
  [[nodiscard]] std::uint64_t ReadClock() noexcept override { return clock(); }

 private:
  static constexpr int kFirst = 100;
  unsigned mapped_ = 0;
};

}  // namespace nanotally
