// Label text: escaping, joining, and finding values again in what was joined.
#include "core/label_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace nanotally {
namespace {

using Strings = std::vector<std::string>;
using namespace std::string_literals;

std::string Label(std::string_view name, std::string_view value) {
  std::string text;
  AppendLabel(text, name, value);
  return text;
}

// The other way: what a reader of the text format makes of an escaped value.
std::string Unescape(std::string_view text) {
  std::string raw;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      raw += text[i];
      continue;
    }
    ++i;
    raw += text[i] == 'n' ? '\n' : text[i];
  }
  return raw;
}

TEST(AppendLabel, EscapesWhatTheFormatReserves) {
  EXPECT_EQ(Label("a", "plain"), R"(a="plain")");
  EXPECT_EQ(Label("a", "say \"hi\""), R"(a="say \"hi\"")");
  EXPECT_EQ(Label("a", "back\\slash"), R"(a="back\\slash")");
  EXPECT_EQ(Label("a", "line\nfeed"), R"(a="line\nfeed")");
  EXPECT_EQ(Label("a", "\\n"), R"(a="\\n")") << "a backslash and an n are no line feed";
  EXPECT_EQ(Label("a", "\r\t,={}'"), "a=\"\r\t,={}'\"") << "nothing else is touched";
  EXPECT_EQ(Label("a", "\xF0\x9F\x90\x98"), "a=\"\xF0\x9F\x90\x98\"");
  EXPECT_EQ(Label("a", "\0b\0"s),
            "a=\"\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\"");
}

TEST(AppendLabel, SeparatesByCommas) {
  std::string text;
  AppendLabel(text, "a", "1");
  AppendLabel(text, "b", "2");
  EXPECT_EQ(text, R"(a="1",b="2")");
}

TEST(LabelText, LeavesOutEmptyValues) {
  const Strings names = {"a", "b", "c"};
  EXPECT_EQ(LabelText(names, Strings{"1", "2", "3"}), R"(a="1",b="2",c="3")");
  EXPECT_EQ(LabelText(names, Strings{"1", "", "3"}), R"(a="1",c="3")");
  EXPECT_EQ(LabelText(names, Strings{"", "", "3"}), R"(c="3")");
  EXPECT_EQ(LabelText(names, Strings{"", "", ""}), "");
  EXPECT_EQ(LabelText(Strings{}, Strings{}), "");
}

TEST(FindLabel, FindsAmongNastyValues) {
  // Values that look like more labels, end in an escape, or hold every delimiter.
  const Strings names = {"a", "b", "ab", "c", "d"};
  const Strings values = {R"(",b="wrong)", "right\\", "=\",\\\"", "\n\",d=\"x", "last"};
  const std::string text = LabelText(names, values);
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(Unescape(FindLabel(text, names[i])), values[i]) << names[i];
  }
  EXPECT_EQ(FindLabel(text, "e"), "");
  EXPECT_EQ(FindLabel(text, ""), "");
  EXPECT_EQ(FindLabel("", "a"), "");
  EXPECT_EQ(FindLabel(kOverflowLabels, "otel_metric_overflow"), "true");
}

TEST(FindLabel, FindsEveryLabelOfRandomTexts) {
  constexpr char kAlphabet[] = {'"', '\\', '\n', ',', '=', 'a', 'n', ' ', '{', '}'};
  const Strings names = {"a", "aa", "n", "na", "b_1"};
  std::mt19937_64 random(20251125);
  std::size_t found = 0;
  for (int round = 0; round < 20'000; ++round) {
    Strings values;
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::string value;
      for (std::size_t length = random() % 6; length > 0; --length) {
        value += kAlphabet[random() % std::size(kAlphabet)];
      }
      values.push_back(value);
    }
    const std::string text = LabelText(names, values);
    for (std::size_t i = 0; i < names.size(); ++i) {
      ASSERT_EQ(Unescape(FindLabel(text, names[i])), values[i]) << text;
      found += values[i].empty() ? 0 : 1;
    }
  }
  EXPECT_GT(found, 50'000u);
}

TEST(LabelText, DifferentValuesNeverShareAText) {
  // All pairs of values of up to two characters of the alphabet that could be mistaken.
  constexpr std::string_view kAlphabet = "\"\\\n,=n";
  Strings values = {""};
  for (const char a : kAlphabet) {
    values.emplace_back(1, a);
    for (const char b : kAlphabet) values.push_back(std::string{a, b});
  }
  const Strings names = {"a", "b"};
  Strings texts;
  for (const std::string& first : values) {
    for (const std::string& second : values) {
      texts.push_back(LabelText(names, Strings{first, second}));
    }
  }
  std::sort(texts.begin(), texts.end());
  EXPECT_EQ(std::adjacent_find(texts.begin(), texts.end()), texts.end());
  EXPECT_EQ(texts.size(), 43u * 43u);
}

TEST(EscapeHelp, EscapesBackslashLineFeedAndNulOnly) {
  EXPECT_EQ(EscapeHelp("plain \"quoted\""), "plain \"quoted\"");
  EXPECT_EQ(EscapeHelp("a\\b\nc"), R"(a\\b\nc)");
  EXPECT_EQ(EscapeHelp("a\0b"s),
            "a\xEF\xBF\xBD"
            "b");
}

}  // namespace
}  // namespace nanotally
