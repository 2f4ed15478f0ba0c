// Counters over a kernel that answers as the test wants it.
#include "os/perf_counters.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "os/perf_page.h"
#include "test/support/fake_perf_kernel.h"

namespace nanotally {
namespace {

using Event = FakePerfKernel::Event;

PerfEventId Id(std::string_view name) { return *FindPerfEvent(name); }

// All events are offered, on one PMU, asked for by their own number.
PerfMachine AllOffered() {
  PerfMachine machine;
  machine.offers.resize(PerfEvents().size());
  for (PerfEventId id = 0; id < machine.offers.size(); ++id) {
    PerfPart part;
    part.type = part.pmu = PerfEvents()[id].kind == PerfKind::kSoftware ? kPerfSoftware : kPerfRaw;
    part.config = id;
    machine.offers[id].is_available = true;
    machine.offers[id].parts = {part};
  }
  return machine;
}

std::vector<PerfReading> ReadAll(PerfCounters& counters) {
  std::vector<PerfReading> readings(counters.events().size());
  counters.Read(readings);
  return readings;
}

const std::vector<PerfEventId> kCore = {
    Id("cycles"), Id("instructions"), Id("stalled_cycles_frontend"), Id("stalled_cycles_backend")};

TEST(PerfCounters, AGroupIsOneRead) {
  FakePerfKernel kernel;
  kernel.opened = [](Event& event) { event.value = 100 + event.attributes.config; };
  const PerfMachine machine = AllOffered();
  std::vector<PerfEventId> events = kCore;
  events.push_back(Id("branches"));
  events.push_back(Id("branch_misses"));
  const auto counters = PerfCounters::Open(kernel, machine, {}, events);
  ASSERT_EQ(kernel.events.size(), 6u);
  EXPECT_EQ(kernel.events[0]->group, -1);
  EXPECT_EQ(kernel.events[3]->group, 100);
  EXPECT_EQ(kernel.events[4]->group, -1);
  EXPECT_EQ(kernel.events[5]->group, 104);
  const auto readings = ReadAll(*counters);
  EXPECT_EQ(kernel.reads, 2);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(counters->error(i), 0);
    EXPECT_TRUE(readings[i].is_open);
    EXPECT_EQ(readings[i].value, 100 + events[i]);
    EXPECT_EQ(readings[i].enabled_ns, 1000u);
  }
  EXPECT_FALSE(counters->HasUserReads());
}

TEST(PerfCounters, WhatIsExcluded) {
  FakePerfKernel kernel;
  PerfMachine machine = AllOffered();
  machine.offers[Id("memory_read_bytes")].parts[0].cpus = {3};
  const PerfEventId events[] = {Id("cycles"), Id("page_faults"), Id("memory_read_bytes")};
  const auto counters = PerfCounters::Open(kernel, machine, {.pid = -1, .cpu = 3}, events);
  constexpr std::uint64_t kExcluded = kPerfExcludeKernel | kPerfExcludeHypervisor;
  EXPECT_EQ(kernel.events[0]->attributes.flags, kExcluded);
  EXPECT_EQ(kernel.events[1]->attributes.flags, 0u) << "faults are the kernel's doing";
  EXPECT_EQ(kernel.events[2]->attributes.flags, 0u) << "many uncore PMUs know no exclusion";
  EXPECT_EQ(kernel.events[2]->pid, -1);
  EXPECT_EQ(kernel.events[2]->cpu, 3);
}

TEST(PerfCounters, SoftwareEventsOfTheProgramAloneWhereTheKernelsAreForbidden) {
  FakePerfKernel kernel;
  kernel.refuse = [](const PerfAttributes& attributes, int, int, int) {
    return (attributes.flags & kPerfExcludeKernel) == 0 ? EACCES : 0;
  };
  const PerfMachine machine = AllOffered();
  const PerfEventId events[] = {Id("page_faults"), Id("task_clock_seconds"), Id("context_switches"),
                                Id("cpu_migrations")};
  const auto counters = PerfCounters::Open(kernel, machine, {}, events);
  EXPECT_EQ(counters->error(0), 0);
  EXPECT_EQ(counters->error(1), 0);
  EXPECT_EQ(counters->error(2), EACCES) << "it would be 0";
  EXPECT_EQ(counters->error(3), EACCES);
  EXPECT_FALSE(ReadAll(*counters)[2].is_open);
}

TEST(PerfCounters, AMemberThatCannotJoinIsAlone) {
  FakePerfKernel kernel;
  kernel.refuse = [](const PerfAttributes& attributes, int, int, int group) {
    return group >= 0 && attributes.config == Id("stalled_cycles_frontend") ? EINVAL : 0;
  };
  kernel.opened = [](Event& event) {
    event.value = event.attributes.config + 7;
    event.running = event.group < 0 ? 500 : 1000;
  };
  const PerfMachine machine = AllOffered();
  const auto counters = PerfCounters::Open(kernel, machine, {}, kCore);
  const auto readings = ReadAll(*counters);
  EXPECT_EQ(kernel.reads, 2);
  for (std::size_t i = 0; i < kCore.size(); ++i) EXPECT_EQ(readings[i].value, kCore[i] + 7) << i;
}

TEST(PerfCounters, AMemberThatCannotBeOpenedIsTold) {
  for (const int error : {EMFILE, ENOENT, EACCES}) {
    FakePerfKernel kernel;
    kernel.refuse = [&](const PerfAttributes& attributes, int, int, int) {
      return attributes.config == Id("instructions") ? error : 0;
    };
    kernel.opened = [](Event& event) { event.value = event.attributes.config + 7; };
    const PerfMachine machine = AllOffered();
    const auto counters = PerfCounters::Open(kernel, machine, {}, kCore);
    EXPECT_EQ(counters->error(1), error);
    const auto readings = ReadAll(*counters);
    EXPECT_FALSE(readings[1].is_open);
    EXPECT_EQ(readings[1].value, 0u);
    EXPECT_EQ(readings[1].enabled_ns, 0u);
    for (const std::size_t i : {0, 2, 3}) EXPECT_EQ(readings[i].value, kCore[i] + 7) << i;
  }
}

TEST(PerfCounters, NoDescriptorIsLeft) {
  FakePerfKernel kernel;
  kernel.refuse = [&](const PerfAttributes&, int, int, int) {
    return kernel.events.size() >= 2 ? EMFILE : 0;
  };
  const PerfMachine machine = AllOffered();
  const auto counters = PerfCounters::Open(kernel, machine, {}, kCore);
  EXPECT_EQ(counters->error(1), 0);
  EXPECT_EQ(counters->error(2), EMFILE);
  EXPECT_EQ(counters->error(3), EMFILE);
}

TEST(PerfCounters, WhatIsNotOfferedIsNotTried) {
  FakePerfKernel kernel;
  PerfMachine machine = AllOffered();
  machine.offers[Id("cycles")].is_available = false;
  const auto counters = PerfCounters::Open(kernel, machine, {}, kCore);
  EXPECT_EQ(counters->error(0), ENOENT);
  EXPECT_EQ(kernel.events.size(), 3u);
}

TEST(PerfCounters, TimesOfAMultiplexedGroup) {
  FakePerfKernel kernel;
  kernel.opened = [](Event& event) {
    event.value = 700;
    event.enabled = 1000;
    event.running = 700;
  };
  const PerfMachine machine = AllOffered();
  const auto counters = PerfCounters::Open(kernel, machine, {}, kCore);
  const PerfReading reading = ReadAll(*counters)[2];
  EXPECT_EQ(reading.value, 700u) << "unscaled";
  EXPECT_EQ(reading.enabled_ns, 1000u);
  EXPECT_EQ(reading.running_ns, 700u);
}

TEST(PerfCounters, AReadThatFailsIsNothingKnown) {
  FakePerfKernel kernel;
  kernel.opened = [](Event& event) { event.value = 700; };
  const PerfMachine machine = AllOffered();
  const auto counters = PerfCounters::Open(kernel, machine, {}, kCore);
  kernel.read_error = EIO;
  const PerfReading reading = ReadAll(*counters)[0];
  EXPECT_TRUE(reading.is_open);
  EXPECT_EQ(reading.running_ns, 0u);
}

TEST(PerfCounters, WithChildrenEachIsReadAlone) {
  FakePerfKernel kernel;
  kernel.opened = [](Event& event) { event.value = event.attributes.config + 7; };
  const PerfMachine machine = AllOffered();
  const auto counters = PerfCounters::Open(kernel, machine, {.with_children = true}, kCore);
  for (const auto& event : kernel.events) {
    EXPECT_EQ(event->attributes.flags & (kPerfInherit | kPerfInheritThread), kPerfInherit);
    EXPECT_EQ(event->attributes.read_format & kPerfReadGroup, 0u);
  }
  EXPECT_EQ(kernel.events[1]->group, 100) << "still on the counters together";
  const auto readings = ReadAll(*counters);
  EXPECT_EQ(kernel.reads, 4);
  for (std::size_t i = 0; i < kCore.size(); ++i) EXPECT_EQ(readings[i].value, kCore[i] + 7);
}

TEST(PerfCounters, ThreadsOnlyWhereTheKernelKnowsThem) {
  const PerfMachine machine = AllOffered();
  const PerfTarget target{.with_children = true, .threads_only = true};
  constexpr std::uint64_t kThreads = kPerfInherit | kPerfInheritThread;
  {
    FakePerfKernel kernel;
    const auto counters = PerfCounters::Open(kernel, machine, target, kCore);
    EXPECT_EQ(kernel.events[0]->attributes.flags & kThreads, kThreads);
  }
  FakePerfKernel old;
  old.refuse = [](const PerfAttributes& attributes, int, int, int) {
    return (attributes.flags & kPerfInheritThread) != 0 ? EINVAL : 0;
  };
  const auto counters = PerfCounters::Open(old, machine, target, kCore);
  EXPECT_EQ(old.events[0]->attributes.flags & kThreads, kPerfInherit);
  EXPECT_EQ(counters->error(3), 0);
}

TEST(PerfCounters, FromExecOnTheLeaderWaits) {
  FakePerfKernel kernel;
  const PerfMachine machine = AllOffered();
  const auto counters =
      PerfCounters::Open(kernel, machine, {.pid = 42, .from_exec_on = true}, kCore);
  constexpr std::uint64_t kWaits = kPerfDisabled | kPerfEnableOnExec;
  EXPECT_EQ(kernel.events[0]->attributes.flags & kWaits, kWaits);
  EXPECT_EQ(kernel.events[1]->attributes.flags & kWaits, 0u);
  EXPECT_EQ(kernel.events[0]->pid, 42);
}

TEST(PerfCounters, PartsOfAHybridProcessorAreAdded) {
  FakePerfKernel kernel;
  kernel.opened = [](Event& event) {
    event.value = event.attributes.type == 4 ? 900 : 50;
    event.enabled = 1000;
    event.running = event.attributes.type == 4 ? 800 : 200;  // the thread was on one, or the other
  };
  PerfMachine machine = AllOffered();
  for (const PerfEventId id : kCore) {
    PerfPart atom = machine.offers[id].parts[0];
    atom.type = atom.pmu = 10;
    machine.offers[id].parts.push_back(atom);
  }
  const auto counters = PerfCounters::Open(kernel, machine, {}, kCore);
  EXPECT_EQ(kernel.events.size(), 8u);
  const PerfReading reading = ReadAll(*counters)[1];
  EXPECT_EQ(kernel.reads, 2) << "one for each kind of core";
  EXPECT_EQ(reading.value, 950u);
  EXPECT_EQ(reading.enabled_ns, 1000u);
  EXPECT_EQ(reading.running_ns, 1000u) << "it was counted all the time";
}

// Fixed and scalable vectors of Arm, loads of the own node and of others.
TEST(PerfCounters, PartsOnOnePmuHaveTheTimesOfOne) {
  FakePerfKernel kernel;
  kernel.opened = [](Event& event) {
    event.value = event.attributes.config1 == 1 ? 30 : 70;
    event.enabled = 1000;
    event.running = 500;
  };
  PerfMachine machine = AllOffered();
  PerfOffer& offer = machine.offers[Id("flops")];
  offer.parts.push_back(offer.parts[0]);
  offer.parts[1].config1 = 1;
  const PerfEventId event = Id("flops");
  for (const bool with_children : {false, true}) {
    const auto counters =
        PerfCounters::Open(kernel, machine, {.with_children = with_children}, {&event, 1});
    const PerfReading reading = ReadAll(*counters)[0];
    EXPECT_EQ(reading.value, 100u);
    EXPECT_EQ(reading.enabled_ns, 1000u);
    EXPECT_EQ(reading.running_ns, 500u) << "it is multiplexed";
  }
}

PerfMachine WithChannels() {
  PerfMachine machine = AllOffered();
  const auto part = [](std::uint32_t type, double factor) {
    PerfPart made;
    made.type = made.pmu = type;
    made.factor = factor;
    made.cpus = {0, 28};
    return made;
  };
  machine.offers[Id("memory_read_bytes")].parts = {part(20, 1), part(21, 1), part(22, 0.5)};
  return machine;
}

TEST(PerfCounters, PartsOfTheUncoreAreAdded) {
  FakePerfKernel kernel;
  kernel.opened = [](Event& event) { event.value = event.attributes.type * 10; };
  const PerfMachine machine = WithChannels();
  const PerfEventId event = Id("memory_read_bytes");
  const auto counters = PerfCounters::Open(kernel, machine, {.pid = -1, .cpu = 28}, {&event, 1});
  const PerfReading reading = ReadAll(*counters)[0];
  EXPECT_EQ(reading.value, 200u + 210 + 110);
  EXPECT_EQ(reading.enabled_ns, 3000u);
  EXPECT_EQ(reading.running_ns, 3000u);
  const auto elsewhere = PerfCounters::Open(kernel, machine, {.pid = -1, .cpu = 1}, {&event, 1});
  EXPECT_EQ(elsewhere->error(0), ENODEV) << "none of its CPUs";
}

TEST(PerfCounters, OneChannelTooFewIsNotTheWhole) {
  FakePerfKernel kernel;
  kernel.refuse = [](const PerfAttributes& attributes, int, int, int) {
    return attributes.type == 22 ? EBUSY : 0;
  };
  const PerfMachine machine = WithChannels();
  const PerfEventId events[] = {Id("memory_read_bytes"), Id("page_faults")};
  const auto counters = PerfCounters::Open(kernel, machine, {.pid = -1, .cpu = 0}, events);
  EXPECT_EQ(counters->error(0), EBUSY);
  EXPECT_EQ(counters->error(1), 0);
  EXPECT_EQ(kernel.OpenEvents(), 1) << "the other channels are closed";
}

// An event's page: the counter `index` holds `offset` less than the value.
std::unique_ptr<PerfPage> MakePage(std::uint32_t index, std::int64_t offset) {
  auto page = std::make_unique<PerfPage>();
  page->lock = 2;
  page->index = index;
  page->offset = offset;
  page->time_enabled = 1000;
  page->time_running = 600;
  page->capabilities = kPerfUserCounter | kPerfUserTime;
  page->counter_bits = 48;
  page->time_mult = 1;
  return page;
}

class PerfUserReads : public testing::Test {
 protected:
  PerfUserReads() {
    kernel.opened = [this](Event& event) {
      event.value = 5;
      ++last_index;
      event.page = MakePage(last_index, 1000 * last_index);
    };
    kernel.counter = [](std::uint32_t index) { return std::uint64_t{index}; };
    kernel.clock = [] { return std::uint64_t{40}; };
  }
  FakePerfKernel kernel;
  const PerfMachine machine = AllOffered();
  std::uint32_t last_index = 0;
};

TEST_F(PerfUserReads, NeedNoSystemCall) {
  const auto counters = PerfCounters::Open(kernel, machine, {}, kCore);
  EXPECT_TRUE(counters->HasUserReads());
  const auto readings = ReadAll(*counters);
  EXPECT_EQ(kernel.reads, 0);
  for (std::size_t i = 0; i < kCore.size(); ++i) {
    EXPECT_EQ(readings[i].value, 1001 * (i + 1));
    EXPECT_EQ(readings[i].enabled_ns, 1040u);
    EXPECT_EQ(readings[i].running_ns, 640u);
  }
}

TEST_F(PerfUserReads, GiveWayWhereAMemberIsOnNoCounter) {
  const auto counters = PerfCounters::Open(kernel, machine, {}, kCore);
  kernel.events[2]->page->index = 0;
  EXPECT_FALSE(counters->HasUserReads());
  EXPECT_EQ(ReadAll(*counters)[0].value, 5u) << "the group is read as one";
  EXPECT_EQ(kernel.reads, 1);
  kernel.events[2]->page->index = 3;
  EXPECT_EQ(ReadAll(*counters)[0].value, 1001u);
  EXPECT_EQ(kernel.reads, 1);
}

TEST_F(PerfUserReads, AreReadAgainWhereThePageChanges) {
  const auto counters = PerfCounters::Open(kernel, machine, {}, std::span(kCore).first(1));
  int interruptions = 2;
  kernel.counter = [&](std::uint32_t) {
    PerfPage& page = *kernel.events[0]->page;
    if (interruptions-- > 0) {
      ++page.lock;
      page.offset += 10000;  // as the kernel does when it takes the counter to the side
    }
    return std::uint64_t{1};
  };
  EXPECT_EQ(ReadAll(*counters)[0].value, 21001u) << "of one state of the page";
  EXPECT_EQ(kernel.reads, 0);
  kernel.counter = [&](std::uint32_t) { return std::uint64_t{kernel.events[0]->page->lock++}; };
  EXPECT_EQ(ReadAll(*counters)[0].value, 5u) << "not for ever";
  EXPECT_EQ(kernel.reads, 1);
}

TEST_F(PerfUserReads, OfTheOwnThreadAlone) {
  for (const PerfTarget& target :
       {PerfTarget{.pid = 42}, PerfTarget{.with_children = true}, PerfTarget{.pid = -1, .cpu = 0},
        PerfTarget{.wants_user_reads = false}}) {
    const auto counters = PerfCounters::Open(kernel, machine, target, kCore);
    EXPECT_FALSE(counters->HasUserReads());
  }
}

// The instruction may be executed on the other kind of core, which need not have the counter.
TEST_F(PerfUserReads, NotWhereAThreadGoesFromOneKindOfCoreToAnother) {
  PerfMachine hybrid = AllOffered();
  for (const PerfEventId id : kCore) {
    PerfPart atom = hybrid.offers[id].parts[0];
    atom.type = atom.pmu = 10;
    atom.user_config1 = 3;
    hybrid.offers[id].parts.push_back(atom);
  }
  const auto counters = PerfCounters::Open(kernel, hybrid, {}, kCore);
  EXPECT_FALSE(counters->HasUserReads());
  EXPECT_EQ(kernel.events[1]->attributes.config1, 0u) << "nor asked for";
  ReadAll(*counters);
  EXPECT_EQ(kernel.reads, 2);
}

TEST_F(PerfUserReads, NotWithoutTimes) {
  kernel.opened = [](Event& event) {
    event.page = MakePage(1, 0);
    event.page->capabilities = kPerfUserCounter;
  };
  const auto counters = PerfCounters::Open(kernel, machine, {}, kCore);
  EXPECT_FALSE(counters->HasUserReads());
}

TEST_F(PerfUserReads, AreAskedForWhereAKernelWantsIt) {
  PerfMachine arm = AllOffered();
  for (PerfOffer& offer : arm.offers) {
    offer.parts[0].user_config1 = 3;
    offer.parts[0].short_user_config1 = 2;
  }
  // One event gets no counter of 64 bits, and one is not to be read so at all.
  kernel.refuse = [](const PerfAttributes& attributes, int, int, int) {
    if (attributes.config == Id("instructions")) return attributes.config1 == 3 ? EOPNOTSUPP : 0;
    if (attributes.config1 == 0) return 0;
    return attributes.config == Id("stalled_cycles_backend") ? EINVAL : 0;
  };
  const auto counters = PerfCounters::Open(kernel, arm, {}, kCore);
  EXPECT_EQ(kernel.events[0]->attributes.config1, 3u);
  EXPECT_EQ(kernel.events[1]->attributes.config1, 2u);
  EXPECT_EQ(kernel.events[1]->group, 100);
  EXPECT_EQ(kernel.events[3]->attributes.config1, 0u);
  EXPECT_EQ(counters->error(1), 0);
  const auto children = PerfCounters::Open(kernel, arm, {.with_children = true}, kCore);
  EXPECT_EQ(kernel.events[4]->attributes.config1, 0u);
}

TEST(PerfPage, CountersAreSigned) {
  EXPECT_EQ(SignExtended(0x7fffffffffff, 48), 0x7fffffffffff);
  EXPECT_EQ(SignExtended(0xffffffffffff, 48), -1);
  EXPECT_EQ(SignExtended(0x800000000000, 48), -0x800000000000);
  EXPECT_EQ(SignExtended(0xffff000000000001, 48), 1) << "bits above are not the counter's";
  EXPECT_EQ(SignExtended(0x80000000, 32), -0x80000000ll);
  EXPECT_EQ(SignExtended(~std::uint64_t{0}, 64), -1);
}

TEST(PerfPage, Times) {
  PerfPage page{};
  page.capabilities = kPerfUserTime;
  page.time_shift = 10;
  page.time_mult = 3 << 10;  // 3 ns a tick
  page.time_offset = 7;
  EXPECT_EQ(PerfPageTime(page, 0), 7u);
  EXPECT_EQ(PerfPageTime(page, 1000), 3007u);
  // A product that would not fit into 64 bits.
  EXPECT_EQ(PerfPageTime(page, std::uint64_t{1} << 60), (std::uint64_t{3} << 60) + 7);
  // A clock of 32 bits that has begun anew since the page's time.
  page.capabilities |= kPerfUserTimeShort;
  page.time_mask = 0xffffffff;
  page.time_cycles = 0x1fffffff0;
  EXPECT_EQ(PerfPageTime(page, 0x10), 3u * 0x200000010 + 7);
}

}  // namespace
}  // namespace nanotally
