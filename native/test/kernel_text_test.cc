// Cutting the kernel's texts, well-formed and not.
#include "os/kernel_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "os/stat_file.h"
#include "test/support/file_tree.h"

namespace nanotally {
namespace {

TEST(KernelText, IsCutIntoLinesAndWords) {
  std::string_view text = "a b\n\n \tc\t d";
  std::string_view line = TakeLine(text);
  EXPECT_EQ(TakeWord(line), "a");
  EXPECT_EQ(TakeWord(line), "b");
  EXPECT_EQ(TakeWord(line), "");
  EXPECT_EQ(TakeLine(text), "");
  line = TakeLine(text);
  EXPECT_EQ(TakeWord(line), "c");
  EXPECT_EQ(TakeWord(line), "d");
  EXPECT_EQ(TakeLine(text), "");
  EXPECT_TRUE(text.empty());
}

TEST(KernelText, CountsAreUnsignedIntegersAndNothingElse) {
  EXPECT_EQ(ParseCount("0"), 0);
  EXPECT_EQ(ParseCount("18446744073709551615"), 0x1p64);
  EXPECT_EQ(ParseCount("3", 1024), 3072);
  for (const char* word :
       {"", "-1", "+1", "1.5", "0x10", "1kB", " 1", "max", "18446744073709551616"})
    EXPECT_EQ(ParseCount(word), std::nullopt) << word;
}

TEST(KernelText, FractionsAreNotNegative) {
  EXPECT_EQ(ParseFraction("0.52"), 0.52);
  EXPECT_EQ(ParseFraction("100.00"), 100);
  EXPECT_EQ(ParseFraction("7"), 7);
  EXPECT_EQ(ParseFraction("3.05"), 3.05);
  for (const char* word :
       {"", "-0.5", "-0", "nan", "inf", "0,5", "1e3", "0.5%", ".5", "5.", "1.-5", "1.2.3"})
    EXPECT_EQ(ParseFraction(word), std::nullopt) << word;
}

TEST(KernelText, ACountIsFoundByItsWholeKey) {
  const std::string text = "oom_kill 7\noom 3\nVmRSS:\t  2024 kB\nempty\nword x\noom 4\n";
  EXPECT_EQ(FindCount(text, "oom"), 3) << "the first";
  EXPECT_EQ(FindCount(text, "VmRSS:", 1024), 2024 * 1024);
  for (const char* key : {"kill", "empty", "word", "2024", ""})
    EXPECT_EQ(FindCount(text, key), std::nullopt) << key;
}

TEST(KernelText, FieldsOfStatLieBehindTheName) {
  for (const char* name : {"(node)", "(a b)", "(a) R 1 (b)", "())", "(\n)"}) {
    const std::string text = std::string("12 ") + name + " S 4 5\n";
    EXPECT_EQ(StatField(text, 4), 4) << name;
    EXPECT_EQ(StatField(text, 5, 0.5), 2.5) << name;
    EXPECT_EQ(StatField(text, 3), std::nullopt) << "the state is no number";
    EXPECT_EQ(StatField(text, 6), std::nullopt) << "past the end";
  }
  EXPECT_EQ(StatField("12 (cut", 3), std::nullopt);
  EXPECT_EQ(StatField("", 3), std::nullopt);
}

TEST(KernelFile, IsReadWhole) {
  std::string longer;
  for (int i = 0; i < 100'000; ++i) longer += "0123456789\n"[i % 11];
  const FileTree files({{"empty", ""}, {"longer", longer}, {"count", "42\n"}, {"text", "42 x\n"}});
  EXPECT_EQ(ReadKernelFile(files.Root() + "/empty"), "");
  EXPECT_EQ(ReadKernelFile(files.Root() + "/longer"), longer);
  EXPECT_EQ(ReadCount(files.Root() + "/count", 2), 84);
  EXPECT_EQ(ReadCount(files.Root() + "/text"), std::nullopt);
  EXPECT_EQ(ReadCount(files.Root() + "/empty"), std::nullopt);
}

TEST(KernelFile, IsCutAtTheEndOfALineWhereItIsEndless) {
  std::string line(kMaxFileBytes - 3, 'a');
  line += '\n';
  const FileTree files(
      {{"lines", line + std::string(100, 'b')}, {"line", std::string(2 * kMaxFileBytes, 'a')}});
  EXPECT_EQ(ReadKernelFile(files.Root() + "/lines"), line);
  EXPECT_EQ(ReadKernelFile(files.Root() + "/line"), "");
  EXPECT_EQ(ReadKernelFile("/dev/zero"), "") << "endless, and no line";
}

TEST(KernelFile, ThatCannotBeReadIsNothing) {
  const FileTree files(FileTree::Files{{"folder/file", "x"}});
  EXPECT_EQ(ReadKernelFile(files.Root() + "/none"), std::nullopt);
  EXPECT_EQ(ReadKernelFile(files.Root() + "/folder"), std::nullopt);
  EXPECT_EQ(ReadKernelFile(files.Root() + "/folder/file/below"), std::nullopt);
  EXPECT_EQ(ReadCount(files.Root() + "/none"), std::nullopt);
}

}  // namespace
}  // namespace nanotally
