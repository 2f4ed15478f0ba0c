// Parsing the kernel's lists.
#include "os/cpu_list.h"

#include <gtest/gtest.h>

#include "test/support/file_tree.h"

namespace nanotally {
namespace {

TEST(CpuListTest, IsParsed) {
  EXPECT_EQ(ParseCpuList("0"), (CpuList{0}));
  EXPECT_EQ(ParseCpuList("0-3,8,10-11"), (CpuList{0, 1, 2, 3, 8, 10, 11}));
  EXPECT_EQ(ParseCpuList(""), CpuList{}) << "a node without CPUs";
}

TEST(CpuListTest, IsNothingWhenMalformed) {
  for (const char* list : {"x", "0-", "-1", "3-1", "0,,1", "0,", ",", "0;1", "0-99999999",
                           "4294967296", "2,1", "0-3,3", "0 1", "0-1-2"})
    EXPECT_EQ(ParseCpuList(list), std::nullopt) << list;
}

TEST(CpuListTest, IsTheFirstLineOfAFile) {
  const FileTree tree(FileTree::Files{{"list", "2-3\n5\n"}, {"empty", "\n"}, {"bare", "7"}});
  EXPECT_EQ(ReadCpuList(tree.Root() + "/list"), (CpuList{2, 3}));
  EXPECT_EQ(ReadCpuList(tree.Root() + "/empty"), CpuList{});
  EXPECT_EQ(ReadCpuList(tree.Root() + "/bare"), CpuList{7});
  EXPECT_EQ(ReadCpuList(tree.Root() + "/missing"), std::nullopt);
}

TEST(CpuListTest, IsSearched) {
  EXPECT_TRUE(Contains({1, 4, 9}, 4));
  EXPECT_FALSE(Contains({1, 4, 9}, 5));
  EXPECT_FALSE(Contains({}, 0));
}

}  // namespace
}  // namespace nanotally
