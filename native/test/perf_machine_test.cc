// What a machine offers, and in which words it refuses.
#include <gtest/gtest.h>

#include <cerrno>

#include "os/perf_events.h"
#include "os/perf_exercise.h"
#include "test/support/fake_perf_kernel.h"
#include "test/support/perf_machines.h"

namespace nanotally {
namespace {

class PerfOffers : public testing::Test {
 protected:
  PerfOffers() {
    kernel.opened = [](FakePerfKernel::Event& event) { event.value = 1; };
  }
  PerfMachine Read(const FileTree::Files& files) {
    const FileTree tree(files);
    return ReadPerfMachine(kernel, tree.Root());
  }
  static const PerfOffer& Of(const PerfMachine& machine, std::string_view name) {
    return machine.offers.at(*FindPerfEvent(name));
  }
  void RefuseAll(int error) {
    kernel.refuse = [error](const PerfAttributes& attributes, int, int, int) {
      return attributes.type == kPerfSoftware ? 0 : error;
    };
  }
  // Each offer is whole: either how it is asked for, or why it is not.
  static void ExpectWhole(const PerfMachine& machine) {
    ASSERT_EQ(machine.offers.size(), PerfEvents().size());
    for (std::size_t i = 0; i < machine.offers.size(); ++i) {
      const PerfOffer& offer = machine.offers[i];
      const auto name = PerfEvents()[i].name;
      EXPECT_EQ(offer.is_available, offer.reason.empty()) << name;
      EXPECT_EQ(offer.is_available, offer.message.empty()) << name;
      EXPECT_EQ(offer.is_available, !offer.encoding.empty()) << name;
      EXPECT_EQ(offer.is_available, !offer.source.empty()) << name;
      EXPECT_EQ(offer.is_available, !offer.parts.empty()) << name;
      EXPECT_TRUE(!offer.is_available || offer.hint.empty()) << name;
      EXPECT_TRUE(offer.is_available || !offer.has_user_reads) << name;
    }
  }
  FakePerfKernel kernel;
};

TEST_F(PerfOffers, Everything) {
  const PerfMachine machine = Read(SkylakeServer());
  ExpectWhole(machine);
  EXPECT_EQ(machine.vendor, "intel");
  EXPECT_EQ(machine.model, "06_55H");
  EXPECT_EQ(machine.model_name, "Intel(R) Xeon(R) Platinum 8173M");
  EXPECT_EQ(machine.pmus.size(), 4u);
  EXPECT_EQ(machine.paranoid, 0);
  EXPECT_TRUE(machine.may_count_cpus);
  EXPECT_FALSE(machine.is_container);
  EXPECT_TRUE(Of(machine, "fp_512").is_available);
  EXPECT_EQ(Of(machine, "memory_read_bytes").cpus, (std::vector<std::uint32_t>{0, 28}));
  EXPECT_EQ(Of(machine, "load_latency_cycles").reason, "sampling");
  EXPECT_EQ(Of(machine, "sve_instructions").reason, "processor");
  EXPECT_EQ(Of(machine, "l1d_prefetches").is_available, true) << "the kernel took it";
}

TEST_F(PerfOffers, NoPmu) {
  RefuseAll(ENOENT);
  FileTree::Files files = SkylakeServer();
  std::erase_if(files, [](const auto& file) { return file.first.starts_with(kPmuFolder); });
  const PerfMachine machine = Read(files);
  ExpectWhole(machine);
  for (const char* name : {"cycles", "fp_512", "l2_misses"}) {
    EXPECT_EQ(Of(machine, name).reason, "no_pmu") << name;
    EXPECT_NE(Of(machine, name).hint.find("virtual machine"), std::string::npos) << name;
  }
  EXPECT_EQ(Of(machine, "sve_instructions").reason, "processor") << "a PMU would not help";
  EXPECT_EQ(Of(machine, "memory_read_bytes").reason, "no_pmu");
  EXPECT_TRUE(Of(machine, "page_faults").is_available);
}

TEST_F(PerfOffers, NoSuchEvent) {
  kernel.refuse = [](const PerfAttributes& attributes, int, int, int) {
    return attributes.type == kPerfCache ? ENOENT : 0;
  };
  const PerfMachine machine = Read(SkylakeServer());
  ExpectWhole(machine);
  EXPECT_EQ(Of(machine, "llc_loads").reason, "processor");
  EXPECT_TRUE(Of(machine, "cycles").is_available);
}

TEST_F(PerfOffers, Paranoid) {
  RefuseAll(EACCES);
  FileTree::Files files = SkylakeServer();
  files["proc/sys/kernel/perf_event_paranoid"] = "3\n";
  const PerfMachine machine = Read(files);
  ExpectWhole(machine);
  EXPECT_EQ(Of(machine, "cycles").reason, "permission");
  EXPECT_NE(Of(machine, "cycles").message.find("perf_event_paranoid is 3"), std::string::npos);
  EXPECT_NE(Of(machine, "cycles").hint.find("perf_event_paranoid=2"), std::string::npos);
  EXPECT_NE(Of(machine, "memory_read_bytes").hint.find("perf_event_paranoid=0"), std::string::npos);
}

TEST_F(PerfOffers, ParanoidForbidsTheKernelsPartAlone) {
  kernel.refuse = [](const PerfAttributes& attributes, int pid, int, int) {
    return pid < 0 || (attributes.flags & kPerfExcludeKernel) == 0 ? EACCES : 0;
  };
  FileTree::Files files = SkylakeServer();
  files["proc/sys/kernel/perf_event_paranoid"] = "2\n";
  const PerfMachine machine = Read(files);
  ExpectWhole(machine);
  EXPECT_TRUE(Of(machine, "cycles").is_available);
  EXPECT_TRUE(Of(machine, "page_faults").is_available);
  EXPECT_EQ(Of(machine, "context_switches").reason, "permission");
  EXPECT_NE(Of(machine, "context_switches").hint.find("perf_event_paranoid=1"), std::string::npos);
  EXPECT_EQ(Of(machine, "memory_read_bytes").reason, "permission");
  EXPECT_FALSE(machine.may_count_cpus);
}

TEST_F(PerfOffers, Seccomp) {
  kernel.refuse = [](const PerfAttributes&, int, int, int) { return EPERM; };
  FileTree::Files files = SkylakeServer();
  files["proc/self/status"] = "Name:\tnode\nSeccomp:\t2\n";
  files[".dockerenv"] = "";
  const PerfMachine machine = Read(files);
  ExpectWhole(machine);
  EXPECT_TRUE(machine.is_container);
  EXPECT_EQ(Of(machine, "page_faults").reason, "seccomp");
  EXPECT_NE(Of(machine, "cycles").hint.find("--cap-add=PERFMON"), std::string::npos);
  files["proc/self/status"] = "Name:\tnode\nSeccomp:\t0\n";
  EXPECT_EQ(Of(Read(files), "cycles").reason, "permission") << "a security module";
}

TEST_F(PerfOffers, HiddenOrNotBuilt) {
  kernel.refuse = [](const PerfAttributes&, int, int, int) { return ENOSYS; };
  FileTree::Files files = SkylakeServer();
  EXPECT_EQ(Of(Read(files), "cycles").reason, "seccomp") << "the kernel has it";
  files.erase("proc/sys/kernel/perf_event_paranoid");
  const PerfMachine machine = Read(files);
  ExpectWhole(machine);
  EXPECT_EQ(Of(machine, "cycles").reason, "kernel");
  EXPECT_EQ(Of(machine, "page_faults").reason, "kernel");
  EXPECT_EQ(machine.paranoid, std::nullopt);
}

TEST_F(PerfOffers, NotLinux) {
  kernel.is_linux = false;
  kernel.refuse = [](const PerfAttributes&, int, int, int) { return ENOSYS; };
  const PerfMachine machine = Read({});
  ExpectWhole(machine);
  for (const char* name : {"cycles", "fp_256", "page_faults", "memory_read_bytes"})
    EXPECT_EQ(Of(machine, name).reason, "system") << name;
}

TEST_F(PerfOffers, NoDescriptor) {
  kernel.refuse = [](const PerfAttributes&, int, int, int) { return EMFILE; };
  const PerfMachine machine = Read(SkylakeServer());
  ExpectWhole(machine);
  EXPECT_EQ(Of(machine, "cycles").reason, "descriptors");
}

TEST_F(PerfOffers, WhatNeverCountsIsNoZero) {
  kernel.opened = [](FakePerfKernel::Event& event) {
    const bool is_instructions =
        event.attributes.type == kPerfHardware && event.attributes.config == 1;
    event.value = is_instructions || event.attributes.type == kPerfRaw ? 0 : 1;
  };
  const PerfMachine machine = Read(SkylakeServer());
  ExpectWhole(machine);
  EXPECT_TRUE(Of(machine, "cycles").is_available);
  for (const char* name : {"instructions", "stalled_cycles_backend", "l2_misses", "fp_scalar"}) {
    EXPECT_EQ(Of(machine, name).reason, IsExercised(name) ? "not_counting" : "") << name;
    EXPECT_TRUE(!IsExercised(name) ||
                Of(machine, name).hint.find("hypervisor") != std::string::npos);
  }
  EXPECT_TRUE(Of(machine, "l1i_loads").is_available) << "none may have been needed";
  EXPECT_TRUE(Of(machine, "l2_prefetches").is_available);
}

// Where nothing happens 0 is the count. What must happen is made to.
TEST_F(PerfOffers, WhatHasNotHappenedYetIsOffered) {
  int reads = 0;
  kernel.opened = nullptr;
  kernel.reading = [&](FakePerfKernel::Event& event) { event.value = reads++ % 2 == 0 ? 0 : 3; };
  const PerfMachine machine = Read(SkylakeServer());
  ExpectWhole(machine);
  for (const char* name : {"instructions", "branch_misses", "fp_128", "llc_load_misses"})
    EXPECT_TRUE(Of(machine, name).is_available) << name;
}

TEST_F(PerfOffers, WhatIsGivenNoCounterForNowIsWaitedFor) {
  int turns = 0;
  kernel.reading = [&](FakePerfKernel::Event& event) {
    const bool is_cache = event.attributes.type == kPerfCache;
    event.running = is_cache && ++turns < 20 ? 0 : 1000;
  };
  EXPECT_TRUE(Of(Read(SkylakeServer()), "l1d_loads").is_available);
  kernel.reading = [](FakePerfKernel::Event& event) {
    if (event.attributes.type == kPerfCache) event.running = 0;
  };
  const PerfMachine machine = Read(SkylakeServer());
  ExpectWhole(machine);
  EXPECT_EQ(Of(machine, "llc_loads").reason, "not_counting");
  EXPECT_NE(Of(machine, "llc_loads").hint.find("nmi_watchdog"), std::string::npos);
}

TEST_F(PerfOffers, ArmListsWhatItHas) {
  const PerfMachine machine = Read(ArmServer(0xd0c, kNeoverseEvents));
  ExpectWhole(machine);
  EXPECT_EQ(machine.vendor, "arm");
  EXPECT_EQ(machine.model, "0x41-0xd0c");
  EXPECT_EQ(machine.user_access, 1);
  EXPECT_TRUE(Of(machine, "cycles").is_available);
  EXPECT_TRUE(Of(machine, "simd_instructions").is_available);
  EXPECT_EQ(Of(machine, "l2_misses").reason, "not_listed") << "although the kernel would open it";
  EXPECT_EQ(Of(machine, "fp_256").reason, "processor");
}

TEST_F(PerfOffers, Containers) {
  FileTree::Files files = SkylakeServer();
  files["proc/self/mounts"] = "proc /proc proc rw 0 0\noverlay / overlay rw 0 0\n";
  EXPECT_TRUE(Read(files).is_container);
  files["proc/self/mounts"] = "/dev/sda1 / ext4 rw 0 0\noverlay /x overlay rw 0 0\n";
  EXPECT_FALSE(Read(files).is_container);
}

}  // namespace
}  // namespace nanotally
