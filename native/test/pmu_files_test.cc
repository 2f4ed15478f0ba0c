// PMUs as sysfs lists them: formats, events with their units, and nonsense.
#include "os/pmu_files.h"

#include <gtest/gtest.h>

#include "test/support/perf_machines.h"

namespace nanotally {
namespace {

Pmu PmuWith(const PmuLines& lines) {
  FileTree::Files files;
  AddPmu(files, "cpu", 4, lines);
  const FileTree tree(files);
  return ReadPmus(tree.Root()).at(0);
}

std::uint64_t Config(const Pmu& pmu, std::string_view terms, int word = 0) {
  const auto config = EncodePmuTerms(pmu, terms);
  EXPECT_TRUE(config) << terms;
  return config ? config->words[word] : 0;
}

TEST(PerfPmuFiles, AllPmus) {
  const FileTree tree(SkylakeServer());
  const auto pmus = ReadPmus(tree.Root());
  ASSERT_EQ(pmus.size(), 4u);
  EXPECT_EQ(pmus[0].name, "cpu");
  EXPECT_EQ(pmus[0].type, 4u);
  EXPECT_TRUE(pmus[0].is_core);
  EXPECT_TRUE(pmus[0].cpus.empty());
  EXPECT_EQ(pmus[1].name, "uncore_imc_0");
  EXPECT_FALSE(pmus[1].is_core);
  EXPECT_EQ(pmus[1].cpus, (std::vector<std::uint32_t>{0, 28}));
  const auto read = pmus[1].events.find("cas_count_read");
  ASSERT_NE(read, pmus[1].events.end());
  EXPECT_EQ(read->second.terms, "event=0x04,umask=0x03");
  EXPECT_EQ(read->second.bytes, 64) << "6.103515625e-5 MiB";
  EXPECT_EQ(pmus[1].events.size(), 2u) << ".scale and .unit are no events";
}

TEST(PerfPmuFiles, NoSysfs) { EXPECT_TRUE(ReadPmus("/nowhere").empty()); }

TEST(PerfPmuFiles, TermsGoIntoTheirBits) {
  const Pmu pmu = PmuWith(kIntelFormats);
  EXPECT_EQ(Config(pmu, "event=0x3c"), 0x3cu);
  EXPECT_EQ(Config(pmu, "event=0x9c,umask=0x01,cmask=4"), 0x0400019cu);
  EXPECT_EQ(Config(pmu, "event=60,inv,edge"), 0x84003cu) << "decimal, and terms without a value";
  EXPECT_EQ(Config(pmu, "event=0xc4,in_tx=1"), 0x1000000c4u);
  EXPECT_EQ(Config(pmu, "event=0xcd,umask=0x1,ldlat=3", 1), 3u);
  EXPECT_EQ(Config(pmu, "config=0x1234,umask=0x1"), 0x1334u);
  EXPECT_EQ(Config(pmu, ""), 0u);
}

TEST(PerfPmuFiles, FieldsInSeveralRuns) {
  const Pmu pmu = PmuWith({{"format/event", "config:0-7,32-35"}, {"format/all", "config2:0-63"}});
  EXPECT_EQ(Config(pmu, "event=0x1a0"), 0x1000000a0u);
  EXPECT_EQ(Config(pmu, "event=0xfff"), 0xf000000ffu);
  EXPECT_EQ(Config(pmu, "all=0xffffffffffffffff", 2), ~std::uint64_t{0});
}

TEST(PerfPmuFiles, RefusesWhatItDoesNotKnow) {
  const Pmu pmu = PmuWith(kIntelFormats);
  EXPECT_FALSE(EncodePmuTerms(pmu, "event=0x100")) << "does not fit";
  EXPECT_FALSE(EncodePmuTerms(pmu, "edge=2"));
  EXPECT_FALSE(EncodePmuTerms(pmu, "event=0x3c,rdwrmask=1"));
  EXPECT_FALSE(EncodePmuTerms(pmu, "event=?")) << "a parameter of the user's";
  EXPECT_FALSE(EncodePmuTerms(pmu, "event="));
  EXPECT_FALSE(EncodePmuTerms(pmu, "event=0x"));
  EXPECT_FALSE(EncodePmuTerms(pmu, "=1"));
}

TEST(PerfPmuFiles, LeavesMalformedFieldsOut) {
  const Pmu pmu = PmuWith({{"format/a", "config:7-0"},
                           {"format/b", "config:0-64"},
                           {"format/c", "config3:0-7"},
                           {"format/d", "config"},
                           {"format/e", "config:x"},
                           {"format/f", "config:1,"},
                           {"events/empty", ""}});
  EXPECT_EQ(pmu.fields.size(), 1u);
  EXPECT_EQ(Config(pmu, "f"), 2u);
  EXPECT_TRUE(pmu.events.empty());
}

TEST(PerfPmuFiles, Units) {
  const Pmu pmu = PmuWith({{"events/a", "event=1"},
                           {"events/a.scale", "64"},
                           {"events/a.unit", "Bytes"},
                           {"events/b", "event=2"},
                           {"events/b.scale", "3.2e-5"},
                           {"events/b.unit", "MB"},
                           {"events/c", "event=3"},
                           {"events/c.scale", "2.3283064365386962890625e-10"},
                           {"events/c.unit", "Joules"},
                           {"events/d", "event=4"},
                           {"events/d.scale", "1e"},
                           {"events/d.unit", "MB"}});
  EXPECT_EQ(pmu.events.find("a")->second.bytes, 64);
  EXPECT_DOUBLE_EQ(pmu.events.find("b")->second.bytes.value_or(0), 32);
  EXPECT_FALSE(pmu.events.find("c")->second.bytes);
  EXPECT_FALSE(pmu.events.find("d")->second.bytes);
}

}  // namespace
}  // namespace nanotally
