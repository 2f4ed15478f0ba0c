// Bytes that are no UTF-8 are replaced one by one; everything else stays.
#include "record/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace nanotally {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kBad = "\xEF\xBF\xBD";

std::string Bad(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += kBad;
  return text;
}

TEST(WellFormedUtf8, KeepsEveryCodePoint) {
  std::size_t checked = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += static_cast<char>(0xC0 | c >> 6);
    } else if (c < 0x10000) {
      text += static_cast<char>(0xE0 | c >> 12);
      text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    } else {
      text += static_cast<char>(0xF0 | c >> 18);
      text += static_cast<char>(0x80 | (c >> 12 & 0x3F));
      text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    }
    if (c >= 0x80) text += static_cast<char>(0x80 | (c & 0x3F));
    ASSERT_EQ(WellFormedUtf8(text), text) << static_cast<std::uint32_t>(c);
    ++checked;
  }
  EXPECT_EQ(checked, 0x10FFFFu + 1 - 0x800);
}

TEST(WellFormedUtf8, ReplacesEachBadByte) {
  EXPECT_EQ(WellFormedUtf8("a\xFFz"), "a" + Bad(1) + "z");
  EXPECT_EQ(WellFormedUtf8("\x80"), Bad(1)) << "a continuation alone";
  EXPECT_EQ(WellFormedUtf8("\xC0\x80"), Bad(2)) << "an overlong NUL";
  EXPECT_EQ(WellFormedUtf8("\xE0\x9F\xBF"), Bad(3)) << "overlong";
  EXPECT_EQ(WellFormedUtf8("\xED\xA0\x80"), Bad(3)) << "a surrogate";
  EXPECT_EQ(WellFormedUtf8("\xF4\x90\x80\x80"), Bad(4)) << "past U+10FFFF";
  EXPECT_EQ(WellFormedUtf8("\xF5"), Bad(1));
}

TEST(WellFormedUtf8, ReplacesWhatIsCutOff) {
  EXPECT_EQ(WellFormedUtf8("\xC3"), Bad(1));
  EXPECT_EQ(WellFormedUtf8("\xE2\x82"), Bad(2));
  EXPECT_EQ(WellFormedUtf8("\xF0\x9F\x98"), Bad(3));
  EXPECT_EQ(WellFormedUtf8("\xE2\x82(\xC3\xA9"), Bad(2) + "(\xC3\xA9") << "goes on behind it";
}

// Every text of up to three bytes at which the table turns.
TEST(IsWellFormedUtf8, IsWhatNeedsNoReplacement) {
  constexpr std::string_view kBytes =
      "a\x7F\x80\x9F\xA0\xBF\xC1\xC2\xDF\xE0\xED\xEF\xF0\xF4\xF5\xFF";
  std::size_t good = 0, checked = 0;
  for (std::size_t i = 0; i < kBytes.size() * kBytes.size() * kBytes.size(); ++i) {
    const char bytes[] = {kBytes[i % 16], kBytes[i / 16 % 16], kBytes[i / 256]};
    for (std::size_t length = 0; length <= 3; ++length) {
      const std::string_view text(bytes, length);
      ASSERT_EQ(IsWellFormedUtf8(text), WellFormedUtf8(text) == text) << i;
      good += IsWellFormedUtf8(text) ? 1 : 0;
      ++checked;
    }
  }
  EXPECT_EQ(checked, 4u * 4096);
  EXPECT_GT(good, 4096u);
  EXPECT_LT(good, checked);
}

TEST(WellFormedUtf8, OfNothing) { EXPECT_EQ(WellFormedUtf8(""), ""); }

}  // namespace
}  // namespace nanotally
