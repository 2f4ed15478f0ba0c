// What readings of memory come to, at their limits and where there are none.
#include "runtime/memory_health.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "test/support/file_tree.h"

namespace nanotally {
namespace {

Health HealthUnder(double share) {
  Pressure pressure;
  pressure.some_ratio = share;
  return AssessMemoryPressure(pressure).health;
}

Health HealthAt(double used, double limit) {
  CgroupMemory memory;
  memory.fullest_ratio = used / limit;
  memory.fullest_limit_bytes = memory.limit_bytes = limit;
  return AssessCgroupMemory(memory).health;
}

TEST(MemoryPressure, AboveItsLimitsAndAtThem) {
  EXPECT_EQ(HealthUnder(0), Health::kHealthy);
  EXPECT_EQ(HealthUnder(0.1), Health::kHealthy);
  EXPECT_EQ(HealthUnder(0.11), Health::kDegraded);
  EXPECT_EQ(HealthUnder(0.4), Health::kDegraded);
  EXPECT_EQ(HealthUnder(0.41), Health::kUnhealthy);
}

TEST(MemoryPressure, AsTheKernelTellsIt) {
  FileTree files;
  files.Write("memory",
              "some avg10=41.50 avg60=1.00 avg300=0.10 total=4\n"
              "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  const HealthResult result = AssessMemoryPressure(ReadPressure(files.Root() + "/memory"));
  EXPECT_EQ(result.health, Health::kUnhealthy);
  EXPECT_EQ(result.message, "tasks of this machine waited for memory for 41.5 % of the last 10 s");
  EXPECT_FALSE(result.critical);
}

TEST(MemoryPressure, WithoutPsiItIsUnavailable) {
  const HealthResult result = AssessMemoryPressure(ReadPressure("/nowhere/memory"));
  EXPECT_EQ(result.health, Health::kUnavailable);
  EXPECT_NE(result.message.find("PSI"), std::string::npos);
}

TEST(CgroupMemoryHealth, AboveItsLimitsAndAtThem) {
  EXPECT_EQ(HealthAt(0, 100), Health::kHealthy);
  EXPECT_EQ(HealthAt(85, 100), Health::kHealthy);
  EXPECT_EQ(HealthAt(86, 100), Health::kDegraded);
  EXPECT_EQ(HealthAt(95, 100), Health::kDegraded);
  EXPECT_EQ(HealthAt(96, 100), Health::kUnhealthy);
}

TEST(CgroupMemoryHealth, ItSaysHowMuchOfWhatAndIsCritical) {
  CgroupMemory memory;
  memory.fullest_ratio = 450.0 / 512;
  memory.fullest_limit_bytes = 512.0 * 1024 * 1024;
  memory.limit_bytes = 256.0 * 1024 * 1024;
  const HealthResult result = AssessCgroupMemory(memory);
  EXPECT_EQ(result.message, "88 % of 512 MiB in use");
  EXPECT_TRUE(result.critical);
}

TEST(CgroupMemoryHealth, WithoutALimitOrAGroupItIsUnavailable) {
  CgroupMemory unlimited;
  unlimited.working_set_bytes = 1;
  CgroupMemory unread;
  unread.limit_bytes = 1;
  for (const auto& memory :
       {std::optional<CgroupMemory>(), std::optional(unlimited), std::optional(unread)}) {
    const HealthResult result = AssessCgroupMemory(memory);
    EXPECT_EQ(result.health, Health::kUnavailable);
    EXPECT_FALSE(result.message.empty());
    EXPECT_FALSE(result.critical);
  }
}

}  // namespace
}  // namespace nanotally
